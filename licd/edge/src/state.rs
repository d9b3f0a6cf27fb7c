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
//! How it is read and written is told at [`statefile`](crate::statefile).

use std::cmp::Reverse;

use licd_rules::Roster;
use license_format::{Date, PackId, Serial};
use serde::{Deserialize, Serialize};

use crate::root::Root;
use crate::statefile::{Notice, Remembered, SaveError, StateFile};

/// Rosters kept: many times the packs that one device ever sees.
pub const ROSTERS: usize = 1024;

/// What the device remembers.
#[derive(Debug, Clone, Default)]
pub struct State(StateFile<Known>);

/// The keys that this version knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    #[serde(with = "entries")]
    roster: Vec<Roster>,
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/state.toml";
    const SCHEMA: i64 = 1;
    /// Ten times what [`ROSTERS`] take.
    const FILE_BYTES: u64 = 1024 * 1024;
    const WITHOUT: &str = "the device starts without its memory";
}

/// A roster as the file spells it.
#[derive(Serialize, Deserialize)]
struct Entry {
    pack: String,
    serial: u64,
    starts: String,
}

impl State {
    /// Reads the state below this root. If there is none, or none that can be understood, it is
    /// empty; the latter comes with a notice.
    #[must_use]
    pub fn load(root: &Root) -> (Self, Option<Notice>) {
        let (mut file, notice) = StateFile::<Known>::load(root);
        tidy(&mut file.known.roster);
        (Self(file), notice)
    }

    /// Writes the state below this root, so that a power cut leaves the old or the new one. Nothing
    /// is written if the file already says so.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn save(&self, root: &Root) -> Result<(), SaveError> {
        self.0.save(root)
    }

    /// The rosters that did not list this device, by pack, the highest serial first.
    #[must_use]
    pub fn rosters(&self) -> &[Roster] {
        &self.0.known.roster
    }

    /// Remembers a roster that did not list this device. Of two of a pack, one that withdraws no
    /// more and no earlier than the other is dropped; beyond [`ROSTERS`] those go that started
    /// first.
    pub fn remember(&mut self, roster: Roster) {
        self.0.known.roster.push(roster);
        tidy(&mut self.0.known.roster);
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
