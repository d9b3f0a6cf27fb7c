//! What follows from each event.

use super::*;

/// A sentence, the events before, the event in question with its time in milliseconds, and the
/// actions that follow from it.
pub(super) type Row = (&'static str, Vec<(u64, Event)>, (u64, Event), Vec<Action>);

/// These events, and then those.
pub(super) fn and(
    before: Vec<(u64, Event)>,
    then: impl IntoIterator<Item = (u64, Event)>,
) -> Vec<(u64, Event)> {
    before.into_iter().chain(then).collect()
}

pub(super) fn rows() -> Vec<Row> {
    let parts = [
        files_and_interfaces(),
        reasons(),
        refreshes(),
        imports::rows(),
        polls::rows(),
        activations::rows(),
        bus_and_end(),
    ];
    parts.into_iter().flatten().collect()
}

fn files_and_interfaces() -> Vec<Row> {
    use Event::{FilesChanged, LinksChanged, LinksListed, TimePassed};
    let burst = || vec![(0, FilesChanged), (20, FilesChanged), (40, FilesChanged)];
    vec![
        ("files that change are left to settle", vec![], (0, FilesChanged), vec![]),
        ("a burst lasts until 50 ms without an event", burst(), (89, TimePassed), vec![]),
        (
            "a burst of file events is one refresh",
            burst(),
            (90, TimePassed),
            vec![Action::Refresh(Scope::Changes)],
        ),
        (
            "a refresh in between covers the burst",
            and(burst(), [(50, Event::Hangup), (60, refreshed())]),
            (90, TimePassed),
            vec![],
        ),
        ("interfaces that change are left to settle", vec![], (0, LinksChanged), vec![]),
        (
            "interfaces are listed after the burst",
            vec![(0, LinksChanged), (100, LinksChanged)],
            (300, TimePassed),
            vec![Action::ListLinks],
        ),
        (
            "other interfaces are a reason for a refresh",
            vec![],
            (0, LinksListed(Some(Vec::new()))),
            vec![Action::Refresh(Scope::Changes)],
        ),
        (
            "the same interfaces are no reason for a refresh",
            vec![(0, LinksListed(Some(Vec::new()))), (1, refreshed())],
            (2, LinksListed(Some(Vec::new()))),
            vec![],
        ),
        (
            "an interface list that the kernel did not give may be another one",
            vec![(0, LinksListed(None)), (1, refreshed())],
            (2, LinksListed(None)),
            vec![Action::Refresh(Scope::Changes)],
        ),
    ]
}

fn reasons() -> Vec<Row> {
    use Action::Refresh;
    vec![
        (
            "a start judges again and schedules the first poll",
            vec![],
            (0, started(&[LINK])),
            vec![Refresh(Scope::Time), Action::SetPoll(NextPoll::AfterStart)],
        ),
        (
            "a start without download links schedules no poll",
            vec![],
            (0, started(&[])),
            vec![Refresh(Scope::Time)],
        ),
        ("SIGHUP refreshes everything", vec![], (0, Event::Hangup), vec![Refresh(Scope::All)]),
        (
            "a problem that the report names is a reason for a refresh",
            vec![],
            (0, Event::ProblemChanged),
            vec![Refresh(Scope::Changes)],
        ),
        ("what is no longer watched is left for a moment", vec![], (0, Event::Unwatched), vec![]),
        (
            "what is no longer watched is looked at after a second",
            vec![(0, Event::Unwatched), (500, Event::Unwatched)],
            (1000, Event::TimePassed),
            vec![Refresh(Scope::Changes)],
        ),
        ("the alarm judges again", vec![], (0, Event::AlarmRang), vec![Refresh(Scope::Time)]),
    ]
}

fn refreshes() -> Vec<Row> {
    use Action::{Answer, Drop, Publish, Refresh};
    let waiting = || vec![(0, Event::AlarmRang), (1, order(1, Order::Refresh))];
    vec![
        (
            "the refresh that runs does not answer a caller that asks meanwhile",
            waiting(),
            (2, refreshed()),
            vec![Publish(Scope::Time), Refresh(Scope::All)],
        ),
        (
            "the next refresh answers the caller, once it is published",
            and(waiting(), [(2, refreshed())]),
            (3, refreshed()),
            vec![Publish(Scope::All), Answer(Ticket(1))],
        ),
        (
            "reasons that come together are one refresh of the largest scope",
            vec![
                (0, Event::AlarmRang),
                (1, Event::AlarmRang),
                (2, Event::Hangup),
                (3, Event::LinksListed(None)),
            ],
            (4, refreshed()),
            vec![Publish(Scope::Time), Refresh(Scope::All)],
        ),
        (
            "a failed refresh drops the caller that asked for it",
            vec![(0, order(1, Order::Refresh))],
            (1, Event::RefreshFailed),
            vec![Drop(Ticket(1))],
        ),
        (
            "a failed refresh answers the caller whose removal is done",
            vec![(0, order(1, Order::Write)), (1, written(2, Effect::Changed))],
            (2, Event::RefreshFailed),
            vec![Answer(Ticket(2))],
        ),
        (
            "more than 32 callers do not wait for one refresh",
            (0..=WAITING as u64).map(|n| (n, order(n, Order::Refresh))).collect(),
            (100, order(100, Order::Refresh)),
            vec![Action::Refuse(Ticket(100), Refused::Waiting)],
        ),
    ]
}

fn bus_and_end() -> Vec<Row> {
    use Action::{Answer, Cancel, Disconnect, Drop, GiveUp, Import, Rejoin, ShowJob};
    use Event::{BusJoined, BusLost, BusUnreachable, Stop, StopTimedOut};
    let silent = || BusUnreachable(Unreachable::Silent);
    vec![
        ("a lost bus is joined again", vec![], (0, BusLost), vec![Disconnect, Rejoin]),
        ("a silent bus is given time", vec![(0, BusLost)], (1, silent()), vec![]),
        (
            "a silent bus is tried again",
            vec![(0, BusLost), (1, silent())],
            (100, Event::TimePassed),
            vec![Rejoin],
        ),
        (
            "without a bus the daemon ends",
            vec![(0, BusLost)],
            (1, BusUnreachable(Unreachable::Absent)),
            vec![GiveUp],
        ),
        (
            "the jobs that run are shown to a bus that is back",
            vec![(0, file(1, ":1.1")), (1, BusLost)],
            (2, BusJoined),
            vec![ShowJob(1)],
        ),
        (
            "a stop cancels reading, drops pollers and imports what was read",
            polling([(11, order(7, Order::Poll)), (12, file(8, ":1.1")), (13, Event::Read(2))]),
            (14, Stop),
            vec![Drop(Ticket(7)), Cancel(1), Cancel(2), Import(vec![2], Scope::Time)],
        ),
        (
            "a daemon that stops answers a removal at once",
            vec![(0, order(1, Order::Write)), (1, Stop)],
            (2, written(2, Effect::Changed)),
            vec![Answer(Ticket(2))],
        ),
        ("a daemon that stops joins no bus", vec![(0, Stop)], (1, BusLost), vec![]),
        (
            "a stop that takes too long answers what is done and drops the rest",
            vec![
                (0, order(1, Order::Write)),
                (1, written(2, Effect::Changed)),
                (2, order(3, Order::Refresh)),
                (3, Stop),
            ],
            (4, StopTimedOut),
            vec![Answer(Ticket(2)), Drop(Ticket(3))],
        ),
    ]
}
