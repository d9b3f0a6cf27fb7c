//! The time that licences are judged at.
//!
//! A device may have no battery for its clock, no time server, or a user who would like to keep a
//! licence by setting the clock back. So the wall clock is heard, but weighed against what is
//! remembered ([`Marks`]) and against the time that the machine has been running, which nobody can
//! set. The rules, each with its reason:
//!
//! **Synchronised time is believed at once, forwards and backwards.** There is no better evidence,
//! and there must always be a way to put right whatever came about with less: it replaces every
//! mark.
//!
//! **The image raises a floor.** When it was made, that time had come: a clock that shows less is
//! `behind`, and trusted time is at least the floor. A synchronised clock that shows less says instead
//! that the image is wrongly dated: the floor comes down to it, and that date is no evidence until it
//! has come.
//!
//! **Documents raise it, too, each for its signers and by five years at most.** A genuine licence says
//! when it was issued, and so does a trust document; the time judged at is the latest that any signer
//! in force vouches for. Each signer's is a time apart ([`Lead`]), next to the one that is known
//! without documents. So when a key is revoked, all that its documents did to the clock is gone, over
//! restarts as well, and the time is what it would be if there had been none of them. The five years
//! ([`REACH`]) are counted from what the image and time servers say. A document is judged itself at
//! what is known without it, or it could vouch for its own first day.
//!
//! **A synchronised time refutes documents from the future** as it does the image: what a signer dated
//! up to there is no evidence until its date has come. So such a document does its harm once and not
//! for ever.
//!
//! **Trusted time goes on by running time.** It begins with a synchronised time, the image, or the
//! clock of the first start, and goes on with `CLOCK_BOOTTIME`, suspended or not. Nothing takes it
//! back but synchronised time, and licences are never judged before it. So setting the clock back
//! gains nothing, neither at once nor in small steps, however many.
//!
//! **A clock up to a day ahead of trusted time is followed.** That is a night switched off, or a
//! time zone taken for another. The time judged at, the last-seen mark, does not go back with the
//! clock: it waits until clock or trusted time have come as far. Since both ends of this day are
//! measured from trusted time, small steps do not add up here, either: it is a day in all.
//!
//! **A clock further ahead is adopted when the machine has run with it for a day.** Until then time
//! goes on by running. So a clock at 2099 ends no licence before somebody can notice, and a year in
//! a cupboard without network counts all the same a day later, also if no time server is ever
//! heard. Adopted is the least that the clock has shown in that day, so that a clock that shows
//! ever more (switched off every night) is adopted bit by bit and one last wild value is not. The
//! day may be spread over several starts.
//!
//! **A clock more than a day behind the time judged at is `behind`, too.** A smaller difference is
//! not worth a word: a clock chip that runs slow, a zone.
//!
//! **A first start adopts the clock it finds** unless that is behind the floor, for there is
//! nothing else to go by. If it is behind, the first clock that is not takes its place.
//!
//! **Marks are written rarely:** when a start has lasted an hour, then every day, and at shutdown;
//! at once only when synchronised time took something back, or authenticated time came from beyond
//! a day. So what a power cut makes the device forget is a day of running. Cutting it over and over
//! would make time stand still, so after a cut marks are written every hour until the clock is
//! synchronised: cuts forget a day once and then an hour each.
//!
//! Time zones, leap days and leap seconds are no events here: clocks count UTC.

mod attested;
mod marks;

use core::time::Duration;

use license_format::{PublicKey, UnixSeconds};

pub use attested::{Attested, LEADS, Lead, REACH, Signer};
pub use marks::{BootId, Jump, Marks, Moment};

/// How far the clock may be off before it counts as another time, and for how long the machine has
/// to run with it: a day, what licence managers of other vendors allow, too.
pub const TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How far the clock is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum ClockState {
    /// It was set by a time server.
    Ok,
    /// No time server was heard since the system started.
    Unsynchronized,
    /// It shows a time that is known to have passed.
    Behind,
}

words!(ClockState {
    Ok = "ok",
    Unsynchronized = "unsynchronized",
    Behind = "behind",
});

/// What the machine's clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub wall: UnixSeconds,
    /// The time since the system started.
    pub at: Moment,
    /// Whether a time server set the wall clock.
    pub synchronized: bool,
}

/// What follows from a [`Reading`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TimeVerdict {
    /// The time to judge licences at.
    pub now: UnixSeconds,
    /// How far the clock is to be believed.
    pub state: ClockState,
    /// The latest time that has certainly come, by the word of the image, a time server or a signer in
    /// force.
    pub floor: UnixSeconds,
    /// What is to be remembered from here on; [`Marks::due_in`] tells when it is to be written.
    pub marks: Marks,
    /// The clock is ahead and not yet believed: running time until it is, if it stays there.
    pub adopted_in: Option<Duration>,
}

impl Reading {
    /// Decides on the time, given the marks of the last verdict and the times that are vouched for.
    pub fn judge(&self, remembered: Option<&Marks>, attested: &Attested) -> TimeVerdict {
        let blank = Marks::blank(self.at);
        let (mut marks, ran) = remembered.unwrap_or(&blank).carried_to(self.at);
        if self.synchronized {
            marks.set(self.wall, attested);
        } else {
            marks.attest(attested.image);
            marks.follow(self.wall, ran);
            marks.hear(attested, self.wall, ran);
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
    /// The latest time that has certainly come if of all signers only this one is believed.
    #[must_use]
    pub fn floor_of(&self, signer: PublicKey) -> UnixSeconds {
        let mut leads = self.marks.leads();
        let own = leads.find(|lead| lead.by == Signer::Key(signer));
        own.map_or(self.marks.floor, |lead| lead.floor.max(self.marks.floor))
    }
}

impl Marks {
    /// Synchronised time: everything heals.
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

    /// What the image says has passed, unless it was refuted.
    fn attest(&mut self, image: Option<UnixSeconds>) {
        if let Some(at) = image.filter(|at| *at > self.refuted) {
            self.floor = self.floor.max(at);
            self.trusted = self.trusted.max(at);
        }
    }

    /// What documents say has passed, each for its signers.
    fn hear(&mut self, attested: &Attested, wall: UnixSeconds, ran: Duration) {
        let (base, refuted) = (self.floor, self.refuted);
        self.change_leads(attested, |mut lead| {
            let dated = attested.signers.iter().find(|(by, _)| *by == lead.by);
            if let Some((_, issued)) = dated.filter(|(_, issued)| *issued > refuted) {
                lead.hear(*issued, base);
            }
            lead.follow(wall, ran);
            lead
        });
    }

    /// A clock that nobody vouches for, `ran` after the last one.
    fn follow(&mut self, wall: UnixSeconds, ran: Duration) {
        if !self.found && wall >= self.trusted {
            self.trusted = wall;
            self.found = true;
        }
        if let Some(jump) = &mut self.jump {
            jump.claims = jump.claims.min(wall);
        }
        if let Some(jump) = self.jump.take_if(|jump| jump.held >= TOLERANCE) {
            // Trusted time may have been raised since the clock went ahead.
            self.trusted = self.trusted.max(jump.claims);
        }
        let reach = later(self.trusted, TOLERANCE);
        if wall > reach {
            // A claim within reach is none any more; the clock's is a new one.
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
