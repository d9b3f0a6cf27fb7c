//! The vendor's side: writing and signing documents. Feature `issue`; never built for a device.

mod csv;
mod document;
mod key;
mod pack;

use std::string::String;

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
