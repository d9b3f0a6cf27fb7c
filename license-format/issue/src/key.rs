//! Private keys, in the spelling of signed-note.

use base64ct::{Base64, Encoding};
use core::fmt;
use ed25519_dalek::Signer;

use license_format::{KeyName, VerifierKey};

/// A private Ed25519 key with its name: `PRIVATE+KEY+NAME+HASH+base64(0x01 ‖ seed)`, the spelling
/// of Go's `golang.org/x/mod/sumdb/note`.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    verifier: VerifierKey,
}

/// The signed-note identifier of Ed25519 keys (LF §3).
const ALGORITHM: u8 = 0x01;
/// The beginning of a signature line (LF §3): an em dash and a space.
const DASH: &str = "\u{2014} ";
const PREFIX: &str = "PRIVATE+KEY+";

impl SigningKey {
    /// The key of a seed of 32 secret random bytes. `None` for the few seeds of a weak key.
    ///
    /// ```
    /// use license_format::KeyName;
    /// use license_issue::SigningKey;
    ///
    /// let name = KeyName::parse("example-issuer").unwrap();
    /// let key = SigningKey::from_seed(name, &[7; 32]).unwrap();
    /// let again = SigningKey::parse(&key.to_secret_string()).unwrap();
    /// assert_eq!(again.verifier(), key.verifier());
    /// ```
    #[must_use]
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Option<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey::from_public(name, key.verifying_key().as_bytes())?;
        Some(Self { key, verifier })
    }

    /// Reads a private key; `None` for any other text, or if the hash is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.strip_prefix(PREFIX)?.split_once('+')?;
        let (hash, seed) = rest.split_once('+')?;
        let [algorithm, seed @ ..] = <[u8; 33]>::try_from(Base64::decode_vec(seed).ok()?).ok()?;
        let key = Self::from_seed(KeyName::parse(name)?, &seed)?;
        let own = std::format!("{:08x}", u32::from_be_bytes(key.verifier.hash()));
        (algorithm == ALGORITHM && hash == own).then_some(key)
    }

    /// The secret spelling that [`SigningKey::parse`] reads.
    #[must_use]
    pub fn to_secret_string(&self) -> String {
        let mut bytes = [ALGORITHM; 33];
        bytes[1..].copy_from_slice(self.key.as_bytes());
        std::format!(
            "{PREFIX}{}+{:08x}+{}",
            self.verifier.name(),
            u32::from_be_bytes(self.verifier.hash()),
            Base64::encode_string(&bytes)
        )
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature line under a text, with its line feed.
    pub(crate) fn signature_line(&self, text: &str) -> String {
        let mut bytes = self.verifier.hash().to_vec();
        bytes.extend(self.key.sign(text.as_bytes()).to_bytes());
        std::format!("{DASH}{} {}\n", self.verifier.name(), Base64::encode_string(&bytes))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier.name())
    }
}
