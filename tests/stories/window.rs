//! The window of licensing-tool, used by keyboard and as a screen reader reads it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};

use acceptance::accessible::Accessible;
use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::server::{self, Server};
use acceptance::tool::{Look, Seat, Tool};
use acceptance::{World, program, story, wait};

pub(crate) const STORIES: &[Story] = &[
    story!(a_screen_reader_learns_the_device_and_its_services),
    story!(a_licence_is_imported_from_an_address_by_keyboard),
    story!(a_licence_for_another_device_is_refused_with_its_reason),
    story!(a_file_is_imported_with_the_file_chooser),
    story!(an_import_is_cancelled),
    story!(licences_are_removed_after_a_question),
    story!(every_control_is_reached_by_keyboard_and_has_a_name),
    story!(the_window_outlives_the_daemon_and_says_so),
    story!(the_window_outlives_the_bus_and_an_import_that_it_takes_along),
    story!(every_dialogue_can_be_left_and_changes_nothing),
    story!(a_stick_that_is_pulled_leaves_the_list),
    story!(the_setup_assistant_says_why_an_activation_failed),
    story!(a_german_window_says_verdicts_and_problems_in_german),
    story!(hundreds_of_licences_and_strange_names_are_shown),
    story!(the_setup_assistant_ends_with_a_confirmation),
    story!(the_window_follows_language_look_and_scale),
    story!(start_time_and_memory),
];

const ENGLISH: &str = "en_GB.UTF-8";
const GERMAN: &str = "de_DE.UTF-8";

/// Opens the import page.
fn open_import(tool: &Tool<'_>) {
    let _ = tool.find("", "00E0C51C5087");
    tool.keys(&["alt+i"]);
    let _ = tool.find("radio button", "From a web address");
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
    let _ = tool.find("page tab", "Device");
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
    tool.keys(&["alt+v"]);
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
    let _ = tool.find("", "Server: is empty; fill it in");
    tool.write("ftp.example");
    tool.keys(&["alt+m"]);
    let _ = tool.find("", "Path: is empty; fill it in");
}

fn a_file_is_imported_with_the_file_chooser() {
    let (world, seat) = (World::new(), Seat::new());
    let daemon = world.start();
    let file = world.file("WE.lic", maker::licence().sign());
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    open_import(&tool);
    tool.keys(&["alt+k"]);
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
    let _ = tool.find("", "Which licences are to be removed");
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
    let _ = tool.find("", "1 licence removed");
    let _ = tool.find("", "This device has no licences.");
    assert!(world.stored().is_empty());
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

fn the_window_outlives_the_daemon_and_says_so() {
    let (world, seat) = (World::new(), Seat::new());
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    // The window is open before the daemon has started.
    let _ = tool.find("", "licd is not running");
    let daemon = world.start();
    let _ = tool.find("list item", "Workspace Edition: no licence");
    tool.until_gone("licd is not running");
    daemon.kill();
    let _ = tool.find("", "licd is not running");
    let _ = tool.find("list item", "Workspace Edition: no licence");
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let _ = tool.find("list item", "Workspace Edition: until");
    tool.until_gone("licd is not running");
}

fn the_window_outlives_the_bus_and_an_import_that_it_takes_along() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let daemon = world.start();
    let silent = Server::http(|_, stream| server::hang(stream));
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    import(&tool, &silent.url("WE.lic"));
    let _ = tool.find("push button", "Cancel");
    world.bus.kill();
    let _ = tool.find("", "The system bus does not answer");
    // The import has ended with the bus, and the last report stays.
    let _ = tool.find("", "licd stopped before it had answered");
    tool.keys(&["Escape", "alt+v"]);
    let _ = tool.find("list item", "Workspace Edition: until");
    daemon.kill();
    world.bus.start_again();
    let _ = tool.find("", "licd is not running");
    let _daemon = world.start();
    tool.until_gone("licd is not running");
    tool.keys(&["alt+i"]);
    wait::until("an import is possible", || {
        tool.find("push button", "Import").is_sensitive().then_some(())
    });
}

fn every_dialogue_can_be_left_and_changes_nothing() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    let _ = tool.find("", "00E0C51C5087");
    tool.keys(&["alt+l"]);
    let _ = tool.find("list item", "WE-7Q2KD");
    tool.keys(&["alt+k"]);
    let _ = tool.find("", "Which licences are to be removed");
    tool.keys(&["alt+k"]);
    tool.until_gone("Which licences are to be removed");
    // The file chooser.
    tool.keys(&["alt+i"]);
    let _ = tool.find("radio button", "From a web address");
    tool.keys(&["alt+k"]);
    assert!(tool.find("push button", "Import a file").act());
    seat.leave_chooser();
    wait::until("another file can be chosen", || {
        tool.find("push button", "Import a file").is_sensitive().then_some(())
    });
    assert_eq!(world.stored(), ["a.lic"]);
}

