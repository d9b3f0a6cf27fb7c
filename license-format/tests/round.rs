//! The verifier accepts the files of license-issue.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use kit::*;
use license_format::*;
use license_issue::{self as issue, SigningKey};

#[test]
fn an_issued_licence_verifies_with_its_terms_and_units() {
    let issuer = key("issuer", 9);
    let trust = trust(&issuer);
    let units = units(3);
    let file = issue::license(&terms(), &units, &[&issuer]);
    for chunk in [1, 7, 4096] {
        let verified = verify_in(&trust, &[], file.as_bytes(), chunk).unwrap();
        assert_eq!(*verified.license, terms());
        assert!(verified.license.named().iter().eq(units.iter()));
        assert_eq!(verified.storable.unwrap().to_string(), file);
    }
}

#[test]
fn a_mass_licence_gives_every_unit_a_slice_that_verifies() {
    let issuer = key("issuer", 9);
    let trust = trust(&issuer);
    let units = units(333);
    let file = issue::license(&terms(), &units, &[&issuer]);
    for unit in &units {
        let wanted = [UnitId::from_mac([9; 6]), unit.clone()];
        let verified = verify_in(&trust, &wanted, file.as_bytes(), 1000).unwrap();
        assert!(verified.license.names(unit) && !verified.license.names(&wanted[0]));
        let slice = verified.storable.unwrap().to_string();
        let mut slicer = Slicer::new(unit);
        slicer.update(file.as_bytes()).unwrap();
        assert_eq!(slicer.finish().unwrap().unwrap().to_string(), slice);
        let again = verify_in(&trust, &[], slice.as_bytes(), 1).unwrap();
        assert_eq!(again.license.named(), std::slice::from_ref(unit));
        assert_eq!(again.storable.unwrap().to_string(), slice);
    }
    let other = UnitId::from_mac([9; 6]);
    let verified = verify_in(&trust, std::slice::from_ref(&other), file.as_bytes(), 64).unwrap();
    assert!(verified.storable.is_none() && !verified.license.names(&other));
}

#[test]
fn keys_parse_from_their_own_spelling() {
    let signer = key("igel-issuer-2026", 9);
    assert_eq!(
        VerifierKey::parse(&signer.verifier().to_string()).as_ref(),
        Some(signer.verifier())
    );
    let again = SigningKey::parse(&signer.to_secret_string()).unwrap();
    assert_eq!(again.verifier(), signer.verifier());
}
