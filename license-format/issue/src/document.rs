//! Writes and signs licences and trust documents.

use base64ct::{Base64, Encoding};
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::num::NonZeroUsize;

use license_format::{
    DocumentError, PackId, Product, Serial, Terms, TrustDocument, UnitId, UnixSeconds, Verifier,
    VerifierKey, limits, units_hash,
};

use crate::key::SigningKey;

/// The first line of a licence (LF §4).
const LICENSE: &str = "igel.com/license/v1";
/// The first line of a trust document (LF §7).
const TRUST: &str = "igel.com/license-trust/v1";
/// The value that lets a key sign every product (LF §7).
const EVERY_PRODUCT: &str = "*";

/// A licence for these units, signed by these keys: with `unit` lines for at most 16 units, else a
/// mass licence with its list.
///
/// The values are not checked. The caller verifies the file with [`license_format::Verifier`] before
/// it delivers the file.
#[must_use]
pub fn license(terms: &Terms, units: &BTreeSet<UnitId>, keys: &[&SigningKey]) -> String {
    if units.len() > limits::UNITS {
        return mass_license(terms, units, keys);
    }
    sign(&text_of(terms, units), keys)
}

/// A mass licence for any number of units (LF §6.1), signed by these keys.
#[must_use]
pub fn mass_license(terms: &Terms, units: &BTreeSet<UnitId>, keys: &[&SigningKey]) -> String {
    let mut file = sign(&text(terms, units, true), keys);
    file.push('\n');
    for unit in units {
        file.push_str(unit.as_str());
        file.push('\n');
    }
    file
}

/// Writes a licence like [`license`], or a mass licence if `mass` is set, and verifies that a device
/// reads the same terms and units.
///
/// # Errors
/// The reason why a device would refuse or misread the licence.
pub fn verified_license(
    terms: &Terms,
    units: &BTreeSet<UnitId>,
    keys: &[&SigningKey],
    mass: bool,
) -> Result<String, IssueError> {
    let write = if mass { mass_license } else { license };
    let text = write(terms, units, keys);
    let keys: Vec<VerifierKey> = keys.iter().map(|key| key.verifier().clone()).collect();
    let trust = trust_in(&keys).ok_or(IssueError::Keys)?;
    let wanted: Vec<UnitId> = units.first().into_iter().cloned().collect();
    let mut verifier = Verifier::new(&trust, &wanted);
    verifier.update(text.as_bytes()).map_err(IssueError::Refused)?;
    let license = verifier.finish().map_err(IssueError::Refused)?.license;
    match *license == *terms && wanted.iter().all(|unit| license.names(unit)) {
        true => Ok(text),
        false => Err(IssueError::Different),
    }
}

/// Why an issued licence is unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueError {
    /// There are no keys, more than 16, or two alike.
    Keys,
    /// A device would refuse the licence.
    Refused(DocumentError),
    /// A device would read other terms or units.
    Different,
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys => f.write_str("the same key would sign twice, or too many would"),
            Self::Refused(error) => write!(f, "a device would refuse its licence: {error}"),
            Self::Different => f.write_str("a device would read its licence otherwise"),
        }
    }
}

impl std::error::Error for IssueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Keys | Self::Different => None,
        }
    }
}

/// The unsigned text of a licence: with `unit` lines for at most 16 units, else with a `units` line.
#[must_use]
pub fn text_of(terms: &Terms, units: &BTreeSet<UnitId>) -> String {
    text(terms, units, units.len() > limits::UNITS)
}

fn text(terms: &Terms, units: &BTreeSet<UnitId>, mass: bool) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &dyn std::fmt::Display| {
        // Writing to a String never fails.
        let _ = writeln!(text, "{key} {value}");
    };
    line("pack", &terms.pack);
    line("serial", &terms.serial);
    line("product", &terms.product);
    line("term", &terms.term);
    line("category", &terms.category);
    if let Some(key) = &terms.subscription_key {
        line("subscription-key", key);
    }
    if let Some(order) = &terms.order {
        line("order", order);
    }
    for pack in &terms.supersedes {
        line("supersedes", pack);
    }
    for service in &terms.services {
        line("service", service);
    }
    line("issued", &terms.issued);
    line("starts", &terms.starts);
    line("expires", &terms.expires);
    if terms.grace_days > 0 {
        line("grace-days", &terms.grace_days);
    }
    if terms.warn_days != limits::WARN_DAYS {
        line("warn-days", &terms.warn_days);
    }
    if terms.roster_complete {
        line("roster", &"complete");
    }
    if mass {
        let root = Base64::encode_string(&units_hash(units));
        line("units", &format_args!("{} {root}", units.len()));
    } else {
        for unit in units {
            line("unit", &unit.as_str());
        }
    }
    format!("{LICENSE}\n{text}")
}

/// An issuing key of a trust document and the products that it may sign.
#[derive(Debug, Clone)]
pub struct TrustKey {
    /// The key.
    pub key: VerifierKey,
    /// The products; empty for every product.
    pub products: Vec<Product>,
}

/// A trust document, signed by these root keys.
#[must_use]
pub fn trust_document(
    version: u64,
    issued: UnixSeconds,
    keys: &[TrustKey],
    withdrawals: &[(PackId, Serial)],
    roots: &[&SigningKey],
) -> String {
    let mut text = format!("{TRUST}\nversion {version}\nissued {issued}\n");
    for TrustKey { key, products } in keys {
        let products: Vec<&str> = products.iter().map(Product::as_str).collect();
        let products =
            if products.is_empty() { String::from(EVERY_PRODUCT) } else { products.join(",") };
        let _ = writeln!(text, "key {key} {products}");
    }
    for (pack, serial) in withdrawals {
        let _ = writeln!(text, "withdraw {pack} {serial}");
    }
    sign(&text, roots)
}

/// A note of this text, signed by these keys (LF §3). The text is not checked, so that tests can sign
/// malformed ones.
#[must_use]
pub fn sign(text: &str, keys: &[&SigningKey]) -> String {
    let mut note = String::from(text);
    note.push('\n');
    for key in keys {
        note.push_str(&key.signature_line(text));
    }
    note
}

/// A trust document for checking a file against these keys: it lets each sign every product. `None`
/// unless there are 1–16 keys, no two alike.
#[must_use]
pub fn trust_in(keys: &[VerifierKey]) -> Option<TrustDocument> {
    // The seed need not be secret: no device knows this root.
    let root = SigningKey::from_seed(keys.first()?.name().clone(), &[0x5a; 32])?;
    let keys: Vec<_> =
        keys.iter().map(|key| TrustKey { key: key.clone(), products: Vec::new() }).collect();
    let document = trust_document(1, UnixSeconds(0), &keys, &[], &[&root]);
    let roots = [root.verifier().clone()];
    TrustDocument::verify(document.as_bytes(), &roots, NonZeroUsize::MIN).ok()
}
