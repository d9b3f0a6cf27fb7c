//! Verifier keys and private keys: what is read is written the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use license_format::VerifierKey;
use license_issue::SigningKey;

fuzz_target!(|text: &str| {
    if let Some(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Some(key) = SigningKey::parse(text) {
        assert_eq!(key.to_secret_string(), text);
    }
});
