//! The device's memory of licences and trust documents, in `/var/lib/licd/state.toml`:
//!
//! ```toml
//! schema = 1
//!
//! [[roster]]                 # a roster that does not list this unit
//! unit = "mac:00E0C51C5087"
//! pack = "WE-7Q2KD"
//! below = 190                # it withdraws lower serials of the pack from the unit …
//! starts = "2026-11-22"      # … from this day on …
//! signer = "iojjPYS…="        # … while this key may sign for the pack; without a key, always
//!
//! [[reissued]]               # a licence for this unit supersedes lower serials
//! unit = "mac:00E0C51C5087"
//! pack = "WE-7Q2KD"
//! below = 191
//! starts = "2026-11-22"
//! signer = "iojjPYS…="
//!
//! [[converted]]              # a licence supersedes all earlier issues of a pack
//! unit = "mac:00E0C51C5087"
//! pack = "WE-OLD01"
//! below = "2026-11-22T16:48:10Z"
//! starts = "2026-11-22"
//! signer = "iojjPYS…="
//!
//! [[removed]]                # a licence that was removed on purpose
//! pack = "WE-7Q2KD"
//! serial = 188
//! by = "profile"             # by the removal profile; without this key, by a person
//!
//! [[removing]]               # a file of the store that licd is about to remove; after a power cut it
//! file = "WE.lic"            # completes the removal …
//! inode = 13                 # … if the file is still the same
//! changed = 1795366090123456789
//! ```
//!
//! `/var/lib/licd/trust.note` is the newest trust document, so that its withdrawals remain in force when
//! the store loses it or an older image is installed.
//!
//! A licence with several signatures has an entry for each key. Earlier versions wrote entries without
//! `signer`. These count regardless of the keys in force: an update of the system must not bring back a
//! withdrawn licence, and revoking a key does not undo them. The schema is unchanged: an older version
//! reads the file and loses only the signers.

mod entries;

use std::ffi::OsStr;

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::stamp::Stamp;
use licd_fs::statefile::{self, Remembered, SaveError, StateFile, Warning};
use licd_fs::textfile::{self, ReadError};
use licd_rules::Past;
use license_format::limits;
use serde::{Deserialize, Serialize};

pub use licd_fs::statefile::Prepared;

/// The newest trust document.
const TRUST: &str = "/var/lib/licd/trust.note";

/// The keys of the state file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    #[serde(with = "entries")]
    roster: Vec<licd_rules::Roster>,
    #[serde(with = "entries")]
    reissued: Vec<licd_rules::Roster>,
    #[serde(with = "entries")]
    converted: Vec<licd_rules::Taken<license_format::UnixSeconds>>,
    #[serde(with = "entries")]
    removed: Vec<licd_rules::Tombstone>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    removing: Vec<Removing>,
}

/// The device's memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The memory of licences.
    pub past: Past,
    /// The files of an unfinished removal, at most [`REMOVING`].
    pub removing: Vec<Removing>,
    /// Whether the file has no keys of newer versions.
    pub is_known: bool,
}

/// Limit of files in a removal: the limit of the store.
pub const REMOVING: usize = 16_384;

/// A file of the store in an unfinished removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removing {
    file: String,
    inode: u64,
    changed: i64,
}

impl Removing {
    /// A file with this stamp; `None` for a name that is not UTF-8, which TOML cannot express.
    #[must_use]
    pub fn new(file: &OsStr, stamp: Stamp) -> Option<Self> {
        let (inode, changed) = stamp.written();
        Some(Self { file: file.to_str()?.to_owned(), inode, changed })
    }

    /// Whether this is the same file.
    #[must_use]
    pub fn is(&self, file: &OsStr, stamp: Stamp) -> bool {
        file == self.file.as_str() && (self.inode, self.changed) == stamp.written()
    }
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/state.toml";
    const SCHEMA: i64 = 1;
    /// Twice the size of [`licd_rules::REMEMBERED`] entries of each kind, 191 bytes with a signer and
    /// 97 for a tombstone, and of [`REMOVING`] files with names as imports choose them.
    const FILE_BYTES: u64 = 4 * 1024 * 1024;
    const KEYS: &[&str] = &["roster", "reissued", "converted", "removed", "removing"];
    const WITHOUT: &str = "the device starts without its memory";
    /// Without the state, withdrawn licences would count again.
    const COPY: Option<&str> = Some("/var/lib/licd/state.copy.toml");
}

