//! Functions beside peers in the same run: `cargo bench -p benches`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark that cannot run has failed")]

use acceptance::maker;
use divan::{Bencher, black_box, counter::ItemsCount};
use license_format::{TrustDocument, UnitId, Verifier, VerifierKey};
use sha2::{Digest, Sha256};

/// Bytes that a program reads at once.
const CHUNK: usize = 64 * 1024;
const MASS: [u32; 2] = [100_000, 1_000_000];

fn main() {
    divan::main();
}

fn trust() -> TrustDocument {
    let roots: Vec<VerifierKey> = maker::roots().map(|root| root.verifier().clone()).into();
    let threshold = 2.try_into().unwrap();
    TrustDocument::verify(maker::trust(1, &[]).as_bytes(), &roots, threshold).unwrap()
}

/// Verifies a licence file and cuts this device's part.
fn verify(file: &str) -> usize {
    let (trust, wanted) = (trust(), [UnitId::parse_human(maker::UNIT).unwrap()]);
    let mut verifier = Verifier::new(&trust, &wanted);
    for chunk in file.as_bytes().chunks(CHUNK) {
        verifier.update(chunk).unwrap();
    }
    verifier.finish().unwrap().storable.unwrap().to_string().len()
}

#[divan::bench]
fn a_trust_document(bencher: Bencher) {
    bencher.bench(trust);
}

#[divan::bench]
fn a_licence_and_its_trust_document(bencher: Bencher) {
    let file = maker::licence().sign();
    bencher.bench(|| verify(black_box(&file)));
}

#[divan::bench(args = MASS, max_time = 5)]
fn mass_licence(bencher: Bencher, units: u32) {
    // With the unit that the maker names.
    let file = maker::licence().mass(units - 1).sign();
    bencher.counter(ItemsCount::new(units)).bench(|| verify(black_box(&file)));
}

/// The peer of a mass licence: the hashes of as many leaves and nodes, by the same crate.
#[divan::bench(args = MASS, max_time = 5)]
fn sha256_of_its_blocks(bencher: Bencher, units: u32) {
    let unit = format!("mac:{}", maker::UNIT);
    bencher.counter(ItemsCount::new(units)).bench(|| {
        let mut hash = [0; 32];
        for _ in 0..units {
            let leaf = Sha256::new().chain_update([0]).chain_update(&unit).finalize();
            let node = Sha256::new().chain_update([1]).chain_update(leaf).chain_update(hash);
            hash = node.finalize().into();
        }
        hash
    });
}
