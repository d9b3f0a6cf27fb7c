//! The vendor's side of licensing: keys, signed documents, Product Packs and the portal's rules.
//! Never built for a device.
//!
//! The crate does no I/O and reads no clock; the program `licissue` does. Comments cite sections of
//! `docs/license-format.md` as *LF §n*.

pub mod catalog;
mod document;
mod key;
mod lists;
mod pack;
pub mod rules;

pub use document::{
    TrustKey, UnreadableError, license, mass_license, sign, text_of, trust_document, trust_in,
    verified_license,
};
pub use key::SigningKey;
pub use lists::{
    BadEntry, Flaw, List, SerialNumber, SerialTable, is_assignable, serial_list, serial_table,
    unit_list,
};
pub use pack::{MAX_SUPERSEDES, Pack, PackError, Status};

/// Text as it can be shown: characters that a terminal might obey, or that look like others, are
/// escaped.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}
