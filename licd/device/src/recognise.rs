//! Recognises common files that are not licences, for a better message than the number of the first
//! bad line. Affects no decision.

/// Bytes of the file's start to search: enough for a signature after comments, style sheets and
/// blank lines.
pub(crate) const LOOK: usize = 4096;

/// The start of licences and trust documents; the verifier reports their errors.
const OWN: &str = "igel.com/license";

/// The message for a kind of file, after its name.
type Words = &'static str;

/// Signatures of binary files at their offsets.
const MAGIC: &[(usize, &[u8], Words)] = &[
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (
        0,
        b"7z\xbc\xaf\x27\x1c",
        "is a 7-Zip archive, not a licence; unpack it and use the file *.lic in it",
    ),
    (0, b"Rar!\x1a\x07", "is a RAR archive, not a licence; unpack it and use the file *.lic in it"),
    (257, b"ustar", "is a tar archive, not a licence; unpack it and use the file *.lic in it"),
    (
        0,
        b"\x1f\x8b",
        "is packed by gzip twice, or has a byte order mark before gzip; unpack it first",
    ),
    (0, b"BZh", "is packed by bzip2, which licd does not read; unpack it first"),
    (0, b"\xfd7zXZ\0", "is packed by xz, which licd does not read; unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "is packed by Zstandard, which licd does not read; unpack it first"),
    (0, b"%PDF-", "is a PDF document, not a licence; ask for the file *.lic"),
    (0, b"{\\rtf", "is a text document (RTF), not a licence; ask for the file *.lic"),
    (
        0,
        b"\xd0\xcf\x11\xe0",
        "is a Microsoft Office document or mail, not a licence; save the file *.lic in it",
    ),
    (0, b"\x89PNG", PICTURE),
    (0, b"\xff\xd8\xff", PICTURE),
    (0, b"GIF8", PICTURE),
    (0, b"\x7fELF", "is a program, not a licence; check the address or file"),
    (0, b"MZ\x90", "is a program, not a licence; check the address or file"),
    (0, b"\xff\xfe", UTF16),
    (0, b"\xfe\xff", UTF16),
    (0, b"\x30\x82", "is a certificate or key (DER), not a licence; check the address or file"),
];

const ZIP: Words = "is a zip archive, not a licence; unpack it and use the file *.lic in it";
const PICTURE: Words = "is a picture, not a licence; check the address or file";
const UTF16: Words = "is UTF-16 text, as some editors save it; get the file again from where it was \
                      issued, and do not open it in an editor";
const EMPTY: Words = "is empty; get the file again from where it was issued";
const PAGE: Words = "is a web page, not a licence; check the address or file";
const SIGN_IN: Words = "is a web page that asks to sign in, not a licence; sign in to the network with \
                        a web browser, or check the address";

/// Signatures of text files, after white space.
const TEXTS: &[(&str, Words)] = &[
    ("-----BEGIN CERTIFICATE", "is a certificate (PEM), not a licence; check the address or file"),
    ("-----BEGIN PGP", "is a PGP message, not a licence; check the address or file"),
    ("-----BEGIN ", "is a key or certificate (PEM), not a licence; check the address or file"),
    ("{", JSON),
];
const JSON: Words = "is JSON, not a licence; check the address or file";

/// Keywords that start lines of other vendors' licences (FlexNet, RLM and similar), which also use
/// `*.lic`.
const FOREIGN: &[&str] = &[
    "SERVER",
    "VENDOR",
    "DAEMON",
    "USE_SERVER",
    "INCREMENT",
    "FEATURE",
    "PACKAGE",
    "UPGRADE",
    "HOST",
    "ISV",
    "LICENSE",
];

/// Marks of a sign-in page, without blanks: a password field, a request to another server that signs
/// in (SAML), the tags of hot spots (WISPr) and of Fortinet's firewalls.
const SIGN_IN_SIGNS: &[&str] = &[
    "type=\"password\"",
    "type='password'",
    "type=password",
    "samlrequest",
    "wispaccessgatewayparam",
    "fgtauth",
];

/// Words in the title of a sign-in page, without blanks: many have scripts in place of fields.
const SIGN_IN_TITLES: &[&str] =
    &["signin", "sign-in", "login", "logon", "anmeld", "captiveportal", "guest", "hotspot"];

/// The message for a file with this start, if it is recognised as something other than a licence.
/// `start` is its first [`LOOK`] bytes, or all of it, unpacked and without a UTF-8 byte order mark.
#[must_use]
pub(crate) fn recognise(start: &[u8]) -> Option<Words> {
    if start.starts_with(OWN.as_bytes()) {
        return None;
    }
    let begins = |(offset, magic, _): &&(usize, &[u8], Words)| {
        start.get(*offset..).is_some_and(|rest| rest.starts_with(magic))
    };
    if let Some((_, _, words)) = MAGIC.iter().find(begins) {
        return Some(words);
    }
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Some(EMPTY);
    }
    if start.contains(&0) {
        return Some(if is_wide(start) { UTF16 } else { BINARY });
    }
    of_text(text)
}

