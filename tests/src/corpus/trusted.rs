//! Trust documents (LF §7).

use base64ct::{Base64, Encoding as _};
use license_issue as issue;

use super::points::verifier;
use super::{Sample, TRUST_VERSION};
use crate::maker;

pub(super) fn samples() -> Vec<Sample> {
    [versions(), roots(), texts(), limits(), keys(), order()].concat()
}

fn versions() -> Vec<Sample> {
    let of = |name: &str, code, says: &str, version| {
        Sample::new(name, code, says, maker::trust(version, &[]))
    };
    vec![
        of("trust-newer", "valid", "trust document version 4, newer than 3", TRUST_VERSION + 1),
        Sample::new("trust-in-force", "valid", "version 3, already in force", super::trust()),
        of("trust-older", "superseded", "version 2; version 3 is in force", TRUST_VERSION - 1),
    ]
}

fn roots() -> Vec<Sample> {
    let version = TRUST_VERSION + 1;
    let [a, b, c] = maker::roots();
    let by = |keys: &[&issue::SigningKey]| maker::trust_signed_by(version, &[], keys);
    let few = |name: &str, found: usize, bytes: String| {
        let says = format!("signed by {found} of the root keys of this device, 2 are needed");
        Sample::new(name, "unknown-key", says, bytes)
    };
    let newer = "trust document version 4";
    let forged = by(&[&a, &b]).replace("version 4", "version 5");
    vec![
        Sample::new("trust-three-roots", "valid", newer, by(&[&a, &b, &c])),
        Sample::new("trust-other-roots", "valid", newer, by(&[&c, &a])),
        Sample::new("trust-and-stranger", "valid", newer, by(&[&maker::stranger(), &a, &b])),
        few("trust-one-root", 1, by(&[&a])),
        few("trust-same-root-twice", 1, by(&[&a, &a])),
        few("trust-root-and-issuer", 1, by(&[&a, &maker::issuer()])),
        few("trust-root-under-two-names", 1, by(&[&a, &maker::key("igel-root-z", 1)])),
        Sample::new(
            "trust-no-root",
            "unknown-key",
            "signed by igel-issuer-2026, a key that this device does not know",
            by(&[&maker::issuer()]),
        ),
        Sample::new("trust-forged", "bad-signature", "does not fit", forged),
    ]
}

fn texts() -> Vec<Sample> {
    let [a, b, _] = maker::roots();
    let whole = maker::trust(TRUST_VERSION + 1, &[("WE-7Q2KD", 1)]);
    let (text, _) = whole.split_once("\n\n").unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [header, version, issued, key, demo, withdraw] = lines[..] else { panic!("{lines:?}") };
    let of = |lines: &[&str]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        issue::sign(&text, &[&a, &b])
    };
    let wrong =
        |name: &str, says: &str, lines: &[&str]| Sample::new(name, "malformed", says, of(lines));
    let newer =
        |name: &str, says: &str, lines: &[&str]| Sample::new(name, "unsupported", says, of(lines));
    let second = header.replace("v1", "v2");
    let many: Vec<String> = (0..17)
        .map(|n| format!("key {} *", maker::key(&format!("k{n}"), 100 + n).verifier()))
        .collect();
    let many: Vec<&str> =
        [header, version, issued].into_iter().chain(many.iter().map(String::as_str)).collect();
    vec![
        wrong("trust-without-keys", "line 4: key: is missing here", &[header, version, issued]),
        wrong("trust-key-twice", "line 5: key: names a key", &[header, version, issued, key, key]),
        wrong("trust-keys-seventeen", "line 20: key: ", &many),
        wrong(
            "trust-key-after-withdraw",
            "line 6: key: ",
            &[header, version, issued, key, withdraw, demo],
        ),
        wrong("trust-version-missing", "line 2: version: ", &[header, issued, key]),
        wrong("trust-version-zero", "line 2: version: ", &[header, "version 0", issued, key]),
        wrong("trust-version-twice", "line 3: issued: ", &[header, version, version, issued, key]),
        wrong(
            "trust-key-without-products",
            "line 4: key: ",
            &[header, version, issued, key.trim_end_matches(" *")],
        ),
        wrong(
            "trust-withdraw-without-serial",
            "line 5: withdraw: ",
            &[header, version, issued, key, "withdraw WE-7Q2KD"],
        ),
        newer("trust-key-unknown", "line 5: “colour”", &[header, version, issued, key, "colour x"]),
        newer(
            "trust-version-2",
            "line 1: “igel.com/license-trust/v2”",
            &[&second, version, issued, key],
        ),
    ]
}

/// A document of the header and these lines, signed by enough roots.
pub(super) fn signed(lines: &[String]) -> String {
    let [a, b, _] = maker::roots();
    issue::sign(&text(lines), &[&a, &b])
}

