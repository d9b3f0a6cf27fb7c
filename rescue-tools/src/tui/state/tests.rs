//! Events and what follows from them.

mod forms;

use std::path::PathBuf;

use licd_device::{Failure, FileVerdict, Problem, Removed, RequestProblem, Withdrawn};
use licd_rules::Code;

use super::super::event::{
    Action, By, Drawn, Effect, Event, ImportSource, Key, Outcome, Seen, StickEntry, Work,
};
use super::{Dialog, FormKind, Page, State};
use crate::verbs::tests::{broken, licensed, report};

/// The state once the device was seen.
fn opened() -> State {
    let mut state = State::new();
    state.on(seen(&licensed()));
    state.on(Event::Drawn(Drawn { last: 30, rows: 20 }));
    state
}

fn seen(device: &serde_json::Value) -> Event {
    Event::Seen(Box::new(Seen { report: report(device), plan: None, by: By::Device }))
}

fn press(state: &mut State, keys: &[Key]) -> Vec<Action> {
    keys.iter().flat_map(|key| state.on(Event::Key(*key))).collect()
}

fn type_in(state: &mut State, text: &str) {
    text.chars().for_each(|c| drop(press(state, &[Key::Char(c)])));
}

/// Opens a form from the page of imports, and fills its fields in order.
fn filled(kind: FormKind, texts: &[&str]) -> State {
    let mut state = opened();
    let at = match kind {
        FormKind::Address => 1,
        FormKind::Ftp => 2,
        FormKind::File => 3,
        FormKind::Activation => 0,
    };
    let page = if kind == FormKind::Activation { '6' } else { '4' };
    press(&mut state, &[Key::Char(page)]);
    press(&mut state, &vec![Key::Down; at]);
    press(&mut state, &[Key::Enter]);
    for text in texts {
        type_in(&mut state, text);
        press(&mut state, &[Key::Tab]);
    }
    let button = state.form(kind).fields.len();
    let there = state.form(kind).at;
    press(&mut state, &vec![Key::Tab; button - there]);
    state
}

fn stick(name: &str) -> StickEntry {
    StickEntry { device: PathBuf::from(format!("/dev/{name}")), name: format!("usb:/dev/{name}") }
}

fn failure() -> Failure {
    Failure { code: Code::SourceUnreachable, message: "is away".to_owned() }
}

fn accepted() -> Outcome {
    let valid = Failure { code: Code::Valid, message: "in force".to_owned() };
    Outcome::Files(vec![FileVerdict::unread("a.lic", valid)])
}

#[test]
fn pages_change_by_number_tab_and_arrow() {
    let mut state = opened();
    for (key, page) in [
        (Key::Char('3'), Page::Licenses),
        (Key::Right, Page::Import),
        (Key::Tab, Page::Remove),
        (Key::Tab, Page::Activate),
        (Key::Tab, Page::Device),
        (Key::BackTab, Page::Activate),
        (Key::Char('9'), Page::Activate),
        (Key::Char('1'), Page::Device),
    ] {
        assert!(press(&mut state, &[key]).is_empty());
        assert_eq!(state.page, page, "{key:?}");
    }
    assert!(matches!(press(&mut state, &[Key::Char('q')])[..], [Action::Quit]));
    assert!(matches!(press(&mut state, &[Key::Char('r')])[..], [Action::Refresh]));
}

#[test]
fn the_selection_stays_inside_a_list_that_has_become_shorter() {
    let mut state = opened();
    state.on(seen(&broken()));
    press(&mut state, &[Key::Char('3'), Key::End]);
    assert_eq!(state.at(), 3);
    state.on(seen(&licensed()));
    assert_eq!(state.at(), 0);
    press(&mut state, &[Key::Char('1'), Key::End, Key::Down, Key::PageUp]);
    assert_eq!(state.at(), 30 - 19);
}

#[test]
fn the_last_report_stays_while_the_device_cannot_be_looked_at() {
    let mut state = opened();
    state.on(Event::NotSeen(failure()));
    assert!(state.seen.is_some() && state.trouble == Some(failure()));
    state.on(seen(&licensed()));
    assert_eq!(state.trouble, None);
}

#[test]
fn escape_leaves_every_dialogue_and_starts_nothing() {
    let dialogs: [&[Key]; 6] = [
        &[Key::Char('4'), Key::Enter],
        &[Key::Char('4'), Key::Down, Key::Enter],
        &[Key::Char('4'), Key::Down, Key::Down, Key::Enter],
        &[Key::Char('4'), Key::Down, Key::Down, Key::Down, Key::Enter],
        &[Key::Char('5'), Key::Enter],
        &[Key::Char('6'), Key::Enter],
    ];
    for keys in dialogs {
        for way_out in [Key::Escape, Key::Interrupt] {
            let mut state = opened();
            press(&mut state, keys);
            assert!(state.dialog.is_some(), "{keys:?}");
            let actions = press(&mut state, &[way_out]);
            assert!(state.dialog.is_none(), "{keys:?}");
            assert!(matches!(actions[..], [] | [Action::LeaveSticks]), "{actions:?}");
        }
    }
}

