//! The vendor's side of licensing: keys, signed documents, Product Packs. Never built for a device.
//!
//! The crate does no I/O and reads no clock; the program `licissue` does. Comments cite sections of
//! `docs/license-format.md` as *LF §n*.

mod csv;
mod document;
mod key;
mod pack;

pub use csv::{BadEntry, unit_list};
pub use document::{TrustKey, license, mass_license, sign, text_of, trust_document, trust_in};
pub use key::SigningKey;
pub use pack::{Pack, PackError};

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
