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
//! **Authenticated times raise a floor.** When the image was made or a genuine document issued,
//! that time had come: a clock that shows less is `behind`, and trusted time is at least the floor.
//! A synchronised clock that shows less says instead that the document is wrongly dated: the floor
//! comes down to it, and documents dated up to that one are no evidence until their date has come.
//! So a document from the future does its harm once and not for ever.
//!
//! **Trusted time goes on by running time.** It begins with a synchronised time, a floor, or the
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

mod marks;

use core::time::Duration;

use license_format::UnixSeconds;

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

impl ClockState {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unsynchronized => "unsynchronized",
            Self::Behind => "behind",
        }
    }
}

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
    /// What is to be remembered from here on; [`Marks::due_in`] tells when it is to be written.
    pub marks: Marks,
    /// The clock is ahead and not yet believed: running time until it is, if it stays there.
    pub adopted_in: Option<Duration>,
}

impl Reading {
    /// Decides on the time, given the marks of the last verdict and the latest authenticated time
    /// at hand: of the image, and of the documents that verified (`issued`).
    pub fn judge(&self, remembered: Option<&Marks>, attested: Option<UnixSeconds>) -> TimeVerdict {
        let blank = Marks::blank(self.at);
        let (mut marks, ran) = remembered.unwrap_or(&blank).carried_to(self.at);
        if self.synchronized {
            marks.set(self.wall, attested);
        } else {
            marks.attest(attested);
            marks.follow(self.wall, ran);
        }
        let passed = self.wall < marks.floor || self.wall < earlier(marks.seen, TOLERANCE);
        TimeVerdict {
            now: marks.seen,
            state: match self.synchronized {
                true => ClockState::Ok,
                false if passed => ClockState::Behind,
                false => ClockState::Unsynchronized,
            },
            adopted_in: marks.jump.map(|jump| TOLERANCE.saturating_sub(jump.held)),
            marks,
        }
    }
}

impl Marks {
    /// Synchronised time: everything heals.
    fn set(&mut self, wall: UnixSeconds, attested: Option<UnixSeconds>) {
        let latest = attested.map_or(self.refuted, |at| at.max(self.refuted));
        self.refuted = if latest > wall { latest } else { Self::NEVER };
        self.floor = wall;
        self.trusted = wall;
        self.seen = wall;
        self.jump = None;
        self.found = true;
        self.cut = false;
    }

    /// An authenticated time: it has passed, unless it was refuted.
    fn attest(&mut self, attested: Option<UnixSeconds>) {
        if let Some(at) = attested.filter(|at| *at > self.refuted) {
            self.floor = self.floor.max(at);
            self.trusted = self.trusted.max(at);
        }
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
