//! Verifier keys and private keys: a parsed key displays its input.
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
