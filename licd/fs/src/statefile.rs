//! How what is remembered in `/var/lib/licd` is read, with suspicion, and written, so that a power
//! cut leaves the old or the new file.
//!
//! A state file is a TOML document with a `schema`, which grows when a key changes its meaning, not
//! when one is added: keys of the top level that this version does not know are kept. One that was
//! read whole and cannot be understood is set aside and never taken for an empty one without a word;
//! one that could not be read is neither. A file of the state is a type of keys that is
//! [`Remembered`]; all else is here:
//!
//! ```
//! # use licd_fs::{root::Root, statefile::{Remembered, StateFile}};
//! #[derive(Default, serde::Serialize, serde::Deserialize)]
//! #[serde(default)]
//! struct Visits {
//!     count: u32,
//! }
//!
//! impl Remembered for Visits {
//!     const FILE: &str = "/var/lib/licd/visits.toml";
//!     const SCHEMA: i64 = 1;
//!     const FILE_BYTES: u64 = 4096;
//!     const WITHOUT: &str = "visits are counted anew";
//! }
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let root = Root::new(dir.path());
//! StateFile::<Visits>::update(&root, |visits| visits.count += 1).unwrap();
//! let (visits, notice) = StateFile::<Visits>::load(&root).unwrap();
//! assert!(visits.known.count == 1 && notice.is_none());
//! ```

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};

use crate::about::{self, About};
use crate::atomic::{self, Durability, Mode, ReplaceError};
use crate::lock::{self, Refused};
use crate::look::{Looked, Unavailable, is_fact};
use crate::root::Root;
use crate::textfile::{self, Flaw, escaped_path};

/// Who changes a file of the state holds this.
const LOCK: &str = "/run/licd/state.lock";
/// How long it is waited for: many times what a change takes.
const PATIENCE: Duration = Duration::from_secs(5);
/// What comes after the name of a file that was set aside.
const ASIDE: &str = ".damaged";

/// The keys of a state file, but for `schema`; the default is what holds without a file.
pub trait Remembered: Default + Serialize + DeserializeOwned {
    /// Where it is.
    const FILE: &'static str;
    /// What this version reads and writes.
    const SCHEMA: i64;
    /// Bytes that it may have.
    const FILE_BYTES: u64;
    /// What holds if it was damaged, for the notice: ", and …".
    const WITHOUT: &'static str;
    /// Where a copy is that takes its place if it is damaged or gone, for what must not be forgotten.
    const COPY: Option<&'static str> = None;
}

/// A state file in hand.
#[derive(Debug, Clone, Default)]
pub struct StateFile<T> {
    /// The keys that this version knows.
    pub known: T,
    /// The file as it was loaded, for what a newer version wrote.
    loaded: toml::Table,
}

/// Something that the user should know about a state file.
#[derive(Debug)]
pub enum Notice {
    /// It could not be understood and was set aside.
    SetAside {
        /// The file.
        file: PathBuf,
        /// Where it is now, or why it is still there.
        kept: Result<PathBuf, Errno>,
        /// What is wrong with it.
        damage: String,
        /// What holds without it.
        without: &'static str,
    },
    /// This user may not read it.
    Unreadable {
        /// The file.
        file: PathBuf,
    },
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum Damage {
    /// It cannot be read, or is no file or no TOML.
    Flaw(Flaw),
    /// It ends in no checksum, or not in that of what comes before.
    Checksum,
    /// It has another schema than this version knows, most likely that of a newer one.
    Schema {
        /// What it has.
        found: i64,
        /// What this version knows.
        known: i64,
    },
}

/// Why a state file was not saved; it is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveError {
    /// It cannot be written.
    Unwritable {
        /// The file.
        file: PathBuf,
        /// The kernel's reason.
        why: Errno,
    },
    /// What it holds could not be read, so it cannot be changed either.
    Unread(Unavailable),
}

impl SaveError {
    /// Whether nothing can be remembered on this system at all: its state is read-only, or has no
    /// place.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Unwritable { why, .. } if *why == Errno::EROFS || is_fact(*why))
    }

    /// A file that cannot be written, for this reason.
    pub fn writing(file: &Path, why: Errno) -> Self {
        Self::Unwritable { file: file.to_owned(), why }
    }
}

