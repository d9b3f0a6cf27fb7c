//! The marks, the device's memory of time, in `/var/lib/licd/clock.a` and `clock.b`: two slots that are
//! written in turn, so that one always holds the previous marks. Each is a TOML document that ends in
//! a checksum:
//!
//! ```toml
//! schema = 1
//! sequence = 42              # grows with every write; the slot with the higher number counts
//! boot = "5b1f1d0c-…"        # the time of writing: the boot ID …
//! uptime = 3600              # … and the uptime in seconds
//! floor = 1795366090         # times are in seconds since 1970
//! refuted = 0
//! trusted = 1795366090
//! seen = 1795366090
//! found = true
//! cut = false
//! clean = false
//! jump = { claims = 1826902090, held = 7200 }   # while licd waits for a clock that is ahead
//! [[lead]]                   # for each signer whose documents put the time ahead
//! by = "iojjPYS…="            # its public key, or "roots"
//! floor = 1795366090
//! refuted = 0
//! trusted = 1795366090
//! seen = 1795366090
//! # crc32 8d3c01f2
//! ```
//!
//! [`Marks`] documents the meaning. A damaged slot is set aside; without a valid slot the device knows
//! the time from its documents only.

mod slot;

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile::{self, Found, SaveError, Warning};
use licd_rules::Marks;
use nix::errno::Errno;

use slot::Slot;

/// The directory of the slots.
const DIR: &str = "/var/lib/licd";
const SLOTS: [&str; 2] = ["clock.a", "clock.b"];
/// Limit of a slot in bytes; a lead for every signer takes three thousand.
const SLOT_BYTES: u64 = 4096;
/// The consequence of a damaged slot.
const WITHOUT: &str = "the device goes by what else it knows of the time";

/// The marks that were last written.
#[derive(Debug, Clone, Default)]
pub struct LastMarks {
    newest: Option<(Slot, usize)>,
}

impl LastMarks {
    /// Reads the marks under this root. A damaged slot comes with a warning.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable): a slot could not be read, which may be the newer
    /// one.
    pub fn load(root: &Root) -> Looked<(Self, Vec<Warning>)> {
        let files = SLOTS.map(|name| root.path(DIR).join(name));
        let mut found = Vec::new();
        for file in &files {
            found.push(statefile::find(file, SLOT_BYTES, Slot::parse)?);
        }
        let warnings = files.iter().zip(&found);
        let warnings = warnings.filter_map(|(file, slot)| slot.set_aside(file, WITHOUT)).collect();
        let slots = found.into_iter().enumerate().filter_map(|(place, slot)| match slot {
            Found::Sound(slot) => Some((slot, place)),
            _ => None,
        });
        Ok((Self { newest: slots.max_by_key(|(slot, _)| slot.sequence) }, warnings))
    }

    /// The marks.
    #[must_use]
    pub fn marks(&self) -> Option<&Marks> {
        self.newest.as_ref().map(|(slot, _)| &slot.marks)
    }

    /// Writes marks under this root, to the older slot. They survive a power cut once the call returns.
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
        // TOML can express numbers and an ID.
        let text = slot.text().map_err(|_| Errno::EINVAL);
        text.and_then(|text| statefile::write(&file, text.as_bytes()))
            .map_err(|why| SaveError::writing(&file, why))?;
        self.newest = Some((slot, place));
        Ok(())
    }
}
