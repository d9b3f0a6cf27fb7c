//! Programs for people and for scripts: what a call may start, and how long it may take.

use std::time::Duration;

use zbus::message::Flags;

/// The time limit for an answer that licd has at hand: D-Bus's own default.
pub(crate) const ANSWER: Duration = Duration::from_secs(25);
/// The time limit for a sign of life. A running bus accepts within milliseconds; a user of the rescue
/// shell should not wait for one that hangs.
pub(crate) const LIFE: Duration = Duration::from_secs(5);

/// On whose behalf a program calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A script or a rescue shell: a call starts no licd, and no dialogue asks for a password.
    Script,
    /// A person at a desktop: the bus may start licd, and polkit may ask for a password.
    Desktop,
}

impl Caller {
    pub(crate) fn flags(self) -> Flags {
        match self {
            Self::Script => Flags::NO_AUTO_START,
            Self::Desktop => Flags::ALLOW_INTERACTIVE_AUTH,
        }
    }

    pub(crate) fn connecting(self) -> Duration {
        match self {
            Self::Script => LIFE,
            Self::Desktop => ANSWER,
        }
    }

    /// The time limit for a call that changes something.
    #[must_use]
    pub fn patience(self) -> Duration {
        match self {
            // licd's limit for a source, plus time for the store.
            Self::Script => Duration::from_secs(150),
            // polkit's two minutes, and then those of a source.
            Self::Desktop => Duration::from_secs(300),
        }
    }
}