impl<T: Remembered> StateFile<T> {
    /// Reads the file below this root. Without one that can be understood its copy counts, if it has
    /// one; else nothing is remembered. A damaged file comes with a notice.
    ///
    /// # Errors
    /// [`Unavailable`]: the file or its copy could not be read. Nothing is set aside then.
    pub fn load(root: &Root) -> Looked<(Self, Option<Notice>)> {
        let found = |file| find(&root.path(file), T::FILE_BYTES, Self::parse);
        let file = match found(T::FILE)? {
            Found::Sound(file) => return Ok((file, None)),
            other => other,
        };
        // Before anything is set aside: a copy that cannot be read now may still be there.
        let copy = T::COPY.map(found).transpose()?;
        let notice = |without| file.set_aside(&root.path(T::FILE), without);
        let Some(Found::Sound(copy)) = copy else {
            return Ok((Self::default(), notice(T::WITHOUT)));
        };
        let notice = notice("its copy has taken its place");
        // A user who may only read has the copy all the same.
        let _ = copy.save(root);
        Ok((copy, notice))
    }

    /// Reads the file below this root, or its copy, and leaves alone what cannot be understood.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn peek(root: &Root) -> Looked<Self> {
        for file in [Some(T::FILE), T::COPY].into_iter().flatten() {
            if let Found::Sound(found) = find(&root.path(file), T::FILE_BYTES, Self::parse)? {
                return Ok(found);
            }
        }
        Ok(Self::default())
    }

    /// Writes the file below this root. It survives a power cut from here on. Nothing is written if
    /// the file already says so.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn save(&self, root: &Root) -> Result<(), SaveError> {
        let file = root.path(T::FILE);
        // Of what was loaded or derived from documents, nothing cannot be written.
        let text = self.text().map_err(|_| SaveError::writing(&file, Errno::EINVAL))?;
        write(&file, text.as_bytes()).map_err(|why| SaveError::writing(&file, why))?;
        if let Some(copy) = T::COPY.map(|copy| root.path(copy)) {
            // The file is saved; the next change makes up for its copy.
            if let Err(why) = write(&copy, text.as_bytes()) {
                log::warn!("{}", SaveError::writing(&copy, why));
            }
        }
        Ok(())
    }

    /// Changes what the file below this root says, one process after the other, and returns what
    /// `change` does.
    ///
    /// # Errors
    /// [`SaveError`]; the file is as it was.
    pub fn update<R>(root: &Root, change: impl FnOnce(&mut T) -> R) -> Result<R, SaveError> {
        let file = root.path(LOCK);
        let _lock = lock::take(&file, PATIENCE).map_err(|refused| match refused {
            Refused::Taken(_) => SaveError::writing(&file, Errno::EBUSY),
            Refused::Kernel(why) => SaveError::writing(&file, why),
        })?;
        let (mut state, notice) = Self::load(root).map_err(SaveError::Unread)?;
        if let Some(notice) = notice {
            log::warn!("{notice}");
        }
        let done = change(&mut state.known);
        state.save(root)?;
        Ok(done)
    }

    fn parse(text: &str) -> Result<Self, Damage> {
        check_schema(text, T::SCHEMA)?;
        Ok(Self { known: from_toml(text)?, loaded: from_toml(text)? })
    }

    fn text(&self) -> Result<String, toml::ser::Error> {
        let mut table = toml::Table::from_iter([("schema".to_owned(), T::SCHEMA.into())]);
        table.extend(self.loaded.clone());
        let known = toml::Table::try_from(&self.known)?;
        table.extend(known);
        toml::to_string(&table)
    }
}

/// What is in the place of a file of the state.
pub enum Found<T> {
    /// The file.
    Sound(T),
    /// Nothing.
    Nothing,
    /// A file that this user may not read.
    Closed,
    /// Something that was read whole and cannot be understood.
    Damaged(Damage),
}

