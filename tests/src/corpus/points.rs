//! Signatures and keys that implementations of Ed25519 treat differently (LF §3).

use base64ct::{Base64, Encoding as _};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha256, Sha512};

use super::{Sample, text};

/// The name of the corpus's key with a part of small order.
const MIXED: &str = "igel-mixed-2026";
/// The order of the group, little-endian (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A key with accessible secret parts.
struct Key {
    name: &'static str,
    secret: Scalar,
    public: [u8; 32],
}

/// [`crate::maker::issuer`].
fn issuer() -> Key {
    // RFC 8032 §5.1.5.
    let digest: [u8; 64] = Sha512::digest([9; 32]).into();
    let secret = curve25519_dalek::scalar::clamp_integer(*digest.first_chunk().unwrap());
    let secret = Scalar::from_bytes_mod_order(secret);
    let public = EdwardsPoint::mul_base(&secret).compress().to_bytes();
    Key { name: "igel-issuer-2026", secret, public }
}

/// A key of the prime order group, and a point of order eight added to it.
fn mixed() -> Key {
    let secret = Scalar::from(20_260_101_u64);
    let public = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[1]).compress().to_bytes();
    Key { name: MIXED, secret, public }
}

/// The verifier key of these bytes, valid or not.
pub(super) fn verifier(name: &str, algorithm: u8, public: &[u8]) -> String {
    let bytes = [&[algorithm], public].concat();
    let hash: String = hash(name, &bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}+{hash}+{}", Base64::encode_string(&bytes))
}

/// The verifier key with a part of small order, which the device of the corpus knows.
pub(super) fn mixed_verifier() -> String {
    verifier(MIXED, 1, &mixed().public)
}

fn hash(name: &str, bytes: &[u8]) -> [u8; 4] {
    let digest = Sha256::new().chain_update(name).chain_update("\n").chain_update(bytes).finalize();
    *digest.first_chunk().unwrap()
}

impl Key {
    /// The challenge over R, the key and the corpus's text.
    fn challenge(&self, r: &[u8; 32]) -> Scalar {
        let digest = Sha512::new().chain_update(r).chain_update(self.public).chain_update(text());
        Scalar::from_bytes_mod_order_wide(&digest.finalize().into())
    }

    /// The file with a signature of this R, and the S of this nonce.
    fn signed(&self, r: &[u8; 32], nonce: u64) -> (String, [u8; 32]) {
        let s = (Scalar::from(nonce) + self.challenge(r) * self.secret).to_bytes();
        (self.file(r, &s), s)
    }

    fn file(&self, r: &[u8; 32], s: &[u8; 32]) -> String {
        let hash = hash(self.name, &[&[1], &self.public[..]].concat());
        let base64 = Base64::encode_string(&[&hash[..], r, s].concat());
        format!("{}\n\u{2014} {} {base64}\n", text(), self.name)
    }
}

fn point(nonce: u64, torsion: usize) -> [u8; 32] {
    let point = EdwardsPoint::mul_base(&Scalar::from(nonce)) + EIGHT_TORSION[torsion];
    point.compress().to_bytes()
}

/// S plus the group order, which verifiers that do not check the range treat as S.
fn plus_order(s: [u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    std::array::from_fn(|place| {
        let sum = u16::from(s[place]) + u16::from(ORDER[place]) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    })
}

pub(super) fn samples() -> Vec<Sample> {
    let (issuer, mixed) = (issuer(), mixed());
    let bad = |name: &str, key: &Key, bytes: String| {
        let says = format!("the signature of {} does not fit", key.name);
        Sample::new(format!("point-{name}"), "bad-signature", says, bytes)
    };
    let (good, s) = issuer.signed(&point(1, 0), 1);
    // The part of small order vanishes only if the challenge is a multiple of eight.
    let is_whole = |nonce: &u64| mixed.challenge(&point(*nonce, 0)).to_bytes()[0] % 8 == 0;
    let whole = (1..).find(is_whole).unwrap();
    let other = (1..).find(|nonce| !is_whole(nonce)).unwrap();
    vec![
        Sample::valid("point-plain", good),
        bad("s-plus-order", &issuer, issuer.file(&point(1, 0), &plus_order(s))),
        bad("s-of-ones", &issuer, issuer.file(&point(1, 0), &[0xff; 32])),
        bad("r-of-small-order", &issuer, issuer.signed(&point(0, 0), 0).0),
        bad("r-not-canonical", &issuer, {
            // y = p + 1, congruent to 1: the neutral element.
            let mut r = [0xff; 32];
            (r[0], r[31]) = (0xee, 0x7f);
            issuer.signed(&r, 0).0
        }),
        bad("cofactored-only", &issuer, issuer.signed(&point(1, 1), 1).0),
        Sample::valid("point-mixed-order-key", mixed.signed(&point(whole, 0), whole).0),
        bad("mixed-order-key-cofactored-only", &mixed, mixed.signed(&point(other, 0), other).0),
    ]
}
