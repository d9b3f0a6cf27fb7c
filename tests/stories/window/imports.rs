//! Imports and checks: from addresses, of files and from sticks.

use std::thread;
use std::time::Duration;

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::server::{self, Server};
use acceptance::tool::Seat;
use acceptance::{World, story, wait};

use super::{ENGLISH, import, open_import};

pub(super) const STORIES: &[Story] = &[
    story!(a_licence_is_imported_from_an_address_by_keyboard),
    story!(a_licence_for_another_device_is_refused_with_its_reason),
    story!(a_file_is_imported_with_the_file_chooser),
    story!(an_import_is_cancelled),
    story!(a_stick_that_is_pulled_leaves_the_list),
    story!(a_stick_that_is_listed_before_the_chosen_one_leaves_it_chosen),
];

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

fn a_stick_that_is_listed_before_the_chosen_one_leaves_it_chosen() {
    let (world, seat) = (World::new(), Seat::new());
    world.machine().usb_stick("sdc1", "8:33", 8 << 30);
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    open_import(&tool);
    tool.keys(&["alt+k"]);
    let chosen = || tool.find("list item", "sdc1").is_selected();
    wait::until("the only stick is chosen", || chosen().then_some(()));
    world.machine().usb_stick("sdb1", "8:17", 8 << 30);
    let newer = tool.find("list item", "sdb1");
    // The window does not go to and fro between the two.
    for _ in 0..20 {
        assert!(chosen() && !newer.is_selected());
        thread::sleep(Duration::from_millis(50));
    }
    // Until its user chooses another.
    tool.keys(&["Tab", "Tab", "Tab", "Tab", "Up"]);
    wait::until("the newer stick is chosen", || newer.is_selected().then_some(()));
    tool.keys(&["alt+m"]);
    let _ = tool.find("label", "usb:/dev/sdb1: ");
}
