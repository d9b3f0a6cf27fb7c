//! A licence that was read to its end has the verdict of every trust document.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use kit::*;
use license_format::{Complete, Completer, DocumentError, License, TrustDocument, Verified};
use license_issue as issue;

/// A verdict in a comparable form.
fn comparable(verdict: Result<Verified, DocumentError>) -> Result<(License, String), String> {
    let Verified { license, storable } = verdict.map_err(|error| error.to_string())?;
    Ok((license, storable.map(|content| content.to_string()).unwrap_or_default()))
}

/// Reads a file in chunks of this size.
fn complete(
    trust: &TrustDocument,
    file: &str,
    chunk: usize,
) -> Result<(Complete, Result<Verified, DocumentError>), DocumentError> {
    let wanted = [unit(1)];
    let mut completer = Completer::new(trust, &wanted);
    for chunk in file.as_bytes().chunks(chunk) {
        completer.update(chunk)?;
    }
    completer.finish()
}

/// Documents that admit the key for all products, for another one only, and not at all.
fn trusts() -> [TrustDocument; 3] {
    let (issuer, later) = (issuer(), key("later", 7));
    [trust(&issuer), trust_of(&[(&issuer, &["XX"])]), trust(&later)]
}

#[test]
fn a_whole_licence_is_judged_again_by_every_trust_document() {
    let issuer = issuer();
    for file in [
        issue::license(&terms(), &units(3), &[&issuer]),
        issue::mass_license(&terms(), &units(300), &[&issuer]),
    ] {
        for (first, chunk) in trusts().iter().zip([1, 100, 1 << 20]) {
            let (complete, verdict) = complete(first, &file, chunk).unwrap();
            let expected = verify(first, &[unit(1)], file.as_bytes());
            assert_eq!(comparable(verdict), comparable(expected));
            for other in &trusts() {
                let expected = verify(other, &[unit(1)], file.as_bytes());
                assert_eq!(comparable(complete.verify(other)), comparable(expected));
            }
        }
    }
}

#[test]
fn a_broken_licence_is_refused_as_by_a_verifier() {
    let issuer = issuer();
    let whole = issue::mass_license(&terms(), &units(300), &[&issuer]);
    let (list, text) = (whole.len() - 20, whole.find("WE-7Q2KD").unwrap());
    for file in [
        whole[..list].to_owned(),
        whole[..text].to_owned(),
        format!("{whole}nonsense\n"),
        whole.replacen("mac:", "mac-", 300),
        "nonsense\n".to_owned(),
        String::new(),
    ] {
        for (trust, chunk) in trusts().iter().zip([1, 100, 1 << 20]) {
            let refused = complete(trust, &file, chunk).map(drop).unwrap_err();
            let expected =
                verify_in(trust, &[unit(1)], file.as_bytes(), chunk).map(drop).unwrap_err();
            assert_eq!(refused.to_string(), expected.to_string());
        }
    }
}

#[test]
fn a_changed_licence_of_an_unknown_key_is_refused_once_the_key_is_known() {
    let [known, _, unknown] = trusts();
    let file = issue::license(&terms(), &units(3), &[&issuer()]).replace("WE-7Q2KD", "WE-7Q2KE");
    let (complete, verdict) = complete(&unknown, &file, 100).unwrap();
    let expected = |trust| comparable(verify(trust, &[unit(1)], file.as_bytes()));
    assert_eq!(comparable(verdict), expected(&unknown));
    assert_eq!(comparable(complete.verify(&known)), expected(&known));
    assert!(complete.verify(&known).is_err());
}
