//! C2SP signed notes with Ed25519 keys (c2sp.org/signed-note; LF §3).

use core::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use heapless::Vec;
use sha2::{Digest, Sha256};

use crate::error::{Error, Flaw, malformed};
use crate::limits;
use crate::reader::{self, Bounds, Lines};

/// What a signature line begins with: an em dash and a space.
pub(crate) const DASH: &str = "\u{2014} ";
/// signed-note's identifier of Ed25519 keys.
pub(crate) const ALGORITHM: u8 = 0x01;

/// The name of a key: printable ASCII without space and `+`, at most [`limits::KEY_NAME_BYTES`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyName(heapless::String<{ limits::KEY_NAME_BYTES }>);

impl KeyName {
    /// Reads a key name; `None` if it is empty, too long or has a character that names may not have.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
        heapless::String::try_from(text).ok().filter(|_| fits).map(Self)
    }

    /// The name itself.
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
    /// public key: small-order keys would accept signatures nobody made, and a point that is not
    /// spelled canonically (RFC 8032 §5.1.3) would be one key with two spellings.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (hash, key) = rest.split_once('+')?;
        let [algorithm, key @ ..] = reader::base64::<33>(key)?;
        if algorithm != ALGORITHM {
            return None;
        }
        let key = Self::new(KeyName::parse(name)?, VerifyingKey::from_bytes(&key).ok()?)?;
        let mut spelled = heapless::String::<8>::new();
        fmt::write(&mut spelled, format_args!("{:08x}", u32::from_be_bytes(key.hash))).ok()?;
        (spelled == hash).then_some(key)
    }

    /// The verifier key of an Ed25519 public key. `None` if it is no point that a key may be, as for
    /// [`VerifierKey::parse`].
    #[must_use]
    pub fn of_public(name: KeyName, public: &[u8; 32]) -> Option<Self> {
        Self::new(name, VerifyingKey::from_bytes(public).ok()?)
    }

    fn new(name: KeyName, key: VerifyingKey) -> Option<Self> {
        let digest = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([reader::LF, ALGORITHM])
            .chain_update(key.as_bytes())
            .finalize();
        let hash = *digest.first_chunk()?;
        let canonical = key.to_edwards().compress().as_bytes() == key.as_bytes();
        (canonical && !key.is_weak()).then_some(Self { name, hash, key })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Who signs with it: the key without its name.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.key.to_bytes())
    }

    /// Whether both are the same key pair, whatever their names.
    #[must_use]
    pub fn same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether a signature line that names this key speaks of this very key.
    pub(crate) fn same_id(&self, name: &str, hash: [u8; 4]) -> bool {
        self.name.as_str() == name && self.hash == hash
    }

    /// The key hash that signature lines begin with (LF §3).
    #[must_use]
    pub fn hash(&self) -> [u8; 4] {
        self.hash
    }

    /// Whether both would answer to the same signature line.
    pub(crate) fn collides(&self, other: &Self) -> bool {
        self.same_id(other.name.as_str(), other.hash)
    }
}

/// A signer, whatever name the key goes by: 32 bytes, spelled in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads the base64 that [`PublicKey`] displays; `None` for any other text. Whether the bytes
    /// are a key that can sign is not looked at: a signer is compared, never verified with.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        reader::base64(text).map(Self)
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

/// A note cut into its parts; nothing of it is trusted yet.
pub(crate) struct Note<'a> {
    /// The signed bytes, last line feed included. Every line obeys LF §2.
    pub(crate) text: &'a [u8],
    signatures: Vec<SignatureLine<'a>, { limits::SIGNATURES }>,
    /// The number of the line after the signatures.
    pub(crate) next_line: u32,
    /// Whether an empty line ends the signatures, and so something else follows them.
    pub(crate) is_followed: bool,
}

struct SignatureLine<'a> {
    name: &'a str,
    hash: [u8; 4],
    signature: Signature,
}

