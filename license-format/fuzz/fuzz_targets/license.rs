//! Licences, mass licences and slices: as they come, and signed so that the text and the list or
//! proof behind it are read to their end.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use license_format::{Error, KeyName, Slicer, TrustDocument, UnitId, Verified, Verifier};
use license_issue::{SigningKey, sign, trust_in};

/// The key that signs; its trust document and the units asked for.
static ISSUER: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_seed(KeyName::parse("fuzz").unwrap(), &[9; 32]).unwrap());
static TRUST: LazyLock<TrustDocument> =
    LazyLock::new(|| trust_in(&[ISSUER.verifier().clone()]).unwrap());
static WANTED: LazyLock<[UnitId; 2]> =
    LazyLock::new(|| [UnitId::from_mac([0, 0, 0, 0, 0, 2]), UnitId::from_mac([0, 0, 0, 0, 0, 1])]);

fuzz_target!(|bytes: &[u8]| {
    assert!(judge(bytes).is_err(), "nobody signed this");
    if let Some(file) = signed(bytes) {
        if let Ok(verified) = judge(&file) {
            stays_the_same(&file, &verified);
        }
    }
});

/// Up to the first empty line a text, which is signed; then what follows the signature.
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

/// The verdict on the bytes, which is the same however they are cut.
fn judge(bytes: &[u8]) -> Result<Verified, Error> {
    let whole = judge_in(bytes, bytes.len().max(1));
    let cut = judge_in(bytes, 1 + bytes.len() / 3);
    match (&whole, &cut) {
        (Ok(whole), Ok(cut)) => assert_eq!(whole.license, cut.license),
        (Err(whole), Err(cut)) => assert_eq!(whole, cut),
        _ => panic!("the verdict depends on the chunks"),
    }
    whole
}

fn judge_in(bytes: &[u8], chunk: usize) -> Result<Verified, Error> {
    let mut verifier = Verifier::new(&TRUST, &*WANTED);
    bytes.chunks(chunk).try_for_each(|chunk| verifier.update(chunk))?;
    verifier.finish()
}

/// What a device stores of a licence verifies again, and is stored as it is; and the slicer cuts
/// the same.
fn stays_the_same(file: &[u8], verified: &Verified) {
    let Some(storable) = &verified.storable else { return };
    let stored = storable.to_string();
    let again = judge(stored.as_bytes()).unwrap_or_else(|error| panic!("{error}: {stored}"));
    assert_eq!(*again.license, *verified.license);
    assert_eq!(again.storable.unwrap().to_string(), stored);
    let listed = WANTED.iter().find(|unit| verified.license.names(unit));
    if let Some(unit) = listed {
        let mut slicer = Slicer::new(unit);
        slicer.update(file).unwrap();
        assert_eq!(slicer.finish().unwrap().unwrap().to_string(), stored);
    }
}
