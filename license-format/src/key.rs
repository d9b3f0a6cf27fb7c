//! Public keys and their names, spelled as signed-note spells them (c2sp.org/signed-note; LF §3).

use core::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::encoding::{LF, base64};
use crate::limits;

/// The signed-note identifier of Ed25519 keys.
pub(crate) const ALGORITHM: u8 = 0x01;

/// The name of a key: printable ASCII without space and `+`, at most [`limits::KEY_NAME_BYTES`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyName(heapless::String<{ limits::KEY_NAME_BYTES }>);

impl KeyName {
    /// Reads a key name; `None` if it is empty, too long, or has a space, `+` or a character other
    /// than printable ASCII.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
        heapless::String::try_from(text).ok().filter(|_| fits).map(Self)
    }

    /// The text of the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key with its name, as a `.vkey` file holds it: `NAME+HASH+base64(0x01 ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    hash: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    /// Reads a verifier key. `None` if the form or the hash is wrong, or the point is no usable
    /// public key: a small-order key accepts forged signatures, and a point that is not spelled
    /// canonically (RFC 8032 §5.1.3) gives one key two spellings.
    ///
    /// ```
    /// use license_format::VerifierKey;
    ///
    /// // The example of Go's golang.org/x/mod/sumdb/note.
    /// let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    /// let key = VerifierKey::parse(text).unwrap();
    /// assert_eq!(key.name().as_str(), "PeterNeumann");
    /// assert_eq!(key.to_string(), text);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (hash, key) = rest.split_once('+')?;
        let [algorithm, key @ ..] = base64::<33>(key)?;
        if algorithm != ALGORITHM {
            return None;
        }
        let key = Self::new(KeyName::parse(name)?, VerifyingKey::from_bytes(&key).ok()?)?;
        let mut spelled = heapless::String::<8>::new();
        fmt::write(&mut spelled, format_args!("{:08x}", u32::from_be_bytes(key.hash))).ok()?;
        (spelled == hash).then_some(key)
    }

    /// The verifier key of an Ed25519 public key. `None` for a point that [`VerifierKey::parse`]
    /// refuses.
    #[must_use]
    pub fn from_public(name: KeyName, public: &[u8; 32]) -> Option<Self> {
        Self::new(name, VerifyingKey::from_bytes(public).ok()?)
    }

    fn new(name: KeyName, key: VerifyingKey) -> Option<Self> {
        let digest = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([LF, ALGORITHM])
            .chain_update(key.as_bytes())
            .finalize();
        let hash = *digest.first_chunk()?;
        (is_canonical(key.as_bytes()) && !key.is_weak()).then_some(Self { name, hash, key })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key without its name, which identifies the signer.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.key.to_bytes())
    }

    /// Whether both have the same public key; their names may differ.
    #[must_use]
    pub fn same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether a signature line with this name and key hash refers to this key.
    pub(crate) fn same_id(&self, name: &str, hash: [u8; 4]) -> bool {
        self.name.as_str() == name && self.hash == hash
    }

    /// The key hash that signature lines begin with (LF §3).
    #[must_use]
    pub fn hash(&self) -> [u8; 4] {
        self.hash
    }

    /// Whether this key made the signature under the text.
    pub(crate) fn verifies(&self, text: &[u8], signature: &Signature) -> bool {
        self.key.verify_strict(text, signature).is_ok()
    }

    /// Whether one signature line could refer to both keys.
    pub(crate) fn collides(&self, other: &Self) -> bool {
        self.same_id(other.name.as_str(), other.hash)
    }
}

/// Whether y, the lower 255 bits, is below 2^255 − 19 (RFC 8032 §5.1.3). The only other spellings that
/// are not canonical give x = 0 a sign, and those points are of small order.
fn is_canonical([low, middle @ .., high]: &[u8; 32]) -> bool {
    let is_above = high & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed;
    !is_above
}

/// The `.vkey` spelling that [`VerifierKey::parse`] reads.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [ALGORITHM; 33];
        if let Some(public) = bytes.last_chunk_mut() {
            *public = *self.key.as_bytes();
        }
        let mut base64 = [0; 44];
        let base64 = Base64::encode(&bytes, &mut base64).map_err(|_| fmt::Error)?;
        write!(f, "{}+{:08x}+{base64}", self.name, u32::from_be_bytes(self.hash))
    }
}

/// A public key without a name: the identity of a signer, spelled in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads the base64 that [`PublicKey`] displays; `None` for any other text. The bytes may be no
    /// usable key: a `PublicKey` is only ever compared.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        base64(text).map(Self)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 44];
        f.write_str(Base64::encode(&self.0, &mut text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
