//! A second verifier of licences and trust documents, written from docs/license-format.md (LF). It keeps
//! the whole file in memory, hashes trees by recursion and checks signatures with another library.

mod fields;
mod keys;
mod lines;
mod tree;

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use fields::{Fields, read_fields};
pub use keys::Key;
use lines::{Lines, binary, number, read_note};
use tree::{follow, hash_leaf, tree};

/// The code of a refusal (LF §8), and the line if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The code.
    pub code: &'static str,
    /// The line, counted from 1.
    pub line: Option<usize>,
}

type Read<T> = Result<T, Refused>;

fn malformed<T>(line: usize) -> Read<T> {
    Err(Refused { code: "malformed", line: Some(line) })
}

/// A document that is genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The values of each key.
    pub fields: Fields,
    /// The units that the file names.
    pub units: Vec<String>,
    /// Whether these are all units of the licence.
    pub whole: bool,
}

/// Verifies a licence, by the steps of LF §8.
///
/// # Errors
/// The first reason in their order.
pub fn verify_license(data: &[u8], issuing: &[Key]) -> Read<Document> {
    let mut note = read_note(data, "igel.com/license/v", 4096, 64, 256)?;
    let signers = signers(&note.text, &note.signatures, issuing)?;
    if signers.is_empty() {
        return Err(Refused { code: "unknown-key", line: None });
    }
    let fields = read_fields(&note.lines, &fields::LICENCE)?;
    check_product(&signers, issuing, &fields)?;
    let Some((count, root)) = fields.tree() else {
        let units = fields.all("unit").to_vec();
        return match note.rest {
            Some(rest) => malformed(rest.line),
            None => Ok(Document { fields, units, whole: true }),
        };
    };
    let Some(rest) = &mut note.rest else {
        return Err(Refused { code: "malformed", line: None });
    };
    let (units, whole) = read_attachment(rest, count, &root)?;
    Ok(Document { fields, units, whole })
}

/// Verifies a trust document, by the same steps.
///
/// # Errors
/// The first reason in their order.
pub fn verify_trust(data: &[u8], roots: &[Key], threshold: usize) -> Read<Document> {
    let note = read_note(data, "igel.com/license-trust/v", 64_226, 1019, 633)?;
    if signers(&note.text, &note.signatures, roots)?.len() < threshold {
        return Err(Refused { code: "unknown-key", line: None });
    }
    let fields = read_fields(&note.lines, &fields::TRUST)?;
    match note.rest {
        Some(rest) => malformed(rest.line),
        None => Ok(Document { fields, units: Vec::new(), whole: true }),
    }
}

/// Step 3: the public keys of the good signatures.
fn signers(
    text: &[u8],
    signatures: &[lines::Signature],
    known: &[Key],
) -> Read<BTreeSet<[u8; 32]>> {
    let mut good = BTreeSet::new();
    for line in signatures {
        for key in known.iter().filter(|key| key.name == line.name && key.hash == line.hash) {
            if !key.has_signed(text, &line.signature) {
                return Err(Refused { code: "bad-signature", line: None });
            }
            good.insert(key.public);
        }
    }
    Ok(good)
}

/// Step 6: LF §4.4.
fn check_product(signers: &BTreeSet<[u8; 32]>, issuing: &[Key], fields: &Fields) -> Read<()> {
    let product = fields.one("product");
    let refused = |line| Err(Refused { code: "untrusted-product", line });
    let may_sign = |key: &&Key| key.products.as_ref().is_none_or(|listed| listed.contains(product));
    if !issuing.iter().filter(may_sign).any(|key| signers.contains(&key.public)) {
        return refused(None);
    }
    let Some(carried) = carried(product) else { return Ok(()) };
    if (fields.one("term") == "evaluation") != (product == "WE-E") {
        return refused(Some(fields.line("term", 0)));
    }
    for (at, service) in fields.all("service").iter().enumerate() {
        let Some(short) = service.strip_prefix("SUB_SERVICE_SET_") else { continue };
        if EVERY.contains(&short) && !carried.contains(&short) {
            return refused(Some(fields.line("service", at)));
        }
    }
    Ok(())
}

const EVERY: [&str; 9] = [
    "WORKSPACE_EDITION",
    "ENTERPRISE_MANAGEMENT_PACK",
    "ADDON_POWERTERM",
    "ADDON_90METER",
    "ADDON_TERADICI",
    "ADDON_MMCP",
    "ADDON_SWP",
    "ICG",
    "AIT",
];

fn carried(product: &str) -> Option<&'static [&'static str]> {
    Some(match product {
        "WE" => &EVERY[..1],
        "PAS" => &EVERY[..2],
        "WE-E" => &EVERY,
        "EMP" => &EVERY[1..2],
        "PWT" => &EVERY[2..3],
        "90M" => &EVERY[3..4],
        "TER" => &EVERY[4..5],
        "ADDON" => &EVERY[2..],
        "ICG" => &EVERY[7..8],
        "AIT" => &EVERY[8..],
        "UDP" | "UDC3" | "SAM" | "UDC2UPGR" | "IZUPGR" | "IMI" => &[],
        _ => return None,
    })
}

/// Step 7: the units, and whether they are all (LF §6).
fn read_attachment(rest: &mut Lines<'_>, count: usize, root: &[u8]) -> Read<(Vec<String>, bool)> {
    let first = rest.next(256)?;
    if let Some(unit) = first.as_ref().and_then(|line| line.strip_prefix("unit ")) {
        return read_slice(rest, unit, count, root).map(|unit| (vec![unit], false));
    }
    let (mut units, mut line) = (Vec::new(), first);
    while let Some(unit) = line {
        let is_next = units.last().is_none_or(|last| *last < unit);
        if !fields::is_unit(&unit) || !is_next || units.len() == count {
            return malformed(rest.line);
        }
        units.push(unit);
        line = rest.next(256)?;
    }
    if units.len() != count {
        return malformed(rest.line);
    }
    let leaves: Vec<_> = units.iter().map(|unit| hash_leaf(unit)).collect();
    if tree(&leaves)[..] != *root {
        return malformed(rest.line - 1);
    }
    Ok((units, true))
}

fn read_slice(rest: &mut Lines<'_>, unit: &str, count: usize, root: &[u8]) -> Read<String> {
    if !fields::is_unit(unit) {
        return malformed(rest.line);
    }
    let line = rest.next(256)?.unwrap_or_default();
    let index = line.strip_prefix("index ").and_then(|text| number(text, 0, count as u64 - 1));
    let Some(index) = index else { return malformed(rest.line) };
    let mut path = Vec::new();
    while let Some(line) = rest.next(256)? {
        match binary::<32>(&line).filter(|_| path.len() < 20) {
            Some(hash) => path.push(hash),
            None => return malformed(rest.line),
        }
    }
    match follow(hash_leaf(unit), index as usize, count, &path) {
        Some(found) if found[..] == *root => Ok(unit.to_owned()),
        _ => Err(Refused { code: "malformed", line: None }),
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// The `units` value for the lines of a list, for a signer.
#[must_use]
pub fn units_value(list: &str) -> String {
    let leaves: Vec<_> = list.lines().map(hash_leaf).collect();
    let root = if leaves.is_empty() { [0; 32] } else { tree(&leaves) };
    format!("{} {}", leaves.len().max(1), lines::base64(&root))
}
