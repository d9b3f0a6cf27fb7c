//! Signed notes made by other programs.

use super::*;

extern crate std;
use std::{format, string::String, vec, vec::Vec as StdVec};

/// The example key and message of the documentation of Go's `golang.org/x/mod/sumdb/note`.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                       then you don't know what your problem is.\n";
const GO_SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIu\
                            GUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

/// A note of any text, as if it had been parsed.
pub(super) fn note<'a>(text: &'a [u8], lines: &[&'a str]) -> Note<'a> {
    let signatures = lines.iter().map(|line| SignatureLine::parse(line.as_bytes()).unwrap());
    Note { text, signatures: signatures.collect(), next_line: 1, end: NoteEnd::EndOfFile }
}

/// The verifier key of a name and a raw public key; `None` if it is refused.
pub(super) fn verifier_key(name: &str, public: &[u8; 32]) -> Option<VerifierKey> {
    VerifierKey::from_public(KeyName::parse(name)?, public)
}

/// The signature line of a key and a raw signature.
pub(super) fn signature_line(key: &VerifierKey, signature: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let mut bytes = [0; 68];
    bytes[..4].copy_from_slice(&key.hash());
    bytes[4..].copy_from_slice(signature);
    let mut base64 = [0; 92];
    format!("{DASH}{} {}", key.name(), Base64::encode(&bytes, &mut base64).unwrap())
}

/// Bytes from hexadecimal digits.
pub(super) fn hex(digits: &str) -> StdVec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

#[test]
fn the_go_example_verifies() {
    let key = VerifierKey::parse(GO_KEY).unwrap();
    assert_eq!((key.name().as_str(), key.hash()), ("PeterNeumann", [0xc7, 0x4f, 0x20, 0xa3]));
    let note = note(GO_TEXT.as_bytes(), &[GO_SIGNATURE]);
    assert!(note.signers([&key].into_iter()).unwrap() == [&key]);
}

#[test]
fn the_go_example_is_refused_after_a_letter_changes() {
    let key = VerifierKey::parse(GO_KEY).unwrap();
    let text = GO_TEXT.replace("answer", "Answer");
    let note = note(text.as_bytes(), &[GO_SIGNATURE]);
    let bad = DocumentError::BadSignature { key: key.name().clone() };
    assert_eq!(note.signers([&key].into_iter()), Err(bad));
}

#[test]
fn malformed_verifier_keys_are_refused() {
    for text in [
        "PeterNeumann+c74f20a3",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumaNn+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW=",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq_LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        " PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "",
    ] {
        assert_eq!(VerifierKey::parse(text), None, "{text}");
    }
}

/// RFC 8032 §7.1: TEST 1, 2, 3 and SHA(abc): public key, message, signature. TEST 1024 is among
/// Wycheproof's vectors.
const RFC_8032: [[&str; 3]; 4] = [
    [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970\
         1cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613\
         d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760\
         984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23\
         a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c6\
         6431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

#[test]
fn rfc_8032_signatures_verify_only_with_their_messages() {
    for [public, message, signature] in RFC_8032 {
        let key = verifier_key("rfc-8032", &hex(public).try_into().unwrap()).unwrap();
        let line = signature_line(&key, &hex(signature));
        let message = hex(message);
        assert!(note(&message, &[&line]).signers([&key].into_iter()).is_ok(), "{public}");
        let longer = [&message[..], b"\n"].concat();
        assert!(note(&longer, &[&line]).signers([&key].into_iter()).is_err(), "{public}");
    }
}

#[test]
fn a_key_with_several_signatures_or_names_counts_once() {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let public = secret.verifying_key().to_bytes();
    let one = verifier_key("one", &public).unwrap();
    let two = verifier_key("two", &public).unwrap();
    assert!(one != two && one.same_key(&two) && !one.collides(&two));
    let signature = ed25519_dalek::Signer::sign(&secret, b"text\n").to_bytes();
    let lines = [signature_line(&one, &signature), signature_line(&two, &signature)];
    for order in [vec![0, 0], vec![0, 1], vec![1, 0, 1, 0, 1, 0, 1, 0]] {
        let lines: StdVec<&str> = order.iter().map(|at| lines[*at].as_str()).collect();
        let note = note(b"text\n", &lines);
        assert_eq!(note.signers([&one, &two, &one].into_iter()).unwrap().len(), 1, "{order:?}");
    }
}
