//! The portal's rules: the verbs that change Product Packs, and their results.
//!
//! A verb takes packs and the time. It returns the changed packs, those that need a new licence, and
//! its effects; or the rule that forbids it. It does no I/O, so that `licissue` can keep packs in files
//! and a licensing service in a database. The caller replaces all packs of a [`Change`] at once, or
//! none.
//!
//! ```
//! use license_format::{KeyName, PackId, UnitId, UnixSeconds};
//! use license_issue::rules::{self, EarlyIssue, Part};
//! use license_issue::{Pack, SigningKey, verified_license};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pack = Pack::parse(
//!     r#"
//!     pack = "WE-7Q2KD"
//!     product = "WE"
//!     term = "subscription"
//!     category = "subscription"
//!     subscription-key = "ERP-9QK2M"
//!     services = ["SUB_SERVICE_SET_WORKSPACE_EDITION"]
//!     starts = "2026-11-22"
//!     expires = "2027-11-21"
//!     seats = 3
//!     "#,
//! )?;
//! let now = UnixSeconds::parse("2026-11-22T16:48:10Z").ok_or("a time")?;
//! let unit = UnitId::parse_human("00:E0:C5:1C:50:87").ok_or("a unit")?;
//!
//! // Keep the new pack in place of the old one.
//! let change = rules::add(&pack, &[unit].into())?;
//! let pack = &change.packs[0];
//! assert_eq!(change.effects[0].to_string(), "WE-7Q2KD: units added: 1; 1 of 3 seats used");
//!
//! // Issue the due licence. Keep the pack before delivering the licence.
//! let key = SigningKey::from_seed(KeyName::parse("issuer").ok_or("a name")?, &[7; 32]);
//! let (pack, terms) = rules::issue(pack, now, EarlyIssue::Refused)?;
//! let text = verified_license(&terms[0], &pack.units, &[&key.ok_or("a key")?], false)?;
//! assert!(text.contains("\nserial 1\n"));
//!
//! // A forbidden verb changes nothing.
//! let new = PackId::parse("WE-NEW01").ok_or("an ID")?;
//! let error = rules::split(&pack, &new, 3, &Part::Overflow).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "WE-7Q2KD: has 3 seats, and 3 cannot be split off; leave at least one seat on either side"
//! );
//! # Ok(())
//! # }
//! ```

mod change;
mod checks;
mod cleanup;
mod convert;
mod effect;
mod error;
mod issue;
mod merge;
mod redeem;
mod renew;
mod replacement;
mod split;
#[cfg(test)]
mod tests;
mod units;

pub use change::Change;
pub use cleanup::cleanup;
pub use convert::{convert, create_emp};
pub use effect::{Effect, Usage};
pub use error::{Rule, RuleError};
pub use issue::{EarlyIssue, issue};
pub use merge::{coterm, merge};
pub use redeem::{redeem, units_of};
pub use renew::renew;
pub use split::{Part, split};
pub use units::{add, move_units, remove};