/// Whether this is UTF-16 without a byte order mark: every other of its first 16 bytes is zero, as in Latin
/// text.
fn is_wide(start: &[u8]) -> bool {
    let begins = |zero: usize| {
        let mut head = start.iter().take(16).enumerate();
        head.all(|(at, byte)| if at % 2 == zero { *byte == 0 } else { *byte >= b' ' })
    };
    begins(0) || begins(1)
}

const BINARY: Words = "is a binary file, not a licence; check the address or file";

fn of_text(text: &str) -> Option<Words> {
    if text.starts_with('<') {
        return Some(markup(&text.to_ascii_lowercase()));
    }
    let list = text.strip_prefix('[').map(str::trim_start);
    if list.is_some_and(|rest| rest.starts_with(['{', '"', '[', ']'])) {
        return Some(JSON);
    }
    if let Some((_, words)) = TEXTS.iter().find(|(sign, _)| text.starts_with(sign)) {
        return Some(words);
    }
    if text.lines().any(|line| line.starts_with(OWN)) {
        return Some(
            "has text before the first line of the licence, such as blank lines or a mail header; get the file again from where it was issued, and do not copy its text",
        );
    }
    let is_foreign = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().is_some_and(|word| FOREIGN.contains(&word)) && words.next().is_some()
    };
    text.lines().any(is_foreign).then_some(
        "is a licence of another program (FlexNet, RLM or the like); check the address or file",
    )
}

