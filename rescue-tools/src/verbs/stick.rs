//! Finds the stick for `licctl import usb`, and the files on it.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};
use std::path::{Path, PathBuf};

use licd_device::{Failure, FileVerdict, Intent, Stick};
use licd_rules::Code;
use licensing_words::{self as words, Named};

use super::source;
use crate::args::Import;
use crate::backend::{Backend, JobOptions, Wish};
use crate::document::Document;

/// The content of a stick.
pub(crate) enum Found {
    /// The files to import.
    Files(Vec<Document>),
    /// Nothing to import, with the message to print.
    Nothing(String),
    /// The daemon imported the stick, with this verdict.
    Done(FileVerdict),
}

/// Reads the stick at `device`, or the only stick, or the one that the user chooses.
pub(super) fn find(backend: &Backend, device: Option<&Path>, order: &Import) -> Found {
    let looked = backend.device().sticks().and_then(|sticks| {
        let device = device.map(|device| backend.device().stick_device(device)).transpose()?;
        Ok((sticks, device))
    });
    let (sticks, device) = match looked {
        Ok(found) => found,
        Err(failure) => return failed("usb".to_owned(), failure),
    };
    let device = match (device, sticks.as_slice()) {
        (Some(device), _)
            if order.automatic
                && !sticks.iter().any(|stick| stick.device() == device.as_path())
                // A stick that was pulled meanwhile is not listed either; reading it reports that.
                && backend.device().root().hardware(&device.to_string_lossy()).exists() =>
        {
            let name = name_of(&device);
            return Found::Nothing(format!("{name}: is no stick, but a drive of this system"));
        }
        (Some(device), _) => device,
        (None, []) => return Found::Nothing(format!("usb: {}", Stick::none().message)),
        (None, [stick]) => stick.device().to_owned(),
        (None, several) => match choose(backend, several) {
            Ok(device) => device,
            Err(failure) => return failed("usb".to_owned(), failure),
        },
    };
    let whole = (!order.check).then(|| order.intent());
    read(backend, &device, whole)
}

/// Reads the stick at `device`. A user who may not mount may be allowed to have the daemon import the
/// whole stick, with the intent `whole`.
pub(crate) fn read(backend: &Backend, device: &Path, whole: Option<Intent>) -> Found {
    let name = name_of(device);
    match backend.device().open_stick(device) {
        Ok(stick) if stick.is_empty() => {
            Found::Nothing(format!("{name}: {}", stick.nothing().message))
        }
        Ok(stick) => {
            Found::Files(stick.files().map(|(name, file)| Document::opened(name, file)).collect())
        }
        Err(failure) => {
            let intent = whole.filter(|_| failure.code == Code::NotAuthorized);
            let done = intent.and_then(|intent| {
                let options = JobOptions { intent, ..JobOptions::default() };
                backend.import_by_daemon(&name, options, |_, _| Wish::GoOn)
            });
            done.map_or_else(|| failed(name, failure), Found::Done)
        }
    }
}

fn failed(name: String, failure: Failure) -> Found {
    Found::Files(vec![Document::opened(name, Err(failure))])
}

fn name_of(device: &Path) -> String {
    format!("usb:{}", source::name(device))
}

/// Asks the user on a terminal; elsewhere fails with a message that lists the sticks.
fn choose(backend: &Backend, sticks: &[Stick]) -> Result<PathBuf, Failure> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return backend.device().only_stick();
    }
    let mut to = stderr();
    for (number, stick) in (1..).zip(sticks) {
        // Wait for the answer even if the question cannot be written.
        let _ = writeln!(to, "{number}) {}", stick.described());
    }
    let _ = write!(to, "{}", words::of_user().named(Named::WhichStick(sticks.len())));
    let mut answer = String::new();
    let _ = stdin().read_line(&mut answer);
    let number = answer.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match number.and_then(|number| sticks.get(number)) {
        Some(stick) => Ok(stick.device().to_owned()),
        None => Err(Failure {
            code: Code::SourceRefused,
            message: "none of the sticks was chosen; nothing is imported".to_owned(),
        }),
    }
}
