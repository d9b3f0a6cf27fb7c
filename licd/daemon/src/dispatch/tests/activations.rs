//! Attempts to activate the device.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    [attempts(), answers(), times(), withdrawals(), endings()].into_iter().flatten().collect()
}

fn activate(ticket: u64) -> Event {
    order(ticket, Order::Activate { owner: ":1.1".to_owned() })
}

/// A refresh that saw a request without an answer.
fn request_waits() -> Event {
    Event::Refreshed(Facts { request_waits: true, ..facts() })
}

/// The same, after the import of a file that is no licence for this device.
fn refused(job: JobId) -> Event {
    let imported = vec![(job, Some(Code::SourceUnreachable))];
    Event::Refreshed(Facts { request_waits: true, imported, ..facts() })
}

fn plan(failures: u32) -> Action {
    Action::PlanActivation(NextPoll::Again { hours: 24, failures })
}

/// The first attempt, as job 1, whose answer is being imported.
fn answered() -> Vec<(u64, Event)> {
    vec![(0, activate(1)), (1, Event::Read(1)), (4, Event::TimePassed)]
}

/// The same, after its failure, with the next attempt at 60,005 ms.
fn failed() -> Vec<(u64, Event)> {
    and(answered(), [(5, refused(1)), (5, Event::ActivationPlanned(ms(60_000)))])
}

fn attempts() -> Vec<Row> {
    use Action::{AskAgain, Cancel, ForgetJob, Publish, Refuse, StartImport};
    let busy = (1..=8).map(|n| (0, pipe(n, ":1.1")));
    vec![
        (
            "a caller activates the device",
            vec![],
            (0, activate(1)),
            vec![StartImport(1, Ticket(1))],
        ),
        (
            "a later activation replaces the one that runs",
            vec![(0, activate(1))],
            (1, activate(2)),
            vec![Cancel(1), StartImport(2, Ticket(2))],
        ),
        (
            "a later activation replaces the one that waits",
            failed(),
            (20, activate(2)),
            vec![ForgetJob(1), StartImport(2, Ticket(2))],
        ),
        (
            "an activation is refused to a caller with too many imports",
            busy.collect(),
            (1, activate(9)),
            vec![Refuse(Ticket(9), Refused::CallerFull)],
        ),
        (
            "a request that is found is planned like the first poll",
            vec![(0, Event::AlarmRang)],
            (1, request_waits()),
            vec![
                Publish(Scope::Time),
                Action::ShowRequest(1),
                Action::PlanActivation(NextPoll::AfterStart),
            ],
        ),
        (
            "a request that was found is sent when its time has come",
            vec![
                (0, Event::AlarmRang),
                (1, request_waits()),
                (1, Event::ActivationPlanned(ms(100))),
            ],
            (101, Event::TimePassed),
            vec![ForgetJob(1), AskAgain(2)],
        ),
        (
            "a planned attempt waits for its time",
            vec![(0, Event::AlarmRang), (1, request_waits())],
            (1, Event::ActivationPlanned(ms(100))),
            vec![],
        ),
        (
            "a request is planned once",
            vec![(0, Event::AlarmRang), (1, request_waits()), (2, Event::AlarmRang)],
            (3, request_waits()),
            vec![Publish(Scope::Time)],
        ),
    ]
}

fn answers() -> Vec<Row> {
    use Action::{EndImport, ForgetJob, KeepJob, Publish};
    vec![
        (
            "an answer that is no licence leaves the job, and the next attempt is planned",
            answered(),
            (5, refused(1)),
            vec![Publish(Scope::Time), KeepJob(1), EndImport(1, None), plan(1)],
        ),
        (
            "a licence ends the activation",
            answered(),
            (5, imported(1, Code::Valid)),
            vec![Publish(Scope::Time), EndImport(1, None)],
        ),
        (
            "a licence from elsewhere ends the activation that waits",
            and(failed(), [(20, Event::Hangup)]),
            (21, refreshed()),
            vec![Publish(Scope::All), ForgetJob(1)],
        ),
        (
            "the end of a replaced attempt plans nothing",
            and(answered(), [(4, activate(2))]),
            (5, refused(1)),
            vec![Publish(Scope::Time), EndImport(1, None)],
        ),
        (
            "an attempt that panics is followed by the next one",
            vec![(0, activate(1)), (1, Event::AlarmRang), (2, request_waits())],
            (3, Event::ReadFailed(1)),
            vec![KeepJob(1), EndImport(1, None), plan(1)],
        ),
    ]
}

