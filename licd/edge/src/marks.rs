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

use licd_rules::Marks;
use nix::errno::Errno;

use crate::root::Root;
use crate::statefile::{self, Notice, SaveError};
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
    #[must_use]
    pub fn load(root: &Root) -> (Self, Vec<Notice>) {
        let (mut newest, mut notices) = (None::<(Slot, usize)>, Vec::new());
        for (place, name) in SLOTS.iter().enumerate() {
            let file = root.path(DIR).join(name);
            match statefile::read(&file, SLOT_BYTES, WITHOUT, Slot::parse) {
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
        let file = root.path(DIR).join(name);
        // Numbers and an ID: nothing that TOML could not hold.
        let text = slot.text().map_err(|_| Errno::EINVAL);
        text.and_then(|text| statefile::write(&file, text.as_bytes()))
            .map_err(|why| SaveError { file, why })?;
        self.newest = Some((slot, place));
        Ok(())
    }
}
