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
//! [[lead]]                   # what documents tell beyond that: one for each signer that does
//! by = "iojjPYS…="            # its public key, or "roots"
//! floor = 1795366090
//! refuted = 0
//! trusted = 1795366090
//! seen = 1795366090
//! # crc32 8d3c01f2
//! ```
//!
//! What the marks mean is told where they are decided, at [`Marks`]. A slot that cannot be
//! understood is set aside; without any the device knows no more of the time than its documents
//! tell.

mod slot;

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile::{self, Found, Notice, SaveError};
use licd_rules::Marks;
use nix::errno::Errno;

use slot::Slot;

/// Where the slots are.
const DIR: &str = "/var/lib/licd";
const SLOTS: [&str; 2] = ["clock.a", "clock.b"];
/// Bytes of a slot: more than one holds with a lead of every signer, three thousand.
const SLOT_BYTES: u64 = 4096;
/// What holds without a slot.
const WITHOUT: &str = "the device goes by what else it knows of the time";

/// The marks that were written last.
#[derive(Debug, Clone, Default)]
pub struct Written {
    newest: Option<(Slot, usize)>,
}

impl Written {
    /// Reads what was written below this root, and tells of what could not be used.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable): one of the slots could not be read, and may be the
    /// newer one.
    pub fn load(root: &Root) -> Looked<(Self, Vec<Notice>)> {
        let files = SLOTS.map(|name| root.path(DIR).join(name));
        let mut found = Vec::new();
        for file in &files {
            found.push(statefile::find(file, SLOT_BYTES, Slot::parse)?);
        }
        let notices = files.iter().zip(&found);
        let notices = notices.filter_map(|(file, slot)| slot.set_aside(file, WITHOUT)).collect();
        let slots = found.into_iter().enumerate().filter_map(|(place, slot)| match slot {
            Found::Sound(slot) => Some((slot, place)),
            _ => None,
        });
        Ok((Self { newest: slots.max_by_key(|(slot, _)| slot.sequence) }, notices))
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
        let file = root.path(DIR).join(name);
        // Numbers and an ID: nothing that TOML could not hold.
        let text = slot.text().map_err(|_| Errno::EINVAL);
        text.and_then(|text| statefile::write(&file, text.as_bytes()))
            .map_err(|why| SaveError::writing(&file, why))?;
        self.newest = Some((slot, place));
        Ok(())
    }
}
