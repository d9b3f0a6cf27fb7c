//! Shows the contents of a file, as text and as JSON.

use std::io::{self, Write};
use std::path::Path;

use license_format::{License, TrustDocument, UnitId, VerifierKey};
use license_issue::escaped;
use serde_json::{Value, json};

use crate::document::object;
use crate::signers::{self, Signer};

/// The prefix of unverified lines.
const NOT_VERIFIED: &str = "not verified";
/// Width of the first column.
const COLUMN: usize = 18;

/// The contents of a file.
pub(crate) enum View {
    /// The names and values of a verified file.
    Verified(Vec<(&'static str, Value)>),
    /// The lines of an unverified file.
    Unverified {
        kind: &'static str,
        /// Text and signature lines, escaped.
        lines: Vec<String>,
        signers: Vec<Signer>,
        /// The number of lines of the list or proof.
        attached: usize,
    },
}

impl View {
    /// A verified licence. The number of units of a mass licence comes from the file, because [`License`]
    /// does not hold it.
    pub(crate) fn of_license(file: &[u8], license: &License, keys: &[VerifierKey]) -> Self {
        let named: Vec<String> = license.named().iter().map(UnitId::to_string).collect();
        let mass = signers::text(file).find_map(|line| line.strip_prefix("units "));
        let count = mass.and_then(|units| units.split(' ').next()?.parse().ok());
        let kind = match kind_of(file) {
            LICENSE if mass.is_some() => MASS,
            kind => kind,
        };
        Self::Verified(vec![
            ("kind", json!(kind)),
            ("verified", json!(true)),
            ("pack", json!(license.pack.as_str())),
            ("serial", json!(license.serial.get())),
            ("product", json!(license.product.as_str())),
            ("term", json!(license.term.as_str())),
            ("category", json!(license.category.as_str())),
            ("subscription_key", json!(license.subscription_key.as_ref().map(|key| key.as_str()))),
            ("order", json!(license.order.as_ref().map(|order| order.as_str()))),
            ("supersedes", list(license.supersedes.iter().map(|pack| pack.as_str()))),
            ("services", list(license.services.iter().map(|service| service.as_str()))),
            ("issued", json!(license.issued.to_string())),
            ("starts", json!(license.starts.to_string())),
            ("expires", json!(license.expires.to_string())),
            ("grace_days", json!(license.grace_days)),
            ("warn_days", json!(license.warn_days)),
            ("roster_complete", json!(license.roster_complete)),
            ("unit_count", json!(count.unwrap_or(named.len()))),
            ("units", list(named.iter().map(String::as_str))),
            ("signers", signed_by(file, keys)),
        ])
    }

    /// A verified trust document.
    pub(crate) fn of_trust(file: &[u8], document: &TrustDocument, roots: &[VerifierKey]) -> Self {
        let values = |key: &str| {
            let key = format!("{key} ");
            signers::text(file).filter_map(move |line| line.strip_prefix(&key).map(str::to_owned))
        };
        let keys: Vec<String> = values("key").collect();
        let withdrawn: Vec<String> = values("withdraw").collect();
        Self::Verified(vec![
            ("kind", json!(TRUST)),
            ("verified", json!(true)),
            ("version", json!(document.version())),
            ("issued", json!(document.issued().to_string())),
            ("keys", json!(keys)),
            ("withdrawn", json!(withdrawn)),
            ("signers", signed_by(file, roots)),
        ])
    }

    /// A well-formed file without verification.
    pub(crate) fn unverified(file: &[u8]) -> Self {
        let lines = signers::head(file).filter(|line| !line.is_empty()).map(escaped).collect();
        let attached = attachment(file).count();
        Self::Unverified { kind: kind_of(file), lines, signers: Signer::of(file), attached }
    }

    pub(crate) fn print(&self, file: &Path, json: bool, out: &mut impl Write) -> io::Result<()> {
        match (self, json) {
            (Self::Verified(facts), true) => {
                let mut facts = facts.clone();
                facts.push(("schema", json!(1)));
                facts.push(("file", json!(file.display().to_string())));
                writeln!(out, "{}", object(facts))
            }
            (Self::Verified(facts), false) => facts.iter().try_for_each(|(key, value)| {
                writeln!(out, "{:COLUMN$}{}", key.replace('_', " "), value_text(value))
            }),
            (Self::Unverified { kind, lines, signers, attached }, true) => {
                let signers: Vec<&str> = signers.iter().map(|signer| signer.id.as_str()).collect();
                let report = json!({
                    "schema": 1,
                    "file": file.display().to_string(),
                    "kind": kind,
                    "verified": false,
                    "lines": lines,
                    "signers": signers,
                    "attached_lines": attached,
                });
                writeln!(out, "{report}")
            }
            (Self::Unverified { kind, lines, signers, attached }, false) => {
                writeln!(
                    out,
                    "{NOT_VERIFIED}: has the form of a {}; no key was given",
                    kind_name(kind)
                )?;
                for line in lines {
                    writeln!(out, "{NOT_VERIFIED}: {line}")?;
                }
                if *attached > 0 {
                    writeln!(out, "{NOT_VERIFIED}: and {attached} more lines")?;
                }
                signers
                    .iter()
                    .try_for_each(|signer| writeln!(out, "{NOT_VERIFIED}: signed by {}", signer.id))
            }
        }
    }
}

const LICENSE: &str = "license";
const MASS: &str = "mass-license";
const SLICE: &str = "slice";
const TRUST: &str = "trust";

/// The name of a kind for people.
fn kind_name(kind: &str) -> &'static str {
    match kind {
        MASS => "mass licence",
        SLICE => "slice",
        TRUST => "trust document",
        _ => "licence",
    }
}

/// The kind of a well-formed file.
fn kind_of(file: &[u8]) -> &'static str {
    if license_format::DocumentKind::of(file) == license_format::DocumentKind::Trust {
        return TRUST;
    }
    match attachment(file).next() {
        None => LICENSE,
        Some(line) if line.starts_with(b"unit ") => SLICE,
        Some(_) => MASS,
    }
}

/// The lines after the signatures and their empty line.
fn attachment(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = file.split(|byte| *byte == b'\n');
    let after = lines.skip_while({
        let mut blanks = 0;
        move |line| {
            blanks += u8::from(line.is_empty());
            blanks < 2
        }
    });
    after.filter(|line| !line.is_empty())
}

fn list<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    values.map(Value::from).collect()
}

/// Every signer, and whether it is one of the keys, which makes its signature good.
fn signed_by(file: &[u8], keys: &[VerifierKey]) -> Value {
    let known = |signer: &Signer| keys.iter().any(|key| signer.is(key));
    let signers = Signer::of(file).into_iter();
    signers.map(|signer| json!({ "key": signer.id, "good": known(&signer) })).collect()
}

/// A value as text.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => String::from("none"),
        Value::Bool(true) => String::from("yes"),
        Value::Bool(false) => String::from("no"),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => String::from("none"),
        Value::Array(values) => values.iter().map(value_text).collect::<Vec<_>>().join(", "),
        Value::Object(signer) if signer.get("good") == Some(&Value::Bool(true)) => {
            format!("{} (good)", signer.get("key").map(value_text).unwrap_or_default())
        }
        Value::Object(signer) => {
            format!("{} (unknown key)", signer.get("key").map(value_text).unwrap_or_default())
        }
        Value::Number(number) => number.to_string(),
    }
}
