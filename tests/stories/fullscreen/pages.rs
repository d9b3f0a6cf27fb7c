//! What the pages show, in which language and colour, and on which size of screen.

use std::fs;
use std::path::Path;
use std::time::Duration;

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::screen::{Screen, key};
use acceptance::{World, story};

use super::{ENTER, command, fill, form, furnished, masked, open};

pub(super) const STORIES: &[Story] = &[
    story!(the_pages_in_english_and_german),
    story!(a_german_screen_says_verdicts_in_german),
    story!(many_licences_and_strange_names_are_shown),
    story!(the_window_can_become_tiny_and_large_again),
    story!(no_colour_is_used_if_the_user_wants_none),
];

/// Waits until the screen is the one in the file; or until it rests, to write the file.
fn compare(name: &str, screen: &Screen) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories/fullscreen/screens");
    let file = dir.join(format!("{name}.txt"));
    if std::env::var_os("WRITE_SCREENS").is_some() {
        std::thread::sleep(Duration::from_secs(1));
        fs::write(&file, masked(&screen.text())).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    screen.until(&file.to_string_lossy(), |text| masked(text) == expected);
}

fn the_pages_in_english_and_german() {
    let world = furnished();
    for (language, quit) in [("en", "Q quit"), ("de", "Q beenden")] {
        let mut licctl = command(&world);
        let locale = if language == "de" { "de_DE.UTF-8" } else { "C" };
        let screen = Screen::open(licctl.env("LC_ALL", locale));
        screen.shows(UNIT);
        for (page, name, tab) in [
            ("1", "device", "[1 "),
            ("2", "features", "[2 "),
            ("3", "licences", "[3 "),
            ("4", "import", "[4 "),
            ("5", "remove", "[5 "),
            ("6", "activate", "[6 "),
        ] {
            screen.press(&[page]);
            screen.until(tab, |text| text.contains(tab) && text.contains(quit));
            compare(&format!("{name}.{language}"), &screen);
        }
        screen.press(&["3", key::END]);
        screen.shows("> wrong-device");
        compare(&format!("refusal.{language}"), &screen);
        for (item, name) in [(1, "address"), (2, "ftp")] {
            form(&screen, item);
            screen.until("the form", |text| text.contains("[ Import"));
            compare(&format!("{name}.{language}"), &screen);
            screen.press(&[key::ESCAPE]);
            screen.until("the page", |text| text.contains(quit));
        }
        screen.press(&["5", ENTER]);
        screen.until("the question", |text| text.contains("[ ") && text.contains('?'));
        compare(&format!("confirm.{language}"), &screen);
    }
}

fn a_german_screen_says_verdicts_in_german() {
    let world = World::new();
    world.copy_by_hand("leer.lic", "");
    let screen = Screen::open(command(&world).env("LC_ALL", "de_DE.UTF-8"));
    screen.shows("malformed: ist leer; die Datei noch einmal dort holen");
    let file = world.file("WE.lic", maker::licence().units(&[OTHER]).sign());
    form(&screen, 3);
    fill(&screen, &[&file], 1);
    screen.shows("für Unit 00E0C51C5088, nicht dieses Gerät");
}

fn many_licences_and_strange_names_are_shown() {
    let world = World::new();
    for number in 0..300 {
        let pack = format!("WE-{:05}", number);
        world.copy_by_hand(&format!("{number}.lic"), maker::licence().pack(&pack).sign());
    }
    world.copy_by_hand(&format!("{}.lic", "n".repeat(200)), "none");
    world.copy_by_hand("\u{202e}cil.שלום.lic", "none");
    let screen = open(&world);
    screen.press(&["3"]);
    screen.shows("> WE-00000");
    screen.press(&[key::END]);
    let text = screen.shows("malformed");
    assert!(text.contains(r"\u{202e}cil.") || text.contains("nnnn"), "{text}");
    screen.press(&[key::UP]);
    let text = screen.text();
    assert!(!text.contains('\u{202e}'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

fn the_window_can_become_tiny_and_large_again() {
    let world = World::new();
    let screen = open(&world);
    let before = screen.shows("Serial number:");
    form(&screen, 3);
    screen.press(&["/tmp/a"]);
    screen.shows("/tmp/a");
    screen.resize((20, 5));
    screen.until("a small screen", |text| text.contains("too") && text.contains(UNIT));
    screen.resize((120, 40));
    screen.shows("/tmp/a");
    screen.resize((80, 24));
    screen.shows("/tmp/a");
    screen.press(&[key::ESCAPE, "1"]);
    let after = screen.shows("Serial number:");
    assert_eq!(masked(&after), masked(&before));
}

fn no_colour_is_used_if_the_user_wants_none() {
    let world = furnished();
    let colours = regex_lite::Regex::new("\x1b\\[(3[0-7]|4[0-7]|9[0-7]|38|48)[;m]").unwrap();
    for (no_color, expected) in [("", true), ("1", false)] {
        let screen = Screen::open(command(&world).env("NO_COLOR", no_color));
        screen.shows(UNIT);
        screen.press(&["2"]);
        screen.shows("[2 ");
        screen.press(&["3", key::END]);
        screen.shows("> wrong-device");
        assert_eq!(colours.is_match(&screen.written()), expected, "NO_COLOR={no_color}");
    }
}
