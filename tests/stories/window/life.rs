//! The life of the window, beside a daemon and a bus that come and go.

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::server::{self, Server};
use acceptance::tool::Seat;
use acceptance::{World, program, story, wait};

use super::{ENGLISH, import};

pub(super) const STORIES: &[Story] = &[
    story!(the_window_outlives_the_daemon_and_says_so),
    story!(the_window_outlives_the_bus_and_an_import_that_it_takes_along),
    story!(start_time_and_memory),
];

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
