//! The starter period: days on which a device without a licence so far counts as having an
//! evaluation of the Workspace Edition.
//!
//! It begins once per installation, on a day shown by a synchronised clock: a first start at 1970
//! would waste it, and one in the future would save it for later. The licence partition records the
//! day, and a factory reset leaves that alone. Once begun it runs its course like any licence: an
//! import takes nothing away.

use license_format::{Date, UnixSeconds};

use crate::ClockState;

/// The mark of the starter period on the licence partition.
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
    /// Its last day, inclusive like that of any licence.
    pub last: Date,
}

/// The decision on the starter period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum StarterVerdict {
    /// No period: the image grants none, the device has forgone it, or the clock is not trusted
    /// yet.
    None,
    /// Write this mark, then decide again. The period counts only once it is written, or an
    /// unwritable partition would restart it at every start.
    Write(StarterMark),
    /// It has begun.
    Began(Starter),
}

impl StarterVerdict {
    /// Decides from the days that the image grants, the mark, whether the device has or had a
    /// licence, and the time.
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
            // A synchronised clock was wrong; correct the mark at the next synchronisation.
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
