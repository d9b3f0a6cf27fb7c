//! The full-screen tool on a terminal, driven by its keys.
//!
//! Screens are compared with `fullscreen/screens/NAME.txt`; WRITE_SCREENS=1 writes these files.

mod activations;
mod dialogues;
mod imports;
mod life;
mod pages;

use std::process::Command;

use acceptance::World;
use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::screen::{Screen, key};

/// The stories of all submodules.
pub(crate) const CHAPTERS: [&[Story]; 5] =
    [pages::STORIES, imports::STORIES, activations::STORIES, dialogues::STORIES, life::STORIES];

const DOWN: &str = key::DOWN;
const ENTER: &str = key::ENTER;

/// licctl without a verb on this device.
fn command(world: &World) -> Command {
    let mut command = world.licctl_command();
    command.env("TERM", "linux").env_remove("NO_COLOR");
    command
}

/// The tool on the device itself, once it shows the device.
fn open(world: &World) -> Screen {
    let screen = Screen::open(&command(world));
    screen.shows(UNIT);
    screen
}

/// The tool with the daemon of the bus.
fn open_with_daemon(world: &World) -> Screen {
    let mut licctl = command(world);
    licctl.arg("--bus").arg(world.bus.address());
    let screen = Screen::open(&licctl);
    screen.shows("licd runs");
    screen
}

/// Opens the form of this item of the page of imports.
fn form(screen: &Screen, item: usize) {
    screen.press(&["4", key::HOME]);
    screen.press(&vec![DOWN; item]);
    screen.press(&[ENTER]);
}

/// Fills the fields of a form in order, and presses its button.
fn fill(screen: &Screen, fields: &[&str], count: usize) {
    for field in fields {
        screen.press(&[field, key::TAB]);
    }
    screen.press(&vec![key::TAB; count - fields.len()]);
    screen.press(&[ENTER]);
}

/// The screen without what changes with the time.
fn masked(screen: &str) -> String {
    let now = regex_lite::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC").unwrap();
    let days = regex_lite::Regex::new(r"\d{4,} (days|Tage)").unwrap();
    let screen = now.replace_all(screen, "YYYY-MM-DD hh:mm UTC");
    days.replace_all(&screen, "NNNNN $1").into_owned()
}

/// A device with two licences, and two files that are not used.
fn furnished() -> World {
    let world = World::new();
    let perpetual = maker::licence().pack("90M-X9LPU").term("perpetual").endless();
    let perpetual = perpetual.services(&["SUB_SERVICE_SET_ADDON_90METER"]).product("90M");
    for file in [maker::licence().sign(), perpetual.sign()] {
        let _ = world.import(file).with_code(0);
    }
    let foreign = maker::licence().pack("WE-BBR7F").units(&[OTHER]);
    world.copy_by_hand("other.lic", foreign.sign());
    world.copy_by_hand("empty.lic", "");
    world
}
