//! The rules of LF §7 about trust documents, each with documents that break only that rule.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use std::num::NonZeroUsize;

use base64ct::{Base64, Encoding};
use kit::*;
use license_format::{DocumentError, PackId, Serial, TrustDocument, VerifierKey, limits};
use license_issue::{self as issue, SigningKey};
use sha2::{Digest, Sha256};

/// A trust document's text.
fn text() -> String {
    let (issuer, demo) = (key("issuer", 9), key("demo", 8));
    format!(
        "igel.com/license-trust/v1
version 7
issued 2026-11-22T00:00:00Z
key {} *
key {} WE-E,90M
withdraw WE-7Q2KD 182
withdraw AB-1 9223372036854775807
",
        issuer.verifier(),
        demo.verifier()
    )
}

fn roots() -> [SigningKey; 3] {
    [key("root-a", 1), key("root-b", 2), key("root-c", 3)]
}

fn verify(
    file: &str,
    roots: &[&SigningKey],
    threshold: usize,
) -> Result<TrustDocument, DocumentError> {
    let roots: Vec<VerifierKey> = roots.iter().map(|root| root.verifier().clone()).collect();
    TrustDocument::verify(file.as_bytes(), &roots, NonZeroUsize::new(threshold).unwrap())
}

/// The message for a refused text with the signatures of two roots.
fn refused(text: &str) -> String {
    let [a, b, _] = &roots();
    match verify(&issue::sign(text, &[a, b]), &[a, b], 2) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_unchanged_document_is_accepted() {
    let [a, b, _] = &roots();
    let trust = verify(&issue::sign(&text(), &[a, b]), &[a, b], 2).unwrap();
    assert_eq!((trust.version(), trust.issued().to_string().as_str()), (7, "2026-11-22T00:00:00Z"));
    assert!(trust.keys().map(|key| key.name().as_str()).eq(["issuer", "demo"]));
    assert_eq!(trust.withdrawn(&PackId::parse("WE-7Q2KD").unwrap()), Serial::new(182));
    assert_eq!(trust.withdrawn(&PackId::parse("WE-XXXXX").unwrap()), None);
    assert_eq!(trust.withdrawals().len(), 2);
}

#[test]
fn malformed_and_misplaced_lines_are_refused() {
    let demo = key("demo", 8).verifier().to_string();
    let weak = "weak+0cbf3b8f+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let key_line = format!("key {demo} WE-E,90M\n");
    for (from, to, message) in [
        ("trust/v1", "trust/v2", "line 1: “igel.com/license-trust/v2” is not known here"),
        ("trust/v1", "trust/v0", "line 1: is not the first line"),
        ("igel.com/license-trust/v1", "igel.com/license/v1", "line 1: is not the first line"),
        ("version 7\n", "", "line 2: version: is missing here"),
        ("version 7", "version 0", "line 2: version: is not a number from 1 to 2^63-1"),
        ("version 7", "version 07", "line 2: version: is not a number from 1 to 2^63-1"),
        ("version 7", "version 9223372036854775808", "line 2: version: is not a number from"),
        ("version 7", "version 7\nversion 7", "line 3: issued: is missing here"),
        ("version 7", "edition 7", "line 2: “edition” is not known here"),
        ("issued 2026-11-22T00:00:00Z\n", "", "line 3: issued: is missing here"),
        ("T00:00:00Z", "", "line 3: issued: is not a time like"),
        ("WE-E,90M\n", "WE-E,90M\nversion 7\n", "line 6: version: is repeated or out of order"),
        ("WE-E,90M\n", "WE-E,90M\nissued 2026-11-22T00:00:00Z\n", "line 6: issued: is repeated"),
        ("WE-E,90M\n", "WE-E,90M\nx-note 1\n", "line 6: “x-note” is not known here"),
        ("WE-E,90M", "WE-E,", "line 5: key: is not a verifier key and products"),
        ("WE-E,90M", "WE-E,*", "line 5: key: is not a verifier key and products"),
        ("WE-E,90M", "WE-E 90M", "line 5: key: is not a verifier key and products"),
        ("WE-E,90M", "we", "line 5: key: is not a verifier key and products"),
        (" WE-E,90M", "", "line 5: key: is not a verifier key and products"),
        ("demo+", "Demo+", "line 5: key: is not a verifier key and products"),
        (demo.as_str(), weak, "line 5: key: is not a verifier key and products"),
        (demo.as_str(), "demo", "line 5: key: is not a verifier key and products"),
        ("withdraw WE-7Q2KD 182\n", key_line.as_str(), "line 6: key: names a key for the second"),
        ("AB-1 9223372036854775807", "AB-1 0", "line 7: withdraw: is not a pack and a serial"),
        ("AB-1 9223372036854775807", "AB-1", "line 7: withdraw: is not a pack and a serial"),
        ("AB-1 9223372036854775807", "AB 1", "line 7: withdraw: is not a pack and a serial"),
        ("AB-1 9223372036854775807", "AB-1 1 2", "line 7: withdraw: is not a pack and a serial"),
        ("version 7", "version  7", "line 2: is not a key, one space and a value"),
        ("version 7", "version 7\r", "line 2: has a character other than printable ASCII"),
    ] {
        assert!(text().contains(from), "{from}");
        let found = refused(&text().replacen(from, to, 1));
        assert!(found.starts_with(message), "{from:?} → {to:?}: {found:?}, not {message:?}");
    }
    let text = text();
    let (head, _) = text.split_at(text.find("key ").unwrap());
    let (_, withdrawals) = text.split_at(text.find("withdraw").unwrap());
    assert_eq!(refused(head), "line 4: key: is missing here");
    assert_eq!(refused(&format!("{head}{withdrawals}")), "line 4: key: is missing here");
    let unknown = format!("{head}withdraw AB-1 1\nx-a b\n{key_line}");
    assert_eq!(refused(&unknown), "line 4: key: is missing here");
    assert!(refused(&format!("{head}x-a b\n{key_line}")).starts_with("line 4: “x-a”"));
    let late = format!("{}{key_line}", text.replace(&key_line, ""));
    assert_eq!(refused(&late), "line 7: key: is repeated or out of order");
}

#[test]
fn too_many_keys_withdrawals_or_products_are_refused() {
    let [a, b, _] = &roots();
    let accepted = |text: &str| verify(&issue::sign(text, &[a, b]), &[a, b], 2).is_ok();
    let header = "igel.com/license-trust/v1\nversion 1\nissued 2026-11-22T00:00:00Z\n";
    let keys = |count: u8| -> String {
        (0..count).map(|n| format!("key {} *\n", key("k", 50 + n).verifier())).collect()
    };
    assert!(accepted(&format!("{header}{}", keys(16))));
    let found = refused(&format!("{header}{}", keys(17)));
    assert_eq!(found, "line 20: key: stands on more than 16 lines");

    let pack = "ABCDE-ABCDE-ABCDE-ABCDEF";
    let withdraw = format!("withdraw {pack} 9223372036854775807\n");
    let many = |count| format!("{header}{}{}", keys(16), withdraw.repeat(count));
    assert!(accepted(&many(1000)));
    // The limit on lines is the sum of the other two.
    assert_eq!(refused(&many(1001)), "line 1020: the text has more than 1019 lines");
    let found = refused(&format!("{header}{}{}", keys(1), withdraw.repeat(1001)));
    assert_eq!(found, "line 1005: withdraw: stands on more than 1000 lines");

    let products = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!("P{n:011}")).collect();
        format!("{header}key {} {}\n", key("k", 50).verifier(), list.join(","))
    };
    assert!(accepted(&products(32)));
    let found = refused(&products(33));
    assert_eq!(found, "line 4: key: is not a verifier key and products");
}

