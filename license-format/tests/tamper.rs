//! Truncated, changed and recombined files are refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use std::num::NonZeroUsize;

use kit::*;
use license_format::{Slicer, TrustDocument, VerifierKey};
use license_issue::{self as issue, SigningKey};

/// Whether a verifier accepts a file.
type Check = Box<dyn Fn(&[u8]) -> bool>;

/// A licence with two signatures, a mass licence, a slice and a trust document, each with a check
/// that accepts it.
fn documents() -> Vec<(&'static str, String, Check)> {
    let (issuer, second) = (issuer(), key("second", 8));
    let check = |keys: &[&SigningKey]| -> Check {
        let trust = trust_of(&keys.iter().map(|key| (*key, &[][..])).collect::<Vec<_>>());
        Box::new(move |file| verify(&trust, &[], file).is_ok())
    };
    let mass = issue::mass_license(&terms(), &units(5), &[&issuer]);
    let unit = unit(3);
    let mut slicer = Slicer::new(&unit);
    slicer.update(mass.as_bytes()).unwrap();
    let slice = slicer.finish().unwrap().unwrap().to_string();
    let roots = [key("root-a", 1), key("root-b", 2)];
    let known: Vec<VerifierKey> = roots.iter().map(|root| root.verifier().clone()).collect();
    let trusted = issue::TrustKey { key: issuer.verifier().clone(), products: vec![] };
    let withdrawn = (terms().pack, terms().serial);
    let [a, b] = &roots;
    let trust = issue::trust_document(7, terms().issued, &[trusted], &[withdrawn], &[a, b]);
    let both = NonZeroUsize::new(2).unwrap();
    vec![
        (
            "licence",
            issue::license(&terms(), &units(2), &[&issuer, &second]),
            check(&[&issuer, &second]),
        ),
        ("mass licence", mass, check(&[&issuer])),
        ("slice", slice, check(&[&issuer])),
        (
            "trust document",
            trust,
            Box::new(move |file| TrustDocument::verify(file, &known, both).is_ok()),
        ),
    ]
}

#[test]
fn a_truncated_file_is_refused_unless_enough_signatures_remain() {
    for (name, file, accepts) in documents() {
        assert!(accepts(file.as_bytes()), "{name}");
        let accepted: Vec<usize> =
            (0..file.len()).filter(|length| accepts(&file.as_bytes()[..*length])).collect();
        // Only the licence has a spare signature: without the last one it is the same document with
        // one signer fewer.
        let last_line = file.trim_end().rfind('\n').unwrap() + 1;
        let legal = if name == "licence" { vec![last_line] } else { vec![] };
        assert_eq!(accepted, legal, "{name}");
    }
}

#[test]
fn a_flipped_bit_is_refused() {
    for (name, file, accepts) in documents() {
        let mut bytes = file.into_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                // A signer whose name or hash changed is unknown, and unknown signers are skipped.
                let unknown_signer = name == "licence" && is_in_signer_name(&bytes, at);
                assert!(
                    unknown_signer || !accepts(&bytes),
                    "{name}: byte {at} of line {line}, bit {bit}"
                );
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

/// Whether the byte at `at` is part of the name or the key hash of a signature line.
fn is_in_signer_name(file: &[u8], at: usize) -> bool {
    let start = file[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let dash = "\u{2014} ".as_bytes();
    let Some(name) = file[start..].strip_prefix(dash) else { return false };
    let blank = name.iter().position(|byte| *byte == b' ').unwrap_or(0);
    // Four bytes of hash are five characters of base64 and two bits of the sixth.
    (dash.len()..dash.len() + blank + 1 + 6).contains(&(at - start))
}

#[test]
fn a_removed_or_inserted_byte_is_refused() {
    for (name, file, accepts) in documents() {
        for at in 0..file.len() {
            let mut bytes = file.clone().into_bytes();
            let byte = bytes.remove(at);
            let unknown_signer = name == "licence" && is_in_signer_name(file.as_bytes(), at);
            assert!(unknown_signer || !accepts(&bytes), "{name}: without byte {at}");
            for new in [b'\n', b' ', byte, b'0'] {
                let mut bytes = file.clone().into_bytes();
                bytes.insert(at, new);
                let unknown_signer = name == "licence" && is_in_signer_name(&bytes, at);
                assert!(unknown_signer || !accepts(&bytes), "{name}: {new} before byte {at}");
            }
        }
    }
}

#[test]
fn the_attachment_of_another_file_is_refused() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let head_and_list = |count| {
        let file = issue::mass_license(&terms(), &units(count), &[&issuer]);
        let cut = file.find("\n\nmac:").unwrap() + 2;
        (String::from(&file[..cut]), String::from(&file[cut..]))
    };
    let (three, four) = (head_and_list(3), head_and_list(4));
    for file in [format!("{}{}", three.0, four.1), format!("{}{}", four.0, three.1)] {
        assert!(verify(&trust, &[], file.as_bytes()).is_err());
    }
    assert!(verify(&trust, &[], format!("{}{}", four.0, four.1).as_bytes()).is_ok());
}
