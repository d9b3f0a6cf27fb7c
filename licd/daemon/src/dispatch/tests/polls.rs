//! Polls of the download links.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    [times(), changes(), links()].into_iter().flatten().collect()
}

fn idle() -> Vec<(u64, Event)> {
    vec![(0, started(&[LINK])), (1, refreshed())]
}

fn poll(ticket: u64) -> Event {
    order(ticket, Order::Poll)
}

fn times() -> Vec<Row> {
    use Action::{Answer, EndImport, FollowLink, Publish, SetPoll};
    let ended = || EndImport(1, None);
    vec![
        (
            "the regular poll follows the link",
            idle(),
            (10, Event::PollDue),
            vec![FollowLink(1, url(LINK))],
        ),
        ("one poll runs at a time", polling([]), (11, Event::PollDue), vec![]),
        (
            "the end of the poll sets the next one and answers the caller",
            and(idle(), [(9, poll(1)), (10, Event::Read(1)), (13, Event::TimePassed)]),
            (20, imported(1, Code::Valid)),
            vec![Publish(Scope::Time), ended(), again(0), Answer(Ticket(1))],
        ),
        (
            "the failure of a poll that a caller asked for does not put off the regular one",
            and(idle(), [(9, poll(1))]),
            (20, Event::ReadFailed(1)),
            vec![ended(), Answer(Ticket(1))],
        ),
        (
            "the failure of the regular poll brings the next one earlier",
            polling([]),
            (20, Event::ReadFailed(1)),
            vec![ended(), again(1)],
        ),
        (
            "a caller waits 20 seconds for a poll",
            and(idle(), [(10, poll(1))]),
            (20_010, Event::TimePassed),
            vec![Answer(Ticket(1))],
        ),
        (
            "two polls are two seconds apart",
            polling([(20, Event::ReadFailed(1))]),
            (500, Event::PollDue),
            vec![SetPoll(NextPoll::After(ms(1520)))],
        ),
        (
            "a caller that asks within the two seconds gets its poll after them",
            polling([(20, Event::ReadFailed(1)), (500, poll(1))]),
            (2020, Event::TimePassed),
            vec![FollowLink(2, url(LINK))],
        ),
    ]
}

fn changes() -> Vec<Row> {
    use Action::{FollowLink, Publish, SetPoll};
    vec![
        (
            "links that change during a poll are polled after it",
            polling([
                (11, Event::AlarmRang),
                (12, with_links(&[OTHER_LINK])),
                (20, Event::ReadFailed(1)),
            ]),
            (2020, Event::TimePassed),
            vec![FollowLink(2, url(OTHER_LINK))],
        ),
        (
            "links that change without a poll are polled soon",
            vec![(0, started(&[LINK]))],
            (1, with_links(&[OTHER_LINK])),
            vec![Publish(Scope::Time), SetPoll(NextPoll::AfterChange)],
        ),
        (
            "settings that are the same change nothing",
            vec![(0, started(&[LINK]))],
            (1, with_links(&[LINK])),
            vec![Publish(Scope::Time)],
        ),
    ]
}

fn links() -> Vec<Row> {
    use Action::{EndImport, FollowLink, Publish, SkipLink};
    let busy = (1..=16).map(|n| (2, file(n, &format!(":1.{n}"))));
    vec![
        (
            "a link for which there is no room fails the poll",
            and(idle(), busy),
            (10, Event::PollDue),
            vec![SkipLink(url(LINK)), again(1)],
        ),
        (
            "a link that could not be started fails the poll",
            polling([]),
            (10, Event::NotStarted(Work::Import(1))),
            vec![again(1)],
        ),
        (
            "a link that is no address is left out",
            vec![(0, started(&["ums"])), (1, refreshed())],
            (10, Event::PollDue),
            vec![again(0)],
        ),
        (
            "a link by an unknown key is followed again once a later one was accepted",
            vec![
                (0, started(&[LINK, OTHER_LINK])),
                (1, refreshed()),
                (10, Event::PollDue),
                (11, Event::Hangup),
                (12, imported(1, Code::UnknownKey)),
                (13, Event::Hangup),
            ],
            (14, imported(2, Code::Valid)),
            vec![Publish(Scope::All), EndImport(2, None), FollowLink(3, url(LINK))],
        ),
    ]
}
