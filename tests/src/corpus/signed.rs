//! Signatures: their signers, their text and their encoding (LF §3).

use base64ct::{Base64, Encoding as _};
use license_issue::{self as issue, SigningKey};

use super::{PRESENT, Sample, text};
use crate::maker;

/// The prefix of a signature line.
const DASH: &str = "\u{2014} ";

pub(super) fn samples() -> Vec<Sample> {
    [good(), keys(), forged(), spelled()].concat()
}

fn by(keys: &[&SigningKey]) -> String {
    issue::sign(&text(), keys)
}

/// The signature line of [`text`] by the issuer, without its line feed.
fn line() -> String {
    let file = by(&[&maker::issuer()]);
    file.lines().last().unwrap().to_owned()
}

/// [`text`] with these lines as its signatures.
fn with(lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!("{}\n{lines}", text())
}

/// The line with the decoded bytes of its signature changed.
fn altered(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let line = line();
    let (name, base64) = line.rsplit_once(' ').unwrap();
    let mut bytes = Base64::decode_vec(base64).unwrap();
    change(&mut bytes);
    format!("{name} {}", Base64::encode_string(&bytes))
}

fn good() -> Vec<Sample> {
    let (issuer, stranger) = (maker::issuer(), maker::stranger());
    let evaluation = maker::licence().pack("WE-E-9ZZ1A").product("WE-E").term("evaluation");
    let strangers: Vec<SigningKey> =
        (0..7).map(|n| maker::key(&format!("other-{n}"), 70 + n)).collect();
    let eight: Vec<&SigningKey> = strangers.iter().chain([&issuer]).collect();
    vec![
        Sample::valid("signed-evaluation", evaluation.signed_by(&[&maker::demo_issuer()])),
        Sample::valid("signed-by-stranger-as-well", by(&[&stranger, &issuer])),
        Sample::valid("signed-by-two", by(&[&issuer, &maker::demo_issuer()])),
        Sample::valid("signed-twice", by(&[&issuer, &issuer])),
        Sample::valid("signed-by-eight", by(&eight)),
        // A name of 159 bytes fills a line of 256 bytes.
        Sample::valid("limit-signature-line", by(&[&maker::key(&"n".repeat(159), 80), &issuer])),
    ]
}

fn keys() -> Vec<Sample> {
    let unknown = |name: &str, key: &SigningKey| {
        let says =
            format!("signed by {}, a key that this device does not know", key.verifier().name());
        Sample::new(name, "unknown-key", says, by(&[key]))
    };
    let [root, ..] = maker::roots();
    let demo = maker::demo_issuer();
    vec![
        unknown("signer-unknown", &maker::stranger()),
        unknown("signer-root", &root),
        // The issuer's name with another key; the key hash differs.
        unknown("signer-same-name", &maker::key("igel-issuer-2026", 77)),
        // The issuer's key with another name.
        unknown("signer-other-name", &maker::key("igel-issuer-2027", 9)),
        Sample::new(
            "signer-untrusted-product",
            "untrusted-product",
            "the key igel-demo-2026 may not sign licences of product WE",
            by(&[&demo]),
        ),
        Sample::new(
            "signer-untrusted-product-present",
            "untrusted-product",
            "product EMP",
            maker::licence()
                .pack(PRESENT)
                .product("EMP")
                .services(&[maker::EMP])
                .signed_by(&[&demo]),
        ),
    ]
}

fn forged() -> Vec<Sample> {
    let (issuer, demo) = (maker::issuer(), maker::demo_issuer());
    let bad = |name: &str, bytes: String| {
        Sample::new(name, "bad-signature", "the signature of igel-issuer-2026 does not fit", bytes)
    };
    let file = by(&[&issuer]);
    let of_other = issue::sign(&text().replace("183", "184"), &[&issuer]);
    let foreign = of_other.lines().last().unwrap().to_owned();
    let of_demo = by(&[&demo]).lines().last().unwrap().to_owned();
    vec![
        bad("forged-date", file.replace("2099-12-31", "2099-12-30")),
        bad("forged-unit", file.replace("00E0C51C5087", "00E0C51C5086")),
        bad(
            "forged-extension",
            file.replace("unit mac:00E0C51C5087\n", "unit mac:00E0C51C5087\nx-a b\n"),
        ),
        bad("forged-signature-moved", with(std::slice::from_ref(&foreign))),
        bad("forged-signature-bit", with(&[altered(|bytes| bytes[40] ^= 1)])),
        bad("forged-signature-zero", with(&[altered(|bytes| bytes[4..].fill(0))])),
        // A bad signature by a known key invalidates the file, whatever its other signatures.
        bad("forged-beside-good", with(&[line(), foreign.clone()])),
        bad("forged-before-good", with(&[foreign.clone(), line()])),
        bad("forged-beside-other", with(&[of_demo, foreign])),
    ]
}

fn spelled() -> Vec<Sample> {
    let number = text().lines().count() + 2;
    let wrong = |name: &str, line: String| {
        let says = format!("line {number}: is not a signature line");
        Sample::new(name, "malformed", says, with(&[line]))
    };
    let good = line();
    let (_, base64) = good.rsplit_once(' ').unwrap();
    let digits = base64.trim_end_matches('=');
    assert_eq!(base64.len() - digits.len(), 1, "68 bytes leave four bits in the last digit");
    // The same 68 bytes with a padding bit set.
    let loose: String = {
        let (rest, last) = digits.split_at(digits.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let at = alphabet.find(last).unwrap();
        format!("{rest}{}=", &alphabet[at + 1..at + 2])
    };
    let of = |base64: &str| format!("{DASH}igel-issuer-2026 {base64}");
    let many: Vec<SigningKey> = (0..8).map(|n| maker::key(&format!("other-{n}"), 70 + n)).collect();
    let issuer = maker::issuer();
    let nine: Vec<&SigningKey> = many.iter().chain([&issuer]).collect();
    vec![
        wrong("signature-hyphen", good.replace('\u{2014}', "-")),
        wrong("signature-en-dash", good.replace('\u{2014}', "\u{2013}")),
        wrong("signature-no-space", good.replace(DASH, "\u{2014}")),
        wrong("signature-leading-space", format!(" {good}")),
        wrong("signature-trailing-space", format!("{good} ")),
        wrong("signature-doubled-space", good.replace("2026 ", "2026  ")),
        wrong("signature-name-with-plus", good.replace("2026", "2026+1")),
        wrong("signature-no-name", format!("{DASH}{base64}")),
        wrong("signature-unpadded", of(digits)),
        wrong("signature-over-padded", of(&format!("{base64}="))),
        wrong("signature-loose-bits", of(&loose)),
        wrong("signature-url-alphabet", of(&base64.replace('/', "_").replace('+', "-"))),
        wrong("signature-too-short", altered(|bytes| bytes.truncate(67))),
        wrong("signature-too-long", altered(|bytes| bytes.push(0))),
        wrong("signature-line-too-long", format!("{DASH}{} {base64}", "n".repeat(160))),
        Sample::new(
            "signatures-nine",
            "malformed",
            format!("line {}: stands on more than 8 lines", number + 8),
            by(&nine),
        ),
    ]
}
