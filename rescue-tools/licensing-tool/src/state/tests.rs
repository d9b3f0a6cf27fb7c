//! The state without a display and without a bus.

mod forms;

use std::path::PathBuf;
use std::sync::Arc;

use licd_device::{Failure, Problem, Report, RequestProblem, Withdrawn};
use licd_rules::{Code, Selector};

use super::actions::{Action, Order};
use super::events::{Absence, Event, Purpose, Question, Verdict};
use super::form::{Field, Tick};
use super::notice::{Notice, Outcome};
use super::{Mode, Page, Stage, State, Way};

/// A report whose Workspace Edition has this state.
fn report(state: &str) -> Arc<Report> {
    let text = format!(
        r#"{{"schema":1,"state":"{state}","unit_id":"00E0C51C5087",
        "hardware":{{"kind":"mac","mac":"00:E0:C5:1C:50:87","serial":null}},
        "os":{{"generation":12,"version":null,"released":null}},
        "clock":{{"state":"ok","now":"2026-11-22T17:00:00Z"}},
        "store":{{"state":"read-only","licenses":0}},"services":[],"licenses":[],"rejected":[],
        "features":{{}},"links":[],"restart_pending":false,"problems":[]}}"#
    );
    Arc::new(serde_json::from_str(&text).unwrap())
}

/// A window with the report of an unlicensed device.
fn window(mode: Mode) -> State {
    let mut state = State::new(mode);
    let first = state.update(Event::Reported(report("none")));
    let terms = if mode == Mode::Activation { vec![Action::FindTerms] } else { Vec::new() };
    assert_eq!(first, terms);
    state.update(Event::Terms("https://service.example".to_owned()));
    state
}

fn typed(state: &mut State, texts: &[(Field, &str)]) {
    for (field, text) in texts {
        state.update(Event::Typed(*field, (*text).to_owned()));
    }
}

/// A window that imports from an address, as the job `/job/1` if it has begun.
fn importing(begun: bool) -> State {
    let mut state = window(Mode::Tool);
    typed(&mut state, &[(Field::Url, "https://h.example/a.lic")]);
    let [Action::Import(_)] = state.update(Event::Started(Purpose::Import))[..] else { panic!() };
    if begun {
        state.update(Event::Begun("/job/1".to_owned()));
    }
    state
}

fn ended(code: Option<Code>, message: &str) -> Event {
    Event::Ended("/job/1".to_owned(), Verdict { code, message: message.to_owned() })
}

fn outcome(state: &State) -> Option<&Outcome> {
    state.notice.as_ref().map(|notice| &notice.outcome)
}

