//! The form of a file: bytes, lines, limits (LF §2), and accepted variations (LF §6).

use std::io::Write as _;

use flate2::{Compression, Crc, GzBuilder};

use super::{Sample, exchanged, inserted, line_of, lines, signed};
use crate::maker;

/// The first line of the corpus's text that is not the header.
const SECOND: &str = "pack";

pub(super) fn samples() -> Vec<Sample> {
    [accepted(), limits(), bytes(), packed(), ends()].concat()
}

fn malformed(name: &str, says: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Sample {
    Sample::new(name, "malformed", says, bytes)
}

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Without a time and an operating system, so that the bytes are reproducible.
    let mut packer = GzBuilder::new().operating_system(255).write(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// FHCRC, FEXTRA, FNAME and FCOMMENT (RFC 1952 §2.3.1).
const FLAGS: u8 = 0b0001_1110;

/// A gzip file with these flags and all optional fields.
fn header(flags: u8, text: &str) -> Vec<u8> {
    let plain = gzip(text.as_bytes());
    let mut bytes = plain[..10].to_vec();
    bytes[3] = flags;
    bytes.extend(b"\x04\x00fill");
    bytes.extend(b"a.lic\0a comment\0");
    let mut crc = Crc::new();
    crc.update(&bytes);
    bytes.extend(&crc.sum().to_le_bytes()[..2]);
    [&bytes, &plain[10..]].concat()
}

/// Changes that a mail program, an editor or a web server may make to a file.
fn accepted() -> Vec<Sample> {
    let file = maker::licence().sign();
    let (head, tail) = file.split_at(100);
    vec![
        Sample::valid("plain", file.clone()),
        Sample::valid("crlf", crlf(&file)),
        Sample::valid("byte-order-mark", format!("\u{feff}{file}")),
        Sample::valid("byte-order-mark-crlf", format!("\u{feff}{}", crlf(&file))),
        Sample::valid("gzip", gzip(file.as_bytes())),
        Sample::valid(
            "gzip-crlf-byte-order-mark",
            gzip(format!("\u{feff}{}", crlf(&file)).as_bytes()),
        ),
        Sample::valid("gzip-two-members", [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat()),
        Sample::valid("gzip-every-field", header(FLAGS, &file)),
        Sample::valid("crlf-line-of-256", {
            let mut lines = lines();
            lines.push(format!("x-long {}", "7".repeat(249)));
            crlf(&signed(&lines))
        }),
        Sample::valid("extension", {
            let mut lines = lines();
            lines.extend(["x-colour blue", "x-batch 7"].map(String::from));
            signed(&lines)
        }),
    ]
}

fn limits() -> Vec<Sample> {
    // Extensions of exact length, as padding.
    let filler = |bytes: usize| format!("x-{} {}", "f".repeat(8), "7".repeat(bytes - 11));
    let with = |fillers: &[usize]| {
        let mut lines = lines();
        lines.extend(fillers.iter().map(|bytes| filler(*bytes)));
        signed(&lines)
    };
    let has = lines().len();
    let many = |count: usize| vec![20; count - has];
    // As many full lines as fit, then one with the remaining bytes; each ends with a line feed.
    let room = 4096 - maker::licence().text().len();
    let full = |more: usize| [vec![256; room / 257], vec![room % 257 - 1 + more]].concat();
    let after = format!("line {}: ", has + 1);
    vec![
        Sample::valid("limit-line", with(&[256])),
        Sample::valid("limit-lines", with(&many(64))),
        Sample::valid("limit-text", with(&full(0))),
        malformed("line-too-long", after + "is longer than 256 bytes", with(&[257])),
        malformed("lines-too-many", "line 65: the text has more than 64 lines", with(&many(65))),
        malformed("text-too-long", "is longer than 4096 bytes", with(&full(1))),
    ]
}

fn bytes() -> Vec<Sample> {
    let order = line_of("order");
    let not_text = format!("line {order}: has a character other than printable ASCII");
    let spacing = format!("line {order}: is not a key, one space and a value");
    let of =
        |name: &str, says: &str, line: &str| malformed(name, says, exchanged("order", &[line]));
    vec![
        of("character-non-ascii", &not_text, "order 69-é"),
        of("character-look-alike", &not_text, "order 69-3456677\u{2212}1"),
        of("character-escape", &not_text, "order \u{1b}[31m69"),
        of("character-nul", &not_text, "order 69\0"),
        of("character-tab", &not_text, "order\t69"),
        of("character-delete", &not_text, "order 69\u{7f}"),
        of("character-lone-cr", &not_text, "order 69\r1"),
        of("character-right-to-left", &not_text, "order 69\u{202e}"),
        malformed(
            "character-invalid-utf-8",
            &not_text,
            replaced(&exchanged("order", &["order 69-?"]), b"69-?", b"69-\xff"),
        ),
        of("space-leading", &spacing, " order 69-3456677"),
        of("space-trailing", &spacing, "order 69-3456677 "),
        of("space-doubled", &spacing, "order  69-3456677"),
        of("value-missing", &spacing, "order"),
        of("value-empty", &spacing, "order "),
        of("character-cr-cr-lf", &not_text, "order 69\r\r"),
        malformed("line-lone-cr", "line 1: ", maker::licence().sign().replacen('\n', "\r", 3)),
        malformed(
            "byte-order-mark-twice",
            "line 1: ",
            format!("\u{feff}\u{feff}{}", maker::licence().sign()),
        ),
    ]
}

fn packed() -> Vec<Sample> {
    let file = gzip(maker::licence().sign().as_bytes());
    let damaged = "is damaged: it begins as gzip and cannot be unpacked";
    let mut wrong_sum = file.clone();
    let sum = wrong_sum.len() - 8;
    wrong_sum[sum] ^= 1;
    let bomb = gzip(&vec![0; 40 << 20]);
    vec![
        malformed("gzip-cut", damaged, &file[..file.len() - 10]),
        malformed("gzip-wrong-checksum", damaged, wrong_sum),
        malformed("gzip-and-more", damaged, [file.clone(), b"more".to_vec()].concat()),
        malformed("gzip-head-only", damaged, &file[..2]),
        malformed("gzip-twice", "line 1: ", gzip(&file)),
        malformed("gzip-trailing-zeros", damaged, [file.clone(), vec![0; 8]].concat()),
        malformed("gzip-wrong-header-checksum", damaged, {
            let mut bytes = header(FLAGS, &maker::licence().sign());
            bytes[12] ^= 1;
            bytes
        }),
        malformed("gzip-reserved-flag", damaged, {
            let mut bytes = file.clone();
            bytes[3] |= 0x20;
            bytes
        }),
        // The largest permitted file, and one byte more.
        malformed("gzip-largest", "line 1: ", gzip(&vec![0; 33_554_432])),
        Sample::new(
            "gzip-too-large",
            "too-large",
            "is larger than 33554432 bytes",
            gzip(&vec![0; 33_554_433]),
        ),
        Sample::new("gzip-bomb", "too-large", "is larger than 33554432 bytes", bomb),
    ]
}

fn ends() -> Vec<Sample> {
    let file = maker::licence().sign();
    let text = maker::licence().text();
    let has = lines().len();
    let end = |line: usize| format!("line {line}: the file ends too early");
    let first = "line 1: is not the first line of a licence or trust document";
    let newer = |name: &str, bytes: &dyn std::fmt::Display| {
        Sample::new(name, "unsupported", "line 1: “igel.com/license/v", bytes.to_string())
    };
    vec![
        malformed("empty", first, ""),
        malformed("line-feed-only", first, "\n"),
        malformed("zeros", first, vec![0; 600]),
        malformed("other-document", first, "-----BEGIN CERTIFICATE-----\nMIIB\n"),
        malformed("header-version-0", first, file.replacen("v1", "v0", 1)),
        malformed("header-version-01", first, file.replacen("v1", "v01", 1)),
        malformed("header-upper-case", first, file.replacen("igel", "IGEL", 1)),
        malformed("header-with-space", first, file.replacen("v1", "v1 ", 1)),
        malformed("header-version-10000", first, file.replacen("v1", "v10000", 1)),
        newer("version-9999", &file.replacen("v1", "v9999", 1)),
        newer("version-2-without-line-feed", &"igel.com/license/v2"),
        newer("version-2-large", &format!("igel.com/license/v2\n{}", "anything\n".repeat(1000))),
        Sample::new(
            "version-2",
            "unsupported",
            "line 1: “igel.com/license/v2”",
            maker::sign(&text.replacen("v1", "v2", 1)),
        ),
        malformed("cut-after-header", end(2), &file[..file.find('\n').unwrap() + 1]),
        malformed("cut-after-text", end(has + 1), text.clone()),
        malformed("cut-after-empty-line", "no signature follows the text", format!("{text}\n")),
        malformed("cut-last-line-feed", end(has + 2), &file[..file.len() - 1]),
        malformed("empty-line-in-text", "is not a signature line", inserted(SECOND, &[""])),
        malformed("empty-line-before-text", first, format!("\n{file}")),
        malformed(
            "text-after-signatures",
            "is not a signature line",
            format!("{file}order 69-3456678\n"),
        ),
        malformed(
            "empty-line-after-signatures",
            "nothing may follow the signatures",
            format!("{file}\n"),
        ),
        malformed("second-file-behind", "", format!("{file}{file}")),
    ]
}

fn replaced(text: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = bytes.windows(from.len()).position(|piece| piece == from).unwrap();
    bytes.splice(at..at + from.len(), to.iter().copied());
    bytes
}
