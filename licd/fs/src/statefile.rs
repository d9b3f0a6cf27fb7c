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
//!     const KEYS: &[&str] = &["count"];
//!     const WITHOUT: &str = "the count of visits starts again";
//! }
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let root = Root::new(dir.path()).unwrap();
//! StateFile::<Visits>::update(&root, |visits| visits.count += 1).unwrap();
//! let (visits, warning) = StateFile::<Visits>::load(&root).unwrap();
//! assert!(visits.known.count == 1 && warning.is_none());
//! ```

mod document;
mod error;
mod file;
mod prepared;
mod reading;

use std::time::Duration;

use nix::errno::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic::{self, Durability};
use crate::lock::{self, LockError, Locked};
use crate::look::Looked;
use crate::root::Root;

use file::replace;
use prepared::Base;
use reading::Reading;

pub use document::Document;
pub use error::{ParseError, SaveError, Warning};
pub use file::{Found, find, flush, write, write_as};
pub use prepared::Prepared;

/// The lock that a process holds while it changes a state file.
const LOCK: &str = "/run/licd/state.lock";
/// How long a process waits for the lock: many times as long as a change takes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of a state file except `schema`. The default applies without a file.
pub trait Remembered: Default + Serialize + DeserializeOwned {
    /// The path.
    const FILE: &'static str;
    /// The schema that this version reads and writes.
    const SCHEMA: i64;
    /// Limit of the file's size in bytes.
    const FILE_BYTES: u64;
    /// The names of the keys. All others are kept.
    const KEYS: &'static [&'static str];
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
    /// The keys of newer versions.
    unknown: toml::Table,
}

impl<T: Remembered> StateFile<T> {
    /// Whether this version knows all keys of the file.
    pub fn is_known(&self) -> bool {
        self.unknown.is_empty()
    }

    /// Reads the file under this root, else its copy, else the default. A damaged file is set aside
    /// with a warning.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable): the file or its copy could not be read. No file is set aside.
    pub fn load(root: &Root) -> Looked<(Self, Option<Warning>)> {
        let reading = Reading::of(root)?;
        if reading.is_in_order() {
            return Ok((reading.content(), None));
        }
        // Another process may replace the file, or have done so since.
        match lock(root) {
            Ok(_lock) => Self::load_locked(root),
            Err(why) => Ok(reading.unrepaired(root, why)),
        }
    }

    /// Does the same while the lock is held.
    fn load_locked(root: &Root) -> Looked<(Self, Option<Warning>)> {
        Ok(Reading::of(root)?.repaired(root))
    }

    /// Reads the file under this root, else its copy, and leaves damaged files alone.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable).
    pub fn peek(root: &Root) -> Looked<Self> {
        Ok(Reading::of(root)?.content())
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
        let _lock = lock_to_save(root)?;
        let mut state = Self::current(None, || Self::load_locked(root))?;
        let done = change(&mut state.known);
        state.save(root)?;
        Ok(done)
    }

    /// Writes what the file under this root becomes by a change, and flushes that on another thread, while the
    /// file stays as it is. [`StateFile::update_prepared`] makes the change. The file is not read if `known` returns
    /// its keys: the caller has read them, the file has no others, and it has not changed since.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn prepare(
        root: &Root,
        known: impl FnOnce() -> Option<T>,
        change: impl FnOnce(&mut T),
    ) -> Result<Prepared, SaveError> {
        let file = root.path(T::FILE);
        let unwritten = |why| SaveError::writing(&file, why);
        let base = Base::open(&file).map_err(unwritten)?;
        let mut state = Self::current(known(), || Self::load(root))?;
        change(&mut state.known);
        let text = state.text().map_err(|_| unwritten(Errno::EINVAL))?;
        Prepared::begin(file.clone(), base, text.as_bytes()).map_err(unwritten)
    }

    /// Makes a change that was prepared, or the change anew if the file has changed since, or the content could
    /// not be flushed. A power cut leaves either file whole. The copy keeps to changes of [`StateFile::update`].
    /// `known` is asked while the lock is held, as for [`StateFile::prepare`].
    ///
    /// # Errors
    /// Those of [`StateFile::update`].
    pub fn update_prepared(
        root: &Root,
        prepared: Option<Prepared>,
        known: impl FnOnce() -> Option<T>,
        change: impl FnOnce(&mut T),
    ) -> Result<(), SaveError> {
        let _lock = lock_to_save(root)?;
        if prepared.is_some_and(|prepared| prepared.make().is_ok()) {
            return Ok(());
        }
        let mut state = Self::current(known(), || Self::load_locked(root))?;
        change(&mut state.known);
        state.save_as(root, Durability::Whole)
    }

    /// The file before a change: as the caller knows it, or as it is loaded.
    fn current(
        known: Option<T>,
        load: impl FnOnce() -> Looked<(Self, Option<Warning>)>,
    ) -> Result<Self, SaveError> {
        if let Some(known) = known {
            return Ok(Self { known, unknown: toml::Table::new() });
        }
        let (state, warning) = load().map_err(SaveError::Unread)?;
        if let Some(warning) = warning {
            log::warn!("{warning}");
        }
        Ok(state)
    }

    fn parse(text: &str) -> Result<Self, ParseError> {
        let mut document = Document::parse(text, T::SCHEMA)?;
        let unknown = document.take_except(T::KEYS)?;
        Ok(Self { known: document.read()?, unknown })
    }

    fn text(&self) -> Result<String, toml::ser::Error> {
        let mut table = toml::Table::try_from(&self.known)?;
        debug_assert!(table.keys().all(|key| T::KEYS.contains(&key.as_str())), "{}", T::FILE);
        table.insert("schema".to_owned(), T::SCHEMA.into());
        table.extend(self.unknown.clone());
        toml::to_string(&table)
    }
}

/// The right to change state files; dropping it releases the lock.
fn lock(root: &Root) -> Result<Locked, Errno> {
    lock::take(&root.path(LOCK), LOCK_TIMEOUT).map_err(|error| match error {
        LockError::Held(_) => Errno::EBUSY,
        LockError::Kernel(why) => why,
    })
}

fn lock_to_save(root: &Root) -> Result<Locked, SaveError> {
    lock(root).map_err(|why| SaveError::writing(&root.path(LOCK), why))
}

#[cfg(test)]
mod tests;
