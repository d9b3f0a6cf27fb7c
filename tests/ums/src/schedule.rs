//! When UMS looks for a licence for a device.

use std::time::Duration;

/// The reason for the next look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The device has registered.
    Registered,
    /// The device has restarted.
    Restarted,
    /// UMS has looked.
    Looked,
}

/// The intervals of automatic licence deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// From the registration to the first look.
    pub after_registration: Duration,
    /// From a restart of the device to the next look.
    pub after_restart: Duration,
    /// Between two looks.
    pub regular: Duration,
    /// Between two looks if UMS has an ALD token.
    pub with_token: Duration,
}

impl Intervals {
    /// The intervals of the field.
    pub const FIELD: Self = Self {
        after_registration: Duration::from_secs(30),
        after_restart: Duration::from_secs(5 * 60),
        regular: Duration::from_secs(24 * 60 * 60),
        with_token: Duration::from_secs(5 * 60),
    };

    /// The same, `times` as fast.
    #[must_use]
    pub fn scaled(self, times: u32) -> Self {
        let times = times.max(1);
        Self {
            after_registration: self.after_registration / times,
            after_restart: self.after_restart / times,
            regular: self.regular / times,
            with_token: self.with_token / times,
        }
    }

    /// The time to the next look.
    #[must_use]
    pub fn next(&self, occasion: Occasion, has_token: bool) -> Duration {
        let regular = if has_token { self.with_token } else { self.regular };
        match occasion {
            Occasion::Registered => self.after_registration,
            Occasion::Restarted => self.after_restart.min(regular),
            Occasion::Looked => regular,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intervals_are_those_of_the_manual_and_a_token_shortens_them() {
        let seconds = |occasion, token| Intervals::FIELD.next(occasion, token).as_secs();
        assert_eq!(seconds(Occasion::Registered, false), 30);
        assert_eq!(seconds(Occasion::Restarted, false), 300);
        assert_eq!(seconds(Occasion::Looked, false), 86_400);
        assert_eq!(seconds(Occasion::Looked, true), 300);
    }

    #[test]
    fn tests_run_through_a_day_in_seconds() {
        let fast = Intervals::FIELD.scaled(10_000);
        assert_eq!(fast.next(Occasion::Looked, false), Duration::from_millis(8640));
        assert_eq!(fast.next(Occasion::Registered, false), Duration::from_millis(3));
    }
}
