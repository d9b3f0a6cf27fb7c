//! The rules of LF §3 about signature lines, and the order of checks in LF §8.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use kit::*;
use license_format::DocumentError;
use license_issue as issue;

/// A licence's text without signatures.
fn text() -> String {
    issue::text_of(&terms(), &units(1))
}

/// The signature line of a key.
fn line(name: &str, seed: u8) -> String {
    let file = issue::sign(&text(), &[&key(name, seed)]);
    file.lines().last().unwrap().into()
}

/// A file of the text and these lines.
fn file(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!("{}\n{lines}", text())
}

#[test]
fn malformed_signature_lines_are_refused() {
    let trust = trust(&issuer());
    let good = line("issuer", 9);
    let number = file(&[]).lines().count() + 1;
    let base64 = good.rsplit(' ').next().unwrap();
    let other = line("other", 8);
    for bad in [
        "",
        "x",
        &good[3..],
        &good.replace('\u{2014}', "-"),
        &good.replace("\u{2014} ", "\u{2014}"),
        &good.replace("\u{2014} ", "\u{2014}  "),
        &good.replace("issuer ", "issuer  "),
        &format!("{good} "),
        &format!("{good}\r"),
        &format!(" {good}"),
        good.trim_end_matches('='),
        &good.replace("issuer", "iss+uer"),
        &good.replace("issuer", ""),
        &good.replace("issuer", "\u{e9}"),
        &good.replace(base64, &base64[4..]),
        &good.replace(base64, &format!("AAAA{base64}")),
        &format!("{good} x"),
        &good.replace("issuer", &"x".repeat(160)),
    ] {
        let found = refusal(&trust, file(&[bad]).as_bytes());
        let wanted = format!("line {number}: is not a signature line");
        let none = format!("line {number}: no signature follows the text");
        let nothing_behind = bad.is_empty() && found == none;
        assert!(found == wanted || nothing_behind, "{bad:?}: {found}");
        let found = refusal(&trust, file(&[&other, bad, &good]).as_bytes());
        assert!(found.contains("is not a signature line") || bad.is_empty(), "{bad:?}: {found}");
    }
}

#[test]
fn a_text_has_one_to_eight_signatures() {
    let trust = trust(&issuer());
    let number = file(&[]).lines().count() + 1;
    let found = refusal(&trust, file(&[]).as_bytes());
    assert_eq!(found, format!("line {number}: no signature follows the text"));
    let others: Vec<String> = (20..27).map(|seed| line("other", seed)).collect();
    let good = line("issuer", 9);
    let mut lines: Vec<&str> = others.iter().map(String::as_str).chain([good.as_str()]).collect();
    assert!(verify(&trust, &[], file(&lines).as_bytes()).is_ok());
    lines.push(&others[0]);
    let found = refusal(&trust, file(&lines).as_bytes());
    assert_eq!(found, format!("line {}: stands on more than 8 lines", number + 8));
}

#[test]
fn unknown_signers_are_skipped_and_do_not_suffice_alone() {
    let trust = trust(&issuer());
    let (good, other) = (line("issuer", 9), line("other", 8));
    assert!(verify(&trust, &[], file(&[&other, &good]).as_bytes()).is_ok());
    assert!(verify(&trust, &[], file(&[&good, &other]).as_bytes()).is_ok());
    // The right name with another key, and the right key with another name, are unknown.
    for unknown in [line("issuer", 8), line("other", 9)] {
        let error = verify(&trust, &[], file(&[&unknown]).as_bytes()).err().unwrap();
        assert!(matches!(error, DocumentError::UnknownKey { .. }), "{error}");
        assert!(verify(&trust, &[], file(&[&unknown, &good]).as_bytes()).is_ok());
    }
}

#[test]
fn a_bad_signature_of_a_known_key_refuses_the_file() {
    let (first, second) = (issuer(), key("second", 8));
    let trust = trust_of(&[(&first, &[]), (&second, &[])]);
    let good = line("issuer", 9);
    let elsewhere = issue::sign("another text\n", &[&second]);
    let bad = elsewhere.lines().last().unwrap();
    for lines in [[good.as_str(), bad], [bad, good.as_str()]] {
        let error = verify(&trust, &[], file(&lines).as_bytes()).err().unwrap();
        assert!(matches!(&error, DocumentError::BadSignature { key } if key.as_str() == "second"));
    }
    // A good line does not excuse a bad one of the same key.
    let bad = issue::sign("another text\n", &[&first]);
    let bad = bad.lines().last().unwrap();
    let error = verify(&trust, &[], file(&[&good, bad]).as_bytes()).err().unwrap();
    assert!(matches!(error, DocumentError::BadSignature { .. }));
}