impl<T> Found<T> {
    /// Sets what is damaged aside, and says so; `without` is what holds then. `None` if there is
    /// nothing to be said.
    pub fn set_aside(&self, file: &Path, without: &'static str) -> Option<Notice> {
        let file = file.to_owned();
        match self {
            Self::Sound(_) | Self::Nothing => None,
            Self::Closed => Some(Notice::Unreadable { file }),
            Self::Damaged(damage) => {
                let damage = damage.to_string();
                let kept = atomic::set_aside(&file, aside(&file));
                Some(Notice::SetAside { file, kept, damage, without })
            }
        }
    }
}

/// Looks at a file of the state.
///
/// # Errors
/// [`Unavailable`].
pub fn find<T>(
    file: &Path,
    limit: u64,
    parse: impl FnOnce(&str) -> Result<T, Damage>,
) -> Looked<Found<T>> {
    Ok(match textfile::read_text(file, limit)? {
        Ok(None) => Found::Nothing,
        Ok(Some(text)) => parse(&text).map_or_else(Found::Damaged, Found::Sound),
        Err(Flaw::Unreadable(e)) if e.kind() == io::ErrorKind::PermissionDenied => Found::Closed,
        Err(flaw) => Found::Damaged(Damage::Flaw(flaw)),
    })
}

/// Replaces a file of the state unless it holds this, its directory made if need be.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), Errno> {
    write_as(file, bytes, atomic::PUBLIC)
}

/// The same with a mode; a file that holds this already keeps the one it has.
pub fn write_as(file: &Path, bytes: &[u8], mode: Mode) -> Result<(), Errno> {
    let (Some(dir), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(Errno::EINVAL);
    };
    atomic::create_dir(dir)?;
    let dir = File::open(dir).map_err(|e| Errno::try_from(e).unwrap_or(Errno::EIO))?;
    if atomic::holds(&dir, name, bytes) {
        return Ok(());
    }
    let _ = atomic::sweep(&dir);
    let replace = || {
        let replaced = atomic::replace_at(&dir, name, bytes, mode, Durability::Synced);
        replaced.map(drop).map_err(ReplaceError::errno)
    };
    match replace() {
        // A directory that somebody has put there would keep it from being written for ever.
        Err(Errno::EISDIR) => atomic::set_aside(file, aside(file)).and_then(|_| replace()),
        done => done,
    }
}

/// Where a file goes that cannot be used.
fn aside(file: &Path) -> PathBuf {
    let mut aside = file.as_os_str().to_owned();
    aside.push(ASIDE);
    aside.into()
}

/// Whether a text has this schema.
pub fn check_schema(text: &str, known: i64) -> Result<(), Damage> {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: i64,
    }
    match from_toml::<Head>(text)?.schema {
        found if found == known => Ok(()),
        found => Err(Damage::Schema { found, known }),
    }
}

/// What a text says, as far as it can be understood.
pub fn from_toml<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Damage> {
    toml::from_str(text).map_err(|error| Damage::Flaw(Flaw::toml(text, &error)))
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flaw(flaw) => flaw.fmt(f),
            Self::Checksum => f.write_str("its checksum is missing or wrong"),
            Self::Schema { found, known } => {
                write!(f, "has schema {found}, which needs another licd; this one knows {known}")
            }
        }
    }
}

impl About for Notice {
    fn subject(&self) -> String {
        match self {
            Self::SetAside { file, .. } | Self::Unreadable { file } => escaped_path(file),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::SetAside { kept: Ok(kept), damage, without, .. } => {
                format!("{damage}; it is kept as {}, and {without}", escaped_path(kept))
            }
            Self::SetAside { kept: Err(why), damage, .. } => {
                format!("{damage}; it could not be set aside ({}), and is passed over", why.desc())
            }
            Self::Unreadable { .. } => "may not be read by this user; it is passed over".to_owned(),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwritable { file, why } => {
                write!(f, "{}: cannot be written: {}", escaped_path(file), why.desc())
            }
            Self::Unread(unavailable) => unavailable.fmt(f),
        }
    }
}

impl std::error::Error for SaveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unwritable { why, .. } => Some(why),
            Self::Unread(unavailable) => Some(unavailable),
        }
    }
}
