//! Trust documents, unsigned and signed.
#![no_main]

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use license_format::{KeyName, TrustDocument};
use license_issue::{SigningKey, sign};

static ROOTS: LazyLock<[SigningKey; 2]> = LazyLock::new(|| {
    [1, 2].map(|seed| SigningKey::from_seed(KeyName::parse("root").unwrap(), &[seed; 32]).unwrap())
});

fuzz_target!(|bytes: &[u8]| {
    let [one, two] = &*ROOTS;
    let roots = [one.verifier().clone(), two.verifier().clone()];
    let threshold = NonZeroUsize::new(2).unwrap();
    assert!(
        TrustDocument::verify(bytes, &roots, threshold).is_err(),
        "an unsigned file was accepted"
    );
    let Ok(text) = str::from_utf8(bytes) else { return };
    let text = format!("{}\n", text.trim_end_matches('\n'));
    let once = TrustDocument::verify(sign(&text, &[one, one]).as_bytes(), &roots, threshold);
    assert!(once.is_err(), "one root counted twice");
    if let Ok(trust) = TrustDocument::verify(sign(&text, &[one, two]).as_bytes(), &roots, threshold)
    {
        assert!(trust.keys().count() > 0);
        for withdrawal in trust.withdrawals() {
            assert!(trust.withdrawn(&withdrawal.pack) >= Some(withdrawal.up_to));
        }
    }
});
