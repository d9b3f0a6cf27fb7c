//! The memory of a verifier does not grow with the file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use kit::*;
use license_format::{Slicer, TrustDocument, Verified, Verifier, limits};
use license_issue as issue;

/// The share of a small thread stack that a verifier may take.
const VERIFIER_BYTES: usize = 16 * 1024;
/// The share that a trust document may take; withdrawals take most of it.
const TRUST_BYTES: usize = 96 * 1024;

#[test]
fn verifiers_and_verified_documents_are_small() {
    // They hold no heap memory: the crate uses no allocator.
    for size in [size_of::<Verifier<'_>>(), size_of::<Slicer<'_>>(), size_of::<Verified>()] {
        assert!(size <= VERIFIER_BYTES, "{size}");
    }
    assert!(size_of::<TrustDocument>() <= TRUST_BYTES, "{}", size_of::<TrustDocument>());
}

#[test]
fn a_mass_licence_of_a_hundred_thousand_units_verifies_and_slices() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let file = issue::license(&terms(), &units(100_000), &[&issuer]);
    assert!((file.len() as u64) < limits::FILE_BYTES);
    let wanted = [unit(99_999), unit(100_000)];
    let verified = verify_in(&trust, &wanted, file.as_bytes(), 64 * 1024).unwrap();
    assert!(verified.license.names(&wanted[0]) && !verified.license.names(&wanted[1]));
    let slice = verified.storable.unwrap().to_string();
    assert!(slice.len() <= limits::HEAD_BYTES + 1 + 20 * 45 + 64, "{}", slice.len());
    assert!(verify(&trust, &[], slice.as_bytes()).unwrap().license.names(&wanted[0]));
}

#[test]
fn the_largest_mass_licence_fits_a_file() {
    let longest_line = "udp:".len() + 24 + 1;
    let list = limits::MASS_UNITS as usize * longest_line;
    assert!((limits::HEAD_BYTES + 1 + list) as u64 <= limits::FILE_BYTES);
    assert!(1_usize << limits::PATH_HASHES >= limits::MASS_UNITS as usize);
}