/// Reads the memory under this root, which is empty without a file. A damaged file comes with a warning.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn load(root: &Root) -> Looked<(Memory, Option<Warning>)> {
    let (file, warning) = StateFile::<Known>::load(root)?;
    let is_known = file.is_known();
    Ok((Memory { is_known, ..file.known.into() }, warning))
}

/// The files of an unfinished removal.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn unfinished(root: &Root) -> Looked<Vec<Removing>> {
    Ok(StateFile::<Known>::peek(root)?.known.removing)
}

/// Flushes the memory, which a killed program may have left unflushed.
///
/// # Errors
/// [`SaveError`].
pub fn flush(root: &Root) -> Result<(), SaveError> {
    let file = root.path(Known::FILE);
    statefile::flush(&file).map_err(|why| SaveError::writing(&file, why))
}

/// Changes the memory under this root while holding the lock, and returns the result of `change`. The
/// change survives a power cut once the call returns.
///
/// # Errors
/// [`SaveError`].
pub fn update<R>(root: &Root, change: impl FnOnce(&mut Memory) -> R) -> Result<R, SaveError> {
    StateFile::<Known>::update(root, |known| change_memory(known, change))
}

/// Replaces the memory of licences by what flushed licences of the store prove again, with one flush instead of
/// three: a power cut may leave the old file, and the copy waits for the next update. `read` is the stamp of a
/// file that the caller has read, that [is known](Memory::is_known) and has no unfinished removal: if the file
/// still has it, it is not read again. The change may be [`prepare`]d from the same.
///
/// # Errors
/// Those of [`update`].
pub fn learn(
    root: &Root,
    prepared: Option<Prepared>,
    read: Option<Stamp>,
    past: Past,
) -> Result<(), SaveError> {
    StateFile::<Known>::update_prepared(root, prepared, as_read(root, read), |known| {
        change_memory(known, |memory| memory.past = past);
    })
}

/// Writes the memory as [`learn`] is going to leave it, and flushes that on another thread.
///
/// # Errors
/// Those of [`update`].
pub fn prepare(root: &Root, read: Option<Stamp>, past: Past) -> Result<Prepared, SaveError> {
    StateFile::<Known>::prepare(root, as_read(root, read), |known| {
        change_memory(known, |memory| memory.past = past);
    })
}

/// The keys of the file besides the memory of licences, if it still has the stamp.
fn as_read(root: &Root, read: Option<Stamp>) -> impl FnOnce() -> Option<Known> {
    move || (read.is_some() && stamp(root) == Ok(read)).then(Known::default)
}

fn change_memory<R>(known: &mut Known, change: impl FnOnce(&mut Memory) -> R) -> R {
    let mut memory = Memory::from(std::mem::take(known));
    let done = change(&mut memory);
    memory.past.tidy();
    memory.removing.truncate(REMOVING);
    *known = memory.into();
    done
}

/// The stamp of the state file, to detect a change while other files are read.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn stamp(root: &Root) -> Looked<Option<Stamp>> {
    Stamp::at(&root.path(Known::FILE))
}

/// The stamps of both files, to detect a change later.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn stamps(root: &Root) -> Looked<[Option<Stamp>; 2]> {
    Ok([stamp(root)?, Stamp::at(&root.path(TRUST))?])
}

/// The newest trust document. The inner error means that it is not a readable file.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn trust(root: &Root) -> Looked<Result<Option<Vec<u8>>, ReadError>> {
    textfile::read_own(&root.path(TRUST), limits::TRUST_BYTES as u64)
}

/// Stores a trust document as the newest one.
///
/// # Errors
/// [`SaveError`].
pub fn keep_trust(root: &Root, document: &[u8]) -> Result<(), SaveError> {
    let file = root.path(TRUST);
    statefile::write(&file, document).map_err(|why| SaveError::writing(&file, why))
}

impl From<Known> for Memory {
    fn from(known: Known) -> Self {
        let Known { roster: rosters, reissued, converted, removed, removing } = known;
        let mut past = Past { rosters, reissued, converted, removed };
        past.tidy();
        Self { past, removing, is_known: false }
    }
}

impl From<Memory> for Known {
    fn from(memory: Memory) -> Self {
        let Memory { past, removing, is_known: _ } = memory;
        let Past { rosters: roster, reissued, converted, removed } = past;
        Self { roster, reissued, converted, removed, removing }
    }
}
