//! What the programs do, one step at a time.

use std::fmt;

use crate::device::{Dir, Each, Licence, Trust};

/// A step of a program: the work of one function. Other programs may run between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Notes what tells whether the device has changed. licd notes it of the licences only before it lists
    /// them; a stamp that is younger than here, and older than what is read, tells no less.
    Stamp,
    /// Reads the trust document of the memory.
    ReadKept,
    /// Reads the rest of the memory.
    ReadMemory,
    /// Reads the trust document of the store.
    ReadTrust,
    /// Reads which licences the store has.
    List,
    /// Reads one of these.
    ReadLicence(Licence),
    /// Looks whether the memory has changed since, or a listed licence was gone.
    Confirm,
    /// Decides from what was read, without the lock.
    Foresee,
    /// Waits for the lock of writers and takes it.
    Lock,
    /// Takes the lock at the start of a program.
    LockToSettle,
    /// Looks whether a removal was cut off.
    LookForRemoval,
    /// Reads again what has changed since it was read.
    Renew,
    /// Decides under the lock.
    Decide,
    /// Makes the partition writable, and removes temporary files that a crash has left.
    Open,
    /// Makes a temporary file with a new content.
    Write(Target),
    /// Flushes the temporary file.
    FlushFile,
    /// Gives it its name.
    Rename(Target),
    /// Makes a temporary file with the memory as an import will leave it.
    Prepare(Change),
    /// Flushes that.
    FlushPrepared,
    /// Gives it its name.
    Commit,
    /// Flushes the directory that it is in.
    FlushDir(Dir),
    /// Flushes the memory: what a cut-off removal was read from, or an import has learned.
    FlushRecord,
    /// Removes a licence.
    Unlink(Licence),
    /// Flushes the removals of a window.
    FlushRemovals,
    /// Flushes what another program may have left unflushed.
    FlushStore,
    /// Makes the partition read-only.
    Close,
    /// Repairs at the start of a program what a crash has left.
    Settle,
    /// Releases the lock.
    Unlock,
    /// Answers the caller.
    Answer(Answer),
}

/// The file that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The trust document of the store.
    Trust(u8),
    /// The trust document of the memory.
    Kept(Trust),
    /// A licence.
    Licence(Licence),
    /// The memory.
    Memory(Change),
}

/// How the memory changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// The intent to remove licences, and their tombstones.
    Intend(Each<bool>),
    /// The end of a removal.
    Conclude,
    /// Licences that come back lose their tombstones; whether the new one has replaced the old one.
    Learn(Each<bool>, bool),
}

/// What a program has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// This trust document is in force, or a newer one.
    Trust(u8),
    /// These licences are in the store.
    Stored(Each<bool>),
    /// These licences were removed.
    Removed(Each<bool>),
    /// What the reader has read.
    Read,
    /// Nothing that anyone relies on.
    Nothing,
}

impl Step {
    /// A step of each kind.
    pub const ALL: [Self; 29] = {
        let (target, licence) = (Target::Trust(1), Licence::Old);
        [
            Self::Stamp,
            Self::ReadKept,
            Self::ReadMemory,
            Self::ReadTrust,
            Self::List,
            Self::ReadLicence(licence),
            Self::Confirm,
            Self::Foresee,
            Self::Lock,
            Self::LockToSettle,
            Self::LookForRemoval,
            Self::Renew,
            Self::Decide,
            Self::Open,
            Self::Write(target),
            Self::FlushFile,
            Self::Rename(target),
            Self::Prepare(Change::Conclude),
            Self::FlushPrepared,
            Self::Commit,
            Self::FlushDir(Dir::Store),
            Self::FlushRecord,
            Self::Unlink(licence),
            Self::FlushRemovals,
            Self::FlushStore,
            Self::Close,
            Self::Settle,
            Self::Unlock,
            Self::Answer(Answer::Nothing),
        ]
    };

    /// Whether this step only decides: by what the program has read, or by files that no other program
    /// may write meanwhile. Its place among the steps of others does not matter.
    pub fn is_decision(self) -> bool {
        matches!(self, Self::Foresee | Self::LookForRemoval | Self::Renew | Self::Decide)
            // Others cannot see the file.
            || self == Self::FlushPrepared
    }

    /// The file and the function of the product that this step is.
    pub fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Stamp => ("licd/device/src/survey/stamps.rs", "memory_stamps"),
            Self::ReadKept | Self::ReadTrust => ("licd/device/src/survey/trust.rs", "find_trust"),
            Self::ReadMemory => ("licd/device/src/survey/stamps.rs", "begin"),
            Self::List => ("licd/device/src/survey/store.rs", "read_store"),
            Self::Confirm => ("licd/device/src/survey/reading.rs", "read_consistently"),
            Self::ReadLicence(_) => ("licd/device/src/survey/entry.rs", "read_entry"),
            Self::Foresee => ("licd/device/src/assess.rs", "foresee"),
            Self::Lock => ("licd/store/src/writer.rs", "writer"),
            Self::LockToSettle | Self::Settle => ("licd/store/src/writer.rs", "settle"),
            Self::LookForRemoval => ("licd/device/src/removal.rs", "finish_removal"),
            Self::Renew => ("licd/device/src/survey/stamps.rs", "is_current"),
            Self::Decide => ("licd/device/src/carry_out.rs", "judge_all"),
            Self::Open => ("licd/store/src/window.rs", "open"),
            Self::Write(_) => ("licd/fs/src/atomic/temporary.rs", "with"),
            Self::FlushFile => ("licd/fs/src/atomic/temporary.rs", "flush"),
            Self::Rename(_) => ("licd/fs/src/atomic/temporary.rs", "rename"),
            Self::Prepare(_) => ("licd/fs/src/statefile.rs", "prepare"),
            Self::FlushPrepared => ("licd/fs/src/statefile/prepared.rs", "begin"),
            Self::Commit => ("licd/fs/src/statefile/prepared.rs", "make"),
            Self::FlushDir(_) => ("licd/fs/src/atomic.rs", "replace_at"),
            Self::FlushRecord => ("licd/files/src/state.rs", "flush"),
            Self::Unlink(_) => ("licd/store/src/window.rs", "discard"),
            Self::FlushRemovals => ("licd/store/src/closing.rs", "shut"),
            Self::FlushStore => ("licd/store/src/lib.rs", "flush"),
            Self::Close => ("licd/store/src/closing.rs", "make_read_only"),
            Self::Unlock => ("licd/store/src/writer.rs", "write"),
            Self::Answer(_) => ("licd/device/src/assess.rs", "imported"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, function) = self.code();
        write!(f, "{file}, {function}: {self:?}")
    }
}
