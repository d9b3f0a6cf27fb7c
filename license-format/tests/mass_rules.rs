//! The rules of LF §6 about mass licences and slices, each with files that break only that rule.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use kit::*;
use license_format::{Slicer, Verifier};
use license_issue as issue;

/// The head of a mass licence of three units, and its list.
fn mass() -> (String, Vec<String>) {
    let file = issue::mass_license(&terms(), &units(3), &[&issuer()]);
    let (head, list) = file.split_at(file.find("\n\nmac:").unwrap() + 2);
    (head.into(), list.lines().map(String::from).collect())
}

/// The head of the slice of unit 1 of three, and its lines.
fn slice() -> (String, Vec<String>) {
    let (head, list) = mass();
    let unit = unit(1);
    let mut slicer = Slicer::new(&unit);
    slicer.update(format!("{head}{}\n", list.join("\n")).as_bytes()).unwrap();
    let file = slicer.finish().unwrap().unwrap().to_string();
    let lines = file.strip_prefix(&head).unwrap().lines().map(String::from).collect();
    (head, lines)
}

/// The message for a refused head with these lines after it.
fn refused(head: &str, lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    refusal(&trust(&issuer()), format!("{head}{lines}").as_bytes())
}

/// A head that states these units.
fn head_of(units: &str) -> String {
    let (head, _) = mass();
    let text = head.split("\nunits ").next().unwrap();
    format!("{}\n", issue::sign(&format!("{text}\nunits {units}\n"), &[&issuer()]))
}

/// Line numbers: 15 of text with `units` on line 14, an empty one, one signature, an empty one.
const UNITS_LINE: u32 = 14;
const FIRST: u32 = 18;

#[test]
fn errors_name_the_line_of_the_file() {
    let (head, _) = mass();
    assert_eq!(head.lines().position(|line| line.starts_with("units ")), Some(13));
    assert_eq!(head.lines().count(), FIRST as usize - 1);
}

#[test]
fn a_malformed_units_line_is_refused() {
    let hash = "bjQLnP+zepicpUTmu3gKLHiNHRC+O7sTlsX0h9AgNGw=";
    let long = "bjQLnP+zepicpUTmu3gKLHiNHRC+O7sTlsX0h9AgNGx=";
    for value in [
        format!("0 {hash}"),
        format!("01 {hash}"),
        format!("1000001 {hash}"),
        format!("-1 {hash}"),
        format!("three {hash}"),
        String::from("3"),
        format!("3 {}", hash.trim_end_matches('=')),
        format!("3 {long}"),
        format!("3 {}", hash.replace('+', "-")),
        format!("3 {hash} x"),
        String::from("3 AAAA"),
        String::from("3 "),
    ] {
        let found = refused(&head_of(&value), &[]);
        let spacing = format!("line {UNITS_LINE}: is not a key, one space and a value");
        let form = format!("line {UNITS_LINE}: units: is not a count and a base64 tree hash");
        assert!(found == form || value.ends_with(' ') && found == spacing, "{value}: {found}");
    }
}

#[test]
fn a_list_that_differs_from_the_signed_units_is_refused() {
    let (head, list) = mass();
    let [a, b, c] = &list[..] else { panic!("three units") };
    let of = |lines: &[&String]| {
        refused(&head, &lines.iter().map(|line| String::from(*line)).collect::<Vec<_>>())
    };
    assert_eq!(
        of(&[]),
        format!("line {}: units: the list of units or the proof is missing", FIRST - 1)
    );
    assert_eq!(of(&[a]), "line 19: units: the list has 1 units where 3 are stated");
    assert_eq!(of(&[a, b]), "line 20: units: the list has 2 units where 3 are stated");
    let d = String::from(unit(9).as_str());
    assert_eq!(of(&[a, b, c, &d]), "line 21: units: the list has 4 units where 3 are stated");
    assert_eq!(of(&[a, c, b]), "line 20: units: is not in strictly ascending order");
    assert_eq!(of(&[a, a, b]), "line 19: units: is not in strictly ascending order");
    assert_eq!(of(&[a, b, &d]), "line 20: units: does not lead to the tree hash that was signed");
    let lower = b.to_lowercase().replace("mac:02", "mac:0a");
    assert_eq!(of(&[a, &lower, c]), "line 19: unit: is not a unit like mac:00E0C51C5087");
    for (bad, message) in [
        (format!("{b} "), "is not a key, one space and a value"),
        (format!(" {b}"), "is not a key, one space and a value"),
        (format!("{b}\r"), "has a character other than printable ASCII"),
        ("x".repeat(257), "is longer than 256 bytes"),
        (String::new(), "unit: is not a unit like mac:00E0C51C5087"),
        (format!("unit {b}"), "unit: is not a unit like mac:00E0C51C5087"),
    ] {
        assert_eq!(of(&[a, &bad, c]), format!("line 19: {message}"), "{bad:?}");
    }
}

