//! What the issuing side writes, the verifier reads.
#![cfg(feature = "issue")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use license_format::issue::{self, SigningKey, TrustKey};
use license_format::*;

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]).unwrap()
}

fn terms() -> Terms {
    Terms {
        pack: PackId::parse("WE-7Q2KD").unwrap(),
        serial: Serial::new(183).unwrap(),
        product: Product::parse("WE").unwrap(),
        term: Term::Subscription,
        category: Category::Subscription,
        subscription_key: PackId::parse("ERP-9QK2M"),
        order: OrderNumber::parse("69-3456677"),
        supersedes: Default::default(),
        services: [ServiceName::parse("SUB_SERVICE_SET_WORKSPACE_EDITION").unwrap()]
            .into_iter()
            .collect(),
        issued: UnixSeconds::parse("2026-11-22T16:48:10Z").unwrap(),
        starts: Date::parse("2026-11-22").unwrap(),
        expires: Expiry::parse("2027-11-21").unwrap(),
        grace_days: 28,
        warn_days: 10,
        roster_complete: false,
    }
}

fn trust(issuer: &SigningKey) -> TrustDocument {
    let (a, b) = (key("root-a", 1), key("root-b", 2));
    let document = issue::trust_document(
        7,
        UnixSeconds(0),
        &[TrustKey { key: issuer.verifier().clone(), products: vec![] }],
        &[],
        &[&a, &b],
    );
    TrustDocument::verify(
        document.as_bytes(),
        &[a.verifier().clone(), b.verifier().clone()],
        NonZeroUsize::new(2).unwrap(),
    )
    .unwrap()
}

fn units(count: u32) -> BTreeSet<UnitId> {
    (0..count)
        .map(|n| {
            UnitId::from_mac([2, 0, (n >> 24) as u8, (n >> 16) as u8, (n >> 8) as u8, n as u8])
        })
        .collect()
}

fn verify(
    trust: &TrustDocument,
    wanted: &[UnitId],
    file: &[u8],
    chunk: usize,
) -> Result<Verified, Error> {
    let mut verifier = Verifier::new(trust, wanted);
    for chunk in file.chunks(chunk) {
        verifier.update(chunk)?;
    }
    verifier.finish()
}

#[test]
fn a_licence_reads_back_with_its_terms_and_units() {
    let issuer = key("issuer", 9);
    let trust = trust(&issuer);
    let units = units(3);
    let file = issue::license(&terms(), &units, &[&issuer]);
    for chunk in [1, 7, 4096] {
        let verified = verify(&trust, &[], file.as_bytes(), chunk).unwrap();
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
        let verified = verify(&trust, &wanted, file.as_bytes(), 1000).unwrap();
        assert!(verified.license.names(unit) && !verified.license.names(&wanted[0]));
        let slice = verified.storable.unwrap().to_string();
        let mut slicer = Slicer::new(unit);
        slicer.update(file.as_bytes()).unwrap();
        assert_eq!(slicer.finish().unwrap().unwrap().to_string(), slice);
        let again = verify(&trust, &[], slice.as_bytes(), 1).unwrap();
        assert_eq!(again.license.named(), std::slice::from_ref(unit));
        assert_eq!(again.storable.unwrap().to_string(), slice);
    }
    let stranger = UnitId::from_mac([9; 6]);
    let verified = verify(&trust, std::slice::from_ref(&stranger), file.as_bytes(), 64).unwrap();
    assert!(verified.storable.is_none() && !verified.license.names(&stranger));
}

#[test]
fn keys_read_back_as_written() {
    let signer = key("igel-issuer-2026", 9);
    assert_eq!(
        VerifierKey::parse(&signer.verifier().to_string()).as_ref(),
        Some(signer.verifier())
    );
    let again = SigningKey::parse(&signer.to_secret_string()).unwrap();
    assert_eq!(again.verifier(), signer.verifier());
}
