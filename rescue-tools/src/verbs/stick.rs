//! What `licctl import usb` imports: which stick, and the files on it.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};
use std::path::{Path, PathBuf};

use licd_device::{Failure, FileVerdict, Stick};
use licd_rules::Code;

use super::source;
use crate::args::Import;
use crate::desk::{Desk, Document};

/// What came of a stick.
pub(super) enum Found {
    /// Its files.
    Files(Vec<Document>),
    /// There is nothing to import, in words.
    Nothing(String),
    /// The daemon has imported it, as far as it told.
    Done(FileVerdict),
}

/// Reads a stick: the one at `device`, else the only one, else the one that is chosen.
pub(super) fn find(desk: &Desk, device: Option<&Path>, order: &Import) -> Found {
    let sticks = match desk.device().sticks() {
        Ok(sticks) => sticks,
        Err(failure) => return failed("usb".to_owned(), failure),
    };
    let device = match (device, sticks.as_slice()) {
        (Some(device), _)
            if order.automatic
                && !sticks.iter().any(|one| one.device() == device)
                // One that was pulled meanwhile is not there either, and reading it says so.
                && desk.device().root().hardware(&device.to_string_lossy()).exists() =>
        {
            let name = name_of(device);
            return Found::Nothing(format!("{name}: is no stick, but a drive of this system"));
        }
        (Some(device), _) => device.to_owned(),
        (None, []) => return Found::Nothing(format!("usb: {}", Stick::none().message)),
        (None, [stick]) => stick.device().to_owned(),
        (None, several) => match choose(desk, several) {
            Ok(device) => device,
            Err(failure) => return failed("usb".to_owned(), failure),
        },
    };
    read(desk, &device, order)
}

fn read(desk: &Desk, device: &Path, order: &Import) -> Found {
    let name = name_of(device);
    match desk.device().open_stick(device) {
        Ok(stick) if stick.is_empty() => {
            Found::Nothing(format!("{name}: {}", stick.nothing().message))
        }
        Ok(stick) => {
            Found::Files(stick.files().map(|(name, file)| Document { name, file }).collect())
        }
        // He who may not mount may be allowed to have the daemon do it.
        Err(failure) if failure.code == Code::NotAuthorized && !order.check => {
            match desk.import_by_daemon(&name, order.intent()) {
                Some(verdict) => Found::Done(verdict),
                None => failed(name, failure),
            }
        }
        Err(failure) => failed(name, failure),
    }
}

fn failed(name: String, failure: Failure) -> Found {
    Found::Files(vec![Document { name, file: Err(failure) }])
}

fn name_of(device: &Path) -> String {
    format!("usb:{}", source::name(device))
}

/// Asks on a terminal; elsewhere the sticks are named, for whoever calls again.
fn choose(desk: &Desk, sticks: &[Stick]) -> Result<PathBuf, Failure> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return desk.device().only_stick();
    }
    let mut to = stderr();
    for (number, stick) in (1..).zip(sticks) {
        // An answer is awaited whether the question could be written or not.
        let _ = writeln!(to, "{number}) {}", stick.described());
    }
    let _ = write!(to, "Which stick? 1 to {}: ", sticks.len());
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