fn a_stick_that_is_pulled_leaves_the_list() {
    let (world, seat) = (World::new(), Seat::new());
    world.machine().usb_stick("sdb1", "8:17", 8 << 30);
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    open_import(&tool);
    tool.keys(&["alt+k"]);
    let _ = tool.find("list item", "sdb1");
    world.machine().pull_stick("sdb1");
    let _ = tool.find("", "No stick is plugged in");
    tool.keys(&["alt+m"]);
    let _ = tool.find("", "Plug in a USB stick, or choose a file.");
    world.machine().usb_stick("sdc1", "8:33", 8 << 30);
    let _ = tool.find("list item", "sdc1");
}

/// Fills in the person, and starts.
fn ask_for_a_licence(tool: &Tool<'_>) {
    for (key, text) in
        [("alt+n", "Ada Lovelace"), ("alt+p", "Engines Ltd"), ("alt+m", "ada@engines.example")]
    {
        tool.keys(&[key, "ctrl+a"]);
        tool.write(text);
    }
    tool.keys(&["alt+a"]);
}

fn the_setup_assistant_says_why_an_activation_failed() {
    let (world, seat) = (World::new(), Seat::new());
    let answer = Arc::new(Mutex::new(Vec::new()));
    let current = Arc::clone(&answer);
    let service = Server::http(move |_, stream| {
        let answer = current.lock().unwrap().clone();
        server::reply(stream, &answer);
    });
    let answers = |next: Vec<u8>| *answer.lock().unwrap() = next;
    let config = format!("[activation]\nurl = \"{}\"\n", service.url("activate"));
    world.write("/etc/licd/licd.toml", config);
    let _daemon = world.start();
    let tool = seat.open(seat.command(&world, ENGLISH).arg("--activate"));
    let _ = tool.find("", &format!("Terms: \u{2068}http://{}", service.address));
    ask_for_a_licence(&tool);
    let _ = tool.find("", "Accept the terms of the licensing service");
    assert!(service.heads().is_empty(), "nothing is sent without the terms");
    tool.keys(&["Escape", "alt+t"]);
    for (next, said) in [
        (server::status("503 Later", "Retry-After: 604800\r\n"), "the source cannot be reached"),
        (server::ok("", "garbage"), "the file is not a licence"),
        (server::ok("", maker::licence().units(&[OTHER]).sign()), OTHER),
    ] {
        answers(next);
        tool.keys(&["alt+a"]);
        let _ = tool.find("", said);
        let _ = tool.find("label", "licd asks again");
        assert!(world.path("/license/fetch-activation.json").exists());
        tool.keys(&["Escape"]);
        tool.until_gone(said);
    }
    answers(server::ok("", maker::licence().sign()));
    tool.keys(&["alt+a"]);
    let _ = tool.find("", "Your IGEL OS is activated");
    assert!(!world.path("/license/fetch-activation.json").exists());
    // A second answer changes nothing.
    let held = world.stored();
    let url = service.url("activate");
    let _ = world.licctl(["activate", "--accept-terms", "--url", &url]).with_code(0);
    assert_eq!(world.stored(), held);
    tool.keys(&["Return"]);
    assert!(tool.wait().success());
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
    // A reason that is not in the table follows the verdict.
    tool.keys(&["Escape", "alt+a", "ctrl+a"]);
    let gone = Server::answering(server::status("404 No", ""));
    tool.write(&gone.url("WE.lic"));
    tool.keys(&["Return"]);
    let _ = tool.find("label", "die Quelle gibt sie nicht heraus (has no such file");
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
    let _ = tool.find("radio button", "From the licensing service");
    let file = world.file("WE.lic", maker::licence().sign());
    tool.keys(&["alt+k"]);
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
    let _ = tool.find("radio button", "From the licensing service");
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

fn start_time_and_memory() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    let _ = tool.find("list item", "Workspace Edition: until");
    let cpu = program::cpu(tool.pid());
    let (peak, pss) = (
        program::memory(tool.pid(), "status", "VmHWM:"),
        program::memory(tool.pid(), "smaps_rollup", "Pss:"),
    );
    eprintln!(
        "the window: {cpu:?} of a processor to the first report, {peak} kB at most, Pss {pss} kB"
    );
    // GTK alone takes 60 MB of that.
    assert!(peak < 160 * 1024, "{peak} kB");
}
