//! The vendor's side of licensing: keys, signed documents, Product Packs and the portal's rules.
//! Never built for a device.
//!
//! The crate does no I/O and reads no clock; the program `licissue` does. Comments cite sections of
//! `docs/license-format.md` as *LF §n*.

mod document;
mod escape;
mod key;
mod lists;
mod pack;
pub mod products;
pub mod rules;

pub use document::{
    IssueError, TrustKey, license, mass_license, sign, text_of, trust_document, trust_in,
    verified_license,
};
pub use escape::escaped;
pub use key::SigningKey;
pub use lists::{
    EntryError, InvalidEntry, List, SerialNumber, SerialTable, is_assignable, serial_list,
    serial_table, unit_list,
};
pub use pack::{MAX_SUPERSEDES, Pack, PackError, Status};