#[test]
fn the_longest_line_and_text_are_accepted_and_longer_ones_refused() {
    let [a, b, _] = &roots();
    let accepted = |text: &str| verify(&issue::sign(text, &[a, b]), &[a, b], 2).is_ok();
    let list: Vec<String> = (0..32).map(|n| format!("P{n:011}")).collect();
    let keys = |names: usize| -> String {
        let line = |n: u8| {
            let name = format!("{n:0>names$}");
            format!("key {} {}\n", key(&name, 50 + n).verifier(), list.join(","))
        };
        (0..16).map(line).collect()
    };
    let header = "igel.com/license-trust/v1\nversion 9223372036854775807\n\
        issued 2026-11-22T00:00:00Z\n";
    let withdraw = "withdraw ABCDE-ABCDE-ABCDE-ABCDEF 9223372036854775807\n".repeat(1000);
    let longest = format!("{header}{}{withdraw}", keys(159));
    assert_eq!(longest.lines().nth(3).unwrap().len(), limits::TRUST_LINE_BYTES);
    assert_eq!(longest.len(), limits::TRUST_TEXT_BYTES);
    assert_eq!((limits::TRUST_LINE_BYTES, limits::TRUST_TEXT_BYTES), (633, 64_226));
    assert!(accepted(&longest));
    let longer_line = longest.replacen("key ", "key x", 1);
    assert_eq!(refused(&longer_line), "line 4: is longer than 633 bytes");
    // The same number of lines; the last one is longer.
    let longer = format!("{}x\n", longest.trim_end());
    assert_eq!(refused(&longer), "line 1: the text is longer than 64226 bytes");
}