impl<'a> Note<'a> {
    /// Cuts a note: text, empty line, signature lines, and the end or another empty line. `header` is
    /// its first line without the version number.
    pub(crate) fn cut(bytes: &'a [u8], header: &str, bounds: Bounds) -> Result<Self, Error> {
        let mut lines = Lines::new(bytes, 1);
        check_header(&mut lines.clone(), header)?;
        loop {
            let Some(line) = lines.next() else {
                return malformed(lines.number(), "", Flaw::Truncated);
            };
            if line.bytes.is_empty() {
                break;
            }
            line.text(bounds.line_bytes)?;
            if line.number as usize > bounds.text_lines {
                return malformed(line.number, "", Flaw::TooManyLines(bounds.text_lines));
            }
        }
        // The lines so far, less the empty one's line feed.
        let text = bytes.get(..bytes.len() - lines.rest().len() - 1).unwrap_or_default();
        if text.len() > bounds.text_bytes {
            return malformed(1, "", Flaw::TooLong(bounds.text_bytes));
        }
        let (signatures, is_followed) = signature_lines(&mut lines)?;
        let next_line = lines.number() - u32::from(is_followed);
        Ok(Self { text, signatures, next_line, is_followed })
    }

    /// Which of `keys` signed this text, by their place in `keys`, each public key counted once
    /// however many lines or names it signs under. Unknown keys are passed over; a known key whose
    /// signature fails refuses the note (LF §3.1). This is the only place that counts signatures.
    pub(crate) fn signers<'k>(
        &self,
        keys: impl Iterator<Item = &'k VerifierKey> + Clone,
    ) -> Result<Vec<&'k VerifierKey, { limits::SIGNATURES }>, Error> {
        let mut good = Vec::<&VerifierKey, { limits::SIGNATURES }>::new();
        for line in &self.signatures {
            for key in keys.clone().filter(|key| key.same_id(line.name, line.hash)) {
                if key.key.verify_strict(self.text, &line.signature).is_err() {
                    return Err(Error::BadSignature { key: key.name.clone() });
                }
                if !good.iter().any(|known| known.same_key(key)) {
                    // One entry a signature line at most, and there are no more lines than places,
                    // unless several keys share an ID; more than the limit change no answer.
                    let _ = good.push(key);
                }
            }
        }
        match (good.is_empty(), self.signatures.first().and_then(|s| KeyName::parse(s.name))) {
            (true, Some(key)) => Err(Error::UnknownKey { key }),
            _ => Ok(good),
        }
    }
}

impl<'a> SignatureLine<'a> {
    fn cut(line: &'a [u8]) -> Option<Self> {
        if line.len() > limits::LINE_BYTES {
            return None;
        }
        let (name, base64) =
            core::str::from_utf8(line).ok()?.strip_prefix(DASH)?.split_once(' ')?;
        KeyName::parse(name)?;
        let bytes = reader::base64::<68>(base64)?;
        let (hash, signature) = bytes.split_first_chunk::<4>()?;
        Some(Self { name, hash: *hash, signature: Signature::from_slice(signature).ok()? })
    }
}

/// The signature lines up to the end or an empty line, and whether there is one.
fn signature_lines<'a>(
    lines: &mut Lines<'a>,
) -> Result<(Vec<SignatureLine<'a>, { limits::SIGNATURES }>, bool), Error> {
    let mut signatures = Vec::new();
    for line in lines.by_ref() {
        match (line.bytes.is_empty(), signatures.is_empty()) {
            (true, true) => return malformed(line.number, "", Flaw::NoSignature),
            (true, false) => return Ok((signatures, true)),
            (false, _) => {}
        }
        let Some(signature) = SignatureLine::cut(line.bytes) else {
            return malformed(line.number, "", Flaw::SignatureLine);
        };
        if signatures.push(signature).is_err() {
            return malformed(line.number, "", Flaw::TooMany(limits::SIGNATURES));
        }
    }
    if !lines.rest().is_empty() {
        return malformed(lines.number(), "", Flaw::Truncated);
    }
    if signatures.is_empty() {
        return malformed(lines.number(), "", Flaw::NoSignature);
    }
    Ok((signatures, false))
}

/// The first line is `header` and the version `1`; any other version is for a newer program.
fn check_header(lines: &mut Lines<'_>, header: &str) -> Result<(), Error> {
    let first = lines.next().map_or(lines.rest(), |line| line.bytes);
    let version = first.strip_prefix(header.as_bytes()).unwrap_or_default();
    match version {
        b"1" => Ok(()),
        [b'1'..=b'9', rest @ ..] if rest.len() < 4 && rest.iter().all(u8::is_ascii_digit) => {
            let word = crate::Word::of(core::str::from_utf8(first).unwrap_or_default());
            Err(Error::Unsupported { line: 1, word })
        }
        _ => malformed(1, "", Flaw::NotOurs),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
