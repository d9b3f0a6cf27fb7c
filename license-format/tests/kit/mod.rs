//! Keys, a trust document, terms, units and a verifier for the test files.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "every test file uses some of it, and what panics here fails the test"
)]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use license_format::*;
use license_issue::{self as issue, SigningKey, TrustKey};

/// A key from a seed of one repeated byte.
pub(crate) fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]).unwrap()
}

/// The key that signs the licences of these tests.
pub(crate) fn issuer() -> SigningKey {
    key("issuer", 9)
}

/// The terms of the licences of these tests.
pub(crate) fn terms() -> Terms {
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

/// A trust document with two roots. Each key may sign its products, or all products if it has none.
pub(crate) fn trust_of(keys: &[(&SigningKey, &[&str])]) -> TrustDocument {
    let (a, b) = (key("root-a", 1), key("root-b", 2));
    let keys: Vec<TrustKey> = keys
        .iter()
        .map(|(key, products)| TrustKey {
            key: key.verifier().clone(),
            products: products.iter().map(|product| Product::parse(product).unwrap()).collect(),
        })
        .collect();
    let document = issue::trust_document(7, UnixSeconds(0), &keys, &[], &[&a, &b]);
    let roots = [a.verifier().clone(), b.verifier().clone()];
    TrustDocument::verify(document.as_bytes(), &roots, NonZeroUsize::new(2).unwrap()).unwrap()
}

/// A trust document that lets one key sign every product.
pub(crate) fn trust(issuer: &SigningKey) -> TrustDocument {
    trust_of(&[(issuer, &[])])
}

/// The first `count` units.
pub(crate) fn units(count: u32) -> BTreeSet<UnitId> {
    (0..count).map(unit).collect()
}

/// The unit with this number.
pub(crate) fn unit(number: u32) -> UnitId {
    let [a, b, c, d] = number.to_be_bytes();
    UnitId::from_mac([2, 0, a, b, c, d])
}

/// Verifies a file in chunks of this size.
pub(crate) fn verify_in(
    trust: &TrustDocument,
    wanted: &[UnitId],
    file: &[u8],
    chunk: usize,
) -> Result<Verified, DocumentError> {
    let mut verifier = Verifier::new(trust, wanted);
    for chunk in file.chunks(chunk) {
        verifier.update(chunk)?;
    }
    verifier.finish()
}

/// Verifies a file in one piece.
pub(crate) fn verify(
    trust: &TrustDocument,
    wanted: &[UnitId],
    file: &[u8],
) -> Result<Verified, DocumentError> {
    verify_in(trust, wanted, file, file.len().max(1))
}

/// The message for a refused file.
pub(crate) fn refusal(trust: &TrustDocument, file: &[u8]) -> String {
    match verify(trust, &[], file) {
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(file)),
        Err(error) => error.to_string(),
    }
}
