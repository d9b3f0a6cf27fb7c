//! What the device remembers of licences and trust documents, in `/var/lib/licd/state.toml`:
//!
//! ```toml
//! schema = 1
//!
//! [[roster]]                 # a roster that did not list this unit
//! unit = "mac:00E0C51C5087"
//! pack = "WE-7Q2KD"
//! below = 190                # lower serials of the pack are withdrawn from it …
//! starts = "2026-11-22"      # … as of this day …
//! signer = "iojjPYS…="        # … while this key may sign what is withdrawn; without: in any case
//!
//! [[reissued]]               # a licence for this unit: lower serials are superseded
//! unit = "mac:00E0C51C5087"
//! pack = "WE-7Q2KD"
//! below = 191
//! starts = "2026-11-22"
//! signer = "iojjPYS…="
//!
//! [[converted]]              # one that superseded a pack: what was issued earlier is
//! unit = "mac:00E0C51C5087"
//! pack = "WE-OLD01"
//! below = "2026-11-22T16:48:10Z"
//! starts = "2026-11-22"
//! signer = "iojjPYS…="
//!
//! [[removed]]                # a licence that was removed on purpose
//! pack = "WE-7Q2KD"
//! serial = 188
//! by = "profile"             # by the removal profile of the settings; without: by a person
//!
//! [[removing]]               # a file of the store that is being removed; written before, so that a
//! file = "WE.lic"            # removal that was cut off is brought to its end …
//! inode = 13                 # … if it is still this file
//! changed = 1795366090123456789
//! ```
//!
//! and in `/var/lib/licd/trust.note`: the newest trust document seen, so that what it withdrew stays
//! withdrawn when the store loses it or an older image is installed.
//!
//! A licence that several keys have signed leaves an entry for each of them. Earlier versions wrote
//! entries without `signer`. They count whatever keys are in force, since what they withdrew must not
//! come back by an update of the system; a key that is revoked later does not undo these. The schema
//! is the same, so that an older version reads the file as well and forgets no more than who signed.
//!
//! How the first is read and written is told at [`statefile`].

mod entries;

use std::ffi::OsStr;

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::stamp::Stamp;
use licd_fs::statefile::{self, Notice, Remembered, SaveError, StateFile};
use licd_fs::textfile::{self, Flaw};
use licd_rules::Past;
use license_format::limits;
use serde::{Deserialize, Serialize};

/// The newest trust document seen.
const TRUST: &str = "/var/lib/licd/trust.note";

/// The keys of the state.
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

/// What the device remembers.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Of licences.
    pub past: Past,
    /// Files of the store that are being removed, at most [`REMOVING`].
    pub removing: Vec<Removing>,
}

/// Files that are being removed at once: as many as the store is looked at for.
pub const REMOVING: usize = 16_384;

/// A file of the store that is being removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removing {
    file: String,
    inode: u64,
    changed: i64,
}

impl Removing {
    /// A file with this stamp; `None` for a name that is no text, which a state file cannot hold.
    #[must_use]
    pub fn new(file: &OsStr, stamp: Stamp) -> Option<Self> {
        let (inode, changed) = stamp.written();
        Some(Self { file: file.to_str()?.to_owned(), inode, changed })
    }

    /// Whether it is this file.
    #[must_use]
    pub fn is(&self, file: &OsStr, stamp: Stamp) -> bool {
        file == self.file.as_str() && (self.inode, self.changed) == stamp.written()
    }
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/state.toml";
    const SCHEMA: i64 = 1;
    /// Twice what [`licd_rules::REMEMBERED`] entries of each kind take, 191 bytes where there is a
    /// signer and 97 of a tombstone, and [`REMOVING`] with names of the length that imports give.
    const FILE_BYTES: u64 = 4 * 1024 * 1024;
    const WITHOUT: &str = "the device starts without its memory";
    /// What was withdrawn would count again without it.
    const COPY: Option<&str> = Some("/var/lib/licd/state.copy.toml");
}

/// Reads what is remembered below this root. If there is no file, or none that can be understood,
/// it is nothing; the latter comes with a notice.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn load(root: &Root) -> Looked<(Memory, Option<Notice>)> {
    let (file, notice) = StateFile::<Known>::load(root)?;
    Ok((file.known.into(), notice))
}

/// The files of a removal that was cut off.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn unfinished(root: &Root) -> Looked<Vec<Removing>> {
    Ok(StateFile::<Known>::peek(root)?.known.removing)
}

/// Changes what is remembered below this root, so that a power cut leaves the old or the new file,
/// and returns what `change` does. Nothing is written if it changes nothing.
///
/// # Errors
/// [`SaveError`].
pub fn update<R>(root: &Root, change: impl FnOnce(&mut Memory) -> R) -> Result<R, SaveError> {
    StateFile::<Known>::update(root, |known| {
        let mut memory = Memory::from(std::mem::take(known));
        let done = change(&mut memory);
        memory.past.tidy();
        memory.removing.truncate(REMOVING);
        *known = memory.into();
        done
    })
}

/// By what a later look tells whether all of this is as it was.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn stamps(root: &Root) -> Looked<[Option<Stamp>; 2]> {
    Ok([Stamp::at(&root.path(Known::FILE))?, Stamp::at(&root.path(TRUST))?])
}

/// The newest trust document seen. The inner error: it is no readable file.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn trust(root: &Root) -> Looked<Result<Option<Vec<u8>>, Flaw>> {
    textfile::read(&root.path(TRUST), limits::TRUST_BYTES as u64)
}

/// Remembers a trust document as the newest one.
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
        Self { past, removing }
    }
}

impl From<Memory> for Known {
    fn from(memory: Memory) -> Self {
        let Memory { past, removing } = memory;
        let Past { rosters: roster, reissued, converted, removed } = past;
        Self { roster, reissued, converted, removed, removing }
    }
}
