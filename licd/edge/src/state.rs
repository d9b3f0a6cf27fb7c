//! What the device remembers in `/var/lib/licd/state.toml`, one TOML document:
//!
//! ```toml
//! schema = 1
//!
//! [[roster]]                 # a roster that did not list this device
//! pack = "WE-7Q2KD"
//! serial = 190               # lower serials of the pack are withdrawn from it …
//! starts = "2026-11-22"      # … as of this day
//! ```
//!
//! `schema` grows when a key changes its meaning, not when one is added: keys of the top level that
//! this version does not know are kept. A file that cannot be understood is set aside and never
//! taken for an empty one without a word.

use std::cmp::Reverse;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use licd_rules::Roster;
use license_format::{Date, PackId, Serial};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::atomic::{self, Durability};
use crate::root::Root;
use crate::textfile::{self, Flaw};

/// Where it is, and where one that cannot be understood goes.
const FILE: &str = "/var/lib/licd/state.toml";
const SET_ASIDE: &str = "/var/lib/licd/state.toml.damaged";
/// What this version writes and reads.
const SCHEMA: i64 = 1;
/// Bytes of the file: ten times what [`ROSTERS`] take.
const FILE_BYTES: u64 = 1024 * 1024;
/// Rosters kept: many times the packs that one device ever sees.
pub const ROSTERS: usize = 1024;

/// What the device remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    known: Known,
    /// The file as it was loaded, for what a newer version wrote.
    loaded: toml::Table,
}

/// The keys that this version knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    schema: i64,
    #[serde(default, with = "entries")]
    roster: Vec<Roster>,
}

/// A roster as the file spells it.
#[derive(Serialize, Deserialize)]
struct Entry {
    pack: String,
    serial: u64,
    starts: String,
}

/// Something that the user should know about the file.
#[derive(Debug)]
pub enum Notice {
    /// It could not be understood and was set aside; the device begins anew.
    SetAside {
        /// The file.
        file: PathBuf,
        /// Where it is now, or why it is still there.
        kept: Result<PathBuf, Errno>,
        /// What is wrong with it.
        flaw: Damage,
    },
    /// This user may not read it; nothing is known.
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
    /// It has this schema, most likely that of a newer version.
    Schema(i64),
}

/// Why the state was not saved; the file is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveError {
    /// The file.
    pub file: PathBuf,
    /// The kernel's reason.
    pub why: Errno,
}

impl State {
    /// Reads the state below this root. If there is none, or none that can be understood, it is
    /// empty; the latter comes with a notice.
    #[must_use]
    pub fn load(root: &Root) -> (Self, Option<Notice>) {
        let file = root.path(FILE);
        let damage = match textfile::read_text(&file, FILE_BYTES) {
            Ok(None) => return (Self::default(), None),
            Ok(Some(text)) => match Self::parse(&text) {
                Ok(state) => return (state, None),
                Err(damage) => damage,
            },
            Err(Flaw::Unreadable(e)) if e.kind() == io::ErrorKind::PermissionDenied => {
                return (Self::default(), Some(Notice::Unreadable { file }));
            }
            Err(flaw) => Damage::Flaw(flaw),
        };
        let kept = atomic::set_aside(&file, root.path(SET_ASIDE));
        (Self::default(), Some(Notice::SetAside { file, kept, flaw: damage }))
    }

