//! The time that licences are judged at.
//!
//! A device may lack a clock battery or a time server, or a user may set its clock back to keep a
//! licence. So the wall clock counts, but only against the remembered [`Marks`] and the running
//! time of the machine, which users cannot set. The rules, each with its reason:
//!
//! **Synchronised time counts at once, forwards and backwards.** It is the best evidence there is
//! and must be able to correct everything that came from weaker evidence, so it replaces every
//! mark.
//!
//! **The image raises a floor.** Its build time has certainly passed: a clock before it is
//! `behind`, and trusted time is at least the floor. A synchronised clock before it proves the
//! image wrongly dated instead: the floor drops to that clock, and the image's date is no evidence
//! until it has come.
//!
//! **Documents raise it too, per signer and by five years at most.** A genuine licence and a trust
//! document state their issue time; the time judged at is the latest that any signer in force
//! vouches for. Each signer has a time of its own ([`Lead`]), separate from the time known without
//! documents. Revoking a key thus undoes every effect of its documents on the clock, across
//! restarts too. The five years ([`REACH`]) count from the time of image and time servers. A
//! document is judged at the time known without it, or it could attest its own first day.
//!
//! **A synchronised time refutes documents from the future** as it does the image: a signer's dates
//! up to that one are no evidence until they have come. So such a document does harm once at most.
//!
//! **Trusted time advances by running time.** It starts with a synchronised time, the image, or the
//! clock of the first start, and advances with `CLOCK_BOOTTIME`, suspended or not. Only
//! synchronised time takes it back, and licences are never judged before it. So setting the clock
//! back gains nothing, in one step or in many small ones.
//!
//! **A clock up to a day ahead of trusted time is followed.** That is a night switched off, or a
//! wrong time zone. The time judged at, the last-seen mark, never follows the clock backwards: it
//! waits until clock or trusted time reach it. Both ends of this day are measured from trusted
//! time, so small steps cannot add up to more than a day.
//!
//! **A clock further ahead is adopted after the machine has run with it for a day.** Until then
//! time advances by running. So a clock at 2099 ends no licence before people can notice, and a
//! year in a cupboard without network counts a day later even without a time server. licd adopts
//! the lowest reading of that day: a clock that advances every night is adopted step by step, and
//! one last wild value is not. The day may span several starts.
//!
//! **A clock more than a day behind the time judged at is `behind` too.** A smaller difference is
//! normal: a slow clock chip, a time zone.
//!
//! **A first start adopts the clock it finds** unless that is behind the floor, since it has no
//! other evidence. Otherwise the first clock at or after the floor is adopted.
//!
//! **Marks are written rarely:** after the first hour of a start, then daily, and at shutdown; at
//! once only if synchronised time took something back or moved time by more than a day. So a power
//! cut loses at most a day of running. Repeated cuts would stop time, so after one cut marks are
//! written hourly until the clock is synchronised: cuts lose a day once and then an hour each.
//!
//! Time zones, leap days and leap seconds need no rule: clocks count UTC.

mod attested;
mod marks;

use core::time::Duration;

use license_format::{PublicKey, UnixSeconds};

pub use attested::{Attested, LEADS, Lead, REACH, Signer};
pub use marks::{BootId, Jump, Marks, Moment};

/// How far the clock may be off before it counts as a different time, and how long the machine must
/// run with it: a day, as other licence managers allow.
pub const TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How far the clock can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum ClockState {
    /// A time server set it.
    Ok,
    /// No time server has set it since the system started.
    Unsynchronized,
    /// It shows a time that has certainly passed.
    Behind,
}

words!(ClockState {
    Ok = "ok",
    Unsynchronized = "unsynchronized",
    Behind = "behind",
});

/// The machine's clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub wall: UnixSeconds,
    /// The time since the system started.
    pub at: Moment,
    /// Whether a time server set the wall clock.
    pub synchronized: bool,
}

/// The verdict on a [`Reading`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TimeVerdict {
    /// The time to judge licences at.
    pub now: UnixSeconds,
    /// How far the clock can be trusted.
    pub state: ClockState,
    /// The latest time that has certainly come, attested by the image, a time server or a signer in
    /// force.
    pub floor: UnixSeconds,
    /// The marks to remember; [`Marks::due_in`] says when to write them.
    pub marks: Marks,
    /// Running time until a clock that is too far ahead is adopted, if it stays there.
    pub adopted_in: Option<Duration>,
}