#[test]
fn a_list_without_a_final_line_feed_is_refused() {
    let (head, list) = mass();
    let file = format!("{head}{}", list.join("\n"));
    let trust = trust(&issuer());
    assert_eq!(refusal(&trust, file.as_bytes()), "line 20: the file ends too early");
    assert!(verify(&trust, &[], format!("{file}\n").as_bytes()).is_ok());
}

#[test]
fn bytes_after_a_licence_with_unit_lines_are_refused() {
    let file = issue::license(&terms(), &units(3), &[&issuer()]);
    let trust = trust(&issuer());
    for tail in ["\n", "\nmac:020000000000\n", "\nunit mac:020000000000\nindex 0\n"] {
        let found = refusal(&trust, format!("{file}{tail}").as_bytes());
        assert!(found.ends_with(": nothing may follow the signatures"), "{found}");
    }
    let found = refusal(&trust, format!("{file}junk").as_bytes());
    assert!(found.ends_with(": the file ends too early"), "{found}");
}

#[test]
fn a_malformed_or_wrong_proof_is_refused() {
    let (head, lines) = slice();
    let [unit, index, left, right] = &lines[..] else { panic!("{lines:?}") };
    let of = |lines: &[&str]| {
        refused(&head, &lines.iter().map(|line| String::from(*line)).collect::<Vec<_>>())
    };
    let no_path =
        |line: u32| format!("line {line}: units: does not lead to the tree hash that was signed");
    let place = "line 19: index: is not a place in the list of units";
    assert_eq!(of(&[unit]), no_path(18));
    assert_eq!(of(&[unit, index]), no_path(19));
    assert_eq!(of(&[unit, index, left]), no_path(20));
    assert_eq!(of(&[unit, index, right, left]), no_path(21));
    assert_eq!(of(&[unit, index, left, right, left]), no_path(22));
    for wrong in ["index 0", "index 2"] {
        assert_eq!(of(&[unit, wrong, left, right]), no_path(21), "{wrong}");
    }
    for wrong in ["index 3", "index 01", "index -1", "index 4294967295", "Index 1", "index", "1"] {
        assert_eq!(of(&[unit, wrong, left, right]), place, "{wrong}");
    }
    assert_eq!(of(&[unit, left, right]), place);
    let other = "unit mac:020000000009";
    assert_eq!(of(&[other, index, left, right]), no_path(21));
    for wrong in ["unit 020000000001", "unit mac:02000000000a", "unit x"] {
        let found = of(&[wrong, index, left, right]);
        assert_eq!(found, "line 18: unit: is not a unit like mac:00E0C51C5087", "{wrong}");
    }
    for wrong in ["", "x", left.trim_end_matches('='), &left.replace('=', "==")] {
        let found = of(&[unit, index, wrong, right]);
        assert_eq!(found, "line 20: is not a base64 hash", "{wrong}");
    }
    let mut long = vec![unit.as_str(), index];
    long.extend([left.as_str(); 21]);
    assert_eq!(of(&long), "line 40: stands on more than 20 lines");
}

