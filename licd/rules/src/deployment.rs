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
            Self::Asked(at) | Self::Later(at) | Self::Notice(at) | Self::Refused(at) => Some(at),
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
            _ => Self::Notice(scene.uptime + NOTICE),
        }
    }

    fn restart(scene: &Scene) -> Self {
        match scene.inhibited {
            true => Self::Refused(scene.uptime + AGAIN),
            false => Self::Restart,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const AT: u64 = 1000;
    const ASKED: Plan = Plan::Asked(s(AT + 60));
    const LATER: Plan = Plan::Later(s(AT + 14_400));
    const NOTICE: Plan = Plan::Notice(s(AT + 60));
    const AGAIN: Plan = Plan::Refused(s(AT + 60));
    const PROMPT: Scene = Scene {
        uptime: s(AT),
        may_restart: true,
        prompt: true,
        session: true,
        busy: false,
        inhibited: false,
    };
    const ALONE: Scene = Scene { session: false, ..PROMPT };
    const TOLD: Scene = Scene { prompt: false, ..PROMPT };
    const NEVER: Scene = Scene { may_restart: false, ..PROMPT };
    const BUSY: Scene = Scene { busy: true, ..PROMPT };
    const INHIBITED: Scene = Scene { inhibited: true, ..PROMPT };

    fn check(table: &[(&str, Plan, Event, Scene, Plan)]) {
        for (what, before, event, scene, after) in table {
            assert_eq!(before.after(*event, scene), *after, "{what}");
        }
    }

    #[test]
    fn time_leads_to_the_question_the_notice_and_the_restart() {
        use Event::Time;
        use Plan::{Agreed, Cancelled, Later, Notice, Open, Refused, Restart};
        check(&[
            ("a user is asked", Open, Time, PROMPT, ASKED),
            ("without a session a notice comes first", Open, Time, ALONE, NOTICE),
            ("without the setting a notice comes first", Open, Time, TOLD, NOTICE),
            ("without leave nothing comes", Open, Time, NEVER, Open),
            ("a question stays open before its time", ASKED, Time, PROMPT, ASKED),
            (
                "a question stays open while its user is there",
                Plan::Asked(s(AT)),
                Time,
                PROMPT,
                ASKED,
            ),
            ("a user who has left is not asked", Plan::Asked(s(AT)), Time, ALONE, NOTICE),
            ("later is later", Later(s(AT + 1)), Time, ALONE, Later(s(AT + 1))),
            ("after four hours the user is asked again", Later(s(AT)), Time, PROMPT, ASKED),
            ("or the notice comes", Later(s(AT)), Time, ALONE, NOTICE),
            ("a notice stands for a minute", Notice(s(AT + 1)), Time, TOLD, Notice(s(AT + 1))),
            ("and then the device restarts", Notice(s(AT)), Time, TOLD, Restart),
            ("also with nobody there", Notice(s(AT)), Time, ALONE, Restart),
            ("a user who came meanwhile is asked", Notice(s(AT)), Time, PROMPT, ASKED),
            ("a notice is taken back", Notice(s(AT)), Time, NEVER, Open),
            ("a question is taken back", ASKED, Time, NEVER, Open),
            ("who has agreed waits for nothing", Agreed, Time, PROMPT, Restart),
            ("a refused restart is tried again", Refused(s(AT)), Time, PROMPT, Restart),
            ("but not at once", Refused(s(AT + 1)), Time, PROMPT, Refused(s(AT + 1))),
            ("a restart is ordered once", Restart, Time, PROMPT, Restart),
            ("no is no", Cancelled, Time, TOLD, Cancelled),
        ]);
    }

    #[test]
    fn a_restart_never_interrupts_work() {
        use Event::Time;
        use Plan::{Agreed, Later, Notice, Open, Refused};
        let alone = |scene: Scene| Scene { session: false, ..scene };
        check(&[
            ("a user is asked when the work is done", Open, Time, BUSY, Open),
            ("agreed, but not before the end of an import", Agreed, Time, BUSY, Agreed),
            ("nor at the end of the notice", Notice(s(AT)), Time, alone(BUSY), Notice(s(AT))),
            ("nor when it is tried again", Refused(s(AT)), Time, BUSY, Refused(s(AT))),
            (
                "busy without leave: nothing comes",
                Agreed,
                Time,
                Scene { busy: true, ..NEVER },
                Open,
            ),
            ("an update blocks what was agreed", Agreed, Time, INHIBITED, AGAIN),
            ("and what was announced", Notice(s(AT)), Time, alone(INHIBITED), AGAIN),
            ("and goes on doing so", Refused(s(AT)), Time, INHIBITED, AGAIN),
            ("users are asked all the same", Open, Time, INHIBITED, ASKED),
            ("and asked again", Later(s(AT)), Time, INHIBITED, ASKED),
        ]);
    }

    #[test]
    fn every_plan_has_its_own_word() {
        let plans = [Plan::Open, ASKED, LATER, NOTICE, Plan::Agreed, AGAIN, Plan::Restart];
        for (at, plan) in plans.iter().enumerate() {
            assert!(plans.iter().skip(at + 1).all(|other| other.as_str() != plan.as_str()));
            assert_ne!(plan.as_str(), Plan::Cancelled.as_str());
        }
    }

    #[test]
    fn answers_count_while_there_is_a_question() {
        use Event::Answered;
        use Plan::{Agreed, Cancelled, Open, Restart};
        let (now, later, cancel) =
            (Answered(Answer::Now), Answered(Answer::Later), Answered(Answer::Cancel));
        check(&[
            ("now", ASKED, now, PROMPT, Agreed),
            ("later", ASKED, later, PROMPT, LATER),
            ("cancel", ASKED, cancel, PROMPT, Cancelled),
            ("at the next login: now", Plan::Later(s(AT + 5)), now, PROMPT, Agreed),
            ("at the next login: later", Plan::Later(s(AT + 5)), later, PROMPT, LATER),
            ("at the next login: cancel", Plan::Later(s(AT + 5)), cancel, PROMPT, Cancelled),
            ("nothing was asked", Open, now, PROMPT, Open),
            ("a notice is no question", NOTICE, cancel, TOLD, NOTICE),
            ("too late", Restart, cancel, PROMPT, Restart),
            ("the first answer counts", Cancelled, now, PROMPT, Cancelled),
            ("also if it was now", Agreed, later, PROMPT, Agreed),
        ]);
    }

    #[test]
    fn a_further_deployment_reopens_a_cancelled_plan_and_a_refusal_delays_a_restart() {
        use Event::{Deployed, Refused};
        use Plan::{Agreed, Cancelled, Open, Restart};
        check(&[
            ("what was cancelled was another deployment", Cancelled, Deployed, PROMPT, Open),
            ("later is for both", LATER, Deployed, PROMPT, LATER),
            ("one notice is enough", NOTICE, Deployed, TOLD, NOTICE),
            ("one restart is enough", Restart, Deployed, PROMPT, Restart),
            ("a refusal is for later", Restart, Refused, PROMPT, AGAIN),
            ("a refusal of what is no longer wanted", Agreed, Refused, PROMPT, Agreed),
        ]);
    }

    #[test]
    fn only_a_plan_that_time_changes_is_due() {
        for plan in [Plan::Restart, Plan::Cancelled] {
            assert_eq!(plan.due(), None);
        }
        assert_eq!(NOTICE.due(), Some(s(AT + 60)));
        assert_eq!(Plan::Agreed.due(), Some(s(0)));
    }

    #[test]
    fn an_answer_has_only_its_own_word() {
        assert_eq!(Answer::parse("now"), Some(Answer::Now));
        assert_eq!(Answer::parse("later"), Some(Answer::Later));
        assert_eq!(Answer::parse("cancel"), Some(Answer::Cancel));
        assert_eq!(Answer::parse("Now"), None);
    }
}
