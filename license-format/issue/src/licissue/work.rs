//! What all verbs that change packs have in common: from the pack files to the report.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use license_format::UnixSeconds;
use license_issue::rules::{Change, Refusal};
use license_issue::{Pack, SigningKey};
use serde_json::{Value, json};

use crate::args::Licences;
use crate::document::time;
use crate::failure::Failure;
use crate::files;
use crate::licences::{self, Licence};
use crate::lists::Summary;
use crate::packs::PackFiles;

/// Where a run says what it did.
pub(crate) struct Console<'a> {
    pub(crate) json: bool,
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
}

/// A verb under way.
pub(crate) struct Work<'a> {
    verb: &'static str,
    args: &'a Licences,
    keys: Vec<SigningKey>,
    /// The time that the rules go by.
    pub(crate) now: UnixSeconds,
    /// How the lists were read.
    pub(crate) lists: Vec<Summary>,
}

impl<'a> Work<'a> {
    pub(crate) fn begin(verb: &'static str, args: &'a Licences) -> Result<Self, Failure> {
        let keys = files::signing_keys(&args.sign)?;
        Ok(Self { verb, args, keys, now: time(args.issued), lists: Vec::new() })
    }

    /// Reads packs and has a rule decide.
    pub(crate) fn on<P: AsRef<Path>>(
        self,
        paths: &[P],
        console: &mut Console<'_>,
        rule: impl FnOnce(&[Pack], UnixSeconds) -> Result<Change, Refusal>,
    ) -> Result<(), Failure> {
        let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        let (files, packs) = PackFiles::open(&paths)?;
        let change = rule(&packs, self.now).map_err(|refusal| Failure::of_rule(&refusal))?;
        self.finish(&files, change, console)
    }

    /// Issues what is due, keeps the packs, delivers the licences, and says all that. The packs
    /// first: a serial must never be used twice, and is spent even if its licence goes astray.
    pub(crate) fn finish(
        self,
        files: &PackFiles,
        mut change: Change,
        console: &mut Console<'_>,
    ) -> Result<(), Failure> {
        let made = licences::issue_due(&mut change, self.args, &self.keys, self.now)?;
        let places = licences::destinations(&made, self.args.output.as_deref())?;
        if !self.args.dry_run {
            files.save(&change.packs, self.now)?;
            for (licence, place) in made.iter().zip(&places) {
                if let Some(path) = place {
                    files::replace(path, licence.text().as_bytes())?;
                }
            }
        }
        let report = Report { work: &self, files, change: &change, made: &made, places: &places };
        match console.json {
            true => writeln!(console.out, "{}", report.to_json()),
            false => report.print(console),
        }
        .map_err(Failure::of_stdout)
    }
}

/// What is said after a verb.
struct Report<'a> {
    work: &'a Work<'a>,
    files: &'a PackFiles,
    change: &'a Change,
    made: &'a [Licence],
    places: &'a [Option<PathBuf>],
}

impl Report<'_> {
    /// The report goes to standard error if a licence goes to standard output.
    fn print(&self, console: &mut Console<'_>) -> io::Result<()> {
        let dry_run = self.work.args.dry_run;
        let text = self.made.iter().zip(self.places).find(|(_, place)| place.is_none());
        let text = text.map(|(licence, _)| licence.text()).filter(|_| !dry_run);
        for line in self.lines() {
            match text {
                Some(_) => writeln!(console.err, "{line}")?,
                None => writeln!(console.out, "{line}")?,
            }
        }
        console.out.write_all(text.unwrap_or_default().as_bytes())
    }

    fn lines(&self) -> Vec<String> {
        let Change { effects, due, .. } = self.change;
        let mut lines: Vec<String> = self.work.lists.iter().flat_map(Summary::lines).collect();
        lines.extend(effects.iter().map(ToString::to_string));
        let dry_run = self.work.args.dry_run;
        for (licence, place) in self.made.iter().zip(self.places) {
            match place {
                _ if dry_run => lines.push(format!("{}: not issued", licence.title())),
                Some(path) => {
                    lines.push(format!("{}: written to {}", licence.title(), path.display()));
                }
                None => {}
            }
        }
        if !due.is_empty() {
            let due: Vec<String> = due.iter().map(ToString::to_string).collect();
            lines.push(format!("a new licence is due: {}", due.join(", ")));
        }
        if dry_run {
            lines.push(String::from("nothing was changed (--dry-run)"));
        }
        lines
    }

    /// With the members of the licence itself, if one was asked for and there is one.
    fn to_json(&self) -> Value {
        let Change { packs, effects, due } = self.change;
        let effects: Vec<String> = effects.iter().map(ToString::to_string).collect();
        let due: Vec<&str> = due.iter().map(|id| id.as_str()).collect();
        let packs: Vec<Value> = packs.iter().map(|pack| self.pack(pack)).collect();
        let lists: Vec<Value> = self.work.lists.iter().map(Summary::to_json).collect();
        let mut report = json!({
            "schema": 1,
            "verb": self.work.verb,
            "dry_run": self.work.args.dry_run,
            "effects": effects,
            "packs": packs,
            "due": due,
            "lists": lists,
        });
        let licences = self.made.iter().zip(self.places);
        let mut licences: Vec<Value> =
            licences.map(|(licence, place)| licence.to_json(place.as_deref())).collect();
        let Some(members) = report.as_object_mut() else { return report };
        if let ("issue", [Value::Object(_)]) = (self.work.verb, &licences[..]) {
            if let Some(Value::Object(only)) = licences.pop() {
                members.extend(only);
            }
        } else {
            members.insert(String::from("licences"), Value::from(licences));
        }
        report
    }

    fn pack(&self, pack: &Pack) -> Value {
        json!({
            "pack": pack.id.as_str(),
            "file": self.files.path(&pack.id).display().to_string(),
            "serial": pack.serial.map(|serial| serial.get()),
            "product": pack.product.as_str(),
            "status": pack.status(self.work.now).as_str(),
            "subscription_key": pack.subscription_key.as_ref().map(|key| key.as_str()),
            "starts": pack.starts.to_string(),
            "expires": pack.expires.to_string(),
            "seats": pack.seats,
            "units": pack.units.len(),
        })
    }
}
