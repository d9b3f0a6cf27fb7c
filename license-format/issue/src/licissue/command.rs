//! The common part of all verbs that change packs: from the pack files to the report.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use license_format::UnixSeconds;
use license_issue::rules::{Change, RuleError};
use license_issue::{Pack, SigningKey};
use serde_json::{Value, json};

use crate::args::IssueOptions;
use crate::document::time_or_now;
use crate::error::CommandError;
use crate::files;
use crate::issued::{self, IssuedLicense};
use crate::lists::ListSummary;
use crate::packs::PackFiles;

/// The output streams of a run.
pub(crate) struct Console<'a> {
    pub(crate) json: bool,
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
}

/// A verb with its keys, time and lists.
pub(crate) struct PackCommand<'a> {
    verb: &'static str,
    args: &'a IssueOptions,
    keys: Vec<SigningKey>,
    /// The time for the rules.
    pub(crate) now: UnixSeconds,
    /// The summaries of the lists.
    pub(crate) lists: Vec<ListSummary>,
}

impl<'a> PackCommand<'a> {
    pub(crate) fn new(verb: &'static str, args: &'a IssueOptions) -> Result<Self, CommandError> {
        let keys = files::signing_keys(&args.sign)?;
        Ok(Self { verb, args, keys, now: time_or_now(args.issued), lists: Vec::new() })
    }

    /// Reads packs and applies a rule.
    pub(crate) fn run<P: AsRef<Path>>(
        self,
        paths: &[P],
        console: &mut Console<'_>,
        rule: impl FnOnce(&[Pack], UnixSeconds) -> Result<Change, RuleError>,
    ) -> Result<(), CommandError> {
        let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        let (files, packs) = PackFiles::open(&paths)?;
        let change = rule(&packs, self.now).map_err(|error| self.refused(&error))?;
        self.finish(&files, change, console)
    }

    /// A rule forbids the verb. An invalid entry of a list may be the reason.
    pub(crate) fn refused(&self, error: &RuleError) -> CommandError {
        CommandError::of_rule(error).with_lists(&self.lists)
    }

    /// Issues the due licences, saves the packs, writes the licences and prints the report. Packs come
    /// first, so that a serial is never used twice, even if its licence is lost.
    pub(crate) fn finish(
        self,
        files: &PackFiles,
        mut change: Change,
        console: &mut Console<'_>,
    ) -> Result<(), CommandError> {
        let licenses = issued::issue_due(&mut change, self.args, &self.keys, self.now)
            .map_err(|error| error.with_lists(&self.lists))?;
        let destinations = issued::destinations(&licenses, self.args.output.as_deref())?;
        if !self.args.dry_run {
            files.save(&change.packs, self.now)?;
            for (licence, destination) in licenses.iter().zip(&destinations) {
                if let Some(path) = destination {
                    files::write_output(path, licence.text().as_bytes())?;
                }
            }
        }
        let report = Report {
            command: &self,
            files,
            change: &change,
            licenses: &licenses,
            destinations: &destinations,
        };
        match console.json {
            true => writeln!(console.out, "{}", report.to_json()),
            false => report.print(console),
        }
        .map_err(CommandError::of_stdout)
    }
}

/// The report on a verb.
struct Report<'a> {
    command: &'a PackCommand<'a>,
    files: &'a PackFiles,
    change: &'a Change,
    licenses: &'a [IssuedLicense],
    destinations: &'a [Option<PathBuf>],
}

impl Report<'_> {
    /// Prints the report: to standard error if a licence goes to standard output.
    fn print(&self, console: &mut Console<'_>) -> io::Result<()> {
        let dry_run = self.command.args.dry_run;
        let text = self
            .licenses
            .iter()
            .zip(self.destinations)
            .find(|(_, destination)| destination.is_none());
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
        let mut lines: Vec<String> =
            self.command.lists.iter().flat_map(ListSummary::lines).collect();
        lines.extend(effects.iter().map(ToString::to_string));
        let dry_run = self.command.args.dry_run;
        for (licence, destination) in self.licenses.iter().zip(self.destinations) {
            match destination {
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

    /// The report as JSON; `issue` adds the members of its only licence.
    fn to_json(&self) -> Value {
        let Change { packs, effects, due } = self.change;
        let effects: Vec<String> = effects.iter().map(ToString::to_string).collect();
        let due: Vec<&str> = due.iter().map(|id| id.as_str()).collect();
        let packs: Vec<Value> = packs.iter().map(|pack| self.pack(pack)).collect();
        let lists: Vec<Value> = self.command.lists.iter().map(ListSummary::to_json).collect();
        let mut report = json!({
            "schema": 1,
            "verb": self.command.verb,
            "dry_run": self.command.args.dry_run,
            "effects": effects,
            "packs": packs,
            "due": due,
            "lists": lists,
        });
        let licences = self.licenses.iter().zip(self.destinations);
        let mut licences: Vec<Value> = licences
            .map(|(licence, destination)| licence.to_json(destination.as_deref()))
            .collect();
        let Some(members) = report.as_object_mut() else { return report };
        if let ("issue", [Value::Object(_)]) = (self.command.verb, &licences[..]) {
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
            "status": pack.status(self.command.now).as_str(),
            "subscription_key": pack.subscription_key.as_ref().map(|key| key.as_str()),
            "starts": pack.starts.to_string(),
            "expires": pack.expires.to_string(),
            "seats": pack.seats,
            "units": pack.units.len(),
        })
    }
}
