//! Texts of licences and trust documents, signed.

use base64ct::{Base64, Encoding};
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::num::NonZeroUsize;

use license_format::{
    DocumentError, PackId, Product, Serial, Terms, TrustDocument, UnitId, UnixSeconds, Verifier,
    VerifierKey, limits, units_hash,
};

use crate::SigningKey;

/// The first line of a licence (LF §4).
const LICENSE: &str = "igel.com/license/v1";
/// The first line of a trust document (LF §7).
const TRUST: &str = "igel.com/license-trust/v1";
/// The value that allows a key every product (LF §7).
const EVERY_PRODUCT: &str = "*";

/// A licence for these units, signed by these keys: with `unit` lines if there are at most 16, else
/// a mass licence with its list.
///
/// The values are written as they are. Whether a verifier takes the file is for
/// [`license_format::Verifier`] to say, best before anybody gets it.
#[must_use]
pub fn license(terms: &Terms, units: &BTreeSet<UnitId>, keys: &[&SigningKey]) -> String {
    if units.len() > limits::UNITS {
        return mass_license(terms, units, keys);
    }
    sign(&text_of(terms, units), keys)
}

/// A mass licence for these units however few they are (LF §6.1), signed by these keys.
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

/// A licence of these terms for these units, as [`license`] writes it, or as a mass licence if
/// `mass` says so, once a device would take it and read the same in it.
///
/// # Errors
/// What a device would find wrong.
pub fn verified_license(
    terms: &Terms,
    units: &BTreeSet<UnitId>,
    keys: &[&SigningKey],
    mass: bool,
) -> Result<String, UnreadableError> {
    let write = if mass { mass_license } else { license };
    let text = write(terms, units, keys);
    let keys: Vec<VerifierKey> = keys.iter().map(|key| key.verifier().clone()).collect();
    let trust = trust_in(&keys).ok_or(UnreadableError::Keys)?;
    let wanted: Vec<UnitId> = units.first().into_iter().cloned().collect();
    let mut verifier = Verifier::new(&trust, &wanted);
    verifier.update(text.as_bytes()).map_err(UnreadableError::Refused)?;
    let license = verifier.finish().map_err(UnreadableError::Refused)?.license;
    match *license == *terms && wanted.iter().all(|unit| license.names(unit)) {
        true => Ok(text),
        false => Err(UnreadableError::Otherwise),
    }
}

/// Why a licence of our own making would not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableError {
    /// The keys are none, more than 16, or one of them twice.
    Keys,
    /// A device would refuse the licence.
    Refused(DocumentError),
    /// A device would read other terms or units in it.
    Otherwise,
}

impl fmt::Display for UnreadableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys => f.write_str("the same key would sign twice, or too many would"),
            Self::Refused(error) => write!(f, "a device would refuse its licence: {error}"),
            Self::Otherwise => f.write_str("a device would read its licence otherwise"),
        }
    }
}

impl std::error::Error for UnreadableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Keys | Self::Otherwise => None,
        }
    }
}

/// The text of a licence, not yet signed: with `unit` lines if there are at most 16 units, else
/// with a `units` line.
#[must_use]
pub fn text_of(terms: &Terms, units: &BTreeSet<UnitId>) -> String {
    text(terms, units, units.len() > limits::UNITS)
}

fn text(terms: &Terms, units: &BTreeSet<UnitId>, mass: bool) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &dyn std::fmt::Display| {
        // Writing to a String does not fail.
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

/// An issuing key of a trust document and the products it may sign; none for every product.
#[derive(Debug, Clone)]
pub struct TrustKey {
    /// The key.
    pub key: VerifierKey,
    /// The products.
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

/// A note of exactly this text, signed by these keys (LF §3). The text is not looked at, so it may
/// be one that no verifier takes: what a test of the verifier needs.
#[must_use]
pub fn sign(text: &str, keys: &[&SigningKey]) -> String {
    let mut note = String::from(text);
    note.push('\n');
    for key in keys {
        note.push_str(&key.signature_line(text));
    }
    note
}

/// A trust document that is in force nowhere but where it is made: it lets these keys sign every
/// product, for checking a file against keys that somebody names. `None` unless there are 1–16
/// keys, no two of them alike.
#[must_use]
pub fn trust_in(keys: &[VerifierKey]) -> Option<TrustDocument> {
    // The seed is no secret, and the root is known to nobody after this line.
    let root = SigningKey::from_seed(keys.first()?.name().clone(), &[0x5a; 32])?;
    let keys: Vec<_> =
        keys.iter().map(|key| TrustKey { key: key.clone(), products: Vec::new() }).collect();
    let document = trust_document(1, UnixSeconds(0), &keys, &[], &[&root]);
    let roots = [root.verifier().clone()];
    TrustDocument::verify(document.as_bytes(), &roots, NonZeroUsize::MIN).ok()
}