#[test]
fn the_slice_is_cut_for_the_unit_wanted_first() {
    let file = issue::mass_license(&terms(), &units(100), &[&issuer()]);
    let trust = trust(&issuer());
    for wanted in [[70, 3, 40], [3, 70, 40], [200, 40, 3], [99, 98, 0]] {
        let wanted = wanted.map(unit);
        let verified = verify(&trust, &wanted, file.as_bytes()).unwrap();
        let first = wanted.iter().find(|wanted| **wanted < unit(100)).unwrap();
        let slice = verified.storable.unwrap().to_string();
        let again = verify(&trust, &[], slice.as_bytes()).unwrap().license;
        assert_eq!(again.named(), std::slice::from_ref(first));
        let listed = wanted.iter().filter(|wanted| **wanted < unit(100));
        assert!(listed.clone().all(|unit| verified.license.names(unit)));
        assert_eq!(verified.license.named().len(), listed.count());
    }
}

#[test]
fn a_complete_list_excludes_missing_units_and_a_slice_excludes_none() {
    let terms = license_format::Terms { roster_complete: true, ..terms() };
    let trust = trust(&issuer());
    for count in [3, 30] {
        let file = issue::mass_license(&terms, &units(count), &[&issuer()]);
        let wanted = [unit(1), unit(500)];
        let verified = verify(&trust, &wanted, file.as_bytes()).unwrap();
        assert!(verified.license.roster_excludes(&unit(500)), "{count}");
        assert!(!verified.license.roster_excludes(&unit(1)), "{count}");
        let slice = verified.storable.unwrap().to_string();
        let slice = verify(&trust, &[], slice.as_bytes()).unwrap().license;
        assert!(!slice.roster_excludes(&unit(500)) && slice.roster_complete, "{count}");
    }
}

#[test]
fn a_refused_file_stays_refused_when_the_caller_reads_on() {
    let (head, list) = mass();
    let named = issue::license(&terms(), &units(3), &[&issuer()]);
    let trust = trust(&issuer());
    let long = format!("{}\n", "x".repeat(9000));
    for (start, junk, rest) in [
        (head.clone(), "mac:zz\n", format!("{}\n", list.join("\n"))),
        (format!("{head}{}\n", list[0]), long.as_str(), format!("{}\n{}\n", list[1], list[2])),
        (String::from(&named[..30]), long.as_str(), String::from(&named[30..])),
        (String::new(), long.as_str(), named.clone()),
    ] {
        let mut verifier = Verifier::new(&trust, &[]);
        verifier.update(start.as_bytes()).unwrap();
        let error = verifier.update(junk.as_bytes()).unwrap_err();
        assert_eq!(verifier.update(rest.as_bytes()), Err(error.clone()));
        assert_eq!(verifier.finish().err(), Some(error));
    }
}

#[test]
fn the_line_of_a_fault_does_not_depend_on_the_chunks() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let file = issue::mass_license(&terms(), &units(50), &[&issuer]);
    let lines: Vec<&str> = file.lines().collect();
    let at = lines.len() - 10;
    let long = "x".repeat(257);
    for (fault, reason) in [("nonsense", ""), (long.as_str(), "is longer than 256 bytes")] {
        let broken: String = (0..lines.len())
            .map(|n| format!("{}\n", if n == at { fault } else { lines[n] }))
            .collect();
        for chunk in [1, 7, 64, broken.len()] {
            let error = verify_in(&trust, &[], broken.as_bytes(), chunk).map(drop).unwrap_err();
            let expected = format!("line {}: ", at + 1);
            assert!(error.to_string().starts_with(&expected), "{error}");
            assert!(error.to_string().ends_with(reason), "{error}");
        }
    }
}

#[test]
fn an_attachment_that_must_not_be_there_is_refused_at_its_empty_line() {
    let issuer = issuer();
    let file = issue::license(&terms(), &units(2), &[&issuer]);
    let error = refusal(&trust(&issuer), format!("{file}\n").as_bytes());
    assert!(error.starts_with(&format!("line {}: ", file.lines().count() + 1)), "{error}");
}
