//! Signed documents on their way out.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use license_format::{Error, Terms, UnitId, UnixSeconds, Verifier, VerifierKey, limits};
use license_issue::{self as issue, Pack, SigningKey};
use serde_json::{Value, json};

use crate::args::Signing;
use crate::failure::Failure;
use crate::files;

/// A document and how it is reported.
pub(crate) struct Document {
    /// What it is called in the report.
    pub(crate) title: String,
    /// Members of the report.
    pub(crate) facts: Vec<(&'static str, Value)>,
    /// The file.
    pub(crate) text: String,
}

impl Document {
    /// Writes the document to its file and reports that, or writes it to standard output: as it is,
    /// or as a member of the report.
    pub(crate) fn deliver(
        self,
        output: Option<&Path>,
        json: bool,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        let Self { title, mut facts, text } = self;
        facts.push(("schema", json!(1)));
        let file = output.filter(|path| path.as_os_str() != files::STANDARD);
        if let Some(path) = file {
            files::replace(path, text.as_bytes())?;
            facts.push(("file", json!(path.display().to_string())));
        } else {
            facts.push(("text", json!(text)));
        }
        match (json, file) {
            (true, _) => writeln!(out, "{}", object(facts)),
            (false, Some(path)) => writeln!(out, "{title}: written to {}", path.display()),
            (false, None) => out.write_all(text.as_bytes()),
        }
        .map_err(Failure::of_stdout)
    }
}

/// The members of a report as a JSON object.
pub(crate) fn object(facts: Vec<(&'static str, Value)>) -> Value {
    facts.into_iter().map(|(key, value)| (String::from(key), value)).collect()
}

/// The time of issue.
pub(crate) fn issued(args: &Signing) -> UnixSeconds {
    args.issued.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        UnixSeconds(since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
    })
}

/// Takes the pack's next serial and makes its licence. The pack is not kept yet: keep it before
/// the licence is delivered.
pub(crate) fn next_licence(
    pack: &mut Pack,
    path: &Path,
    args: &Signing,
    keys: &[SigningKey],
    mass: bool,
) -> Result<Document, Failure> {
    let remedy = "correct the pack";
    let failed = |error| Failure::new(path.display(), error, remedy);
    let terms = pack.issue(issued(args)).map_err(failed)?;
    let keys: Vec<&SigningKey> = keys.iter().collect();
    let text = match mass {
        true => issue::mass_license(&terms, &pack.units, &keys),
        false => issue::license(&terms, &pack.units, &keys),
    };
    let genuine = reads_back(&text, &terms, &pack.units, &keys);
    genuine.map_err(|error| Failure::new(path.display(), error, remedy))?;
    Ok(Document {
        title: format!("{} serial {}, units: {}", terms.pack, terms.serial, pack.units.len()),
        facts: vec![
            (
                "kind",
                json!(if mass || pack.units.len() > limits::UNITS {
                    "mass-license"
                } else {
                    "license"
                }),
            ),
            ("pack", json!(terms.pack.as_str())),
            ("serial", json!(terms.serial.get())),
            ("units", json!(pack.units.len())),
        ],
        text,
    })
}

/// No file leaves the house that a device would refuse or read otherwise.
fn reads_back(
    text: &str,
    terms: &Terms,
    units: &BTreeSet<UnitId>,
    keys: &[&SigningKey],
) -> Result<(), Unreadable> {
    let keys: Vec<VerifierKey> = keys.iter().map(|key| key.verifier().clone()).collect();
    let trust = issue::trust_in(&keys).ok_or(Unreadable::Keys)?;
    let wanted: Vec<UnitId> = units.first().into_iter().cloned().collect();
    let mut verifier = Verifier::new(&trust, &wanted);
    verifier.update(text.as_bytes()).map_err(Unreadable::Refused)?;
    let license = verifier.finish().map_err(Unreadable::Refused)?.license;
    match *license == *terms && wanted.iter().all(|unit| license.names(unit)) {
        true => Ok(()),
        false => Err(Unreadable::Otherwise),
    }
}

/// Why a licence of our own making would not do.
enum Unreadable {
    Keys,
    Refused(Error),
    Otherwise,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keys => f.write_str("the same key would sign twice, or too many would"),
            Self::Refused(error) => write!(f, "its licence would be refused: {error}"),
            Self::Otherwise => f.write_str("its licence would read back otherwise"),
        }
    }
}