/// The kind of markup, given in lower case.
fn markup(text: &str) -> Words {
    let solid: String = text.split_whitespace().collect();
    let title = solid.split("<title").nth(1).and_then(|rest| rest.split("</title").next());
    if SIGN_IN_SIGNS.iter().any(|sign| solid.contains(sign))
        || title.is_some_and(|title| SIGN_IN_TITLES.iter().any(|word| title.contains(word)))
    {
        return SIGN_IN;
    }
    let is_page =
        ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| text.contains(tag));
    if !is_page && (text.starts_with("<?xml") || text.contains("xmlns")) {
        return "is XML, not a licence; check the address or file";
    }
    PAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This text in UTF-16, as old versions of Notepad saved it.
    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_recognised_file_is_named_by_its_kind() {
        let tar = [&[b'x'; 257][..], b"ustar\0"].concat();
        let utf16 = wide("igel.com/license/v1\n");
        let marked = [&b"\xff\xfe"[..], &utf16].concat();
        let signed = wide("igel.com/license/v1\n\n— igel-issuer-2026 AAAA\n");
        let big_endian: Vec<u8> = signed.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        for (bytes, words) in [
            (&b""[..], "is empty"),
            (b"\n \n\t\n", "is empty"),
            (b"<!DOCTYPE html>\n<html>", "is a web page, not"),
            (b"\n\n\n<html><body>x", "is a web page, not"),
            (b"\xef\xbb\xbf<html>", "is a web page, not"),
            (b"<!-- a proxy's -->\n<HTML>", "is a web page, not"),
            (b"<?xml version=\"1.0\"?><!DOCTYPE html><html xmlns=\"x\">", "is a web page, not"),
            (b"<p>sorry", "is a web page, not"),
            (b"<html><input type=\"password\">", "is a web page that asks to sign in"),
            (b"<html><title>Sign in to your account</title>", "is a web page that asks to sign in"),
            (b"<html><TITLE>\n Anmeldung</TITLE>", "is a web page that asks to sign in"),
            (b"<html><title>Captive Portal</title>", "is a web page that asks to sign in"),
            (b"<form><input name=\"SAMLRequest\">", "is a web page that asks to sign in"),
            (b"<script>location=\"http://a/fgtauth?1\"", "is a web page that asks to sign in"),
            (b"<html><input TYPE = \"password\">", "is a web page that asks to sign in"),
            (b"<html><title>404</title><a href=\"/login\">Sign in</a>", "is a web page, not"),
            (b"<html><!-- <WISPAccessGatewayParam> -->", "is a web page that asks to sign in"),
            (b"<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>", "is XML"),
            (b"PK\x03\x04rest", "is a zip archive"),
            (b"PK\x05\x06", "is a zip archive"),
            (b"7z\xbc\xaf\x27\x1c\0", "is a 7-Zip archive"),
            (&tar, "is a tar archive"),
            (b"\x1f\x8b\x08", "is packed by gzip twice, or has a byte order mark before gzip"),
            (b"\xfd7zXZ\0", "is packed by xz"),
            (b"%PDF-1.7\n", "is a PDF document"),
            (b"{\\rtf1", "is a text document (RTF)"),
            (b"\x89PNG\r\n", "is a picture"),
            (b"\x7fELF\x02", "is a program"),
            (&marked, "is UTF-16 text"),
            (&utf16, "is UTF-16 text"),
            (&signed, "is UTF-16 text"),
            (&big_endian, "is UTF-16 text"),
            (b"\0\0\0\0i\0\0\0\0", "is a binary file"),
            (b"\xfe\xff\0i\0g", "is UTF-16 text"),
            (b"igel\0\x01\x02\x03rest of it", "is a binary file"),
            (b"{\"error\":\"unauthorized\"}", "is JSON"),
            (b"[{\"a\":1}]", "is JSON"),
            (b"[\n  {\"a\": 1}\n]", "is JSON"),
            (b"[]", "is JSON"),
            (b"-----BEGIN CERTIFICATE-----\n", "is a certificate (PEM)"),
            (b"-----BEGIN PRIVATE KEY-----\n", "is a key or certificate (PEM)"),
            (b"# FlexNet\nSERVER this_host ANY\nVENDOR acme\n", "of another program"),
            (b"INCREMENT app acme 1.0 permanent 1 SIGN=0\n", "of another program"),
            (b"HOST localhost ANY 5053\nISV acme\n", "of another program"),
            (b"\nigel.com/license/v1\n", "has text before the first line"),
            (b"Subject: licence\n\nigel.com/license/v1\n", "has text before the first line"),
        ] {
            let shown = String::from_utf8_lossy(bytes);
            let said = recognise(bytes).unwrap_or_else(|| panic!("{shown}: not recognised"));
            assert!(said.starts_with("is ") || said.starts_with("has "), "{said}");
            assert!(said.contains(words), "{shown}: {said}");
            assert!(said.contains("; "), "what to do is missing: {said}");
        }
    }

    #[test]
    fn a_possible_licence_is_left_to_the_verifier() {
        for text in
            ["igel.com/license/v1\npack x", "igel.com/license-trust/v1\n", "hello\n", "SERVER\n"]
        {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
    }
}