#[test]
fn a_key_signs_only_its_own_products() {
    let (we, emp) = (issuer(), key("emp", 8));
    let trust = trust_of(&[(&we, &["WE", "WE-E"]), (&emp, &["EMP"])]);
    let (we, emp) = (line("issuer", 9), line("emp", 8));
    assert!(verify(&trust, &[], file(&[&we]).as_bytes()).is_ok());
    assert!(verify(&trust, &[], file(&[&emp, &we]).as_bytes()).is_ok());
    let found = refusal(&trust, file(&[&emp]).as_bytes());
    assert_eq!(found, "the key emp may not sign licences of product WE");
}

#[test]
fn a_key_under_two_names_signs_the_products_of_both() {
    let (one, two) = (key("one", 8), key("two", 8));
    let trust = trust_of(&[(&one, &["EMP"]), (&two, &["WE"])]);
    let (one, two) = (line("one", 8), line("two", 8));
    for lines in [&[one.as_str(), two.as_str()][..], &[&two, &one], &[&two], &[&one]] {
        assert!(verify(&trust, &[], file(lines).as_bytes()).is_ok(), "{lines:?}");
    }
}

#[test]
fn form_is_checked_before_signatures_and_signatures_before_values() {
    let issuer = issuer();
    let trust = trust_of(&[(&issuer, &["EMP"])]);
    let broken = text().replace("serial 183", "serial 0");
    let unknown_version = text().replace("/v1", "/v2");
    let other = key("other", 8);

    // The form of the lines comes before the signers.
    let spaced = text().replace("serial 183", "serial  183");
    let found = refusal(&trust, issue::sign(&spaced, &[&other]).as_bytes());
    assert!(found.starts_with("line 3: is not a key"), "{found}");
    let found = refusal(&trust, issue::sign(&unknown_version, &[&other]).as_bytes());
    assert!(found.contains("it needs a newer licd"), "{found}");
    // The signers come before the values of the text.
    let found = refusal(&trust, issue::sign(&broken, &[&other]).as_bytes());
    assert!(found.contains("does not know"), "{found}");
    let altered = issue::sign(&text(), &[&issuer]).replace("serial 183", "serial 0");
    let found = refusal(&trust, altered.as_bytes());
    assert!(found.contains("was changed after it was signed"), "{found}");
    // The values of the text come before the product.
    let found = refusal(&trust, issue::sign(&broken, &[&issuer]).as_bytes());
    assert!(found.starts_with("line 3: serial: "), "{found}");
    let found = refusal(&trust, issue::sign(&text(), &[&issuer]).as_bytes());
    assert!(found.contains("may not sign"), "{found}");
    // All of that comes before the list.
    let mass = issue::mass_license(&terms(), &units(3), &[&issuer]);
    let found = refusal(&trust, mass.replace("\nmac:", "\nMAC:").as_bytes());
    assert!(found.contains("may not sign"), "{found}");
}

#[test]
fn an_overlong_head_is_refused_for_its_first_error() {
    let trust = trust(&issuer());
    let found = refusal(&trust, &[b'x'; 100_000]);
    assert_eq!(found, "line 1: is not the first line of a licence or trust document");
    let found = refusal(&trust, "x\n".repeat(50_000).as_bytes());
    assert_eq!(found, "line 1: is not the first line of a licence or trust document");
    let endless = format!("igel.com/license/v1\n{}", "x".repeat(50_000));
    assert_eq!(refusal(&trust, endless.as_bytes()), "line 1: the text is longer than 4096 bytes");
    assert_eq!(
        refusal(&trust, b""),
        "line 1: is not the first line of a licence or trust document"
    );
    let signatures = file(&[&line("other", 8)]) + &line("other", 7).repeat(100);
    for file in [b"x\n".repeat(9000), endless.into(), signatures.into(), text().repeat(90).into()] {
        let whole = verify(&trust, &[], &file).err().unwrap();
        for chunk in [1, 7, 256, 4096] {
            assert_eq!(verify_in(&trust, &[], &file, chunk).err().unwrap(), whole);
        }
    }
}

#[test]
fn a_signature_line_of_256_bytes_has_the_longest_name_of_a_key() {
    let issuer = key(&"k".repeat(159), 9);
    let file = issue::license(&terms(), &units(2), &[&issuer]);
    assert_eq!(file.lines().map(str::len).max(), Some(256));
    assert!(verify(&trust(&issuer), &[], file.as_bytes()).is_ok());
}