fn text(lines: &[String]) -> String {
    let header = format!(
        "igel.com/license-trust/v1\nversion {}\nissued 2026-01-01T00:00:00Z\n",
        TRUST_VERSION + 1
    );
    header + &lines.iter().map(|line| format!("{line}\n")).collect::<String>()
}

pub(super) fn issuer() -> String {
    format!("key {} *", maker::issuer().verifier())
}

/// The 32 bytes of a public key.
fn public(key: &issue::SigningKey) -> Vec<u8> {
    Base64::decode_vec(&key.verifier().public_key().to_string()).unwrap()
}

/// A `key` line with a name of this length and this many products.
fn long_key(number: u8, name: usize, products: usize) -> String {
    let name = format!("{number:0>name$}");
    let list: Vec<String> = (0..products).map(|n| format!("P{n:011}")).collect();
    let public = public(&maker::key("any", 150 + number));
    format!("key {} {}", verifier(&name, 1, &public), list.join(","))
}

/// The most and longest lines of a trust document.
fn fullest_lines() -> Vec<String> {
    let longest = "withdraw ABCDE-ABCDE-ABCDE-ABCDEF 9223372036854775807".to_owned();
    (0..16).map(|n| long_key(n, 159, 32)).chain(vec![longest; 1000]).collect()
}

/// The longest text of a trust document.
pub(super) fn fullest() -> String {
    text(&fullest_lines()).replace("version 4", "version 9223372036854775807")
}

fn packed(text: &str) -> Vec<u8> {
    super::form::gzip(text.as_bytes())
}

fn limits() -> Vec<Sample> {
    let valid = |name: &str, bytes: Vec<u8>| {
        Sample::new(format!("trust-limit-{name}"), "valid", "trust document version ", bytes)
    };
    let wrong = |name: &str, says: &str, bytes: Vec<u8>| {
        Sample::new(format!("trust-{name}"), "malformed", says, bytes)
    };
    let version = |version: &str| signed(&[issuer()]).replace("version 4", version);
    let resigned = |file: String| {
        let [a, b, _] = maker::roots();
        let (text, _) = file.split_once("\n\n").unwrap();
        issue::sign(&format!("{text}\n"), &[&a, &b]).into_bytes()
    };
    let withdrawn = |count: usize| vec!["withdraw WE-GONE2 1".to_owned(); count];
    let keys = |count: u8, products: usize| (0..count).map(move |n| long_key(n, 159, products));
    let mut lines = fullest_lines();
    let full = fullest();
    let longer = format!("{}7\n", full.trim_end());
    let [a, b, _] = maker::roots();
    let by_roots = |text: &str| packed(&issue::sign(text, &[&a, &b]));
    lines.push("withdraw WE-GONE2 1".into());
    let strangers: Vec<issue::SigningKey> =
        (0..7).map(|n| maker::key(&format!("other-{n}"), 70 + n)).collect();
    let many = |count: usize| {
        let others = strangers.iter().take(count - 2);
        let keys: Vec<&issue::SigningKey> = others.chain([&a, &b]).collect();
        issue::sign(&text(&[issuer()]), &keys).into_bytes()
    };
    vec![
        valid("version", resigned(version("version 9223372036854775807"))),
        valid("keys", signed(&keys(16, 1).collect::<Vec<_>>()).into()),
        valid("products-and-line", signed(&[long_key(0, 159, 32)]).into()),
        valid("withdrawals", packed(&signed(&[vec![issuer()], withdrawn(1000)].concat()))),
        valid("text", by_roots(&full)),
        valid("signatures", many(8)),
        wrong("version-too-high", "line 2: version: ", {
            resigned(version("version 9223372036854775808"))
        }),
        wrong("products-thirty-three", "line 4: key: ", signed(&[long_key(0, 100, 33)]).into()),
        wrong("line-of-634", "line 4: is longer than 633 bytes", {
            signed(&[long_key(0, 159, 32) + "7"]).into()
        }),
        wrong("key-name-of-160", "line 4: key: ", signed(&[long_key(0, 160, 1)]).into()),
        wrong("withdrawals-too-many", "line 1005: withdraw: stands on more than 1000 lines", {
            packed(&signed(&[vec![issuer()], withdrawn(1001)].concat()))
        }),
        wrong("lines-too-many", "line 1020: the text has more than 1019 lines", {
            packed(&signed(&lines))
        }),
        wrong("text-too-long", "line 1: the text is longer than 64226 bytes", by_roots(&longer)),
        wrong("signatures-nine", "stands on more than 8 lines", many(9)),
    ]
}

