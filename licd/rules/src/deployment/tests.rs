use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const AT: u64 = 1000;
const ASKED: Plan = Plan::Asked(s(AT + 60));
const LATER: Plan = Plan::Later(s(AT + 14_400));
const NOTICE: Plan = Plan::Notice(s(AT + 60));
/// An hour later licd looks for a user again.
const DEFERRED: Plan = Plan::Deferred(s(AT + 3600));
const AGAIN: Plan = Plan::Refused(s(AT + 60));
const PROMPT: Scene = Scene {
    uptime: s(AT),
    since_restart: None,
    may_restart: true,
    prompt: true,
    session: true,
    busy: false,
    inhibited: false,
};
const ALONE: Scene = Scene { session: false, ..PROMPT };
const UNASKED: Scene = Scene { prompt: false, ..PROMPT };
const NEVER: Scene = Scene { may_restart: false, ..PROMPT };
const BUSY: Scene = Scene { busy: true, ..PROMPT };
const INHIBITED: Scene = Scene { inhibited: true, ..PROMPT };
/// Ten minutes ago a deployment restarted the device.
const RECENT: Scene = Scene { since_restart: Some(s(600)), ..ALONE };

const fn asked(scene: Scene) -> Scene {
    Scene { session: true, prompt: true, ..scene }
}

const fn unasked(scene: Scene) -> Scene {
    Scene { session: true, prompt: false, ..scene }
}

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
        ("without the setting a notice comes first", Open, Time, UNASKED, NOTICE),
        ("without leave nothing comes", Open, Time, NEVER, Open),
        ("a question stays open before its time", ASKED, Time, PROMPT, ASKED),
        ("a question stays open while its user is there", Plan::Asked(s(AT)), Time, PROMPT, ASKED),
        ("a user who has left is not asked", Plan::Asked(s(AT)), Time, ALONE, NOTICE),
        ("later is later", Later(s(AT + 1)), Time, ALONE, Later(s(AT + 1))),
        ("after four hours the user is asked again", Later(s(AT)), Time, PROMPT, ASKED),
        ("or the notice comes", Later(s(AT)), Time, ALONE, NOTICE),
        ("a notice stands for a minute", Notice(s(AT + 1)), Time, UNASKED, Notice(s(AT + 1))),
        ("and then the device restarts", Notice(s(AT)), Time, UNASKED, Restart),
        ("also without a session", Notice(s(AT)), Time, ALONE, Restart),
        ("a user who came meanwhile is asked", Notice(s(AT)), Time, PROMPT, ASKED),
        ("a notice is taken back", Notice(s(AT)), Time, NEVER, Open),
        ("a question is taken back", ASKED, Time, NEVER, Open),
        ("who has agreed waits for nothing", Agreed, Time, PROMPT, Restart),
        ("a refused restart is tried again", Refused(s(AT)), Time, PROMPT, Restart),
        ("but not at once", Refused(s(AT + 1)), Time, PROMPT, Refused(s(AT + 1))),
        ("a restart is ordered once", Restart, Time, PROMPT, Restart),
        ("an ordered restart is not taken back", Restart, Time, NEVER, Restart),
        ("no is no", Cancelled, Time, UNASKED, Cancelled),
        ("also without leave", Cancelled, Time, NEVER, Cancelled),
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
        ("busy without leave: nothing comes", Agreed, Time, Scene { busy: true, ..NEVER }, Open),
        ("an update blocks what was agreed", Agreed, Time, INHIBITED, AGAIN),
        ("and what was announced", Notice(s(AT)), Time, alone(INHIBITED), AGAIN),
        ("and goes on doing so", Refused(s(AT)), Time, INHIBITED, AGAIN),
        ("users are asked all the same", Open, Time, INHIBITED, ASKED),
        ("and asked again", Later(s(AT)), Time, INHIBITED, ASKED),
    ]);
}

#[test]
fn without_consent_a_day_passes_between_two_restarts() {
    use Event::Time;
    use Plan::{Agreed, Deferred, Later, Open};
    const DAY: u64 = 86_400;
    let after = |since| Scene { since_restart: Some(s(since)), ..ALONE };
    let up = |uptime| Scene { uptime: s(uptime), since_restart: Some(s(0)), ..ALONE };
    check(&[
        ("an unattended device waits", Open, Time, RECENT, DEFERRED),
        ("so does a device that asks no user", Open, Time, unasked(RECENT), DEFERRED),
        ("a user may consent at once", Open, Time, asked(RECENT), ASKED),
        ("and when they have logged in since", Deferred(s(AT)), Time, asked(RECENT), ASKED),
        ("consent restarts the device", Agreed, Time, RECENT, Plan::Restart),
        ("a user who has left cannot consent", Later(s(AT)), Time, RECENT, DEFERRED),
        ("it goes on waiting", Deferred(s(AT)), Time, RECENT, DEFERRED),
        ("until the day is over", Open, Time, after(DAY - 7), Deferred(s(AT + 7))),
        ("then the notice comes", Deferred(s(AT)), Time, after(DAY), NOTICE),
        (
            "a clock that was set back puts nothing off",
            Open,
            Time,
            up(DAY),
            Plan::Notice(s(DAY + 60)),
        ),
        ("running time counts", Open, Time, up(DAY - 9), Deferred(s(DAY))),
        (
            "a restart that is forbidden is not deferred",
            DEFERRED,
            Time,
            Scene { may_restart: false, ..RECENT },
            Open,
        ),
    ]);
}

#[test]
fn every_plan_has_its_own_word() {
    let plans = [Plan::Open, ASKED, LATER, NOTICE, DEFERRED, Plan::Agreed, AGAIN, Plan::Restart];
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
        ("a notice is no question", NOTICE, cancel, UNASKED, NOTICE),
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
        ("one notice is enough", NOTICE, Deployed, UNASKED, NOTICE),
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
