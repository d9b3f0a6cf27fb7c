//! Licence files, mass licences, slices and trust documents: bytes in, verified documents out.
//!
//! The crate does no I/O, reads no clock and allocates nothing. Only [`Verifier`] makes a [`License`],
//! and only [`TrustDocument::verify`] makes a [`TrustDocument`], so that every field a caller reads is
//! verified. `docs/license-format.md` specifies the format; comments cite its sections as *LF §n*.
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use license_format::{Expiry, TrustDocument, UnitId, Verifier, VerifierKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut roots = Vec::new();
//! for file in ["example-root-a.vkey", "example-root-b.vkey"] {
//!     let key = std::fs::read_to_string(format!("tests/example/{file}"))?;
//!     roots.push(VerifierKey::parse(key.trim()).ok_or("not a verifier key")?);
//! }
//! let threshold = NonZeroUsize::new(2).ok_or("zero")?;
//! let trust = std::fs::read("tests/example/trust.note")?;
//! let trust = TrustDocument::verify(&trust, &roots, threshold)?;
//!
//! let mut verifier = Verifier::new(&trust, &[]);
//! verifier.update(&std::fs::read("tests/example/licence.lic")?)?;
//! let license = verifier.finish()?.license;
//! assert_eq!(license.product.as_str(), "WE");
//! assert_eq!(license.expires, Expiry::parse("2027-11-21").ok_or("not a day")?);
//! assert!(license.names(&UnitId::parse("mac:00E0C51C5087").ok_or("not a unit ID")?));
//! # Ok(())
//! # }
//! ```
#![no_std]

mod completer;
mod date;
mod encoding;
mod error;
mod key;
mod license;
mod license_text;
pub mod limits;
mod list;
mod merkle;
mod note;
mod products;
mod proof;
mod reader;
mod storable;
mod stream;
mod trust;
mod unit;
mod values;
mod verifier;

pub use completer::{Complete, Completer};
pub use date::{Date, UnixSeconds};
pub use error::{DocumentError, Excerpt, FormatError};
pub use key::{KeyName, PublicKey, VerifierKey};
pub use license::{License, Terms};
pub use merkle::units_hash;
pub use products::{ProductMismatch, services};
pub use storable::Storable;
pub use trust::{TrustDocument, Withdrawal};
pub use unit::{UnitId, UnitKind};
pub use values::{Category, Expiry, OrderNumber, PackId, Product, Serial, ServiceName, Term};
pub use verifier::{DocumentKind, Slicer, Verified, Verifier};
