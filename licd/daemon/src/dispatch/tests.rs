mod activations;
mod imports;
mod polls;
mod table;

use licd_device::Url;
use licd_rules::Code;

use super::*;
use table::{Row, and, rows};

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
    Facts {
        lacks: BTreeSet::new(),
        left_open: false,
        request_waits: false,
        settings: None,
        imported: Vec::new(),
    }
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
    order(ticket, Order::Import { owner, origin: Origin::File, answer, more: More::Nothing })
}

/// A file that others of its caller follow.
fn file_of_several(ticket: u64, owner: &str) -> Event {
    let (owner, answer) = (owner.to_owned(), ImportAnswer::Verdict);
    order(ticket, Order::Import { owner, origin: Origin::File, answer, more: More::Follows })
}

fn pipe(ticket: u64, owner: &str) -> Event {
    let (owner, answer) = (owner.to_owned(), ImportAnswer::Verdict);
    order(ticket, Order::Import { owner, origin: Origin::Other, answer, more: More::Nothing })
}

fn written(ticket: u64, effect: Effect) -> Event {
    Event::Written(Ticket(ticket), effect)
}

fn again(failures: u32) -> Action {
    Action::SetPoll(NextPoll::Again { hours: WEEKLY, failures })
}

/// A daemon that polls this link, as the job 1, from 10 ms on.
fn polling(then: impl IntoIterator<Item = (u64, Event)>) -> Vec<(u64, Event)> {
    and(vec![(0, started(&[LINK])), (1, refreshed()), (10, Event::PollDue)], then)
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

/// The times in milliseconds, up to `limit`, at which the state acts without another event, and its
/// actions. Each refresh ends at once with `end`.
fn acts_by_itself(
    (mut state, start): (State, Instant),
    limit: u64,
    end: impl Fn() -> Event,
) -> Vec<(u128, Vec<Action>)> {
    let mut acts = Vec::new();
    while let Some(due) = state.due().filter(|due| *due <= start + ms(limit)) {
        let actions = state.on(Event::TimePassed, due);
        if let [Action::Settle(left)] = actions.as_slice() {
            state.on(Event::Settled(*left), due);
        }
        acts.push(((due - start).as_millis(), actions));
        if state.refreshes.is_running() {
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
        (Lack::Watches, 8000, vec![1000, 3000, 7000]),
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
    let settle = || vec![Action::Settle(Unsettled { store: true, profile: false })];
    let acts = acts_by_itself(state, 8000, refreshed);
    assert_eq!(acts, [(1000, settle()), (3000, settle()), (7000, settle())]);
}

#[test]
fn an_attempt_that_could_not_start_is_made_again() {
    let left = Unsettled { store: false, profile: true };
    let lacks = BTreeSet::new();
    let (mut state, start) =
        state_after([(0, Event::Started { left, lacks, settings: None }), (1, refreshed())]);
    for at in [1000, 3000] {
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
    assert_eq!(state.on(Event::Read(1), start + ms(2)), [Action::Import(vec![1], Scope::Time)]);
    assert!(state.has_work());
    let ended = [Action::Publish(Scope::Time), Action::EndImport(1, Some(Ticket(1)))];
    assert_eq!(state.on(imported(1, Code::Valid), start + ms(3)), ended);
    assert!(!state.has_work());
}
