//! What the pages show, to the eye and to a screen reader.

use std::collections::BTreeSet;
use std::fs;

use acceptance::accessible::Accessible;
use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::server::{self, Server};
use acceptance::tool::{Look, Seat};
use acceptance::{World, story, wait};

use super::{ENGLISH, GERMAN};

pub(super) const STORIES: &[Story] = &[
    story!(a_screen_reader_learns_the_device_and_its_services),
    story!(every_control_is_reached_by_keyboard_and_has_a_name),
    story!(a_german_window_says_verdicts_and_problems_in_german),
    story!(hundreds_of_licences_and_strange_names_are_shown),
    story!(the_window_follows_language_look_and_scale),
];

fn a_screen_reader_learns_the_device_and_its_services() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    let _ = tool.find("", "00E0C51C5087");
    let base = tool.find("list item", "Workspace Edition");
    assert!(base.name.contains("until"), "{}", base.name);
    let _ = tool.find("list item", "Enterprise Management Pack");
    let _ = tool.find("list item", "14D3F8B00B");
    let _ = tool.find("page tab", "Device");
    tool.keys(&["alt+l"]);
    let _ = tool.find("list item", "WE-7Q2KD");
}

fn every_control_is_reached_by_keyboard_and_has_a_name() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    for (key, page, controls) in [
        ("alt+v", "Read again", &["Read again", "Workspace Edition"][..]),
        ("alt+l", "Remove a kind", &["Remove a kind", "WE-7Q2KD"]),
        ("alt+i", "From a web address", &["Address", "Proxy", "Only check", "Import"]),
    ] {
        tool.keys(&[key]);
        let _ = tool.find("", page);
        let mut reached = BTreeSet::new();
        // Twice as many keys as there are stops on a page.
        for _ in 0..24 {
            reached.extend(tool.focused().map(|one| format!("{} {}", one.role, one.name)));
            tool.keys(&["Tab"]);
        }
        for control in controls {
            let found = reached.iter().any(|name| name.contains(control));
            assert!(found, "{control} on {page}: {reached:?}");
        }
        let unnamed = |one: &&Accessible| {
            let roles = ["push button", "radio button", "check box", "list item", "text"];
            roles.contains(&one.role.as_str()) && one.name.is_empty() && one.text().is_empty()
        };
        let shown = tool.frame.shown();
        let unnamed: Vec<_> = shown.iter().filter(unnamed).collect();
        assert!(unnamed.is_empty(), "{page}: {unnamed:?}");
    }
}

fn a_german_window_says_verdicts_and_problems_in_german() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("leer.lic", "");
    world.copy_by_hand("fremd.lic", maker::licence().units(&[OTHER]).sign());
    world.write("/license/WE.lic", maker::licence().sign());
    let _daemon = world.start();
    let foreign = maker::licence().units(&[OTHER]).sign();
    let server = Server::answering(server::ok("", foreign));
    let tool = seat.open(&mut seat.command(&world, GERMAN));
    let _ = tool.find("list item", "liegt außerhalb des Verzeichnisses, das licd liest");
    tool.keys(&["alt+l"]);
    let _ = tool.find("list item", "ist leer; die Datei noch einmal dort holen");
    let _ = tool.find("list item", "für Unit 00E0C51C5088, nicht dieses Gerät (00E0C51C5087)");
    tool.keys(&["alt+i"]);
    let _ = tool.find("radio button", "Von einer Webadresse");
    tool.keys(&["alt+a"]);
    tool.write(&server.url("WE.lic"));
    tool.keys(&["Return"]);
    let _ = tool.find("", "sie ist für ein anderes Gerät");
    let _ = tool.find("label", ": für Unit 00E0C51C5088, nicht dieses Gerät");
    // The reason of a server.
    tool.keys(&["Escape", "alt+a", "ctrl+a"]);
    let gone = Server::answering(server::status("404 No", ""));
    tool.write(&gone.url("WE.lic"));
    tool.keys(&["Return"]);
    let _ = tool.find("label", "WE.lic: hat diese Datei nicht; Adresse prüfen (HTTP 404)");
}

fn hundreds_of_licences_and_strange_names_are_shown() {
    let (world, seat) = (World::new(), Seat::new());
    for number in 0..300 {
        let pack = format!("WE-{number:05}");
        world.copy_by_hand(&format!("{number}.lic"), maker::licence().pack(&pack).sign());
    }
    let long = format!("{}.lic", "x".repeat(200));
    let hebrew = "רישיון.lic";
    world.copy_by_hand(&long, maker::licence().units(&[OTHER]).sign());
    world.copy_by_hand(hebrew, "not a licence\n");
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    let _ = tool.find("", "00E0C51C5087");
    tool.keys(&["alt+l"]);
    let _ = tool.find("list item", &long);
    // The name is isolated, so that it does not turn the text after it around.
    let _ = tool.find("list item", &format!("\u{2068}{hebrew}\u{2069}"));
    wait::until("every licence is listed", || {
        let all = tool.frame.all().into_iter();
        let rows = all.filter(|one| one.role == "list item" && one.name.contains("– WE-"));
        (rows.count() == 300).then_some(())
    });
}

fn the_window_follows_language_look_and_scale() {
    let (world, seat) = (World::new(), Seat::new());
    let _daemon = world.start();
    let brightness = |picture: &[u8]| {
        let pixels: u64 = picture.iter().map(|byte| u64::from(*byte)).sum();
        pixels / picture.len() as u64
    };
    let mut seen = Vec::new();
    for (look, dpi) in [(Look::Light, 96), (Look::Dark, 96), (Look::Light, 192)] {
        seat.set(look, dpi);
        let tool = seat.open(&mut seat.command(&world, GERMAN));
        let _ = tool.find("page tab", "Lizenzen");
        let unit = tool.find("label", "00E0C51C5087");
        let _ = tool.find("list item", "Workspace Edition: keine Lizenz");
        let picture = tool.capture(&seat.desktop.path("window.ppm"));
        seen.push((brightness(&picture), unit.height()));
    }
    let [light, dark, large] = seen[..] else { panic!() };
    assert!(light.0 > 180 && dark.0 < 90, "{seen:?}");
    assert!(large.1 * 2 > light.1 * 3, "{seen:?}");
    fs::remove_file(seat.desktop.path("window.ppm")).unwrap();
}