impl Reading {
    /// Decides on the time from the previous marks and the attested times.
    pub fn judge(&self, remembered: Option<&Marks>, attested: &Attested) -> TimeVerdict {
        let blank = Marks::blank(self.at);
        let (mut marks, ran) = remembered.unwrap_or(&blank).carried_to(self.at);
        if self.synchronized {
            marks.set(self.wall, attested);
        } else {
            marks.attest_image(attested.image);
            marks.follow(self.wall, ran);
            marks.attest_documents(attested, self.wall, ran);
        }
        let in_force = marks.leads().filter(|lead| attested.is_in_force(lead.by));
        let (floor, now) = in_force.fold((marks.floor, marks.seen), |(floor, now), lead| {
            (lead.floor.max(floor), lead.seen.max(now))
        });
        let passed = self.wall < floor || self.wall < earlier(now, TOLERANCE);
        TimeVerdict {
            now,
            state: match self.synchronized {
                true => ClockState::Ok,
                false if passed => ClockState::Behind,
                false => ClockState::Unsynchronized,
            },
            floor,
            adopted_in: marks.jump.map(|jump| TOLERANCE.saturating_sub(jump.held)),
            marks,
        }
    }
}

impl TimeVerdict {
    /// The latest time that has certainly come if this signer is the only one believed.
    #[must_use]
    pub fn floor_of(&self, signer: PublicKey) -> UnixSeconds {
        let mut leads = self.marks.leads();
        let own = leads.find(|lead| lead.by == Signer::Key(signer));
        own.map_or(self.marks.floor, |lead| lead.floor.max(self.marks.floor))
    }
}

impl Marks {
    /// Applies synchronised time, which corrects everything.
    fn set(&mut self, wall: UnixSeconds, attested: &Attested) {
        let latest = attested.image.map_or(self.refuted, |at| at.max(self.refuted));
        self.refuted = if latest > wall { latest } else { Self::NEVER };
        self.floor = wall;
        self.trusted = wall;
        self.seen = wall;
        self.jump = None;
        self.found = true;
        self.cut = false;
        let issued = |signer| {
            let dated = attested.signers.iter().find(|(by, _)| *by == signer);
            dated.map_or(Self::NEVER, |(_, at)| *at)
        };
        self.change_leads(attested, |lead| lead.set(wall, issued(lead.by)));
    }

    /// Raises the floor to the image's date, unless it is refuted.
    fn attest_image(&mut self, image: Option<UnixSeconds>) {
        if let Some(at) = image.filter(|at| *at > self.refuted) {
            self.floor = self.floor.max(at);
            self.trusted = self.trusted.max(at);
        }
    }

    /// Raises each signer's lead to the dates of its documents.
    fn attest_documents(&mut self, attested: &Attested, wall: UnixSeconds, ran: Duration) {
        let (base, refuted) = (self.floor, self.refuted);
        self.change_leads(attested, |mut lead| {
            let dated = attested.signers.iter().find(|(by, _)| *by == lead.by);
            if let Some((_, issued)) = dated.filter(|(_, issued)| *issued > refuted) {
                lead.raise(*issued, base);
            }
            lead.follow(wall, ran);
            lead
        });
    }

    /// Follows an unattested clock, `ran` after the last reading.
    fn follow(&mut self, wall: UnixSeconds, ran: Duration) {
        if !self.found && wall >= self.trusted {
            self.trusted = wall;
            self.found = true;
        }
        if let Some(jump) = &mut self.jump {
            jump.claims = jump.claims.min(wall);
        }
        if let Some(jump) = self.jump.take_if(|jump| jump.held >= TOLERANCE) {
            // Trusted time may have risen since the clock went ahead.
            self.trusted = self.trusted.max(jump.claims);
        }
        let reach = later(self.trusted, TOLERANCE);
        if wall > reach {
            // A claim within reach no longer counts; the clock's reading starts a new one.
            self.jump.take_if(|jump| jump.claims <= reach);
            self.jump.get_or_insert(Jump { claims: wall, held: Duration::ZERO });
            self.seen = later(self.seen, ran);
        } else {
            self.jump = None;
            self.seen = self.seen.max(wall);
        }
        self.seen = self.seen.max(self.trusted);
    }
}

/// The instant `by` after another.
fn later(at: UnixSeconds, by: Duration) -> UnixSeconds {
    at.plus(i64::try_from(by.as_secs()).unwrap_or(i64::MAX))
}

/// The instant `by` before another.
fn earlier(at: UnixSeconds, by: Duration) -> UnixSeconds {
    at.plus(-i64::try_from(by.as_secs()).unwrap_or(i64::MAX))
}
