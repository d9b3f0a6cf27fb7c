//! State files in `/var/lib/licd`. A power cut leaves the old or the new file.
//!
//! A state file is a TOML document with a `schema`. The number grows when a key changes its meaning,
//! not when a key is added: unknown keys of the top level are kept. A file that was read and cannot be
//! parsed is set aside with a warning; a file that could not be read is left alone. A state file is a
//! type with its keys that implements [`Remembered`]:
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
//!     const WITHOUT: &str = "the count of visits starts again";
//! }
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let root = Root::new(dir.path());
//! StateFile::<Visits>::update(&root, |visits| visits.count += 1).unwrap();
//! let (visits, warning) = StateFile::<Visits>::load(&root).unwrap();
//! assert!(visits.known.count == 1 && warning.is_none());
//! ```

mod error;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::fsync;
use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};

use crate::atomic::{self, Durability, Mode, ReplaceError};
use crate::lock::{self, LockError};
use crate::look::{self, Looked};
use crate::root::Root;
use crate::textfile::{self, ReadError};

pub use error::{ParseError, SaveError, Warning};

/// The lock that a process holds while it changes a state file.
const LOCK: &str = "/run/licd/state.lock";
/// How long a process waits for the lock: many times as long as a change takes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// Suffix of a file that was set aside.
const ASIDE: &str = ".damaged";

/// The keys of a state file except `schema`. The default applies without a file.
pub trait Remembered: Default + Serialize + DeserializeOwned {
    /// The path.
    const FILE: &'static str;
    /// The schema that this version reads and writes.
    const SCHEMA: i64;
    /// Limit of the file's size in bytes.
    const FILE_BYTES: u64;
    /// The consequence of a damaged file, after ", and" in the warning.
    const WITHOUT: &'static str;
    /// The path of a copy that replaces a damaged or missing file.
    const COPY: Option<&'static str> = None;
}

/// A loaded state file.
#[derive(Debug, Clone, Default)]
pub struct StateFile<T> {
    /// The keys that this version knows.
    pub known: T,
    /// The whole document, with the keys of newer versions.
    loaded: toml::Table,
}

impl<T: Remembered> StateFile<T> {
    /// Reads the file under this root, else its copy, else the default. A damaged file is set aside
    /// with a warning.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable): the file or its copy could not be read. No file is set aside.
    pub fn load(root: &Root) -> Looked<(Self, Option<Warning>)> {
        let found = |file| find(&root.path(file), T::FILE_BYTES, Self::parse);
        let file = match found(T::FILE)? {
            Found::Sound(file) => return Ok((file, None)),
            other => other,
        };
        // The copy first: if it cannot be read now, the file must not be set aside.
        let copy = T::COPY.map(found).transpose()?;
        let warning = |without| file.set_aside(&root.path(T::FILE), without);
        let Some(Found::Sound(copy)) = copy else {
            return Ok((Self::default(), warning(T::WITHOUT)));
        };
        let warning = warning("its copy has taken its place");
        // A user without the right to write still gets the copy.
        let _ = copy.save(root);
        Ok((copy, warning))
    }

    /// Reads the file under this root, else its copy, and leaves damaged files alone.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable).
    pub fn peek(root: &Root) -> Looked<Self> {
        for file in [Some(T::FILE), T::COPY].into_iter().flatten() {
            if let Found::Sound(found) = find(&root.path(file), T::FILE_BYTES, Self::parse)? {
                return Ok(found);
            }
        }
        Ok(Self::default())
    }

    /// Writes the file under this root, unless it already has this content. It survives a power cut
    /// once the call returns.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn save(&self, root: &Root) -> Result<(), SaveError> {
        self.save_as(root, Durability::Synced)
    }

    fn save_as(&self, root: &Root, durability: Durability) -> Result<(), SaveError> {
        let file = root.path(T::FILE);
        // TOML can express everything that was loaded or derived from documents.
        let text = self.text().map_err(|_| SaveError::writing(&file, Errno::EINVAL))?;
        replace(&file, text.as_bytes(), atomic::PUBLIC, durability)
            .map_err(|why| SaveError::writing(&file, why))?;
        let copy = T::COPY.filter(|_| durability == Durability::Synced);
        if let Some(copy) = copy.map(|copy| root.path(copy)) {
            // The file is saved; the next change writes the copy again. Only damage to the medium makes
            // it matter whether a power cut leaves the old copy.
            let saved = replace(&copy, text.as_bytes(), atomic::PUBLIC, Durability::Whole);
            if let Err(why) = saved {
                log::warn!("{}", SaveError::writing(&copy, why));
            }
        }
        Ok(())
    }

    /// Changes the file under this root while holding the lock, and returns the result of `change`. The
    /// change survives a power cut once the call returns.
    ///
    /// # Errors
    /// [`SaveError`]; the file is unchanged.
    pub fn update<R>(root: &Root, change: impl FnOnce(&mut T) -> R) -> Result<R, SaveError> {
        Self::update_as(root, Durability::Synced, change)
    }

    /// Does the same for a change that survives a power cut as `durability` says. The copy keeps to changes
    /// that are [`Durability::Synced`].
    ///
    /// # Errors
    /// Those of [`StateFile::update`].
    pub fn update_as<R>(
        root: &Root,
        durability: Durability,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, SaveError> {
        let file = root.path(LOCK);
        let _lock = lock::take(&file, LOCK_TIMEOUT).map_err(|error| match error {
            LockError::Held(_) => SaveError::writing(&file, Errno::EBUSY),
            LockError::Kernel(why) => SaveError::writing(&file, why),
        })?;
        let (mut state, warning) = Self::load(root).map_err(SaveError::Unread)?;
        if let Some(warning) = warning {
            log::warn!("{warning}");
        }
        state.keep_unknown_only();
        let done = change(&mut state.known);
        state.save_as(root, durability)?;
        Ok(done)
    }

    fn parse(text: &str) -> Result<Self, ParseError> {
        check_schema(text, T::SCHEMA)?;
        Ok(Self { known: from_toml(text)?, loaded: from_toml(text)? })
    }

    /// Drops the loaded keys that this version knows: what a change empties may not be written at all,
    /// and would otherwise keep its old value.
    fn keep_unknown_only(&mut self) {
        if let Ok(known) = toml::Table::try_from(&self.known) {
            self.loaded.retain(|key, _| !known.contains_key(key));
        }
    }

    fn text(&self) -> Result<String, toml::ser::Error> {
        let mut table = toml::Table::from_iter([("schema".to_owned(), T::SCHEMA.into())]);
        table.extend(self.loaded.clone());
        let known = toml::Table::try_from(&self.known)?;
        table.extend(known);
        toml::to_string(&table)
    }
}

