//! The vendor's side: writing and signing documents. Feature `issue`; never built for a device.

mod document;
mod key;

pub use document::{TrustKey, license, text_of, trust_document};
pub use key::SigningKey;
