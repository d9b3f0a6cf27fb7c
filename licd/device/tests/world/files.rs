//! Files that arrive, and what an import makes of them.

use std::collections::BTreeSet;
use std::fs;

use licd_device::FileVerdict;
use licd_rules::Code;
use license_format::{PackId, Serial, UnitId};
use license_issue::{self as issue, TrustKey};

use super::{Licence, World};

/// A licence by its days from today.
pub const fn licence(pack: &'static str, serial: u64, starts: i32, expires: i32) -> Licence {
    Licence { pack, serial, starts, expires, supersedes: None }
}

/// Version 2 of the trust document, which admits another key and withdraws a licence.
pub fn newer_trust() -> String {
    let keys = [("issuer", 2), ("later", 7)].map(|(name, seed)| TrustKey {
        key: super::key(name, seed).verifier().clone(),
        products: Vec::new(),
    });
    let withdrawn = [(PackId::parse("WE-BBBBB").unwrap(), Serial::new(1).unwrap())];
    let root = super::key("root", 1);
    issue::trust_document(2, license_format::UnixSeconds(0), &keys, &withdrawn, &[&root])
}

/// The unit of another device.
pub fn other_unit() -> UnitId {
    UnitId::from_mac([0, 0xE0, 0xC5, 0x1C, 0x50, 0x88])
}

pub fn codes(verdicts: &[FileVerdict]) -> Vec<Code> {
    verdicts.iter().map(|verdict| verdict.code).collect()
}

/// The files of the store, with their content.
pub fn stored(world: &World) -> BTreeSet<(String, Vec<u8>)> {
    let entries = fs::read_dir(world.licenses()).unwrap().map(Result::unwrap);
    let file = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}
