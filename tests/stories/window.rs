//! The window of licensing-tool, used by keyboard and as a screen reader reads it.

use std::collections::BTreeSet;
use std::fs;

use acceptance::accessible::Accessible;
use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::server::{self, Server};
use acceptance::tool::{Look, Seat, Tool};
use acceptance::{World, story, wait};

pub(crate) const STORIES: &[Story] = &[
    story!(a_screen_reader_learns_the_device_and_its_services),
    story!(a_licence_is_imported_from_an_address_by_keyboard),
    story!(a_licence_for_another_device_is_refused_with_its_reason),
    story!(a_file_is_imported_with_the_file_chooser),
    story!(an_import_is_cancelled),
    story!(licences_are_removed_after_a_question),
    story!(every_control_is_reached_by_keyboard_and_has_a_name),
    story!(the_window_outlives_the_daemon_and_says_so),
    story!(hundreds_of_licences_and_strange_names_are_shown),
    story!(the_setup_assistant_ends_with_a_confirmation),
    story!(the_window_follows_language_look_and_scale),
];

const ENGLISH: &str = "en_GB.UTF-8";
const GERMAN: &str = "de_DE.UTF-8";

/// Opens the import page.
fn open_import(tool: &Tool<'_>) {
    let _ = tool.find("", "00E0C51C5087");
    tool.keys(&["alt+i"]);
    let _ = tool.find("radio button", "Web address");
}

/// Types an address into the import page and starts.
fn import(tool: &Tool<'_>, address: &str) {
    open_import(tool);
    // The mnemonic of the address.
    tool.keys(&["alt+a"]);
    tool.write(address);
    tool.keys(&["Return"]);
}

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
    let _ = tool.find("page tab", "Overview");
    tool.keys(&["alt+l"]);
    let _ = tool.find("list item", "WE-7Q2KD");
}

fn a_licence_is_imported_from_an_address_by_keyboard() {
    let (world, seat) = (World::new(), Seat::new());
    let daemon = world.start();
    let server = Server::answering(server::ok("", maker::licence().sign()));
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    import(&tool, &server.url("WE.lic"));
    let _ = tool.find("", "The licence is imported.");
    daemon.until("the device is licensed", |status| status["state"] == "valid");
    // The result is hidden, and the first page knows the licence.
    tool.keys(&["Escape"]);
    tool.until_gone("The licence is imported.");
    tool.keys(&["alt+o"]);
    let base = tool.find("list item", "Workspace Edition: until");
    assert!(base.name.contains("left"), "{}", base.name);
}

fn a_licence_for_another_device_is_refused_with_its_reason() {
    let (world, seat) = (World::new(), Seat::new());
    let _daemon = world.start();
    let foreign = maker::licence().units(&[OTHER]).sign();
    let server = Server::answering(server::ok("", foreign));
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    import(&tool, &server.url("WE.lic"));
    let _ = tool.find("", "it is for another device");
    let _ = tool.find("label", OTHER);
    assert!(world.stored().is_empty());
    // A check says the same, and a good licence is not stored by one.
    tool.keys(&["Escape", "alt+a"]);
    let good = Server::answering(server::ok("", maker::licence().sign()));
    tool.keys(&["ctrl+a"]);
    tool.write(&good.url("WE.lic"));
    tool.keys(&["alt+c"]);
    let _ = tool.find("", "The check found nothing wrong");
    assert!(world.stored().is_empty());
    // What is missing is named, and the focus goes there.
    tool.keys(&["Escape", "alt+f", "alt+m"]);
    let _ = tool.find("", "Server: please fill this in");
    tool.write("ftp.example");
    tool.keys(&["alt+m"]);
    let _ = tool.find("", "Path of the file: please fill this in");
}

