//! The end of a deployment: the plan for the restart that it asks for.
//!
//! A plan is also an order: the daemon shows it, and restarts the device when it becomes
//! [`Plan::Restart`]. Times are running time since the system start, and a plan never outlives that
//! start, so the wall clock, which users and servers set, does not affect it.

use core::time::Duration;

/// The notice before a restart.
const NOTICE: Duration = Duration::from_secs(60);
/// The delay after the answer “later”.
const LATER: Duration = Duration::from_secs(4 * 60 * 60);
/// How often an open question is checked: its users may have left.
const LOOK: Duration = Duration::from_secs(60);
/// The delay after a refused restart: an update takes minutes.
const AGAIN: Duration = Duration::from_secs(60);
/// The least time between two restarts without a user's consent. Whatever a server sends at its polls,
/// an unattended device restarts once a day at most.
const REST: Duration = Duration::from_secs(24 * 60 * 60);
/// How often licd looks meanwhile for a user who may consent.
const CONSENT: Duration = Duration::from_secs(60 * 60);

/// The plan for the restart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Plan {
    /// Undecided.
    #[default]
    Open,
    /// The question is open; at this time licd checks whether its users are still there.
    Asked(Duration),
    /// licd asks again at this time and at the next login.
    Later(Duration),
    /// Users see a notice that the device restarts at this time.
    Notice(Duration),
    /// A deployment restarted the device less than a day ago; licd decides again at this time.
    Deferred(Duration),
    /// A user has agreed.
    Agreed,
    /// The restart was refused; licd tries again at this time.
    Refused(Duration),
    /// The device restarts now. This deployment never orders it again, whatever the outcome.
    Restart,
    /// A user has cancelled the restart for this deployment.
    Cancelled,
}

/// A user's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Restart now.
    Now,
    /// Ask again later.
    Later,
    /// Do not ask again.
    Cancel,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A deployment has ended.
    Deployed,
    /// Time has passed.
    Time,
    /// A user has answered.
    Answered(Answer),
    /// The restart was refused.
    Refused,
}

/// The situation at an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// Running time since the system start.
    pub uptime: Duration,
    /// The time by the wall clock since a deployment ordered an earlier start; `None` if none did.
    pub since_restart: Option<Duration>,
    /// Whether a deployment may restart the device: the configuration allows it, and this
    /// deployment has not ordered an earlier start.
    pub may_restart: bool,
    /// Whether the settings ask for a prompt.
    pub prompt: bool,
    /// Whether a user has a session at the device.
    pub session: bool,
    /// Whether licd is busy with an import, a removal, a write of settings or a poll of the links.
    pub busy: bool,
    /// Whether a program blocks restarts through logind, as an update does.
    pub inhibited: bool,
}

impl Answer {
    /// Parses an answer.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "now" => Some(Self::Now),
            "later" => Some(Self::Later),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }
}

impl Plan {
    /// The delay before a failed question to logind is repeated.
    pub const RETRY: Duration = AGAIN;

    /// The plan as a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Asked(_) => "asked",
            Self::Later(_) => "later",
            Self::Notice(_) => "notice",
            Self::Deferred(_) => "deferred",
            Self::Agreed => "agreed",
            Self::Refused(_) => "refused",
            Self::Restart => "restart",
            Self::Cancelled => "cancelled",
        }
    }

    /// The running time of the next decision; `None` if only an event changes the plan.
    #[must_use]
    pub fn due(self) -> Option<Duration> {
        match self {
            Self::Open | Self::Agreed => Some(Duration::ZERO),
            Self::Asked(at)
            | Self::Later(at)
            | Self::Notice(at)
            | Self::Deferred(at)
            | Self::Refused(at) => Some(at),
            Self::Restart | Self::Cancelled => None,
        }
    }

    /// Whether a user may answer: the question is open or is shown at the next login.
    #[must_use]
    pub fn is_answerable(self) -> bool {
        matches!(self, Self::Asked(_) | Self::Later(_))
    }

    /// The plan after an event.
    #[must_use]
    pub fn after(self, event: Event, scene: &Scene) -> Self {
        match event {
            // One restart serves both, but a user who cancelled has not been asked about this
            // deployment.
            Event::Deployed if self == Self::Cancelled => Self::Open,
            Event::Deployed => self,
            Event::Time => self.in_time(scene),
            Event::Answered(answer) if self.is_answerable() => match answer {
                Answer::Now => Self::Agreed,
                Answer::Later => Self::Later(scene.uptime + LATER),
                Answer::Cancel => Self::Cancelled,
            },
            Event::Answered(_) => self,
            Event::Refused if self == Self::Restart => Self::Refused(scene.uptime + AGAIN),
            Event::Refused => self,
        }
    }

    fn in_time(self, scene: &Scene) -> Self {
        let asks = scene.prompt && scene.session;
        let is_due = self.due().is_some_and(|due| due <= scene.uptime);
        match self {
            Self::Restart | Self::Cancelled => self,
            // Withdraws a notice or question from before the configuration forbade the restart.
            _ if !scene.may_restart => Self::Open,
            _ if !is_due || scene.busy => self,
            Self::Agreed | Self::Refused(_) => Self::restart(scene),
            // A user who logged in during the notice has not been asked.
            Self::Notice(_) if !asks => Self::restart(scene),
            _ if asks => Self::Asked(scene.uptime + LOOK),
            _ => match scene.rest() {
                Some(rest) => Self::Deferred(scene.uptime + rest.min(CONSENT)),
                None => Self::Notice(scene.uptime + NOTICE),
            },
        }
    }

    fn restart(scene: &Scene) -> Self {
        match scene.inhibited {
            true => Self::Refused(scene.uptime + AGAIN),
            false => Self::Restart,
        }
    }
}

impl Scene {
    /// How long no restart may come without a user's consent. The running time counts too: the last
    /// restart came before it, and a clock that was set back must not put the next one off for ever.
    fn rest(&self) -> Option<Duration> {
        let since = self.since_restart?.max(self.uptime);
        REST.checked_sub(since).filter(|rest| !rest.is_zero())
    }
}

#[cfg(test)]
mod tests;
