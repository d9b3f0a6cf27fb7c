//! The licences that are due after a verb.

use std::path::{Path, PathBuf};

use license_format::{PackId, Serial, UnixSeconds, limits};
use license_issue::rules::{self, Change, Early};
use license_issue::{Pack, SigningKey, verified_license};
use serde_json::{Value, json};

use crate::args::Licences;
use crate::document::object;
use crate::failure::Failure;
use crate::files;

/// A licence that was made and not delivered yet.
pub(crate) struct Licence {
    pack: PackId,
    serial: Serial,
    units: usize,
    mass: bool,
    text: String,
}

/// Makes the licences that are due, and takes their serials in the packs of the change. What is left
/// in `due` was not issued, for want of a key.
pub(crate) fn issue_due(
    change: &mut Change,
    args: &Licences,
    keys: &[SigningKey],
    now: UnixSeconds,
) -> Result<Vec<Licence>, Failure> {
    let mut made = Vec::new();
    if keys.is_empty() {
        return Ok(made);
    }
    let keys: Vec<&SigningKey> = keys.iter().collect();
    let early = Early::of(args.early);
    let Change { packs, due, .. } = change;
    for pack in packs.iter_mut().filter(|pack| due.contains(&pack.id)) {
        let (issued, terms) =
            rules::issue(pack, now, early).map_err(|refusal| Failure::of_rule(&refusal))?;
        for terms in terms {
            let text = verified_license(&terms, &pack.units, &keys, args.mass)
                .map_err(|error| Failure::new(&pack.id, error, "correct the pack or the keys"))?;
            made.push(Licence::of(pack, terms.serial, args.mass, text));
        }
        *pack = issued;
    }
    due.retain(|id| !made.iter().any(|licence| licence.pack == *id));
    Ok(made)
}

impl Licence {
    fn of(pack: &Pack, serial: Serial, mass: bool, text: String) -> Self {
        let units = pack.units.len();
        Self { pack: pack.id.clone(), serial, units, mass: mass || units > limits::UNITS, text }
    }

    /// What the licence is called in the report.
    pub(crate) fn title(&self) -> String {
        format!("{} serial {}, units: {}", self.pack, self.serial, self.units)
    }

    /// What there is to say of it, and its text unless it is in a file.
    pub(crate) fn to_json(&self, file: Option<&Path>) -> Value {
        let content = match file {
            Some(path) => ("file", json!(path.display().to_string())),
            None => ("text", json!(self.text)),
        };
        object(vec![
            ("kind", json!(if self.mass { "mass-license" } else { "license" })),
            ("pack", json!(self.pack.as_str())),
            ("serial", json!(self.serial.get())),
            ("units", json!(self.units)),
            content,
        ])
    }

    /// The licence file.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Where each of the licences goes: `None` for standard output.
///
/// # Errors
/// There are several and no folder to put them into.
pub(crate) fn destinations(
    licences: &[Licence],
    output: Option<&Path>,
) -> Result<Vec<Option<PathBuf>>, Failure> {
    let output = output.filter(|path| path.as_os_str() != files::STANDARD);
    let place = |licence: &Licence| match output {
        Some(folder) if folder.is_dir() => {
            Some(folder.join(format!("{}-{}.lic", licence.pack, licence.serial)))
        }
        _ => output.map(Path::to_owned),
    };
    if licences.len() > 1 && !output.is_some_and(Path::is_dir) {
        let what = format_args!("is not a folder, and {} licences come of this", licences.len());
        let name = output.map_or(String::from("-o"), |path| path.display().to_string());
        return Err(Failure::usage(name, what, "name a folder that exists by -o"));
    }
    Ok(licences.iter().map(place).collect())
}
