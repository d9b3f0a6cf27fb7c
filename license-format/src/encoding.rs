//! Numbers and base64, each in its one accepted spelling.

use base64ct::{Base64, Encoding};

/// The line feed that ends every line.
pub(crate) const LF: u8 = b'\n';

/// A decimal number without sign or leading zero, at most `max`.
pub(crate) fn decimal(text: &str, max: u64) -> Option<u64> {
    let canonical =
        text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|n| canonical && *n <= max)
}

/// Exactly `N` bytes from canonical, padded standard base64 (RFC 4648 §4).
pub(crate) fn base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    // base64ct refuses unpadded input and non-zero trailing bits; a shorter value leaves its length.
    (Base64::decode(text, &mut bytes).ok()?.len() == N).then_some(bytes)
}