fn source(state: &mut State, purpose: Purpose) -> Order {
    match &state.update(Event::Started(purpose))[..] {
        [Action::Import(order)] => order.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_import_ends_with_the_daemons_words() {
    let mut state = importing(true);
    assert!(!state.is_free());
    let lines = "a.lic: in force until 2027-11-21\nb.lic: is for another device";
    assert_eq!(
        state.update(ended(Some(Code::Valid), lines)),
        [Action::ClearField(Field::Password)]
    );
    let lines = lines.lines().map(str::to_owned).collect();
    assert_eq!(state.notice, Some(Notice { outcome: Outcome::Imported, lines }));
    assert!(state.is_free());
}

#[test]
fn an_end_that_comes_before_the_answer_counts() {
    let mut state = importing(false);
    state.update(ended(Some(Code::WrongDevice), "a.lic: is for another device"));
    assert!(state.work.is_some());
    state.update(Event::Begun("/job/1".to_owned()));
    assert_eq!(outcome(&state), Some(&Outcome::Rejected(Code::WrongDevice)));
    assert!(state.work.is_none());
}

#[test]
fn jobs_of_other_callers_do_not_count() {
    let mut state = importing(true);
    let other = Verdict { code: Some(Code::Valid), message: String::new() };
    state.update(Event::Ended("/job/2".to_owned(), other));
    state.update(Event::Progressed("/job/2".to_owned(), 5, 9));
    assert_eq!(state.work.as_ref().map(|work| work.progress), Some((0, 0)));
    state.update(Event::Progressed("/job/1".to_owned(), 5, 9));
    assert_eq!(state.work.as_ref().map(|work| work.progress), Some((5, 9)));
}

#[test]
fn a_cancel_waits_for_the_name_of_the_job() {
    let mut state = importing(false);
    assert!(state.update(Event::Cancelled).is_empty());
    let cancel = [Action::CancelJob("/job/1".to_owned())];
    assert_eq!(state.update(Event::Begun("/job/1".to_owned())), cancel);
    assert!(state.update(Event::Cancelled).is_empty(), "it is cancelled once");
    state.update(ended(Some(Code::SourceUnreachable), "cancelled"));
    assert_eq!(outcome(&state), Some(&Outcome::Cancelled));
}

#[test]
fn what_was_imported_before_a_cancel_is_said() {
    let mut state = importing(true);
    assert_eq!(state.update(Event::Cancelled), [Action::CancelJob("/job/1".to_owned())]);
    state.update(ended(Some(Code::Valid), "a.lic: in force"));
    assert_eq!(outcome(&state), Some(&Outcome::Imported));
}

#[test]
fn an_import_ends_with_the_daemon_and_the_window_recovers() {
    for absence in [Absence::Daemon, Absence::Bus("broken pipe".to_owned())] {
        let mut state = importing(true);
        state.update(Event::Absent(absence));
        assert_eq!(outcome(&state), Some(&Outcome::Interrupted));
        assert!(state.report.is_some(), "the last report stays");
        assert!(state.update(Event::Started(Purpose::Import)).is_empty(), "no order is lost");
        state.update(Event::Reported(report("valid")));
        assert!(state.absence.is_none() && state.is_free());
        let _ = source(&mut state, Purpose::Import);
    }
}

#[test]
fn a_late_answer_to_a_lost_order_is_ignored() {
    let mut state = importing(false);
    state.update(Event::Absent(Absence::Daemon));
    let notice = state.notice.clone();
    let failure = Failure { code: Code::Timeout, message: "gone".to_owned() };
    state.update(Event::Refused(failure));
    state.update(Event::Begun("/job/1".to_owned()));
    assert_eq!((state.notice, state.work), (notice, None));
}

#[test]
fn one_order_runs_at_a_time() {
    let mut state = importing(true);
    assert!(state.update(Event::Started(Purpose::Import)).is_empty());
    assert!(state.update(Event::WantsFiles(Purpose::Import)).is_empty());
    let files = vec![PathBuf::from("/a.lic")];
    assert!(state.update(Event::FilesChosen(files, Purpose::Import)).is_empty());
}

#[test]
fn files_are_imported_and_cancelled_together() {
    let mut state = window(Mode::Tool);
    assert_eq!(
        state.update(Event::WantsFiles(Purpose::Import)),
        [Action::ChooseFiles(Purpose::Import)]
    );
    let files = vec![PathBuf::from("/a.lic"), PathBuf::from("/b.lic")];
    assert_eq!(
        state.update(Event::FilesChosen(files.clone(), Purpose::Import)),
        [Action::ImportFiles(files, Purpose::Import)]
    );
    assert_eq!(state.update(Event::Cancelled), [Action::CancelFiles]);
    assert_eq!(state.work.as_ref().map(|work| work.stage), Some(Stage::Cancelling));
    state.update(Event::FilesDone(Vec::new()));
    assert_eq!(outcome(&state), Some(&Outcome::Cancelled));
    assert!(state.update(Event::FilesChosen(Vec::new(), Purpose::Import)).is_empty());
}

#[test]
fn a_check_changes_nothing_and_says_so() {
    let mut state = window(Mode::Tool);
    let files = vec![PathBuf::from("/a.lic")];
    state.update(Event::FilesChosen(files, Purpose::Check));
    let verdict = Verdict { code: Some(Code::Valid), message: "a.lic: in force".to_owned() };
    state.update(Event::FilesDone(vec![verdict]));
    assert_eq!(outcome(&state), Some(&Outcome::CheckedGood));
}

#[test]
fn licences_are_removed_only_after_a_question() {
    let mut state = window(Mode::Tool);
    assert!(state.update(Event::Confirmed).is_empty());
    state.update(Event::WantsRemoval(Question::Kind));
    assert!(state.update(Event::Confirmed).is_empty(), "no kind is chosen");
    state.update(Event::RemovalChosen(Selector::Evaluation));
    state.update(Event::Declined);
    assert!(state.update(Event::Confirmed).is_empty());
    state.update(Event::WantsRemoval(Question::Licenses(Selector::All)));
    assert_eq!(state.update(Event::Confirmed), [Action::Remove(Selector::All)]);
    assert!(state.update(Event::Cancelled).is_empty(), "a removal is not cancelled");
    state.update(Event::Removed(2));
    assert_eq!(outcome(&state), Some(&Outcome::Removed(2)));
}

#[test]
fn drives_are_listed_while_their_list_is_open() {
    let mut state = window(Mode::Tool);
    assert!(state.update(Event::TimePassed).is_empty());
    assert!(state.update(Event::Opened(Page::Import)).is_empty());
    assert_eq!(state.update(Event::Chosen(Way::File)), [Action::ListSticks]);
    assert_eq!(state.update(Event::TimePassed), [Action::ListSticks]);
    state.update(Event::Opened(Page::Overview));
    assert!(state.update(Event::TimePassed).is_empty());
}

#[test]
fn a_drive_that_was_pulled_is_not_chosen_any_more() {
    let mut state = window(Mode::Tool);
    state.update(Event::StickChosen("/dev/sdb1".into()));
    state.update(Event::Sticks(Ok(Vec::new())));
    assert_eq!(state.form.stick, None);
}

#[test]
fn the_activation_ends_with_a_confirmation() {
    let mut state = window(Mode::Activation);
    assert_eq!(state.page, Page::Import);
    let person = [(Field::Name, "A"), (Field::Company, "C"), (Field::Email, "a@c.example")];
    typed(&mut state, &person);
    state.update(Event::Ticked(Tick::Terms, true));
    state.update(Event::Started(Purpose::Import));
    state.update(Event::Begun("/job/1".to_owned()));
    state.update(Event::Reported(report("valid")));
    assert_eq!(state.page, Page::Import, "the job has not ended");
    state.update(ended(Some(Code::Valid), "in force"));
    assert_eq!((state.page, state.is_activated()), (Page::Done, true));
    assert_eq!(state.update(Event::Closed), [Action::Close]);
}

#[test]
fn an_activation_that_cannot_be_sent_goes_on_by_itself() {
    let mut state = window(Mode::Activation);
    state.update(Event::Reported(report("none")));
    assert_eq!(state.page, Page::Import);
    // The daemon asks again later, and the licence comes.
    state.update(Event::Reported(report("valid")));
    assert_eq!(state.page, Page::Done);
}

#[test]
fn a_starter_period_is_no_activation() {
    let mut state = window(Mode::Activation);
    state.update(Event::Reported(report("starter")));
    assert_eq!((state.page, state.is_activated()), (Page::Import, false));
}

#[test]
fn the_tool_stays_where_the_user_is() {
    let mut state = window(Mode::Tool);
    state.update(Event::Opened(Page::Licenses));
    state.update(Event::Reported(report("valid")));
    assert_eq!(state.page, Page::Licenses);
}

#[test]
fn a_request_that_waits_is_cancelled_unless_something_runs() {
    for mode in [Mode::Tool, Mode::Activation] {
        let mut state = window(mode);
        assert_eq!(state.update(Event::WantsWithdrawal), []);
        let mut waiting = Report::clone(&report("none"));
        waiting.problems.push(Problem::Request(RequestProblem::Waiting));
        state.update(Event::Reported(Arc::new(waiting)));
        assert!(state.has_request());
        assert_eq!(state.update(Event::WantsWithdrawal), [Action::Withdraw]);
        assert_eq!(state.update(Event::WantsWithdrawal), []);
        assert_eq!(state.update(Event::Cancelled), []);
        state.update(Event::Withdrawn(Withdrawn::Request));
        assert_eq!(outcome(&state), Some(&Outcome::Withdrawn(Withdrawn::Request)));
        state.update(Event::Reported(report("none")));
        assert!(!state.has_request());
    }
}

#[test]
fn a_refused_refresh_is_reported_and_ends_no_order() {
    for mut state in [window(Mode::Tool), importing(false), importing(true)] {
        let work = state.work.clone();
        let failure = Failure { code: Code::Busy, message: "refresh: is busy".to_owned() };
        assert_eq!(state.update(Event::NotRefreshed(failure)), []);
        let Some(Notice { outcome, lines }) = &state.notice else { panic!("nothing is shown") };
        assert_eq!(
            (outcome, &lines[..]),
            (&Outcome::Refused(Code::Busy), &["refresh: is busy".to_owned()][..])
        );
        assert_eq!(state.work, work);
    }
}
