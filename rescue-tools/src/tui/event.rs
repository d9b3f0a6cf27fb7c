//! What the full-screen tool reacts to, and what it has done.

use std::path::PathBuf;

use licd_device::{Application, Failure, FileVerdict, Login, Removed, Report, Url, Withdrawn};
use licd_rules::Selector;
use licensing_words::Caption;

pub(super) use crate::backend::By;

/// Something that happened.
#[derive(Debug)]
pub(super) enum Event {
    /// A key was pressed.
    Key(Key),
    /// The terminal has another size.
    Resized,
    /// What the screen showed last leaves this many rows above its end.
    Drawn(Drawn),
    /// The device was looked at.
    Seen(Box<Seen>),
    /// The device could not be looked at.
    NotSeen(Failure),
    /// The sticks that are plugged in.
    Sticks(Result<Vec<StickEntry>, Failure>),
    /// The files of the stick on this device.
    Files(PathBuf, Result<Vec<String>, Failure>),
    /// Bytes that the work has received, and the total if it is known.
    Progress(u64, Option<u64>),
    /// A warning for the user.
    Warned(String),
    /// The work has ended.
    Done(Outcome),
    /// The terminal is gone, or the system wants the program to end.
    Stop,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Enter,
    Escape,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Backspace,
    Delete,
    /// The interrupt character, Ctrl-C.
    Interrupt,
}

/// How far the text on the screen scrolls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    /// The first line of the last screen.
    pub(super) last: usize,
    /// The lines of a screen.
    pub(super) rows: usize,
}

/// The device as it was seen last.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) report: Report,
    /// The restart state that the daemon publishes.
    pub(super) plan: Option<String>,
    /// Whether the daemon answered.
    pub(super) by: By,
}

/// A stick that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StickEntry {
    /// Its device file.
    pub(super) device: PathBuf,
    /// Its description for its owner.
    pub(super) name: String,
}

/// How the work has ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The verdicts on files.
    Files(Vec<FileVerdict>),
    /// There was nothing to import.
    Nothing(String),
    /// The user cancelled before anything was imported.
    Cancelled,
    /// The request was cancelled.
    Withdrawn(Withdrawn),
    /// Licences were removed.
    Removed(Removed),
    /// The work failed as a whole.
    Failed(Failure),
}

/// Something to do.
#[derive(Debug)]
pub(super) enum Action {
    /// Look at the device now.
    Refresh,
    /// List the sticks now, and whenever some time has passed.
    WatchSticks,
    /// List the sticks no more.
    LeaveSticks,
    /// List the files of a stick.
    ListFiles(PathBuf),
    /// Begin to import or remove.
    Start(Work),
    /// Cancel the work.
    Cancel,
    /// End the program.
    Quit,
}

/// Work that takes a while.
#[derive(Debug)]
pub(super) enum Work {
    /// Import or check.
    Import(ImportSource, Effect),
    /// Send a request for a licence, and import the answer.
    Activate(Applied),
    /// Cancel the request that waits for its answer.
    Withdraw,
    /// Remove.
    Remove(Selector),
}

impl Work {
    /// What it works on, fit to be shown.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Import(source, _) => source.name(),
            Self::Activate(Applied(application)) => {
                application.url().map(ToString::to_string).unwrap_or_default()
            }
            Self::Withdraw => String::new(),
            Self::Remove(selector) => selector.to_string(),
        }
    }

    /// What is shown while it runs.
    pub(super) fn caption(&self) -> Caption {
        match self {
            Self::Import(_, Effect::Import) => Caption::Importing,
            Self::Import(_, Effect::CheckOnly) => Caption::Checking,
            Self::Activate(_) => Caption::Applying,
            Self::Withdraw => Caption::CancellingRequest,
            Self::Remove(_) => Caption::Removing,
        }
    }

    /// What happens to files; `None` for what cannot be cancelled.
    pub(super) fn effect(&self) -> Option<Effect> {
        match self {
            Self::Import(_, effect) => Some(*effect),
            Self::Activate(_) => Some(Effect::Import),
            Self::Withdraw | Self::Remove(_) => None,
        }
    }
}

/// An application for a licence.
pub(super) struct Applied(pub(super) Box<Application>);

/// Without the data of the person.
impl std::fmt::Debug for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an application")
    }
}

/// Whether files are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Import,
    CheckOnly,
}

/// Where licences come from.
pub(super) enum ImportSource {
    /// A stick: one of its files, or all.
    Stick { device: PathBuf, file: Option<String> },
    /// A server.
    Server {
        url: Url,
        login: Option<Login>,
        /// The address of a proxy, with its login.
        proxy: Option<String>,
    },
    /// A file of this machine.
    File(PathBuf),
}

/// Without user and password.
impl std::fmt::Debug for ImportSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl ImportSource {
    /// Its name, fit to be shown.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stick { device, file: None } => {
                format!("usb:{}", licd_fs::printable::escaped_path(device))
            }
            Self::Stick { file: Some(file), .. } => file.clone(),
            Self::Server { url, .. } => url.to_string(),
            Self::File(path) => licd_fs::printable::escaped_path(path),
        }
    }
}
