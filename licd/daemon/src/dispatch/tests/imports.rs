//! Imports, removals and changes of settings, and the room for them.

use std::ops::RangeInclusive;

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let rows = [ways_of_an_import(), joint_imports(), ends_of_an_import(), room(), writes()];
    rows.into_iter().flatten().collect()
}

fn begun() -> Vec<(u64, Event)> {
    vec![(0, file(1, ":1.1"))]
}

fn read() -> Vec<(u64, Event)> {
    and(begun(), [(1, Event::Read(1))])
}

fn importing() -> Vec<(u64, Event)> {
    and(read(), [(4, Event::TimePassed)])
}

/// An import that runs from 4 ms on, and a file that was read since; another one is being read.
fn more() -> Vec<(u64, Event)> {
    let more = [(5, file(2, ":1.1")), (5, file(3, ":1.1")), (6, Event::Read(2))];
    and(importing(), and(more.into(), [(9, Event::TimePassed)]))
}

fn ways_of_an_import() -> Vec<Row> {
    use Action::{EndImport, Import, Publish, StartImport};
    let two = || vec![(0, file(1, ":1.1")), (0, file(2, ":1.1")), (1, Event::Read(2))];
    vec![
        ("an import starts", vec![], (0, file(1, ":1.1")), vec![StartImport(1, Ticket(1))]),
        ("documents wait a moment for others", begun(), (1, Event::Read(1)), vec![]),
        (
            "then they are imported",
            read(),
            (4, Event::TimePassed),
            vec![Import(vec![1], Scope::Time)],
        ),
        ("files of one caller are imported in their order", two(), (4, Event::TimePassed), vec![]),
        (
            "files of one caller are imported together",
            and(two(), [(5, Event::Read(1))]),
            (8, Event::TimePassed),
            vec![Import(vec![1, 2], Scope::Time)],
        ),
        (
            "documents that are read during a refresh are imported with the next one",
            and(vec![(0, Event::AlarmRang)], importing()),
            (9, refreshed()),
            vec![Publish(Scope::Time), Import(vec![1], Scope::Time)],
        ),
        (
            "documents that are read during an import wait for those that its answers bring",
            more(),
            (300, imported(1, Code::Valid)),
            vec![Publish(Scope::Time), EndImport(1, Some(Ticket(1)))],
        ),
        (
            "the longer an import has taken, the longer the next one waits for documents",
            and(more(), [(324, imported(1, Code::Valid))]),
            (343, Event::TimePassed),
            vec![],
        ),
        (
            "then it imports what has come",
            and(more(), [(324, imported(1, Code::Valid)), (330, Event::Read(3))]),
            (350, Event::TimePassed),
            vec![Import(vec![2, 3], Scope::Time)],
        ),
        (
            "after a short import a document is imported at once",
            and(importing(), [(9, imported(1, Code::Valid)), (20, file(2, ":1.1"))]),
            (21, Event::Read(2)),
            vec![Import(vec![2], Scope::Time)],
        ),
        (
            "it waits for another one that is being read",
            and(
                importing(),
                [(9, imported(1, Code::Valid)), (20, file(2, ":1.1")), (20, file(3, ":1.1"))],
            ),
            (21, Event::Read(2)),
            vec![],
        ),
        (
            "a refresh in between imports what waits",
            and(more(), [(324, imported(1, Code::Valid))]),
            (330, Event::ProblemChanged),
            vec![Import(vec![2], Scope::Changes)],
        ),
        (
            "a verdict is answered only after the refresh that shows it was published",
            importing(),
            (5, imported(1, Code::Valid)),
            vec![Publish(Scope::Time), EndImport(1, Some(Ticket(1)))],
        ),
    ]
}

/// Two files that others follow, read and waiting.
fn two_of_several() -> Vec<(u64, Event)> {
    and(several(1..=2), [(6, Event::TimePassed)])
}

fn joint_imports() -> Vec<Row> {
    use Action::{Cancel, Import, Refuse};
    let last = || (1_000, file(3, ":1.1"));
    vec![
        ("files wait for those that follow", two_of_several(), (90, Event::TimePassed), vec![]),
        (
            "a refresh in between does not import them",
            two_of_several(),
            (90, Event::ProblemChanged),
            vec![Action::Refresh(Scope::Changes)],
        ),
        (
            "they wait until the last one is read",
            and(two_of_several(), [last()]),
            (6_000, Event::TimePassed),
            vec![],
        ),
        (
            "then all are imported",
            and(two_of_several(), [last(), (1_001, Event::Read(3))]),
            (1_004, Event::TimePassed),
            vec![Import(vec![1, 2, 3], Scope::Time)],
        ),
        (
            "a last one that cannot be read holds up none",
            and(two_of_several(), [last(), (1_001, Event::ReadFailed(3))]),
            (1_004, Event::TimePassed),
            vec![Import(vec![1, 2], Scope::Time)],
        ),
        (
            "they wait five seconds for the next one",
            two_of_several(),
            (5_001, Event::TimePassed),
            vec![Import(vec![1, 2], Scope::Time)],
        ),
        (
            "files of another caller do not wait for them",
            and(two_of_several(), [(4, file(3, ":1.2")), (5, Event::Read(3))]),
            (9, Event::TimePassed),
            vec![Import(vec![3], Scope::Time)],
        ),
        (
            "they are cancelled when their caller leaves",
            two_of_several(),
            (9, Event::CallerGone(":1.1".to_owned())),
            vec![Cancel(1), Cancel(2), Import(vec![1, 2], Scope::Time)],
        ),
        (
            "a stop waits for no more",
            two_of_several(),
            (9, Event::Stop),
            vec![Cancel(1), Cancel(2), Import(vec![1, 2], Scope::Time)],
        ),
        (
            "when the next one is refused, those before are imported",
            and(several(1..=64), [(6, Event::TimePassed)]),
            (9, file(65, ":1.1")),
            vec![Refuse(Ticket(65), Refused::CallerFiles), Import((1..=64).collect(), Scope::Time)],
        ),
    ]
}

