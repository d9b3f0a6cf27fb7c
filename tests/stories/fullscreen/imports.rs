//! Imports and checks: of files, from servers and from sticks.

use std::time::Duration;

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::screen::key;
use acceptance::server::ftp::Ftp;
use acceptance::server::{Server, pour, proxy};
use acceptance::stick::Stick;
use acceptance::{World, story};

use super::{DOWN, ENTER, fill, form, open, open_with_daemon};

pub(super) const STORIES: &[Story] = &[
    story!(a_file_is_checked_then_imported_with_and_without_the_daemon),
    story!(a_licence_comes_from_an_ftp_server_and_no_password_is_shown),
    story!(an_address_is_fetched_through_the_proxy_of_the_form),
    story!(a_download_shows_its_progress_and_can_be_cancelled),
    story!(a_file_of_a_stick_is_chosen, needs root),
    story!(a_pulled_stick_is_noticed_while_its_files_are_listed, needs root),
];

fn a_file_is_checked_then_imported_with_and_without_the_daemon() {
    for with_daemon in [false, true] {
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        let file = world.file("WE.lic", maker::licence().sign());
        // Only check.
        screen.press(&["4", key::END, " ", key::UP, ENTER]);
        screen.shows("From a file [Only check]");
        fill(&screen, &[&file], 1);
        screen.shows("Checked only. Nothing was imported.");
        assert!(world.stored().is_empty());
        screen.press(&[ENTER]);
        screen.shows("[x] Only check");
        screen.press(&[DOWN, " ", key::UP, ENTER]);
        screen.until("the form", |text| text.contains("[ Import ]"));
        // What was typed is still there.
        screen.press(&[key::TAB, ENTER]);
        let text = screen.shows("in force until 2099-12-31");
        assert!(text.contains("Result") && text.contains("valid"), "{text}");
        assert_eq!(world.stored().len(), 1);
        screen.press(&[ENTER, "3"]);
        screen.shows("> WE-7Q2KD");
        // A file that is not there leads back to the form.
        screen.press(&["4", ENTER]);
        screen.shows("File");
        screen.press(&["x", key::TAB, ENTER]);
        screen.shows("source-unreachable");
        screen.press(&[ENTER]);
        screen.shows("[ Import ]");
        drop(daemon);
    }
}

fn a_licence_comes_from_an_ftp_server_and_no_password_is_shown() {
    for with_daemon in [false, true] {
        let server = Ftp::honest(maker::licence().sign());
        let address = server.url("");
        let port = address.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        form(&screen, 2);
        fill(&screen, &["127.0.0.1", &port, "", "anna", "geheim77", "/WE.lic"], 6);
        screen.shows("in force until 2099-12-31");
        assert!(server.commands().contains(&"PASS geheim77".to_owned()), "{:?}", server.commands());
        assert!(!screen.written().contains("geheim77"));
        assert!(daemon.is_none_or(|daemon| !daemon.log().contains("geheim77")));
    }
}

fn an_address_is_fetched_through_the_proxy_of_the_form() {
    for with_daemon in [false, true] {
        let proxy = proxy::start(maker::licence().sign());
        let world = World::new();
        let _daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        form(&screen, 1);
        let place = proxy.address.to_string();
        fill(&screen, &["http://ums.invalid/WE.lic", "", "", &place, "me", "geheim77"], 6);
        screen.shows("in force until 2099-12-31");
        let head = &proxy.heads()[0];
        assert!(head.starts_with("GET http://ums.invalid/WE.lic"), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{head}");
        assert!(!screen.written().contains("geheim77"));
    }
}

fn a_download_shows_its_progress_and_can_be_cancelled() {
    for with_daemon in [false, true] {
        let slow = Server::http(|_, mut stream| {
            use std::io::Write as _;
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
            pour(stream, &[b'x'; 1000], Duration::from_millis(50));
        });
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        form(&screen, 1);
        fill(&screen, &[&slow.url("WE.lic")], 6);
        let text = screen.shows("of 1.0 MB");
        assert!(text.contains(&slow.url("WE.lic")) && text.contains("Esc cancel"), "{text}");
        // No other key ends it.
        screen.press(&["q", ENTER]);
        screen.press(&[key::ESCAPE]);
        screen.shows("Cancelled. Nothing was imported.");
        assert!(world.stored().is_empty());
        screen.press(&[ENTER]);
        screen.shows("[ Import ]");
        drop(daemon);
    }
}

fn a_file_of_a_stick_is_chosen() {
    let world = World::new();
    let screen = open(&world);
    form(&screen, 0);
    screen.shows("No stick is plugged in. Plug one in.");
    let stick = Stick::with(
        &world,
        "sdb1",
        &[
            ("WE.lic", &maker::licence().sign()),
            ("other.lic", &maker::licence().units(&[OTHER]).sign()),
        ],
    );
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("other.lic");
    screen.press(&[DOWN, ENTER]);
    let text = screen.shows("in force until 2099-12-31");
    assert!(!text.contains("other.lic"), "{text}");
    screen.press(&[ENTER, ENTER]);
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("> All files");
    screen.press(&[ENTER]);
    let text = screen.shows(&format!("for unit {OTHER}"));
    assert!(text.contains("WE.lic"), "{text}");
    drop(stick);
}

fn a_pulled_stick_is_noticed_while_its_files_are_listed() {
    let world = World::new();
    let stick = Stick::with(&world, "sdb1", &[("WE.lic", &maker::licence().sign())]);
    let screen = open(&world);
    form(&screen, 0);
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("WE.lic");
    assert!(stick.pull());
    screen.shows("The stick was pulled. Plug it in again.");
    let _again = Stick::with(&world, "sdb1", &[("new.lic", &maker::licence().sign())]);
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("new.lic");
    screen.press(&[ENTER]);
    screen.shows("in force until 2099-12-31");
}
