//! Takes the pictures of the window for the documents: `pictures [DIRECTORY]`, by default
//! `docs/pictures`. Each page comes in both languages and in the light and the dark look. Needs the
//! programs (`make build`), Xvfb, xdotool, ImageMagick and at-spi2-core.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of the project's own")]

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::clock::Clock;
use acceptance::maker::{self, EMP, OTHER};
use acceptance::tool::{Look, Seat, Tool};
use acceptance::{World, wait};

/// Colours of a picture: enough for text with smooth edges.
const COLOURS: &str = "48";

fn main() {
    let dir = std::env::args_os().nth(1).map_or_else(|| "docs/pictures".into(), PathBuf::from);
    fs::create_dir_all(&dir).unwrap();
    for (language, lang) in [("en", "en_GB.UTF-8"), ("de", "de_DE.UTF-8")] {
        for look in [Look::Light, Look::Dark] {
            let suffix =
                format!("{language}-{}.png", if look == Look::Light { "light" } else { "dark" });
            let pictures = Pictures { dir: &dir, suffix };
            tool(&pictures, lang, look);
            activation(&pictures, lang, look);
        }
    }
}

/// Where the pictures of one language and look go.
struct Pictures<'a> {
    dir: &'a Path,
    suffix: String,
}

impl Pictures<'_> {
    /// Saves the window once it has stopped changing.
    fn take(&self, tool: &Tool<'_>, page: &str) {
        let file = self.dir.join(format!("{page}-{}", self.suffix));
        let mut last = Vec::new();
        wait::until("the window is still", || {
            let picture = tool.capture(&file);
            let still = picture == last;
            last = picture;
            still.then_some(())
        });
        tool.reduce(&file, COLOURS);
        println!("{}", file.display());
    }
}

/// The pages of the tool, on a device with licences of every kind.
fn tool(pictures: &Pictures<'_>, lang: &str, look: Look) {
    let (world, seat) = (World::new(), Seat::new());
    let clock = Clock::at("2026-12-22 09:00:00");
    world.copy_by_hand("WE.lic", maker::licence().expires("2026-12-31").sign());
    let emp = maker::licence().pack("EMP-2F6RT").product("EMP").services(&[EMP]);
    world.copy_by_hand("EMP.lic", emp.expires("2027-11-21").sign());
    world.copy_by_hand("other.lic", maker::licence().units(&[OTHER]).sign());
    world.machine().usb_stick("sdb1", "8:17", 8 << 30);
    let _daemon = world.start_with(|command| clock.shown_to(command));
    seat.set(look, 96);
    let window = seat.open(&mut seat.command(&world, lang));
    let _ = window.find("", "00E0C51C5087");
    pictures.take(&window, "overview");
    window.keys(&["alt+l"]);
    let _ = window.find("list item", "EMP-2F6RT");
    pictures.take(&window, "licences");
    window.keys(&[if lang.starts_with("de") { "alt+a" } else { "alt+k" }]);
    let _ = window.find("radio button", "90meter");
    pictures.take(&window, "remove");
    window.keys(&["Escape", "alt+i"]);
    let _ = window.find("radio button", "FTP");
    pictures.take(&window, "import-url");
    window.keys(&["alt+f"]);
    let _ = window.find("check box", "TLS");
    pictures.take(&window, "import-ftp");
    window.keys(&["alt+k"]);
    let _ = window.find("list item", "sdb1");
    pictures.take(&window, "import-file");
    // A drive that is no real one cannot be read: the picture of a refusal.
    window.keys(&["alt+m"]);
    let _ = window.find("", "/dev/sdb1:");
    pictures.take(&window, "refusal");
}

/// The page of the Setup Assistant, and its confirmation.
fn activation(pictures: &Pictures<'_>, lang: &str, look: Look) {
    let (world, seat) = (World::new(), Seat::new());
    let clock = Clock::at("2026-12-22 09:00:00");
    let daemon = world.start_with(|command| clock.shown_to(command));
    seat.set(look, 96);
    let window = seat.open(seat.command(&world, lang).arg("--activate"));
    let _ = window.find("radio button", "FTP");
    pictures.take(&window, "activate");
    let _ = daemon.import(maker::licence().expires("2027-11-21").sign()).with_code(0);
    let _ = window.find("list item", "2027-11-21");
    pictures.take(&window, "activated");
}