#[test]
fn a_key_name_of_160_bytes_is_refused() {
    let header = "igel.com/license-trust/v1\nversion 1\nissued 2026-11-22T00:00:00Z\n";
    // license-issue makes no such key, so the test computes its hash.
    let line = |length: usize| {
        let name = "n".repeat(length);
        let public = key("x", 50).verifier().to_string().splitn(3, '+').nth(2).unwrap().to_owned();
        let hash = Sha256::new()
            .chain_update(&name)
            .chain_update(b"\n")
            .chain_update(Base64::decode_vec(&public).unwrap())
            .finalize();
        let hash: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{header}key {name}+{hash}+{public} *\n")
    };
    let [a, b, _] = &roots();
    assert!(verify(&issue::sign(&line(159), &[a, b]), &[a, b], 2).is_ok());
    assert_eq!(refused(&line(160)), "line 4: key: is not a verifier key and products");
}

#[test]
fn the_beginning_of_an_overlong_file_gives_the_same_verdict() {
    let [a, b, c] = &roots();
    let most = limits::TRUST_BYTES + 1;
    let answer = |file: &str| {
        let whole = verify(file, &[a, b], 2).unwrap_err();
        assert_eq!(verify(&file[..most], &[a, b], 2).unwrap_err(), whole);
        whole.to_string()
    };
    let long = "x\n".repeat(most);
    let newer = answer(&format!("igel.com/license-trust/v2\n{long}"));
    assert!(newer.starts_with("line 1: “igel.com/license-trust/v2”"), "{newer}");
    // A genuine document with bytes after it, in the order of the checks.
    let behind = |keys: &[&SigningKey]| answer(&format!("{}\n{long}", issue::sign(&text(), keys)));
    assert!(behind(&[a, b]).ends_with("nothing may follow the signatures"));
    assert!(behind(&[a]).starts_with("signed by 1 of the root keys"));
    assert!(behind(&[c]).starts_with("signed by root-c, a key that this device does not know"));
    let endless = format!("igel.com/license-trust/v1\n{}", "x".repeat(most));
    assert_eq!(answer(&endless), "line 1: the text is longer than 64226 bytes");
}

#[test]
fn different_texts_of_one_version_contradict_each_other() {
    let [a, b, c] = &roots();
    let of =
        |text: &str, keys: &[&SigningKey]| verify(&issue::sign(text, keys), &[a, b, c], 2).unwrap();
    let one = of(&text(), &[a, b]);
    assert!(!one.contradicts(&of(&text(), &[b, c])));
    let lines: Vec<&str> = text().leak().lines().collect();
    let mut swapped = lines.clone();
    swapped.swap(5, 6);
    for other in [
        text().replace("T00:00:00Z", "T00:00:01Z"),
        text().replace("WE-E,90M", "90M,WE-E"),
        text().replace(" *", " WE"),
        text().replace("182", "183"),
        format!("{}\n", swapped.join("\n")),
    ] {
        assert!(one.contradicts(&of(&other, &[a, b])), "{other}");
    }
    assert!(!one.contradicts(&of(&text().replace("version 7", "version 8"), &[a, b])));
}