/// The content of a state file's path.
pub enum Found<T> {
    /// A valid file.
    Sound(T),
    /// The path does not exist.
    Nothing,
    /// This user may not read the file.
    Closed,
    /// The file was read and cannot be parsed.
    Damaged(ParseError),
}

impl<T> Found<T> {
    /// Sets a damaged file aside and returns the warning; `without` is the consequence.
    pub fn set_aside(&self, file: &Path, without: &'static str) -> Option<Warning> {
        let file = file.to_owned();
        match self {
            Self::Sound(_) | Self::Nothing => None,
            Self::Closed => Some(Warning::Unreadable { file }),
            Self::Damaged(damage) => {
                let damage = damage.to_string();
                let kept = atomic::set_aside(&file, aside(&file));
                Some(Warning::SetAside { file, kept, damage, without })
            }
        }
    }
}

/// Reads and parses a state file.
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn find<T>(
    file: &Path,
    limit: u64,
    parse: impl FnOnce(&str) -> Result<T, ParseError>,
) -> Looked<Found<T>> {
    Ok(match textfile::read_text(file, limit)? {
        Ok(None) => Found::Nothing,
        Ok(Some(text)) => parse(&text).map_or_else(Found::Damaged, Found::Sound),
        Err(ReadError::Unreadable(e)) if e.kind() == io::ErrorKind::PermissionDenied => {
            Found::Closed
        }
        Err(error) => Found::Damaged(ParseError::Read(error)),
    })
}

/// Replaces a state file unless it already has this content; creates its directory if necessary.
///
/// # Errors
/// The kernel's error; the file is unchanged.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), Errno> {
    write_as(file, bytes, atomic::PUBLIC)
}

/// Does the same with a mode. A file that already has this content keeps its mode.
///
/// # Errors
/// The kernel's error; the file is unchanged.
pub fn write_as(file: &Path, bytes: &[u8], mode: Mode) -> Result<(), Errno> {
    replace(file, bytes, mode, Durability::Synced)
}

fn replace(file: &Path, bytes: &[u8], mode: Mode, durability: Durability) -> Result<(), Errno> {
    let (Some(dir), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(Errno::EINVAL);
    };
    atomic::create_dir(dir)?;
    let dir = File::open(dir).map_err(look::errno)?;
    if atomic::holds(&dir, name, bytes) {
        return Ok(());
    }
    let _ = atomic::sweep(&dir);
    let replace = || {
        let replaced = atomic::replace_at(&dir, name, bytes, mode, durability);
        replaced.map(drop).map_err(ReplaceError::errno)
    };
    match replace() {
        // A directory at the path would block every write for good.
        Err(Errno::EISDIR) => atomic::set_aside(file, aside(file)).and_then(|_| replace()),
        done => done,
    }
}

/// Flushes the directory of a state file, so that a file that a killed program has replaced survives a
/// power cut. A directory that does not exist, or is never written, has nothing to flush.
///
/// # Errors
/// The kernel's error.
pub fn flush(file: &Path) -> Result<(), Errno> {
    let dir = file.parent().ok_or(Errno::EINVAL)?;
    let flushed = File::open(dir).map_err(look::errno);
    match flushed.and_then(|dir| fsync(&dir)) {
        // File systems that are never written do not know fsync(2).
        Ok(()) | Err(Errno::ENOENT | Errno::EROFS | Errno::EINVAL) => Ok(()),
        Err(why) => Err(why),
    }
}

/// The path to which a damaged file is moved.
fn aside(file: &Path) -> PathBuf {
    let mut aside = file.as_os_str().to_owned();
    aside.push(ASIDE);
    aside.into()
}

/// Checks the schema of a document.
///
/// # Errors
/// [`ParseError::Schema`], or [`ParseError::Read`] if the document has none.
pub fn check_schema(text: &str, known: i64) -> Result<(), ParseError> {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: i64,
    }
    match from_toml::<Head>(text)?.schema {
        found if found == known => Ok(()),
        found => Err(ParseError::Schema { found, known }),
    }
}

/// Deserializes a document.
fn from_toml<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, ParseError> {
    toml::from_str(text).map_err(|error| ParseError::Read(ReadError::toml(text, &error)))
}
