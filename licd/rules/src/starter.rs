//! The starter period: days that a device which was never licensed counts as having an evaluation
//! of the Workspace Edition.
//!
//! It begins once per installation, on a day that a synchronised clock shows: a first start at 1970
//! would otherwise waste it, one with the clock set ahead store it up. The day is written on the
//! licence partition, which a factory reset leaves alone. Once it has begun it takes its course, as
//! any licence: one that is imported meanwhile takes nothing away.

use license_format::{Date, UnixSeconds};

use crate::ClockState;

/// What the licence partition says of the starter period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StarterMark {
    /// It began on this day.
    Began(Date),
    /// It was forgone: the device was licensed before it began.
    Forgone,
}

/// A starter period that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starter {
    /// Its first day.
    pub first: Date,
    /// Its last day, inclusive as that of any licence.
    pub last: Date,
}

/// What is to be done about the starter period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum StarterVerdict {
    /// There is none: the image grants none, it was forgone, or the clock is not yet to be trusted.
    None,
    /// This mark is to be written, and asked again. Nothing counts before it is written, or a
    /// partition that cannot be written would begin it at every start.
    Write(StarterMark),
    /// It has begun.
    Began(Starter),
}

impl StarterVerdict {
    /// Decides, given the days that the image grants, what the partition says, whether the device
    /// has or is known to have had a licence, and the time.
    pub fn of(
        days: u16,
        mark: Option<StarterMark>,
        licensed: bool,
        now: UnixSeconds,
        clock: ClockState,
    ) -> Self {
        let Some(more) = days.checked_sub(1) else { return Self::None };
        let today = Date::of(now);
        match mark {
            Some(StarterMark::Forgone) => Self::None,
            // A clock that was wrong and called synchronised: put right as soon as it is.
            Some(StarterMark::Began(first)) if first > today => match clock {
                ClockState::Ok => Self::Write(StarterMark::Began(today)),
                ClockState::Unsynchronized | ClockState::Behind => Self::None,
            },
            Some(StarterMark::Began(first)) => {
                Self::Began(Starter { first, last: first.plus_days(more.into()) })
            }
            None if licensed => Self::Write(StarterMark::Forgone),
            None if clock == ClockState::Ok => Self::Write(StarterMark::Began(today)),
            None => Self::None,
        }
    }

    /// The period to judge with.
    #[must_use]
    pub fn begun(self) -> Option<Starter> {
        match self {
            Self::Began(starter) => Some(starter),
            Self::None | Self::Write(_) => None,
        }
    }
}