#[test]
fn one_file_or_all_of_a_stick_are_imported() {
    for (keys, expected) in [(&[Key::Enter][..], None), (&[Key::Down, Key::Enter], Some("a.lic"))] {
        let mut state = opened();
        let actions = press(&mut state, &[Key::Char('4'), Key::Enter]);
        assert!(matches!(actions[..], [Action::WatchSticks]));
        state.on(Event::Sticks(Ok(vec![stick("sdb1"), stick("sdc1")])));
        let actions = press(&mut state, &[Key::Down, Key::Enter]);
        assert!(matches!(&actions[..], [Action::ListFiles(device)] if device.ends_with("sdc1")));
        let files = vec!["a.lic".to_owned(), "b.lic".to_owned()];
        state.on(Event::Files("/dev/sdc1".into(), Ok(files)));
        let actions = press(&mut state, keys);
        let [
            Action::LeaveSticks,
            Action::Start(Work::Import(ImportSource::Stick { device, file }, _)),
        ] = &actions[..]
        else {
            panic!("{actions:?}")
        };
        assert_eq!((device.to_str(), file.as_deref()), (Some("/dev/sdc1"), expected));
    }
}

#[test]
fn a_pulled_stick_leads_back_to_the_list_and_can_be_opened_again() {
    let mut state = opened();
    press(&mut state, &[Key::Char('4'), Key::Enter]);
    state.on(Event::Sticks(Ok(vec![stick("sdb1")])));
    press(&mut state, &[Key::Enter]);
    state.on(Event::Sticks(Ok(Vec::new())));
    assert!(matches!(&state.dialog, Some(Dialog::Sticks(sticks)) if sticks.pulled));
    // What comes late belongs to no dialogue.
    state.on(Event::Files("/dev/sdb1".into(), Ok(vec!["a.lic".to_owned()])));
    state.on(Event::Sticks(Ok(vec![stick("sdb1")])));
    assert!(matches!(&state.dialog, Some(Dialog::Sticks(sticks)) if !sticks.pulled));
    let actions = press(&mut state, &[Key::Enter]);
    assert!(matches!(actions[..], [Action::ListFiles(_)]));
    // One that cannot be read is read again.
    state.on(Event::Files("/dev/sdb1".into(), Err(failure())));
    let actions = press(&mut state, &[Key::Enter]);
    assert!(matches!(actions[..], [Action::ListFiles(_)]));
}

#[test]
fn work_is_cancelled_once_and_only_by_its_result_it_ends() {
    let mut state = filled(FormKind::File, &["/a.lic"]);
    press(&mut state, &[Key::Enter]);
    assert!(press(&mut state, &[Key::Char('q'), Key::Enter]).is_empty());
    let actions = press(&mut state, &[Key::Escape, Key::Escape, Key::Interrupt]);
    assert!(matches!(actions[..], [Action::Cancel]), "{actions:?}");
    state.on(Event::Progress(1, Some(2)));
    let actions = state.on(Event::Done(Outcome::Cancelled));
    assert!(matches!(actions[..], [Action::Refresh]));
    assert!(matches!(&state.dialog, Some(Dialog::Verdicts(_))));
}

#[test]
fn a_removal_needs_a_choice_and_cannot_be_cancelled() {
    let mut state = opened();
    assert!(press(&mut state, &[Key::Char('5'), Key::Enter, Key::Enter]).is_empty());
    assert!(state.dialog.is_none());
    let actions = press(&mut state, &[Key::End, Key::Enter, Key::Down, Key::Enter]);
    let [Action::Start(Work::Remove(selector))] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(selector.to_string(), "pack:WE-7Q2KD");
    assert!(press(&mut state, &[Key::Escape]).is_empty());
    state.on(Event::Done(Outcome::Removed(Removed { count: 1, left: Vec::new() })));
    assert!(press(&mut state, &[Key::Enter]).is_empty());
    assert!(state.dialog.is_none());
}

#[test]
fn a_check_starts_no_import() {
    let mut state = opened();
    press(&mut state, &[Key::Char('4'), Key::End, Key::Char(' '), Key::Up, Key::Enter]);
    type_in(&mut state, "/a.lic");
    let actions = press(&mut state, &[Key::Enter]);
    assert!(matches!(actions[..], [Action::Start(Work::Import(_, Effect::CheckOnly))]));
}

#[test]
fn a_request_to_end_waits_for_work() {
    let mut state = opened();
    assert!(matches!(state.on(Event::Stop)[..], [Action::Quit]));
    let mut state = filled(FormKind::File, &["/a.lic"]);
    press(&mut state, &[Key::Enter]);
    assert!(matches!(state.on(Event::Stop)[..], [Action::Cancel]));
    assert!(matches!(state.on(Event::Done(accepted()))[..], [Action::Quit]));
}

#[test]
fn the_page_of_the_activation_cancels_a_request_that_waits() {
    let mut state = opened();
    press(&mut state, &[Key::Char('6'), Key::Down, Key::Enter]);
    assert!(matches!(state.dialog, Some(Dialog::Form(FormKind::Activation))));
    press(&mut state, &[Key::Escape]);
    let mut waiting = report(&licensed());
    waiting.problems.push(Problem::Request(RequestProblem::Waiting));
    let seen = |report| Event::Seen(Box::new(Seen { report, plan: None, by: By::Device }));
    state.on(seen(waiting));
    let actions = press(&mut state, &[Key::Down, Key::Enter]);
    assert!(matches!(actions[..], [Action::Start(Work::Withdraw)]), "{actions:?}");
    // What removes is not cancelled.
    assert!(press(&mut state, &[Key::Escape]).is_empty());
    state.on(Event::Done(Outcome::Withdrawn(Withdrawn::Request)));
    assert!(matches!(state.dialog, Some(Dialog::Verdicts(_))));
    press(&mut state, &[Key::Enter]);
    state.on(seen(report(&licensed())));
    assert_eq!(state.at(), 0);
}