fn a_file_is_imported_with_the_file_chooser() {
    let (world, seat) = (World::new(), Seat::new());
    let daemon = world.start();
    let file = world.file("WE.lic", maker::licence().sign());
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    open_import(&tool);
    tool.keys(&["alt+d"]);
    assert!(tool.find("push button", "Import a file").act());
    seat.choose_file(&file);
    let _ = tool.find("", "The licence is imported.");
    daemon.until("the device is licensed", |status| status["state"] == "valid");
    let _ = tool.find("label", "WE.lic: in force");
}

fn an_import_is_cancelled() {
    let (world, seat) = (World::new(), Seat::new());
    let _daemon = world.start();
    let server = Server::http(|_, stream| server::hang(stream));
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    import(&tool, &server.url("WE.lic"));
    let _ = tool.find("progress bar", "");
    let cancel = tool.find("push button", "Cancel");
    assert!(!tool.find("push button", "Import").is_sensitive(), "one import at a time");
    assert!(cancel.act());
    let _ = tool.find("", "Cancelled.");
    assert!(tool.find("push button", "Import").is_sensitive());
}

fn licences_are_removed_after_a_question() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    let _ = tool.find("", "00E0C51C5087");
    tool.keys(&["alt+l"]);
    let _ = tool.find("list item", "WE-7Q2KD");
    tool.keys(&["alt+k"]);
    let _ = tool.find("", "Which licences do you want to remove");
    tool.keys(&["Escape"]);
    let _ = tool.find("list item", "WE-7Q2KD");
    assert_eq!(world.stored(), ["a.lic"]);
    tool.keys(&["alt+k"]);
    let _ = tool.find("", "90meter");
    // The focus is on the first kind; the second is the Workspace Edition.
    tool.keys(&["space", "Down", "space"]);
    wait::until("it can be removed", || {
        tool.find("push button", "Remove").is_sensitive().then_some(())
    });
    tool.keys(&["alt+r"]);
    let _ = tool.find("", "1 licence was removed.");
    let _ = tool.find("", "This device has no licences.");
    assert!(world.stored().is_empty());
}

fn every_control_is_reached_by_keyboard_and_has_a_name() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    for (key, page, controls) in [
        ("alt+o", "Read again", &["Read again", "Workspace Edition"][..]),
        ("alt+l", "Remove a kind", &["Remove a kind", "WE-7Q2KD"]),
        ("alt+i", "Web address", &["Address", "Proxy", "Check only", "Import"]),
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

fn the_window_outlives_the_daemon_and_says_so() {
    let (world, seat) = (World::new(), Seat::new());
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    // The window is open before the daemon has started.
    let _ = tool.find("", "The licensing service is not running");
    let daemon = world.start();
    let _ = tool.find("list item", "Workspace Edition: no licence");
    tool.until_gone("The licensing service is not running");
    daemon.kill();
    let _ = tool.find("", "The licensing service is not running");
    let _ = tool.find("list item", "Workspace Edition: no licence");
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let _ = tool.find("list item", "Workspace Edition: until");
    tool.until_gone("The licensing service is not running");
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

fn the_setup_assistant_ends_with_a_confirmation() {
    let (world, seat) = (World::new(), Seat::new());
    let _daemon = world.start();
    let tool = seat.open(seat.command(&world, ENGLISH).arg("--activate"));
    let _ = tool.find("radio button", "Evaluation licence");
    let file = world.file("WE.lic", maker::licence().sign());
    tool.keys(&["alt+d"]);
    assert!(tool.find("push button", "Import a file").act());
    seat.choose_file(&file);
    let _ = tool.find("", "Your IGEL OS is activated");
    let _ = tool.find("list item", "Workspace Edition: until");
    tool.keys(&["Return"]);
    assert!(tool.wait().success());
    // Closed before the device is activated.
    let other = World::new();
    let _daemon = other.start();
    let tool = seat.open(seat.command(&other, ENGLISH).arg("--activate"));
    let _ = tool.find("radio button", "Evaluation licence");
    tool.close();
    assert_eq!(tool.wait().code(), Some(1));
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
