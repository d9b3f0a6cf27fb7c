//! Every rule of LF §3 about signature lines, and of LF §8 about which refusal comes first.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use kit::*;
use license_format::Error;
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
fn a_signature_line_has_one_form() {
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
fn a_text_needs_a_signature_and_takes_eight() {
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
fn unknown_signers_are_passed_over_and_alone_are_not_enough() {
    let trust = trust(&issuer());
    let (good, other) = (line("issuer", 9), line("other", 8));
    assert!(verify(&trust, &[], file(&[&other, &good]).as_bytes()).is_ok());
    assert!(verify(&trust, &[], file(&[&good, &other]).as_bytes()).is_ok());
    // The right name with another key, and the right key with another name, are unknown.
    for stranger in [line("issuer", 8), line("other", 9)] {
        let error = verify(&trust, &[], file(&[&stranger]).as_bytes()).err().unwrap();
        assert!(matches!(error, Error::UnknownKey { .. }), "{error}");
        assert!(verify(&trust, &[], file(&[&stranger, &good]).as_bytes()).is_ok());
    }
}

#[test]
fn a_known_key_with_a_bad_signature_refuses_the_file_whoever_else_signed() {
    let (first, second) = (issuer(), key("second", 8));
    let trust = trust_of(&[(&first, &[]), (&second, &[])]);
    let good = line("issuer", 9);
    let elsewhere = issue::sign("another text\n", &[&second]);
    let bad = elsewhere.lines().last().unwrap();
    for lines in [[good.as_str(), bad], [bad, good.as_str()]] {
        let error = verify(&trust, &[], file(&lines).as_bytes()).err().unwrap();
        assert!(matches!(&error, Error::BadSignature { key } if key.as_str() == "second"));
    }
    // One good line does not make up for a bad one of the same key.
    let bad = issue::sign("another text\n", &[&first]);
    let bad = bad.lines().last().unwrap();
    let error = verify(&trust, &[], file(&[&good, bad]).as_bytes()).err().unwrap();
    assert!(matches!(error, Error::BadSignature { .. }));
}

#[test]
fn a_key_signs_only_the_products_it_was_given() {
    let (we, emp) = (issuer(), key("emp", 8));
    let trust = trust_of(&[(&we, &["WE", "WE-E"]), (&emp, &["EMP"])]);
    let (we, emp) = (line("issuer", 9), line("emp", 8));
    assert!(verify(&trust, &[], file(&[&we]).as_bytes()).is_ok());
    assert!(verify(&trust, &[], file(&[&emp, &we]).as_bytes()).is_ok());
    let found = refusal(&trust, file(&[&emp]).as_bytes());
    assert_eq!(found, "the key emp may not sign licences of product WE");
}

#[test]
fn a_key_under_two_names_signs_what_either_was_given() {
    let (one, two) = (key("one", 8), key("two", 8));
    let trust = trust_of(&[(&one, &["EMP"]), (&two, &["WE"])]);
    let (one, two) = (line("one", 8), line("two", 8));
    for lines in [&[one.as_str(), two.as_str()][..], &[&two, &one], &[&two], &[&one]] {
        assert!(verify(&trust, &[], file(lines).as_bytes()).is_ok(), "{lines:?}");
    }
}

#[test]
fn form_comes_before_signatures_and_signatures_before_the_rules_of_the_text() {
    let issuer = issuer();
    let trust = trust_of(&[(&issuer, &["EMP"])]);
    let broken = text().replace("serial 183", "serial 0");
    let unknown_version = text().replace("/v1", "/v2");
    let other = key("other", 8);

    // The form of lines, before anything is known of the signers.
    let spaced = text().replace("serial 183", "serial  183");
    let found = refusal(&trust, issue::sign(&spaced, &[&other]).as_bytes());
    assert!(found.starts_with("line 3: is not a key"), "{found}");
    let found = refusal(&trust, issue::sign(&unknown_version, &[&other]).as_bytes());
    assert!(found.contains("it needs a newer licd"), "{found}");
    // Signers, before the rules of the text.
    let found = refusal(&trust, issue::sign(&broken, &[&other]).as_bytes());
    assert!(found.contains("does not know"), "{found}");
    let altered = issue::sign(&text(), &[&issuer]).replace("serial 183", "serial 0");
    let found = refusal(&trust, altered.as_bytes());
    assert!(found.contains("was changed after it was signed"), "{found}");
    // The rules of the text, before the product.
    let found = refusal(&trust, issue::sign(&broken, &[&issuer]).as_bytes());
    assert!(found.starts_with("line 3: serial: "), "{found}");
    let found = refusal(&trust, issue::sign(&text(), &[&issuer]).as_bytes());
    assert!(found.contains("may not sign"), "{found}");
    // All of that, before the list.
    let mass = issue::mass_license(&terms(), &units(3), &[&issuer]);
    let found = refusal(&trust, mass.replace("\nmac:", "\nMAC:").as_bytes());
    assert!(found.contains("may not sign"), "{found}");
}

#[test]
fn a_file_too_long_for_a_head_is_refused_for_what_it_is() {
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