#[test]
fn distinct_roots_must_reach_the_threshold() {
    let [a, b, c] = &roots();
    let text = text();
    let all = [a, b, c];
    let sign = |keys: &[&SigningKey]| issue::sign(&text, keys);
    let roots_signed = |file: &str, threshold| match verify(file, &all, threshold) {
        Ok(_) => Ok(()),
        Err(DocumentError::TooFewRoots { found, needed }) => Err((found, needed)),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(roots_signed(&sign(&[a]), 1), Ok(()));
    assert_eq!(roots_signed(&sign(&[a]), 2), Err((1, 2)));
    assert_eq!(roots_signed(&sign(&[c, a]), 2), Ok(()));
    assert_eq!(roots_signed(&sign(&[c, a]), 3), Err((2, 3)));
    assert_eq!(roots_signed(&sign(&[c, a, b]), 3), Ok(()));
    // The same line twice, the same root twice.
    assert_eq!(roots_signed(&sign(&[a, a]), 2), Err((1, 2)));
    assert_eq!(roots_signed(&sign(&[a, a, a, a, a, a, a, a]), 2), Err((1, 2)));
    assert_eq!(roots_signed(&sign(&[a, a, b]), 2), Ok(()));
    // Unknown signers do not count, and do no harm.
    let unknown = key("unknown", 99);
    assert_eq!(roots_signed(&sign(&[a, &unknown]), 2), Err((1, 2)));
    assert_eq!(roots_signed(&sign(&[&unknown, a, b]), 2), Ok(()));
    let named_like_a_root = key("root-b", 99);
    assert_eq!(roots_signed(&sign(&[a, &named_like_a_root]), 2), Err((1, 2)));
}

#[test]
fn a_root_under_two_names_counts_once() {
    let (a, alias) = (key("root-a", 1), key("root-z", 1));
    let file = issue::sign(&text(), &[&a, &alias]);
    for roots in [&[&a, &alias][..], &[&alias, &a], &[&a, &a, &alias, &alias]] {
        let error = verify(&file, roots, 2).unwrap_err();
        assert_eq!(error, DocumentError::TooFewRoots { found: 1, needed: 2 });
        assert!(verify(&file, roots, 1).is_ok());
    }
    // A root under a name that the device does not know is an unknown signer.
    let error = verify(&file, &[&a, &key("root-b", 2)], 2).unwrap_err();
    assert_eq!(error, DocumentError::TooFewRoots { found: 1, needed: 2 });
}

#[test]
fn unknown_roots_and_bad_root_signatures_are_refused() {
    let [a, b, c] = &roots();
    let text = text();
    let file = issue::sign(&text, &[c]);
    assert!(matches!(verify(&file, &[a, b], 1), Err(DocumentError::UnknownKey { .. })));
    assert!(matches!(verify(&file, &[], 1), Err(DocumentError::UnknownKey { .. })));
    let elsewhere = issue::sign("another text\n", &[b]);
    let bad = elsewhere.lines().last().unwrap();
    let good = issue::sign(&text, &[a, c]);
    for file in [format!("{good}{bad}\n"), good.replacen("\n\n", &format!("\n\n{bad}\n"), 1)] {
        assert!(matches!(verify(&file, &[a, b, c], 2), Err(DocumentError::BadSignature { .. })));
        // A device that does not know that root skips the line.
        assert!(verify(&file, &[a, c], 2).is_ok());
    }
}

#[test]
fn form_is_checked_before_signatures_and_signatures_before_values() {
    let [a, b, c] = &roots();
    let refused = |text: &str, signers: &[&SigningKey]| {
        verify(&issue::sign(text, signers), &[a, b], 2).unwrap_err()
    };
    let broken = text().replace("version 7", "version 0");
    assert!(matches!(refused(&broken, &[c]), DocumentError::UnknownKey { .. }));
    assert!(matches!(refused(&broken, &[a]), DocumentError::TooFewRoots { .. }));
    assert!(matches!(refused(&broken, &[a, b]), DocumentError::Malformed { line: 2, .. }));
    let spaced = text().replace("version 7", "version  7");
    assert!(matches!(refused(&spaced, &[c]), DocumentError::Malformed { line: 2, .. }));
}

#[test]
fn bytes_after_the_signatures_are_refused_last() {
    let [a, b, c] = &roots();
    let file = issue::sign(&text(), &[a, b]);
    let empty_line = file.lines().count() + 1;
    let refused = |file: &str| verify(file, &[a, b], 2).unwrap_err().to_string();
    for tail in ["\n", "\n\n", "\nmac:020000000000\n", "\n\u{e9}"] {
        let message = format!("line {empty_line}: nothing may follow the signatures");
        assert_eq!(refused(&format!("{file}{tail}")), message, "{tail:?}");
    }
    // Without an empty line, the bytes are read as a signature line.
    for (tail, message) in [("x", "the file ends too early"), (" \n", "is not a signature line")] {
        let found = refused(&format!("{file}{tail}"));
        assert_eq!(found, format!("line {empty_line}: {message}"));
    }
    for (signers, text, message) in [
        (&[a, c] as &[&SigningKey], text(), "signed by 1 of the root keys"),
        (&[c], text(), "signed by root-c, a key"),
        (&[a, b], text().replace("version 7", "version 0"), "line 2: version: "),
    ] {
        let found = refused(&format!("{}\nx\n", issue::sign(&text, signers)));
        assert!(found.starts_with(message), "{found}");
    }
}

#[test]
fn a_document_becomes_another_one_or_empty() {
    let [a, b, _] = &roots();
    let known = [a, b].map(|root| root.verifier().clone());
    let two = NonZeroUsize::new(2).unwrap();
    let whole = issue::sign(&text(), &[a, b]);
    let mut document = TrustDocument::default();
    document.verify_in_place(whole.as_bytes(), &known, two).unwrap();
    assert_eq!(document, verify(&whole, &[a, b], 2).unwrap());

    // Other keys and withdrawals do not add to those before.
    let other = text().replace("version 7", "version 8").replace("AB-1", "AB-2");
    let other = issue::sign(&other, &[a, b]);
    document.verify_in_place(other.as_bytes(), &known, two).unwrap();
    assert_eq!(document, verify(&other, &[a, b], 2).unwrap());

    for refused in [
        issue::sign(&text(), &[a]),
        issue::sign(&text().replace("AB-1", "ab-1"), &[a, b]),
        format!("{whole}\n"),
    ] {
        document.verify_in_place(whole.as_bytes(), &known, two).unwrap();
        document.verify_in_place(refused.as_bytes(), &known, two).unwrap_err();
        assert_eq!(document, TrustDocument::default(), "{refused}");
    }
}
