//! Screens for fixed states. The stories compare whole screens; these tests look for what must never be
//! on one.

use licd_device::Failure;
use licd_rules::{Code, Language};
use licensing_words as words;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style;
use serde_json::json;

use super::super::event::{By, Event, Key, Outcome, Seen, StickEntry};
use super::super::state::State;
use super::{Color, Look, draw};
use crate::verbs::tests::{broken, licensed, report};

/// Beside ASCII, what the texts of both languages and the large letters need: all in code page 437.
const SIGNS: &str = "äöüÄÖÜß█";

fn state(device: &serde_json::Value) -> State {
    let mut state = State::new();
    let seen = Seen { report: report(device), plan: None, by: By::Daemon };
    state.on(Event::Seen(Box::new(seen)));
    state
}

fn press(state: &mut State, keys: &[Key]) {
    keys.iter().for_each(|key| drop(state.on(Event::Key(*key))));
}

fn type_in(state: &mut State, text: &str) {
    text.chars().for_each(|c| press(state, &[Key::Char(c)]));
}

fn look(language: Language) -> Look {
    Look { words: words::of(language), color: Color::Hidden }
}

fn drawn(state: &State, look: Look, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| {
            let _ = draw(frame, state, look);
        })
        .unwrap();
    terminal
}

fn screen(state: &State) -> String {
    drawn(state, look(Language::English), (80, 24)).backend().to_string()
}

/// A state for every page and dialogue.
fn states() -> Vec<State> {
    let mut states = Vec::new();
    for device in [licensed(), broken(), crowded()] {
        for page in '1'..='6' {
            let mut one = state(&device);
            press(&mut one, &[Key::Char(page), Key::Down]);
            states.push(one);
        }
    }
    for item in 0..4 {
        let mut one = state(&licensed());
        press(&mut one, &[Key::Char('4')]);
        press(&mut one, &vec![Key::Down; item]);
        press(&mut one, &[Key::Enter]);
        states.push(one);
    }
    states.push(State::new());
    states.push(with_stick("a.lic"));
    let mut trouble = state(&licensed());
    let message = "licd: no answer within 25 seconds; restart it, or use --direct".to_owned();
    trouble.on(Event::NotSeen(Failure { code: Code::Timeout, message }));
    states.push(trouble);
    let mut confirm = state(&licensed());
    press(&mut confirm, &[Key::Char('5'), Key::Enter]);
    states.push(confirm);
    for total in [None, Some(10), Some(0)] {
        let mut running = with_stick("a.lic");
        press(&mut running, &[Key::Enter]);
        running.on(Event::Progress(20, total));
        states.push(running);
    }
    let mut ended = with_stick("a.lic");
    press(&mut ended, &[Key::Enter]);
    ended.on(Event::Done(Outcome::Nothing("holds no file".to_owned())));
    states.push(ended);
    states
}

/// A device with 300 licences and long names.
fn crowded() -> serde_json::Value {
    let mut device = broken();
    let one = licensed()["licenses"][0].clone();
    device["licenses"] = (0..300)
        .map(|number| {
            let mut license = one.clone();
            license["pack"] = format!("WE-{number:05}").into();
            license["serial"] = json!(i64::MAX);
            license["file"] = "x".repeat(200).into();
            license
        })
        .collect();
    device["unit_id"] = "#85641000D308482019".into();
    device["rejected"][0]["file"] = "日本".repeat(100).into();
    device
}

fn with_stick(file: &str) -> State {
    let mut one = state(&licensed());
    press(&mut one, &[Key::Char('4'), Key::Enter]);
    let stick = StickEntry { device: "/dev/sdb1".into(), name: "usb:/dev/sdb1".to_owned() };
    one.on(Event::Sticks(Ok(vec![stick])));
    press(&mut one, &[Key::Enter]);
    one.on(Event::Files("/dev/sdb1".into(), Ok(vec![file.to_owned()])));
    one
}

#[test]
fn every_state_can_be_drawn_at_every_size() {
    for state in states() {
        for language in [Language::English, Language::German] {
            for size in
                [(1, 1), (20, 5), (39, 24), (40, 10), (41, 11), (80, 9), (80, 24), (200, 60)]
            {
                drawn(&state, look(language), size);
            }
        }
    }
}

#[test]
fn a_screen_holds_signs_of_the_console_and_no_colour_only() {
    for state in states() {
        for language in [Language::English, Language::German] {
            let terminal = drawn(&state, look(language), (80, 24));
            for cell in terminal.backend().buffer().content() {
                let symbol = cell.symbol();
                let known =
                    |c: char| matches!(c, ' '..='~') || SIGNS.contains(c) || "日本".contains(c);
                assert!(symbol.chars().all(known), "{symbol:?}");
                assert_eq!((cell.fg, cell.bg), (style::Color::Reset, style::Color::Reset));
            }
        }
    }
}

#[test]
fn the_help_and_the_tabs_fit_on_their_lines() {
    for state in states() {
        for language in [Language::English, Language::German] {
            let text = drawn(&state, look(language), (80, 24)).backend().to_string();
            let help = text.lines().last().unwrap();
            let served = state.seen.is_none() || help.contains("licd ");
            assert!(served && help.contains("  "), "{help}");
        }
    }
}

#[test]
fn a_password_is_never_on_the_screen() {
    for item in [1, 2] {
        let mut one = state(&licensed());
        press(&mut one, &[Key::Char('4')]);
        press(&mut one, &vec![Key::Down; item]);
        press(&mut one, &[Key::Enter]);
        for field in 0..6 {
            type_in(&mut one, &format!("value{field}"));
            press(&mut one, &[Key::Tab]);
        }
        let text = screen(&one);
        assert!(text.contains("value0") && text.contains("******"), "{text}");
        for secret in if item == 1 { &["value2", "value5"][..] } else { &["value4"] } {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_name_cannot_turn_the_text_around() {
    let one = with_stick("\u{202e}cil.EW שלום.lic");
    let text = screen(&one);
    assert!(text.contains(r"\u{202e}cil.EW"), "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
}

#[test]
fn the_selected_licence_is_in_view_with_its_details() {
    let mut one = state(&crowded());
    press(&mut one, &[Key::Char('3')]);
    press(&mut one, &vec![Key::Down; 150]);
    let text = screen(&one);
    assert!(text.contains("> WE-00150"), "{text}");
    assert!(text.contains("WE-00150 9223372036854775807"), "{text}");
    press(&mut one, &[Key::End]);
    assert!(screen(&one).contains("wrong-device"), "{}", screen(&one));
}

#[test]
fn a_small_window_shows_the_unit_id() {
    let one = state(&licensed());
    let text = drawn(&one, look(Language::German), (20, 5)).backend().to_string();
    assert!(text.contains("Das Fenster") && text.contains("00E0C51C5087"), "{text}");
}