fn times() -> Vec<Row> {
    use Action::{AskAgain, ForgetJob, Refresh};
    let full = (1..=16).map(|n| (20, pipe(n, &format!(":1.{}", 10 + n))));
    vec![
        (
            "the next attempt takes the place of the last one on the bus",
            failed(),
            (60_005, Event::TimePassed),
            vec![ForgetJob(1), AskAgain(2)],
        ),
        (
            "an attempt without room is put off",
            and(failed(), full),
            (60_005, Event::TimePassed),
            vec![plan(2)],
        ),
        (
            "an attempt that could not start is put off",
            and(failed(), [(60_005, Event::TimePassed)]),
            (60_006, Event::NotStarted(Work::Import(2))),
            vec![plan(2)],
        ),
        (
            "another network brings the next attempt forward after several failures",
            and(
                failed(),
                [
                    (60_005, Event::TimePassed),
                    (60_006, Event::NotStarted(Work::Import(2))),
                    (60_006, Event::ActivationPlanned(ms(120_000))),
                ],
            ),
            (60_010, Event::LinksListed(Some(Vec::new()))),
            vec![Refresh(Scope::Changes), plan(1)],
        ),
        (
            "another network does not put off the first further attempt",
            failed(),
            (20, Event::LinksListed(Some(Vec::new()))),
            vec![Refresh(Scope::Changes)],
        ),
    ]
}

fn withdrawals() -> Vec<Row> {
    use Action::{EndImport, ForgetJob, Publish, StartWrite};
    let withdrawn = |job| order(9, Order::Withdraw(job));
    vec![
        (
            "a caller cancels an attempt that runs, and its request goes",
            vec![(0, activate(1))],
            (1, withdrawn(1)),
            vec![StartWrite(Ticket(9))],
        ),
        (
            "an attempt that a caller has cancelled does not wait for the next one",
            and(answered(), [(4, withdrawn(1))]),
            (5, refused(1)),
            vec![
                Publish(Scope::Time),
                EndImport(1, None),
                Action::ShowRequest(2),
                Action::PlanActivation(NextPoll::AfterStart),
            ],
        ),
        (
            "a request that has gone is not shown",
            failed(),
            (20, Event::Refreshed(facts())),
            vec![Publish(Scope::Time), ForgetJob(1)],
        ),
    ]
}

fn endings() -> Vec<Row> {
    use Action::{Cancel, Disconnect, EndImport, Import, Publish, Rejoin};
    vec![
        (
            "a stop ends the attempt that runs",
            vec![(0, activate(1))],
            (1, Event::Stop),
            vec![Cancel(1)],
        ),
        (
            "a daemon that stops imports the answer and plans nothing",
            vec![(0, activate(1)), (1, Event::Stop)],
            (2, Event::Read(1)),
            vec![Import(vec![1], Scope::Time)],
        ),
        (
            "a daemon that stops makes no further attempt",
            and(failed(), [(20, Event::Stop)]),
            (60_005, Event::TimePassed),
            vec![],
        ),
        (
            "a lost bus has lost the job of the last attempt, and the next one gets another",
            and(failed(), [(20, Event::BusLost)]),
            (21, Event::BusJoined),
            vec![Action::ShowRequest(2)],
        ),
        (
            "an attempt that waits loses the bus like others",
            failed(),
            (20, Event::BusLost),
            vec![Disconnect, Rejoin],
        ),
        (
            "a daemon that stops ends the attempt with its refresh",
            vec![(0, activate(1)), (1, Event::Stop), (2, Event::Read(1))],
            (3, refused(1)),
            vec![Publish(Scope::Time), Action::KeepJob(1), EndImport(1, None)],
        ),
    ]
}

#[test]
fn a_service_that_is_down_for_a_week_is_asked_at_growing_intervals() {
    let (mut state, start) = state_after(failed());
    let hour = 3_600_000;
    let mut asked = 0;
    while let Some(due) = state.due().filter(|due| *due <= start + ms(7 * 24 * hour)) {
        let actions = state.on(Event::TimePassed, due);
        for action in actions {
            let Action::AskAgain(job) = action else { continue };
            asked += 1;
            state.on(Event::Read(job), due);
            let later = due + ms(3);
            state.on(Event::TimePassed, later);
            let planned = state.on(refused(job), later);
            let next = planned.iter().find_map(|action| match action {
                Action::PlanActivation(NextPoll::Again { hours, failures }) => {
                    Some(licd_rules::poll_again(*hours, *failures, u32::MAX / 2))
                }
                _ => None,
            });
            state.on(Event::ActivationPlanned(next.unwrap()), later);
        }
    }
    // One minute doubles to a day in eleven steps, and then once a day.
    assert!((15..=20).contains(&asked), "{asked}");
}
