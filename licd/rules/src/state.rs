//! The state of one licence by its dates.

use license_format::{Date, Expiry, Term, UnixSeconds};

use crate::Terms;

/// The state of one licence for this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum LicenseState {
    /// Not started.
    Pending,
    /// In force.
    Valid,
    /// In force, with a warning of the end.
    Warning,
    /// Past its last day, in its grace: every right stays.
    Grace,
    /// Ended.
    Expired,
    /// Replaced by a later one that has started.
    Superseded,
    /// Withdrawn by the vendor.
    Withdrawn,
}

words!(LicenseState {
    Pending = "pending",
    Valid = "valid",
    Warning = "warning",
    Grace = "grace",
    Expired = "expired",
    Superseded = "superseded",
    Withdrawn = "withdrawn",
});

impl LicenseState {
    /// Whether every right of its term still holds.
    #[must_use]
    pub fn in_force(self) -> bool {
        matches!(self, Self::Valid | Self::Warning | Self::Grace)
    }

    /// Whether the licence counts, as opposed to a replaced or withdrawn one.
    #[must_use]
    pub fn counts(self) -> bool {
        !matches!(self, Self::Superseded | Self::Withdrawn)
    }
}

/// Whether the first day has come.
pub(crate) fn has_started(starts: Date, now: UnixSeconds) -> bool {
    starts.start() <= now
}

/// The last day with every right of the term, grace included.
pub(crate) fn last_day(terms: &Terms) -> Expiry {
    match terms.expires {
        Expiry::On(date) if terms.term != Term::Evaluation => {
            Expiry::On(date.plus_days(terms.grace_days.into()))
        }
        expires => expires,
    }
}

/// Days from today (UTC) to the last day, negative once it has passed; `None` without a last day.
pub(crate) fn days_left(expires: Expiry, now: UnixSeconds) -> Option<i32> {
    match expires {
        Expiry::On(date) => Some(date.days_since(Date::of(now))),
        Expiry::Never => None,
    }
}

/// The state by the dates alone (LF §4.1).
pub(crate) fn in_time(terms: &Terms, now: UnixSeconds) -> LicenseState {
    if !has_started(terms.starts, now) {
        return LicenseState::Pending;
    }
    let ended = |last: Expiry| matches!(last, Expiry::On(date) if date.end_everywhere() <= now);
    let warned = terms.warn_days > 0
        && days_left(terms.expires, now).is_some_and(|left| left <= terms.warn_days.into());
    if ended(last_day(terms)) {
        LicenseState::Expired
    } else if ended(terms.expires) {
        LicenseState::Grace
    } else if warned {
        LicenseState::Warning
    } else {
        LicenseState::Valid
    }
}

/// The next instant at which time alone can change any state: terms start and warnings begin at
/// 00:00 UTC, terms and graces end at 12:00 UTC, and days are counted from midnight.
#[must_use]
pub fn next_turn(now: UnixSeconds) -> UnixSeconds {
    const HALF_DAY: i64 = 12 * 60 * 60;
    UnixSeconds((now.0.div_euclid(HALF_DAY) + 1) * HALF_DAY)
}
