//! What the writers of a device share: files, mount, lock.

use crate::medium::{Slot, Torn};

/// The version of a trust document; 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// A damaged file.
    Torn,
    /// A whole one.
    Version(u8),
}

/// A file of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum File {
    /// No file has this name.
    Absent,
    /// A damaged one.
    Torn,
    /// A whole one, by its inode: a file that was stored again is another file.
    Whole(u8),
}

/// The two licences of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Licence {
    /// The one that the other replaces.
    Old,
    /// Its successor.
    New,
}

/// Both licences.
pub const LICENCES: [Licence; 2] = [Licence::Old, Licence::New];

/// A value for each licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Each<T> {
    old: T,
    new: T,
}

impl<T> Each<T> {
    /// A value for each.
    pub const fn of(old: T, new: T) -> Self {
        Self { old, new }
    }

    /// That of one.
    pub fn of_one(&self, licence: Licence) -> &T {
        match licence {
            Licence::Old => &self.old,
            Licence::New => &self.new,
        }
    }

    /// That of one, to change.
    pub fn of_one_mut(&mut self, licence: Licence) -> &mut T {
        match licence {
            Licence::Old => &mut self.old,
            Licence::New => &mut self.new,
        }
    }
}

/// `state.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Memory {
    /// Whether it is damaged.
    pub is_torn: bool,
    /// Licences that were removed on purpose.
    pub tombstones: Each<bool>,
    /// Files of a removal that has begun, by inode.
    pub removing: Each<Option<u8>>,
    /// Whether the new licence has replaced the old one.
    pub has_replaced: bool,
}

impl Torn for Trust {
    const TORN: Self = Self::Torn;
}

impl Torn for File {
    const TORN: Self = Self::Torn;
}

impl Torn for Memory {
    const TORN: Self = Self {
        is_torn: true,
        tombstones: Each::of(false, false),
        removing: Each::of(None, None),
        has_replaced: false,
    };
}

impl Memory {
    /// Whether a removal has begun and not ended.
    pub fn is_removing(&self) -> bool {
        LICENCES.iter().any(|licence| self.removing.of_one(*licence).is_some())
    }
}

/// The mount of the licence partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mount {
    /// Closed.
    ReadOnly,
    /// Open.
    Writable,
}

/// A directory, which is flushed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dir {
    /// `/license/dsa/licenses`.
    Licences,
    /// `/license/dsa`, with the trust document.
    Store,
    /// `/var/lib/licd`.
    State,
}

/// The files that outlive programs, and what only the kernel knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disk {
    /// `/license/dsa/trust.note`.
    pub trust: Slot<Trust>,
    /// `/license/dsa/licenses`.
    pub licences: Each<Slot<File>>,
    /// `/var/lib/licd/trust.note`.
    pub kept: Slot<Trust>,
    /// `/var/lib/licd/state.toml`. Its copy is written the same way, after it, and read only if the
    /// medium damages the file.
    pub memory: Slot<Memory>,
    /// Whether the store has temporary files of no living program.
    pub has_leftovers: bool,
    /// Whether the partition is writable.
    pub mount: Mount,
    /// The inode of the next file.
    pub next: u8,
}

/// What a survey compares to find out whether store and memory have changed. Equal contents count as
/// the same file here, where the programs see another inode: the model notices fewer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamps(Trust, Each<File>, Trust, Memory);

impl Disk {
    /// A medium in perfect order, with this trust document, these licences and this memory.
    pub fn new(trust: u8, licences: Each<File>, memory: Memory) -> Self {
        let Each { old, new } = licences;
        Self {
            trust: Slot::new(Trust::Version(trust)),
            licences: Each::of(Slot::new(old), Slot::new(new)),
            kept: Slot::new(Trust::Version(trust)),
            memory: Slot::new(memory),
            has_leftovers: false,
            mount: Mount::ReadOnly,
            next: 2,
        }
    }

    /// The stamps of all files.
    pub fn stamps(&self) -> Stamps {
        Stamps(self.trust.now(), self.files(), self.kept.now(), self.memory.now())
    }

    /// What the kernel shows of the licences.
    pub fn files(&self) -> Each<File> {
        Each::of(self.licences.old.now(), self.licences.new.now())
    }

    /// Whether the kernel shows a file of this name.
    pub(crate) fn has(&self, licence: Licence) -> bool {
        *self.files().of_one(licence) != File::Absent
    }

    /// The trust document in force: the newest of store and memory.
    pub fn in_force(&self) -> Trust {
        self.trust.now().max(self.kept.now())
    }

    /// Flushes a directory.
    pub fn flush(&mut self, dir: Dir) {
        match dir {
            Dir::Licences => {
                self.licences.old.flush();
                self.licences.new.flush();
            }
            Dir::Store => self.trust.flush(),
            Dir::State => {
                self.kept.flush();
                self.memory.flush();
            }
        }
    }

    /// Every medium that a loss of power can leave. The partition is read-only then.
    pub fn losses(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for trust in self.trust.losses() {
            for old in self.licences.old.losses() {
                for new in self.licences.new.losses() {
                    let licences = Each::of(old.clone(), new);
                    let base = Self { trust: trust.clone(), licences, ..self.clone() };
                    all.extend(base.losses_of_state());
                }
            }
        }
        all
    }

    fn losses_of_state(self) -> Vec<Self> {
        let mut all = Vec::new();
        for kept in self.kept.losses() {
            for memory in self.memory.losses() {
                let mount = Mount::ReadOnly;
                all.push(Self { kept: kept.clone(), memory, mount, ..self.clone() });
            }
        }
        all
    }
}