/// Files that others follow, all read.
fn several(tickets: RangeInclusive<u32>) -> Vec<(u64, Event)> {
    let begun = tickets.clone().map(|ticket| (1, file_of_several(ticket.into(), ":1.1")));
    begun.chain(tickets.map(|job| (2, Event::Read(job)))).collect()
}

fn ends_of_an_import() -> Vec<Row> {
    use Action::{Cancel, EndImport, ForgetJob};
    let ended = || EndImport(1, Some(Ticket(1)));
    vec![
        (
            "an import ends with a failed refresh, too",
            importing(),
            (5, Event::RefreshFailed),
            vec![ended()],
        ),
        ("an import that cannot be read ends", begun(), (1, Event::ReadFailed(1)), vec![ended()]),
        (
            "an import that did not start leaves no trace",
            begun(),
            (0, Event::NotStarted(Work::Import(1))),
            vec![],
        ),
        (
            "an ended job is shown for ten seconds",
            and(begun(), [(1, Event::ReadFailed(1)), (4, Event::TimePassed)]),
            (10_001, Event::TimePassed),
            vec![ForgetJob(1)],
        ),
        (
            "imports end whose caller is gone",
            begun(),
            (1, Event::CallerGone(":1.1".to_owned())),
            vec![Cancel(1)],
        ),
    ]
}

fn room() -> Vec<Row> {
    use Action::Refuse;
    vec![
        (
            "the ninth pipe of one caller is refused",
            (1..=8).map(|n| (n, pipe(n, ":1.1"))).collect(),
            (9, pipe(9, ":1.1")),
            vec![Refuse(Ticket(9), Refused::CallerFull)],
        ),
        (
            "the sixty-fourth file of one caller has room",
            (1..=63).map(|n| (n, file(n, ":1.1"))).collect(),
            (64, file(64, ":1.1")),
            vec![Action::StartImport(64, Ticket(64))],
        ),
        (
            "the sixty-fifth file of one caller is refused",
            (1..=64).map(|n| (n, file(n, ":1.1"))).collect(),
            (65, file(65, ":1.1")),
            vec![Refuse(Ticket(65), Refused::CallerFiles)],
        ),
        (
            "half of the room for files is for callers that have none",
            (1..=96).map(|n| (n, file(n, &format!(":1.{}", n % 2)))).collect(),
            (97, file(97, ":1.1")),
            vec![Refuse(Ticket(97), Refused::Files)],
        ),
        (
            "a caller without a file has room where others have half",
            (1..=96).map(|n| (n, file(n, &format!(":1.{}", n % 2)))).collect(),
            (97, file(97, ":1.2")),
            vec![Action::StartImport(97, Ticket(97))],
        ),
        (
            "the seventeenth caller with a file is refused",
            (1..=16).map(|n| (n, file(n, &format!(":1.{n}")))).collect(),
            (17, file(17, ":1.17")),
            vec![Refuse(Ticket(17), Refused::Full)],
        ),
        (
            "files that are read need no thread",
            and(
                (1..=16).map(|n| (n, file(n, &format!(":1.{n}")))).collect(),
                [(16, Event::Read(3))],
            ),
            (17, file(17, ":1.17")),
            vec![Action::StartImport(17, Ticket(17))],
        ),
        (
            "the seventeenth removal is refused",
            (1..=16).map(|n| (n, order(n, Order::Write))).collect(),
            (17, order(17, Order::Write)),
            vec![Refuse(Ticket(17), Refused::Writes)],
        ),
        (
            "imports that take all their room leave room for a removal",
            (1..=16).map(|n| (n, pipe(n, &format!(":1.{n}")))).collect(),
            (17, order(17, Order::Write)),
            vec![Action::StartWrite(Ticket(17))],
        ),
    ]
}

fn writes() -> Vec<Row> {
    use Action::Answer;
    vec![
        (
            "a removal starts",
            vec![],
            (0, order(1, Order::Write)),
            vec![Action::StartWrite(Ticket(1))],
        ),
        (
            "a user's answer is taken at once",
            vec![],
            (0, order(1, Order::Answer)),
            vec![Action::TakeAnswer(Ticket(1))],
        ),
        (
            "a removal that took nothing is answered at once",
            vec![(0, order(1, Order::Write))],
            (1, written(2, Effect::Unchanged)),
            vec![Answer(Ticket(2))],
        ),
        (
            "any other removal is answered after a refresh",
            vec![(0, order(1, Order::Write))],
            (1, written(2, Effect::Changed)),
            vec![Action::Refresh(Scope::Changes)],
        ),
        (
            "attempts to settle refresh",
            vec![
                (0, order(1, Order::Write)),
                (1, written(1, Effect::LeftOpen)),
                (2, refreshed()),
                (5001, Event::TimePassed),
            ],
            (5100, Event::Settled(Unsettled::default())),
            vec![Action::Refresh(Scope::Changes)],
        ),
    ]
}