    /// Writes the state below this root, so that a power cut leaves the old or the new one. Nothing
    /// is written if the file already says so.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn save(&self, root: &Root) -> Result<(), SaveError> {
        let file = root.path(FILE);
        self.write(&file).map_err(|why| SaveError { file, why })
    }

    /// The rosters that did not list this device, by pack, the highest serial first.
    #[must_use]
    pub fn rosters(&self) -> &[Roster] {
        &self.known.roster
    }

    /// Remembers a roster that did not list this device. Of two of a pack, one that withdraws no
    /// more and no earlier than the other is dropped; beyond [`ROSTERS`] those go that started
    /// first.
    pub fn remember(&mut self, roster: Roster) {
        self.known.roster.push(roster);
        tidy(&mut self.known.roster);
    }

    fn parse(text: &str) -> Result<Self, Damage> {
        let wrong = |error| Damage::Flaw(Flaw::toml(text, &error));
        let loaded: toml::Table = text.parse().map_err(wrong)?;
        match loaded.get("schema").and_then(toml::Value::as_integer) {
            Some(other) if other != SCHEMA => return Err(Damage::Schema(other)),
            _ => {}
        }
        let mut known: Known = toml::from_str(text).map_err(wrong)?;
        tidy(&mut known.roster);
        Ok(Self { known, loaded })
    }

    fn text(&self) -> Result<String, toml::ser::Error> {
        let mut table = self.loaded.clone();
        table.extend(toml::Table::try_from(&self.known)?);
        toml::to_string(&table)
    }

    fn write(&self, file: &Path) -> Result<(), Errno> {
        // Nothing known or loaded cannot be written.
        let text = self.text().map_err(|_| Errno::EINVAL)?;
        let (Some(dir), Some(name)) = (file.parent(), file.file_name()) else {
            return Err(Errno::EINVAL);
        };
        atomic::create_dir(dir)?;
        let dir = fs::File::open(dir).map_err(|e| Errno::try_from(e).unwrap_or(Errno::EIO))?;
        if atomic::holds(&dir, name, text.as_bytes()) {
            return Ok(());
        }
        let _ = atomic::sweep(&dir);
        atomic::replace_at(&dir, name, text.as_bytes(), atomic::PUBLIC, Durability::Synced)
    }
}

impl Default for Known {
    fn default() -> Self {
        Self { schema: SCHEMA, roster: Vec::new() }
    }
}

impl TryFrom<Entry> for Roster {
    type Error = &'static str;

    fn try_from(entry: Entry) -> Result<Self, Self::Error> {
        Ok(Self {
            pack: PackId::parse(&entry.pack).ok_or("“pack” is no pack ID")?,
            serial: Serial::new(entry.serial).ok_or("“serial” is no serial number")?,
            starts: Date::parse(&entry.starts).ok_or("“starts” is no day")?,
        })
    }
}

impl From<&Roster> for Entry {
    fn from(roster: &Roster) -> Self {
        Self {
            pack: roster.pack.to_string(),
            serial: roster.serial.get(),
            starts: roster.starts.to_string(),
        }
    }
}

/// How serde sees the rosters.
mod entries {
    use licd_rules::Roster;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::Entry;

    pub(super) fn serialize<S: Serializer>(rosters: &[Roster], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(rosters.iter().map(Entry::from))
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<Vec<Roster>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let entries = Vec::<Entry>::deserialize(from)?;
        entries.into_iter().map(|entry| entry.try_into().map_err(D::Error::custom)).collect()
    }
}

fn tidy(rosters: &mut Vec<Roster>) {
    // Of a pack, a lower serial matters only if it starts earlier than all the higher ones.
    rosters.sort_by(|a, b| (&a.pack, b.serial, a.starts).cmp(&(&b.pack, a.serial, b.starts)));
    rosters.dedup_by(|lower, kept| kept.pack == lower.pack && kept.starts <= lower.starts);
    if rosters.len() > ROSTERS {
        rosters.sort_by_key(|roster| Reverse(roster.starts));
        rosters.truncate(ROSTERS);
        tidy(rosters);
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flaw(flaw) => flaw.fmt(f),
            Self::Schema(found) => {
                write!(f, "has schema {found}, which needs another licd; this one knows {SCHEMA}")
            }
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { file, kept: Ok(kept), flaw } => write!(
                f,
                "{}: {flaw}; it is kept as {}, and the device starts without its memory",
                file.display(),
                kept.display()
            ),
            Self::SetAside { file, kept: Err(why), flaw } => write!(
                f,
                "{}: {flaw}; it could not be set aside ({}), and is passed over",
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
