//! Trust documents (LF §7).

use license_issue as issue;

use super::{Sample, TRUST_VERSION};
use crate::maker;

pub(super) fn samples() -> Vec<Sample> {
    [versions(), roots(), texts()].concat()
}

fn versions() -> Vec<Sample> {
    let of = |name: &str, code, says: &str, version| {
        Sample::new(name, code, says, maker::trust(version, &[]))
    };
    vec![
        of("trust-newer", "valid", "trust document version 4, newer than 3", TRUST_VERSION + 1),
        of("trust-in-force", "valid", "version 3, in force already", TRUST_VERSION),
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
