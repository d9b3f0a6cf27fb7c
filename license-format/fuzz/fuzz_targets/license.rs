//! Licences, mass licences and slices: unsigned, and signed so that the verifier reads on to the end
//! of the list or proof.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use license_format::{DocumentError, KeyName, Slicer, TrustDocument, UnitId, Verified, Verifier};
use license_issue::{SigningKey, sign, trust_in};

/// The issuing key, its trust document and the wanted units.
static ISSUER: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_seed(KeyName::parse("fuzz").unwrap(), &[9; 32]).unwrap());
static TRUST: LazyLock<TrustDocument> =
    LazyLock::new(|| trust_in(&[ISSUER.verifier().clone()]).unwrap());
static WANTED: LazyLock<[UnitId; 2]> =
    LazyLock::new(|| [UnitId::from_mac([0, 0, 0, 0, 0, 2]), UnitId::from_mac([0, 0, 0, 0, 0, 1])]);

fuzz_target!(|bytes: &[u8]| {
    assert!(verify(bytes).is_err(), "an unsigned file was accepted");
    if let Some(file) = signed(bytes) {
        if let Ok(verified) = verify(&file) {
            check_storable(&file, &verified);
        }
    }
});

/// Signs the text up to the first empty line; the rest becomes the attachment.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(bytes).ok()?;
    let (text, attachment) = match text.split_once("\n\n") {
        Some((text, attachment)) => (text, Some(attachment)),
        None => (text.trim_end_matches('\n'), None),
    };
    let mut file = sign(&format!("{text}\n"), &[&ISSUER]).into_bytes();
    if let Some(attachment) = attachment {
        file.push(b'\n');
        file.extend(attachment.as_bytes());
    }
    Some(file)
}

/// The verdict on the bytes, which must not depend on the chunks.
fn verify(bytes: &[u8]) -> Result<Verified, DocumentError> {
    let whole = verify_in(bytes, bytes.len().max(1));
    let cut = verify_in(bytes, 1 + bytes.len() / 3);
    match (&whole, &cut) {
        (Ok(whole), Ok(cut)) => assert_eq!(whole.license, cut.license),
        (Err(whole), Err(cut)) => assert_eq!(whole, cut),
        _ => panic!("the verdict depends on the chunks"),
    }
    whole
}

fn verify_in(bytes: &[u8], chunk: usize) -> Result<Verified, DocumentError> {
    let mut verifier = Verifier::new(&TRUST, &*WANTED);
    bytes.chunks(chunk).try_for_each(|chunk| verifier.update(chunk))?;
    verifier.finish()
}

/// The stored part must verify again and store as itself, and the slicer must cut the same slice.
fn check_storable(file: &[u8], verified: &Verified) {
    let Some(storable) = &verified.storable else { return };
    let stored = storable.to_string();
    let again = verify(stored.as_bytes()).unwrap_or_else(|error| panic!("{error}: {stored}"));
    assert_eq!(*again.license, *verified.license);
    assert_eq!(again.storable.unwrap().to_string(), stored);
    let listed = WANTED.iter().find(|unit| verified.license.names(unit));
    if let Some(unit) = listed {
        let mut slicer = Slicer::new(unit);
        slicer.update(file).unwrap();
        assert_eq!(slicer.finish().unwrap().unwrap().to_string(), stored);
    }
}
