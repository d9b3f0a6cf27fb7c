use super::*;

/// A sentence, the events before, the event in question with its time in milliseconds, and the
/// actions that follow from it.
type Row = (&'static str, Vec<(u64, Event)>, (u64, Event), Vec<Action>);

const LINK: &str = "http://ums.example/a.lic";
const OTHER_LINK: &str = "http://ums.example/b.lic";
const WEEKLY: u16 = 168;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A state after these events, and its time zero.
fn state_after(events: impl IntoIterator<Item = (u64, Event)>) -> (State, Instant) {
    let start = Instant::now();
    let mut state = State::new(None, start);
    for (at, event) in events {
        state.on(event, start + ms(at));
    }
    (state, start)
}

fn url(link: &str) -> Url {
    Url::parse(link).unwrap()
}

fn settings(links: &[&str]) -> Option<Box<Settings>> {
    let mut settings = Settings::default();
    settings.system.remotemanager.license_urls =
        links.iter().map(|link| (*link).to_owned()).collect();
    settings.system.remotemanager.license_poll_hours = WEEKLY;
    Some(Box::new(settings))
}

fn facts() -> Facts {
    Facts { lacks: BTreeSet::new(), left_open: false, settings: None, imported: Vec::new() }
}

fn refreshed() -> Event {
    Event::Refreshed(facts())
}

fn lacking(lack: Lack) -> Event {
    Event::Refreshed(Facts { lacks: BTreeSet::from([lack]), ..facts() })
}

fn imported(job: JobId, code: Code) -> Event {
    Event::Refreshed(Facts { imported: vec![(job, Some(code))], ..facts() })
}

fn with_links(links: &[&str]) -> Event {
    Event::Refreshed(Facts { settings: settings(links), ..facts() })
}

fn started(links: &[&str]) -> Event {
    let (left, lacks) = (Unsettled::default(), BTreeSet::new());
    Event::Started { left, lacks, settings: settings(links) }
}

fn order(ticket: u64, order: Order) -> Event {
    Event::Order(Ticket(ticket), order)
}

fn file(ticket: u64, owner: &str) -> Event {
    let (owner, answer) = (owner.to_owned(), ImportAnswer::Verdict);
    order(ticket, Order::Import { owner, origin: Origin::File, answer })
}

fn written(ticket: u64, written: Written) -> Event {
    Event::Written(Ticket(ticket), written)
}

fn again(failures: u32) -> Action {
    Action::SetPoll(NextPoll::Again { hours: WEEKLY, failures })
}

/// A daemon that polls this link, as the job 1, from 10 ms on.
fn polling(then: impl IntoIterator<Item = (u64, Event)>) -> Vec<(u64, Event)> {
    let before = [(0, started(&[LINK])), (1, refreshed()), (10, Event::PollDue)];
    before.into_iter().chain(then).collect()
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
            [burst(), vec![(50, Event::Hangup), (60, refreshed())]].into_iter().flatten().collect(),
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

fn refreshes() -> Vec<Row> {
    use Action::{Answer, Drop, Publish, Refresh};
    let waiting = || vec![(0, Event::AlarmRang), (1, order(1, Order::Refresh))];
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
        ("the alarm judges again", vec![], (0, Event::AlarmRang), vec![Refresh(Scope::Time)]),
        (
            "the refresh that runs does not answer a caller that asks meanwhile",
            waiting(),
            (2, refreshed()),
            vec![Publish(Scope::Time), Refresh(Scope::All)],
        ),
        (
            "the next refresh answers the caller, once it is published",
            [waiting(), vec![(2, refreshed())]].into_iter().flatten().collect(),
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
            vec![(0, order(1, Order::Write)), (1, written(2, Written::Changed))],
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

fn imports() -> Vec<Row> {
    use Action::{Answer, Cancel, EndImport, ForgetJob, Import, Publish, Refuse, StartImport};
    let begun = || vec![(0, file(1, ":1.1"))];
    let read = || vec![(0, file(1, ":1.1")), (1, Event::Read(1))];
    let two = || vec![(0, file(1, ":1.1")), (0, file(2, ":1.1")), (1, Event::Read(2))];
    let ends = |job, ticket| EndImport(job, Some(Ticket(ticket)));
    vec![
        ("an import starts", vec![], (0, file(1, ":1.1")), vec![StartImport(1, Ticket(1))]),
        ("documents wait a moment for others", begun(), (1, Event::Read(1)), vec![]),
        ("then they are imported", read(), (4, Event::TimePassed), vec![Import(vec![1])]),
        ("files of one caller are imported in their order", two(), (4, Event::TimePassed), vec![]),
        (
            "files of one caller are imported together",
            [two(), vec![(5, Event::Read(1))]].into_iter().flatten().collect(),
            (8, Event::TimePassed),
            vec![Import(vec![1, 2])],
        ),
        (
            "documents that are read during a refresh are imported with the next one",
            [vec![(0, Event::AlarmRang)], read(), vec![(4, Event::TimePassed)]]
                .into_iter()
                .flatten()
                .collect(),
            (9, refreshed()),
            vec![Publish(Scope::Time), Import(vec![1])],
        ),
        (
            "a verdict is answered only after the refresh that shows it was published",
            [read(), vec![(4, Event::TimePassed)]].into_iter().flatten().collect(),
            (5, imported(1, Code::Valid)),
            vec![Publish(Scope::Changes), ends(1, 1)],
        ),
        (
            "an import ends with a failed refresh, too",
            [read(), vec![(4, Event::TimePassed)]].into_iter().flatten().collect(),
            (5, Event::RefreshFailed),
            vec![ends(1, 1)],
        ),
        (
            "an import that cannot be read ends",
            begun(),
            (1, Event::ReadFailed(1)),
            vec![ends(1, 1)],
        ),
        (
            "an import that did not start leaves no trace",
            begun(),
            (0, Event::NotStarted(Work::Import(1))),
            vec![],
        ),
        (
            "an ended job is shown for ten seconds",
            [begun(), vec![(1, Event::ReadFailed(1)), (4, Event::TimePassed)]]
                .into_iter()
                .flatten()
                .collect(),
            (10_001, Event::TimePassed),
            vec![ForgetJob(1)],
        ),
        (
            "imports end whose caller is gone",
            begun(),
            (1, Event::CallerGone(":1.1".to_owned())),
            vec![Cancel(1)],
        ),
        (
            "the ninth import of one caller is refused",
            (1..=8).map(|n| (n, file(n, ":1.1"))).collect(),
            (9, file(9, ":1.1")),
            vec![Refuse(Ticket(9), Refused::CallerFull)],
        ),
        (
            "the seventeenth import is refused",
            (1..=16).map(|n| (n, file(n, &format!(":1.{n}")))).collect(),
            (17, file(17, ":1.17")),
            vec![Refuse(Ticket(17), Refused::Full)],
        ),
        (
            "the seventeenth removal is refused",
            (1..=16).map(|n| (n, order(n, Order::Write))).collect(),
            (17, order(17, Order::Write)),
            vec![Refuse(Ticket(17), Refused::Full)],
        ),
        (
            "a removal starts",
            vec![],
            (0, order(1, Order::Write)),
            vec![Action::StartWrite(Ticket(1))],
        ),
        (
            "a removal that took nothing is answered at once",
            vec![(0, order(1, Order::Write))],
            (1, written(2, Written::Unchanged)),
            vec![Answer(Ticket(2))],
        ),
        (
            "any other removal is answered after a refresh",
            vec![(0, order(1, Order::Write))],
            (1, written(2, Written::Changed)),
            vec![Action::Refresh(Scope::Changes)],
        ),
        (
            "attempts to settle refresh",
            vec![
                (0, order(1, Order::Write)),
                (1, written(1, Written::LeftOpen)),
                (2, refreshed()),
                (5001, Event::TimePassed),
            ],
            (5100, Event::Settled(Unsettled::default())),
            vec![Action::Refresh(Scope::Changes)],
        ),
    ]
}

fn polls() -> Vec<Row> {
    use Action::{Answer, Complain, FollowLink, Publish, SetPoll};
    let poll = |ticket| order(ticket, Order::Poll);
    let busy = || (1..=16).map(|n| (2, file(n, &format!(":1.{n}"))));
    let begun = [(0, started(&[LINK])), (1, refreshed())];
    vec![
        ("a poll follows the link", polling([]), (9, Event::PollDue), vec![]),
        (
            "the end of the poll sets the next one and answers the caller",
            vec![
                (0, started(&[LINK])),
                (1, refreshed()),
                (9, poll(1)),
                (10, Event::Read(1)),
                (13, Event::TimePassed),
            ],
            (20, imported(1, Code::Valid)),
            vec![Publish(Scope::Changes), Action::EndImport(1, None), again(0), Answer(Ticket(1))],
        ),
        (
            "the failure of a poll that a caller asked for does not put off the regular one",
            vec![(0, started(&[LINK])), (1, refreshed()), (9, poll(1))],
            (20, Event::ReadFailed(1)),
            vec![Action::EndImport(1, None), Answer(Ticket(1))],
        ),
        (
            "the failure of the regular poll brings the next one earlier",
            polling([]),
            (20, Event::ReadFailed(1)),
            vec![Action::EndImport(1, None), again(1)],
        ),
        (
            "a caller waits 20 seconds for a poll",
            vec![(0, started(&[LINK])), (1, refreshed()), (10, poll(1))],
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
        (
            "a link for which there is no room fails the poll",
            begun.into_iter().chain(busy()).collect(),
            (10, Event::PollDue),
            vec![Action::SkipLink(url(LINK)), again(1)],
        ),
        (
            "a link that could not be started fails the poll",
            polling([]),
            (10, Event::NotStarted(Work::Import(1))),
            vec![again(1)],
        ),
        (
            "a link that is no address is complained of",
            vec![(0, started(&["ums"])), (1, refreshed())],
            (10, Event::PollDue),
            vec![Complain(vec![complaint("ums")]), again(0)],
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
            vec![Publish(Scope::All), Action::EndImport(2, None), FollowLink(3, url(LINK))],
        ),
    ]
}

fn complaint(link: &str) -> String {
    format!("download link {link}: {}; correct it in UMS", Url::parse(link).unwrap_err())
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
            vec![Drop(Ticket(7)), Cancel(1), Cancel(2), Import(vec![2])],
        ),
        (
            "a daemon that stops answers a removal at once",
            vec![(0, order(1, Order::Write)), (1, Stop)],
            (2, written(2, Written::Changed)),
            vec![Answer(Ticket(2))],
        ),
        ("a daemon that stops joins no bus", vec![(0, Stop)], (1, BusLost), vec![]),
        (
            "a stop that takes too long answers what is done and drops the rest",
            vec![
                (0, order(1, Order::Write)),
                (1, written(2, Written::Changed)),
                (2, order(3, Order::Refresh)),
                (3, Stop),
            ],
            (4, StopTimedOut),
            vec![Answer(Ticket(2)), Drop(Ticket(3))],
        ),
    ]
}

fn rows() -> Vec<Row> {
    let parts = [files_and_interfaces(), refreshes(), imports(), polls(), bus_and_end()];
    parts.into_iter().flatten().collect()
}

#[test]
fn every_event_has_its_actions() {
    for (sentence, before, (at, event), actions) in rows() {
        let (mut state, start) = state_after(before);
        assert_eq!(state.on(event, start + ms(at)), actions, "{sentence}");
    }
}

#[test]
fn the_documented_table_and_the_rows_name_the_same_events() {
    let name = |event: &Event| {
        let shown = format!("{event:?}");
        shown.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
    };
    let tested: BTreeSet<String> = rows().iter().map(|(_, _, (_, event), _)| name(event)).collect();
    let lines = include_str!("../dispatch.rs").lines();
    let cells = lines.filter_map(|line| line.strip_prefix("//! | `")?.split(" | ").next());
    let documented: BTreeSet<String> =
        cells.flat_map(|cell| cell.split("`, `")).map(|name| name.replace('`', "")).collect();
    assert_eq!(tested, documented);
}

/// The times, in milliseconds, at which the state acts by itself within `limit`, and as what; each
/// refresh ends at once as `end` says.
fn acts_by_itself(
    (mut state, start): (State, Instant),
    limit: u64,
    end: impl Fn() -> Event,
) -> Vec<(u128, Vec<Action>)> {
    let mut acts = Vec::new();
    while let Some(due) = state.due().filter(|due| *due <= start + ms(limit)) {
        let actions = state.on(Event::TimePassed, due);
        for action in &actions {
            match action {
                Action::Refresh(_) => drop(state.on(end(), due)),
                Action::Rejoin => drop(state.on(Event::BusUnreachable(Unreachable::Silent), due)),
                Action::Settle(left) => drop(state.on(Event::Settled(*left), due)),
                _ => {}
            }
        }
        acts.push(((due - start).as_millis(), actions));
        if state.lane.is_running() {
            state.on(end(), due);
        }
    }
    acts
}

fn refreshes_at(times: &[u128]) -> Vec<(u128, Vec<Action>)> {
    times.iter().map(|at| (*at, vec![Action::Refresh(Scope::Changes)])).collect()
}

#[test]
fn a_lack_is_looked_at_again_at_doubling_intervals() {
    let cases = [
        (Lack::Fact, 2000, vec![250, 750, 1750]),
        (Lack::Record, 4000, vec![500, 1500, 3500]),
        (Lack::UnitId, 8000, vec![1000, 3000, 7000]),
        (Lack::ClosedStore, 8000, vec![1000, 3000, 7000]),
    ];
    for (lack, limit, times) in cases {
        let state = state_after([(0, Event::AlarmRang), (0, lacking(lack))]);
        let acts = acts_by_itself(state, limit, || lacking(lack));
        assert_eq!(acts, refreshes_at(&times), "{lack:?}");
    }
}

#[test]
fn a_missing_unit_id_is_looked_for_for_two_minutes_and_a_record_for_five() {
    for (lack, limit) in [(Lack::UnitId, 120_000), (Lack::Record, 300_000)] {
        let state = state_after([(0, Event::AlarmRang), (0, lacking(lack))]);
        let acts = acts_by_itself(state, 10 * limit, || lacking(lack));
        let last = acts.last().unwrap().0;
        assert!(last <= u128::from(limit) && 2 * last > u128::from(limit), "{lack:?}: {last}");
    }
}

#[test]
fn a_refresh_that_lacks_nothing_ends_the_attempts() {
    let state = state_after([(0, Event::AlarmRang), (0, lacking(Lack::Fact))]);
    assert_eq!(acts_by_itself(state, 60_000, refreshed), refreshes_at(&[250]));
}

#[test]
fn a_failed_refresh_is_tried_again() {
    let state = state_after([(0, Event::AlarmRang), (0, Event::RefreshFailed)]);
    assert_eq!(acts_by_itself(state, 500, || Event::RefreshFailed), refreshes_at(&[250]));
}

#[test]
fn a_store_that_is_left_open_is_closed_again_at_doubling_intervals() {
    let left_open = || Event::Refreshed(Facts { left_open: true, ..facts() });
    let state = state_after([(0, Event::AlarmRang), (0, left_open())]);
    let settle = Action::Settle(Unsettled { store: true, profile: false });
    let acts = acts_by_itself(state, 16_000, refreshed);
    assert_eq!(
        acts,
        [
            (5000, vec![settle]),
            (15_000, vec![Action::Settle(Unsettled { store: true, profile: false })])
        ]
    );
}

#[test]
fn an_attempt_that_could_not_start_is_made_again() {
    let left = Unsettled { store: false, profile: true };
    let lacks = BTreeSet::new();
    let (mut state, start) =
        state_after([(0, Event::Started { left, lacks, settings: None }), (1, refreshed())]);
    for at in [5000, 15_000] {
        assert_eq!(state.on(Event::TimePassed, start + ms(at)), [Action::Settle(left)]);
        assert_eq!(state.on(Event::NotStarted(Work::Settle), start + ms(at)), []);
        assert!(!state.has_work());
    }
}

#[test]
fn a_bus_that_stays_silent_is_given_up_after_a_minute() {
    let (mut state, start) = state_after([(0, Event::BusLost)]);
    let mut last = 0;
    while let Some(due) = state.due() {
        assert_eq!(state.on(Event::TimePassed, due), [Action::Rejoin]);
        last = (due - start).as_millis();
        let actions = state.on(Event::BusUnreachable(Unreachable::Silent), due);
        let expected = if state.due().is_some() { vec![] } else { vec![Action::GiveUp] };
        assert_eq!(actions, expected);
    }
    assert!((50_000..=60_000).contains(&last), "{last}");
}

#[test]
fn the_watchdog_is_fed_at_its_interval() {
    let start = Instant::now();
    let mut state = State::new(Some(ms(100)), start);
    assert_eq!(state.due(), Some(start + ms(100)));
    assert_eq!(state.on(Event::TimePassed, start + ms(99)), []);
    assert_eq!(state.on(Event::TimePassed, start + ms(130)), [Action::Watchdog]);
    assert_eq!(state.due(), Some(start + ms(230)));
}

#[test]
fn a_stop_waits_for_work_and_for_the_refresh_that_shows_it() {
    let (mut state, start) = state_after([(0, file(1, ":1.1")), (1, Event::Stop)]);
    assert!(state.has_work());
    assert_eq!(state.on(Event::Read(1), start + ms(2)), [Action::Import(vec![1])]);
    assert!(state.has_work());
    let ended = [Action::Publish(Scope::Changes), Action::EndImport(1, Some(Ticket(1)))];
    assert_eq!(state.on(imported(1, Code::Valid), start + ms(3)), ended);
    assert!(!state.has_work());
}
