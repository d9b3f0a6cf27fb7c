//! What the device remembers of the time, in `/var/lib/licd/clock.a` and `clock.b`: two slots,
//! written in turn, so that whatever becomes of one of them the other holds what was written
//! before. Each is a TOML document with a checksum as its last line:
//!
//! ```toml
//! schema = 1
//! sequence = 42              # grows with every write; of two valid slots the higher one counts
//! boot = "5b1f1d0c-…"        # when all this held: the start of the system …
//! uptime = 3600              # … and seconds since
//! floor = 1795366090         # times are in seconds since 1970
//! refuted = 0
//! trusted = 1795366090
//! seen = 1795366090
//! found = true
//! cut = false
//! clean = false
//! jump = { claims = 1826902090, held = 7200 }   # only while a clock ahead is waited for
//! # crc32 8d3c01f2
//! ```
//!
//! What the marks mean is told where they are decided, at [`Marks`]. A slot that cannot be
//! understood is set aside; without any the device knows no more of the time than its documents
//! tell.

mod slot;

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use licd_rules::Marks;
use nix::errno::Errno;

use crate::atomic::{self, Durability};
use crate::root::Root;
use crate::textfile::{self, Flaw};
use slot::Slot;

/// Where the slots are.
const DIR: &str = "/var/lib/licd";
const SLOTS: [&str; 2] = ["clock.a", "clock.b"];
/// What comes after the name of a slot that was set aside.
const ASIDE: &str = ".damaged";
/// Bytes of a slot: several times what one holds.
const SLOT_BYTES: u64 = 4096;

/// The marks that were written last.
#[derive(Debug, Clone, Default)]
pub struct Written {
    newest: Option<(Slot, usize)>,
}

/// Something that the user should know about a slot.
#[derive(Debug)]
pub enum Notice {
    /// It could not be understood and was set aside.
    SetAside {
        /// The slot.
        file: PathBuf,
        /// Where it is now, or why it is still there.
        kept: Result<PathBuf, Errno>,
        /// What is wrong with it.
        damage: Damage,
    },
    /// This user may not read it.
    Unreadable {
        /// The slot.
        file: PathBuf,
    },
}

/// What is wrong with a slot.
#[derive(Debug)]
pub enum Damage {
    /// It cannot be read, or is no file or no TOML.
    Flaw(Flaw),
    /// It ends in no checksum, or not in that of what comes before.
    Checksum,
    /// It has this schema, most likely that of a newer version.
    Schema(i64),
}

/// Why the marks were not written; those of before are still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveError {
    /// The slot.
    pub file: PathBuf,
    /// The kernel's reason.
    pub why: Errno,
}

impl Written {
    /// Reads what was written below this root, and tells of what could not be used.
    #[must_use]
    pub fn load(root: &Root) -> (Self, Vec<Notice>) {
        let (mut newest, mut notices) = (None::<(Slot, usize)>, Vec::new());
        for (place, name) in SLOTS.iter().enumerate() {
            match read(&root.path(DIR).join(name)) {
                Ok(Some(slot)) if newest.as_ref().is_none_or(|n| n.0.sequence < slot.sequence) => {
                    newest = Some((slot, place));
                }
                Ok(_) => {}
                Err(notice) => notices.push(notice),
            }
        }
        (Self { newest }, notices)
    }

    /// The marks.
    #[must_use]
    pub fn marks(&self) -> Option<&Marks> {
        self.newest.as_ref().map(|(slot, _)| &slot.marks)
    }

    /// Writes marks below this root, in the slot that does not hold the last ones. They survive a
    /// power cut from here on.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn save(&mut self, root: &Root, marks: Marks) -> Result<(), SaveError> {
        let (sequence, place) = match &self.newest {
            Some((slot, place)) => (slot.sequence.saturating_add(1), 1 - place),
            None => (1, 0),
        };
        let slot = Slot { sequence, marks };
        let name = SLOTS.get(place).copied().unwrap_or_default();
        let dir = root.path(DIR);
        write(&dir, name, &slot).map_err(|why| SaveError { file: dir.join(name), why })?;
        self.newest = Some((slot, place));
        Ok(())
    }
}

fn read(file: &Path) -> Result<Option<Slot>, Notice> {
    let damage = match textfile::read_text(file, SLOT_BYTES) {
        Ok(None) => return Ok(None),
        Ok(Some(text)) => match Slot::parse(&text) {
            Ok(slot) => return Ok(Some(slot)),
            Err(damage) => damage,
        },
        Err(Flaw::Unreadable(e)) if e.kind() == io::ErrorKind::PermissionDenied => {
            return Err(Notice::Unreadable { file: file.to_owned() });
        }
        Err(flaw) => Damage::Flaw(flaw),
    };
    let mut aside = file.as_os_str().to_owned();
    aside.push(ASIDE);
    let kept = atomic::set_aside(file, aside.into());
    Err(Notice::SetAside { file: file.to_owned(), kept, damage })
}

fn write(dir: &Path, name: &str, slot: &Slot) -> Result<(), Errno> {
    // Numbers and an ID: nothing that TOML could not hold.
    let text = slot.text().map_err(|_| Errno::EINVAL)?;
    atomic::create_dir(dir)?;
    let dir = File::open(dir).map_err(|e| Errno::try_from(e).unwrap_or(Errno::EIO))?;
    let _ = atomic::sweep(&dir);
    let name = OsStr::new(name);
    atomic::replace_at(&dir, name, text.as_bytes(), atomic::PUBLIC, Durability::Synced)
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flaw(flaw) => flaw.fmt(f),
            Self::Checksum => f.write_str("its checksum is missing or wrong"),
            Self::Schema(found) => {
                write!(
                    f,
                    "has schema {found}, which needs another licd; this one knows {}",
                    slot::SCHEMA
                )
            }
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { file, kept: Ok(kept), damage } => write!(
                f,
                "{}: {damage}; it is kept as {}, and the device goes by what else it knows of the \
                 time",
                file.display(),
                kept.display()
            ),
            Self::SetAside { file, kept: Err(why), damage } => write!(
                f,
                "{}: {damage}; it could not be set aside ({}), and is passed over",
                file.display(),
                why.desc()
            ),
            Self::Unreadable { file } => {
                write!(f, "{}: may not be read by this user; it is passed over", file.display())
            }
        }
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot be written: {}", self.file.display(), self.why.desc())
    }
}

impl std::error::Error for SaveError {}
