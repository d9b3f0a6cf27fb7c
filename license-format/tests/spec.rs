//! The worked example of the specification verifies, and every cited section exists.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use base64ct::{Base64, Encoding};
use license_format::{TrustDocument, UnitId, Verified, Verifier, VerifierKey, limits};
use sha2::{Digest, Sha256};

const SPECIFICATION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/license-format.md"));
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/example");

/// The labelled code blocks of the specification: label and content.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fenced = SPECIFICATION.split("\n```text ").skip(1);
    fenced.map(|block| block.split("```").next().unwrap().split_once('\n').unwrap()).collect()
}

/// The only block with this label.
fn block(name: &str) -> &'static str {
    let found: Vec<_> = blocks().into_iter().filter(|(label, _)| *label == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0].1
}

fn key(name: &str) -> VerifierKey {
    VerifierKey::parse(block(name).trim()).unwrap()
}

fn trust() -> TrustDocument {
    let roots = [key("example-root-a.vkey"), key("example-root-b.vkey")];
    let both = NonZeroUsize::new(2).unwrap();
    TrustDocument::verify(block("trust.note").as_bytes(), &roots, both).unwrap()
}

fn verify(name: &str, wanted: &[UnitId]) -> Verified {
    let trust = trust();
    let mut verifier = Verifier::new(&trust, wanted);
    verifier.update(block(name).as_bytes()).unwrap();
    verifier.finish().unwrap()
}

#[test]
fn the_specification_shows_the_committed_example_files() {
    let mut shown = 0;
    for (label, text) in blocks().into_iter().filter(|(label, _)| *label != "command") {
        let file = fs::read_to_string(Path::new(FOLDER).join(label)).unwrap();
        assert_eq!(text, file, "{label}");
        shown += 1;
    }
    let public = fs::read_dir(FOLDER).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension != "key")
    });
    assert_eq!(shown, public.count());
}

#[test]
fn the_example_verifies() {
    let trust = trust();
    assert_eq!((trust.version(), trust.keys().next()), (7, Some(&key("example-issuer.vkey"))));
    let pocket = UnitId::parse("udp:85641000D308482019").unwrap();
    let licence = verify("licence.lic", &[]).license;
    assert_eq!((licence.serial.get(), licence.grace_days, licence.warn_days), (183, 28, 10));
    assert!(licence.names(&pocket) && licence.roster_complete);
    let mass = verify("mass.lic", std::slice::from_ref(&pocket));
    assert_eq!((mass.license.serial.get(), mass.license.named().len()), (184, 3));
    assert_eq!(mass.storable.unwrap().to_string(), block("slice.lic"));
    assert_eq!(verify("slice.lic", &[]).license.named(), [pocket]);
}

#[test]
fn the_specification_states_the_hashes_of_the_example_list() {
    let list = block("mass.lic").rsplit("\n\n").next().unwrap();
    let leaf = |unit: &str| Sha256::new().chain_update([0]).chain_update(unit).finalize();
    let node = |left: &[u8], right: &[u8]| {
        Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize()
    };
    let leaves: Vec<_> = list.lines().map(leaf).collect();
    let inner = node(&leaves[0], &leaves[1]);
    let root = node(&inner, &leaves[2]);
    for hash in leaves.iter().chain([&inner, &root]) {
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(SPECIFICATION.contains(&format!("| `{digits}` |")), "{digits}");
    }
    let units = format!("\nunits 3 {}\n", Base64::encode_string(&root));
    assert!(block("mass.lic").contains(&units), "{units}");
    assert!(block("slice.lic").ends_with(&format!("\n{}\n", Base64::encode_string(&inner))));
}

#[test]
fn every_cited_section_exists() {
    let headings: Vec<&str> = SPECIFICATION.lines().filter(|line| line.starts_with("##")).collect();
    let mut cited = 0;
    for folder in ["src", "src/note", "issue/src"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let Ok(source) = fs::read_to_string(&path) else { continue };
            for citation in source.split("LF §").skip(1) {
                let end = citation.find(|c: char| !c.is_ascii_digit() && c != '.');
                let number = citation[..end.unwrap_or(citation.len())].trim_end_matches('.');
                if number.is_empty() {
                    continue;
                }
                let heading = |line: &&str| {
                    let title = line.trim_start_matches('#').trim();
                    title.split(' ').next().unwrap().trim_end_matches('.') == number
                };
                assert!(headings.iter().any(heading), "{path:?}: LF §{number}");
                cited += 1;
            }
        }
    }
    assert!(cited > 20);
}

#[test]
fn limits_are_those_of_the_specification() {
    use limits::*;
    let table = SPECIFICATION.split_once("## 10. Limits").unwrap().1.replace(',', "");
    for row in [
        format!(
            "text of a licence | {TEXT_BYTES} bytes {TEXT_LINES} lines {LINE_BYTES} bytes a line"
        ),
        format!("signature lines | {SIGNATURES} of {LINE_BYTES} bytes each"),
        format!("`unit` `service` `supersedes` lines | {UNITS} each"),
        format!("units of a mass licence | {MASS_UNITS}"),
        format!("hashes of a proof | {PATH_HASHES} the depth of a tree of {MASS_UNITS} leaves"),
        format!("name of a key | {KEY_NAME_BYTES} bytes"),
        format!(
            "text of a trust document | {TRUST_TEXT_BYTES} bytes {TRUST_TEXT_LINES} lines \
             {TRUST_LINE_BYTES} bytes a line"
        ),
        format!("a whole trust document | {TRUST_BYTES} bytes"),
        format!("`key` lines of a trust document | {TRUST_KEYS} of {KEY_PRODUCTS} products each"),
        format!("`withdraw` lines of a trust document | {WITHDRAWALS}"),
        format!("a whole file unpacked | {FILE_BYTES} bytes"),
    ] {
        assert!(table.contains(&format!("| {row} |\n")), "{row}");
    }
    assert_eq!([SERVICES, SUPERSEDES], [UNITS; 2]);
    // A text, an empty line and eight signature lines with their line feeds.
    assert_eq!(HEAD_BYTES, 4096 + 1 + 8 * 257);
}
