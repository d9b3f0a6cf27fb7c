//! Keys and signatures (LF §3).

use ed25519_compact::{PublicKey, Signature, x25519};

use super::lines::binary;
use super::{fields, sha256};

/// A verifier key, and the products that it may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// The first four bytes of its hash.
    pub hash: [u8; 4],
    /// The public key.
    pub public: [u8; 32],
    /// The products; `None` for all.
    pub products: Option<Vec<String>>,
}

impl Key {
    /// Reads `NAME+HASH+BASE64`; `None` for any other text or an unusable point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (hash, key) = rest.split_once('+')?;
        let key = binary::<33>(key)?;
        let public: [u8; 32] = key[1..].try_into().ok()?;
        let digest = sha256(&[name.as_bytes(), b"\n", &key]);
        let spelled: String = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        let fits = key[0] == 1 && is_name(name) && spelled == hash && is_usable(&public);
        let hash = digest[..4].try_into().ok()?;
        fits.then(|| Self { name: name.to_owned(), hash, public, products: None })
    }

    /// Reads a key with its products, the value of `key` in a trust document.
    #[must_use]
    pub fn parse_issuing(text: &str) -> Option<Self> {
        let (key, products) = text.split_once(' ')?;
        let products = match products {
            "*" => None,
            list => Some(list.split(',').map(str::to_owned).collect::<Vec<_>>()),
        };
        let mut listed = products.iter().flatten();
        let fits = listed.all(|product| fields::is_product(product));
        let fits = fits && products.as_ref().is_none_or(|listed| listed.len() <= 32);
        Self::parse(key).filter(|_| fits).map(|key| Self { products, ..key })
    }

    pub(super) fn has_signed(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_slice(signature);
        signature
            .is_ok_and(|signature| PublicKey::new(self.public).verify(text, &signature).is_ok())
    }
}

/// LF §3: printable without space and `+`.
pub(super) fn is_name(name: &str) -> bool {
    (1..=159).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'+')
}

/// A point of the curve in its canonical encoding (RFC 8032 §5.1.3), not of small order.
fn is_usable(public: &[u8; 32]) -> bool {
    // 2^255 - 19, little-endian.
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    let mut y = *public;
    y[31] &= 0x7f;
    let is_canonical = y.iter().rev().lt(p.iter().rev());
    is_canonical && x25519::PublicKey::from_ed25519(&PublicKey::new(*public)).is_ok()
}
