//! Units: named, listed in a mass licence, proven by a slice (LF §5, §6).

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::{Sample, exchanged, inserted, line_of};
use crate::maker::{self, Draft, UNIT};

/// A mass licence for this device and two others. Units are sorted; this device comes first.
fn mass() -> Draft {
    maker::licence().mass(2)
}

pub(super) fn samples() -> Vec<Sample> {
    [good(), named(), stated(), lists(), slices()].concat()
}

fn malformed(
    name: impl Into<String>,
    says: impl Into<String>,
    bytes: impl Into<Vec<u8>>,
) -> Sample {
    Sample::new(name, "malformed", says, bytes)
}

/// `count` lines of a key with ascending values.
fn ascending(count: usize, line: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(line).collect()
}

fn replaced(key: &str, lines: &[String]) -> String {
    exchanged(key, &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn service(n: usize) -> String {
    format!("service SUB_SERVICE_{n:02}")
}

fn unit(n: usize) -> String {
    format!("unit mac:00E0C51C50{:02X}", 0x80 + n)
}

fn good() -> Vec<Sample> {
    let mass = mass();
    let large = maker::licence().mass(1000);
    vec![
        Sample::valid("units-sixteen", replaced("unit", &ascending(16, unit))),
        Sample::valid("unit-drive-as-well", inserted_after_unit("unit udp:85641000D308482019")),
        Sample::valid("services-sixteen", replaced("service", &ascending(16, service))),
        Sample::valid("mass", mass.sign()),
        Sample::valid("mass-thousand", large.sign()),
        Sample::valid("mass-of-one", maker::licence().mass(0).sign()),
        Sample::valid("slice", maker::slice(&mass.sign(), UNIT)),
        Sample::valid("slice-of-thousand", maker::slice(&large.sign(), UNIT)),
        Sample::valid("slice-of-one", maker::slice(&maker::licence().mass(0).sign(), UNIT)),
        Sample::valid("slice-of-a-million", slice_of(1_000_000, 20)),
    ]
}

/// A slice for the first of `count` units, with a path of `hashes` hashes that matches the signed
/// root. A tree can be verified by its path without a list.
fn slice_of(count: u32, hashes: u8) -> String {
    let hash = |parts: &[&[u8]]| -> [u8; 32] { Sha256::digest(parts.concat()).into() };
    let leaf = hash(&[&[0], format!("mac:{UNIT}").as_bytes()]);
    let path: Vec<[u8; 32]> = (0..hashes).map(|n| [n; 32]).collect();
    let root = path.iter().fold(leaf, |node, sibling| hash(&[&[1], &node, sibling]));
    let head = exchanged("unit", &[&format!("units {count} {}", Base64::encode_string(&root))]);
    let path: String = path.iter().map(|hash| Base64::encode_string(hash) + "\n").collect();
    format!("{head}\nunit mac:{UNIT}\nindex 0\n{path}")
}

fn inserted_after_unit(line: &str) -> String {
    exchanged("unit", &[&format!("unit mac:{UNIT}"), line])
}

fn named() -> Vec<Sample> {
    let at = line_of("unit");
    let of = |name: &str, line: usize, key: &str, bytes: String| {
        malformed(name, format!("line {line}: {key}: "), bytes)
    };
    let supersedes = |n: usize| format!("supersedes WE-0000{n:02}");
    let many: Vec<String> = ascending(17, supersedes);
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let service_line = line_of("service");
    vec![
        of("units-seventeen", at + 16, "unit", replaced("unit", &ascending(17, unit))),
        of("units-unsorted", at + 1, "unit", inserted_after_unit("unit mac:00E0C51C5086")),
        of("units-twice", at + 1, "unit", inserted_after_unit(&format!("unit mac:{UNIT}"))),
        of(
            "units-unsorted-kinds",
            at + 1,
            "unit",
            inserted("unit", &["unit udp:85641000D308482019"]),
        ),
        of(
            "services-seventeen",
            service_line + 16,
            "service",
            replaced("service", &ascending(17, service)),
        ),
        of(
            "services-unsorted",
            service_line + 1,
            "service",
            replaced("service", &[service(2), service(1)]),
        ),
        of("supersedes-seventeen", service_line + 16, "supersedes", inserted("service", &many)),
        of(
            "supersedes-unsorted",
            service_line + 1,
            "supersedes",
            inserted("service", &["supersedes WE-00002", "supersedes WE-00001"]),
        ),
        of(
            "units-after-unit",
            at + 1,
            "units",
            inserted_after_unit("units 1 bjQLnP+zepicpUTmu3gKLHiNHRC+O7sTlsX0h9AgNGw="),
        ),
    ]
}

/// The values of `units`.
fn stated() -> Vec<Sample> {
    let at = line_of("unit");
    let hash = "bjQLnP+zepicpUTmu3gKLHiNHRC+O7sTlsX0h9AgNGw=";
    let of = |name: &str, value: String| {
        let bytes = exchanged("unit", &[&format!("units {value}")]);
        malformed(name, format!("line {at}: units: is not a count and a base64 tree hash"), bytes)
    };
    vec![
        of("mass-count-zero", format!("0 {hash}")),
        of("mass-count-leading-zero", format!("01 {hash}")),
        of("mass-count-too-high", format!("1000001 {hash}")),
        of("mass-count-negative", format!("-1 {hash}")),
        of("mass-hash-missing", "3".into()),
        of("mass-hash-too-short", "3 AAAA".into()),
        of("mass-hash-unpadded", format!("3 {}", hash.trim_end_matches('='))),
        of("mass-hash-loose-bits", format!("3 {}", hash.replace("Gw=", "Gx="))),
        of("mass-hash-and-more", format!("3 {hash} x")),
    ]
}

/// The head of a mass licence including the empty line, and the lines of its attachment.
fn split(file: &str) -> (String, Vec<String>) {
    let head = file.match_indices("\n\n").nth(1).unwrap().0 + 2;
    (file[..head].to_owned(), file[head..].lines().map(str::to_owned).collect())
}

fn join(head: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!("{head}{lines}")
}

fn lists() -> Vec<Sample> {
    let (head, list) = split(&mass().sign());
    let [a, b, c] = [0, 1, 2].map(|n| list[n].as_str());
    // The first line of the list.
    let first = head.lines().count() + 1;
    let of = |name: &str, line: usize, says: &str, lines: &[&str]| {
        malformed(name, format!("line {line}: {says}"), join(&head, lines))
    };
    let count = |n: usize| format!("units: the list has {n} units where 3 are stated");
    let order = "units: is not in strictly ascending order";
    let hash = "units: does not lead to the tree hash that was signed";
    let absent = format!("line {}: units: the list of units or the proof is missing", first - 1);
    let stranger = "mac:0A0000000000";
    vec![
        malformed("mass-without-list", &absent, head.clone()),
        malformed("mass-cut-before-list", &absent, head.trim_end_matches('\n').to_owned() + "\n"),
        of("mass-list-short", first + 2, &count(2), &[a, b]),
        of("mass-list-long", first + 3, &count(4), &[a, b, c, stranger]),
        of("mass-list-unsorted", first + 2, order, &[a, c, b]),
        of("mass-list-twice", first + 1, order, &[a, a, b]),
        of("mass-list-other-unit", first + 2, hash, &[a, b, stranger]),
        of("mass-list-first-exchanged", first + 2, hash, &["mac:00E0C51C5086", b, c]),
        of("mass-list-lower-case", first, "unit: is not", &["mac:00e0c51c5087", b, c]),
        of("mass-list-with-key", first, "unit: is not", &["unit mac:00E0C51C5087x", b, c]),
        of("mass-list-space", first + 1, "is not a key", &[a, &format!("{b} "), c]),
        of("mass-list-line-of-256", first + 1, "unit: is not", &[a, &"m".repeat(256), c]),
        of("mass-list-line-of-257", first + 1, "is longer than 256 bytes", &[a, &"m".repeat(257)]),
        of("mass-list-empty-line", first + 1, "unit: is not", &[a, "", b, c]),
        malformed(
            "mass-list-cut",
            format!("line {}: the file ends too early", first + 2),
            format!("{head}{a}\n{b}\n{c}"),
        ),
        Sample::new(
            "mass-count-forged",
            "bad-signature",
            "does not fit",
            join(&head, &[a, b, c]).replace("units 3 ", "units 4 "),
        ),
    ]
}

fn slices() -> Vec<Sample> {
    let (head, lines) = split(&maker::slice(&maker::licence().mass(2).sign(), UNIT));
    let [unit, index, one, two] = [0, 1, 2, 3].map(|n| lines[n].as_str());
    assert_eq!((index, lines.len()), ("index 0", 4));
    let first = head.lines().count() + 1;
    let of = |name: &str, says: &str, lines: &[&str]| malformed(name, says, join(&head, lines));
    let at = |line: usize, says: &str| format!("line {}: {says}", first + line);
    let no_path = |last| at(last, "units: does not lead to the tree hash that was signed");
    let too_long = [&[unit, index], &[one; 21][..]].concat();
    let loose = one.replace("=", "==");
    vec![
        of("slice-path-exchanged", &no_path(3), &[unit, index, two, one]),
        of("slice-path-short", &no_path(2), &[unit, index, one]),
        of("slice-path-long", &no_path(4), &[unit, index, one, two, two]),
        of("slice-path-missing", &no_path(1), &[unit, index]),
        of("slice-path-too-long", &at(22, "stands on more than 20 lines"), &too_long),
        of("slice-of-one-line", &no_path(0), &[unit]),
        of("slice-index-wrong", &no_path(3), &[unit, "index 1", one, two]),
        of("slice-index-out-of-range", &at(1, "index: "), &[unit, "index 3", one, two]),
        of("slice-index-leading-zero", &at(1, "index: "), &[unit, "index 00", one, two]),
        of("slice-index-negative", &at(1, "index: "), &[unit, "index -1", one, two]),
        of("slice-index-missing", &at(1, "index: "), &[unit, one, two]),
        of("slice-unit-other", &no_path(3), &["unit mac:00E0C51C5086", index, one, two]),
        of("slice-unit-lower-case", &at(0, "unit: "), &["unit mac:00e0c51c5087", index, one, two]),
        of("slice-hash-over-padded", &at(2, "is not a base64 hash"), &[unit, index, &loose, two]),
        of(
            "slice-hash-unpadded",
            &at(2, "is not a base64 hash"),
            &[unit, index, one.trim_end_matches('='), two],
        ),
        malformed(
            "slice-cut",
            at(3, "the file ends too early"),
            join(&head, &[unit, index, one, two]).trim_end().to_owned(),
        ),
        of(
            "slice-and-list",
            &at(4, "is not a base64 hash"),
            &[unit, index, one, two, "", "mac:00E0C51C5087"],
        ),
    ]
}