/// The values of a `key` line.
fn keys() -> Vec<Sample> {
    let own = public(&maker::issuer());
    let valid = |name: &str, lines: &[String]| {
        Sample::new(name, "valid", "trust document version 4", signed(lines))
    };
    let wrong = |name: &str, key: &str| {
        let says = "line 4: key: is not a verifier key and products";
        Sample::new(format!("trust-{name}"), "malformed", says, signed(&[format!("key {key} *")]))
    };
    let key = |name: &str, public: &[u8]| format!("key {} *", verifier(name, 1, public));
    let mut neutral = [0; 32];
    neutral[0] = 1;
    // p + 3, and 3 is the ordinate of a point.
    let mut high = [0xff; 32];
    (high[0], high[31]) = (0xf0, 0x7f);
    let good = maker::issuer().verifier().to_string();
    let (name, rest) = good.split_once('+').unwrap();
    vec![
        valid("trust-key-under-two-names", &[issuer(), key("igel-too", &own)]),
        valid("trust-name-with-two-keys", &[issuer(), key(name, &public(&maker::stranger()))]),
        valid("trust-products-repeated", &[issuer().replace('*', "WE,WE")]),
        valid("trust-withdraw", &[issuer(), "withdraw WE-GONE2 7".into()]),
        valid(
            "trust-withdraw-repeated",
            &[issuer(), "withdraw WE-GONE2 7".into(), "withdraw WE-GONE2 3".into()],
        ),
        wrong("key-of-small-order", &verifier("weak", 1, &neutral)),
        wrong("key-of-zeros", &verifier("weak", 1, &[0; 32])),
        wrong("key-not-canonical", &verifier("high", 1, &high)),
        wrong("key-too-short", &verifier("short", 1, &own[..31])),
        wrong("key-other-algorithm", &verifier("other", 2, &own)),
        wrong("key-wrong-hash", &format!("{name}+00000000+{}", rest.split_once('+').unwrap().1)),
        wrong(
            "key-upper-case-hash",
            &format!("{name}+{}", rest.replacen(&rest[..8], &rest[..8].to_uppercase(), 1)),
        ),
        wrong("key-hash-of-other-name", &good.replacen(name, "igel-issuer-2027", 1)),
    ]
}

/// Documents with two errors and the one that is reported; content after the signatures.
fn order() -> Vec<Sample> {
    let [a, b, c] = maker::roots();
    let of = |name: &str, code, says: &str, bytes: String| {
        Sample::new(format!("trust-first-{name}"), code, says, bytes)
    };
    let text = text(&[issuer()]);
    let bad = text.replace("version 4", "version 0");
    let by = |text: &str, keys: &[&issue::SigningKey]| issue::sign(text, keys);
    let forged = by(&text, &[&a, &b]).replace("version 4", "version 5");
    let nothing = "nothing may follow the signatures";
    let withdraw = "withdraw WE-GONE2 1".to_owned();
    vec![
        Sample::new("trust-and-empty-line", "malformed", nothing, by(&text, &[&a, &c]) + "\n"),
        Sample::new("trust-and-more", "malformed", nothing, by(&text, &[&a, &c]) + "\nmore\n"),
        Sample::new(
            "trust-and-more-signatures",
            "malformed",
            "is not a signature line",
            by(&text, &[&a, &c]) + "more\n",
        ),
        of("roots-and-more", "unknown-key", "signed by 1 of", by(&text, &[&a]) + "\nmore\n"),
        of("signer-and-more", "unknown-key", "signed by somebody", {
            by(&text, &[&maker::stranger()]) + "\n"
        }),
        of("signature-and-more", "bad-signature", "does not fit", forged.clone() + "\n"),
        of("signature-and-value", "bad-signature", "does not fit", {
            forged.replace("version 5", "version 0")
        }),
        of("value-and-more", "malformed", "line 2: version: ", by(&bad, &[&a, &b]) + "\n"),
        of("roots-and-value", "unknown-key", "signed by 1 of", by(&bad, &[&a])),
        of("form-and-roots", "malformed", "line 2: is not a key", {
            by(&text.replace("version 4", "version  4"), &[&a])
        }),
        of("key-missing-and-unknown", "malformed", "line 4: key: is missing here", {
            signed(&[withdraw.clone(), "x-a b".into(), issuer()])
        }),
        Sample::new("trust-extension", "unsupported", "line 5: “x-a”", {
            signed(&[issuer(), "x-a b".into()])
        }),
        Sample::new(
            "trust-version-2-large",
            "unsupported",
            "line 1: “igel.com/license-trust/v2”",
            packed(&format!("igel.com/license-trust/v2\n{}", "anything\n".repeat(10_000))),
        ),
        Sample::new(
            "trust-version-2-without-line-feed",
            "unsupported",
            "line 1: “igel.com/license-trust/v2”",
            "igel.com/license-trust/v2",
        ),
    ]
}
