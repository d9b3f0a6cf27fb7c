//! The window of licensing-tool on a virtual screen, driven by keys and read as a screen reader does.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::accessible::Accessible;
use crate::client::Client;
use crate::desktop::{Desktop, Running, Screen, quiet};
use crate::program;
use crate::wait;
use crate::world::World;

/// The registry of AT-SPI, which screen readers ask for programs.
const REGISTRY: &str = "/usr/libexec/at-spi2-registryd";

/// A look of the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// A desktop with a screen and with AT-SPI.
#[derive(Debug)]
pub struct Seat {
    /// Its session.
    pub desktop: Desktop,
    /// Its screen.
    pub screen: Screen,
    client: Client,
    _registry: Running,
}

impl Seat {
    /// A desktop whose user has just logged in.
    #[must_use]
    pub fn new() -> Self {
        let (desktop, screen) = (Desktop::new(), Screen::sized("1024x768"));
        let client = Client::connect(desktop.bus.address());
        let mut registry = Command::new(REGISTRY);
        registry.env("AT_SPI_BUS_ADDRESS", desktop.bus.address());
        registry.env("DISPLAY", screen.display());
        registry.env("DBUS_SESSION_BUS_ADDRESS", desktop.bus.address());
        let registry = Running::start(registry.stderr(quiet(&desktop.path("registry.log"))));
        wait::until("AT-SPI is there", || {
            client.has_owner("org.a11y.atspi.Registry").then_some(())
        });
        Self { desktop, screen, client, _registry: registry }
    }

    /// Sets GTK's settings of the user, as the desktop's control centre does.
    pub fn set(&self, look: Look, dots_per_inch: u32) {
        let dark = look == Look::Dark;
        // X carries the scale, as it does between a desktop and its programs.
        let scale = format!("Xft.dpi: {dots_per_inch}");
        let resources =
            ["-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", &scale];
        self.screen.tool("xprop", resources);
        let settings = format!(
            "[Settings]\ngtk-application-prefer-dark-theme={dark}\n\
             gtk-enable-animations=false\ngtk-cursor-blink=false\n"
        );
        let dir = self.desktop.path(".config/gtk-4.0");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("settings.ini"), settings).unwrap();
    }

    /// licensing-tool for a user of this device, without arguments yet.
    #[must_use]
    pub fn command(&self, world: &World, lang: &str) -> Command {
        let mut command = Command::new(program::path("licensing-tool"));
        command.arg("--root").arg(world.root()).arg("--bus").arg(world.bus.address());
        let home = self.desktop.path("");
        command.env_clear().env("LANG", lang).env("HOME", &home).env("XDG_RUNTIME_DIR", home);
        command.env("PATH", "/usr/bin:/bin").env("DISPLAY", self.screen.display());
        command.env("GDK_BACKEND", "x11").env("GSK_RENDERER", "cairo");
        command.env("DBUS_SESSION_BUS_ADDRESS", self.desktop.bus.address());
        command.env("AT_SPI_BUS_ADDRESS", self.desktop.bus.address());
        command.stderr(quiet(&self.desktop.path("tool.log")));
        command
    }

    /// Opens the window and gives it the keyboard.
    #[must_use]
    pub fn open(&self, command: &mut Command) -> Tool<'_> {
        if !self.desktop.path(".config/gtk-4.0").exists() {
            self.set(Look::Light, 96);
        }
        let process = Running::start(command);
        let registry = Accessible::registry(&self.client);
        let frame = wait::within(wait::DEADLINE, || {
            let programs = registry.children();
            programs.iter().flat_map(Accessible::children).find(|one| one.role == "frame")
        });
        let log = || fs::read_to_string(self.desktop.path("tool.log")).unwrap_or_default();
        let frame = frame.unwrap_or_else(|| panic!("no window: {}", log()));
        let window =
            self.screen.tool("xdotool", ["search", "--sync", "--onlyvisible", "--class", "."]);
        let window = window.lines().last().unwrap().trim().to_owned();
        // There is no window manager that would give it the focus.
        self.screen.tool("xdotool", ["windowfocus", "--sync", &window]);
        Tool { seat: self, process, frame, window }
    }
}

impl Seat {
    /// Types a path into the open file chooser, and accepts it.
    pub fn choose_file(&self, path: &str) {
        let dialog = self
            .screen
            .tool("xdotool", ["search", "--sync", "--onlyvisible", "--name", "Licence files"]);
        let dialog = dialog.lines().last().unwrap().trim().to_owned();
        self.screen.tool("xdotool", ["windowfocus", "--sync", &dialog]);
        // A slash opens the line for a path.
        self.screen.tool("xdotool", ["type", "--delay", "10", path]);
        self.screen.tool("xdotool", ["key", "Return"]);
    }
}

impl Seat {
    /// Leaves the open file chooser without a choice.
    pub fn leave_chooser(&self) {
        let name = ["search", "--sync", "--onlyvisible", "--name", "Licence files"];
        let dialog = self.screen.tool("xdotool", name);
        let dialog = dialog.lines().last().unwrap().trim().to_owned();
        self.screen.tool("xdotool", ["windowfocus", "--sync", &dialog]);
        self.screen.tool("xdotool", ["key", "Escape"]);
    }
}

impl Default for Seat {
    fn default() -> Self {
        Self::new()
    }
}

/// The open window.
#[derive(Debug)]
pub struct Tool<'s> {
    seat: &'s Seat,
    process: Running,
    /// The window as screen readers know it.
    pub frame: Accessible,
    window: String,
}

impl Tool<'_> {
    /// Presses keys, such as `alt+i` or `Return`.
    pub fn keys(&self, keys: &[&str]) {
        let mut args = vec!["key", "--clearmodifiers", "--delay", "20"];
        args.extend(keys);
        self.seat.screen.tool("xdotool", args);
    }

    /// Types a text.
    pub fn write(&self, text: &str) {
        self.seat.screen.tool("xdotool", ["type", "--delay", "10", text]);
    }

    /// Clicks into the middle of the window's upper left part, at these pixels.
    pub fn click(&self, x: u32, y: u32) {
        let (x, y) = (x.to_string(), y.to_string());
        self.seat
            .screen
            .tool("xdotool", ["mousemove", "--window", &self.window, &x, &y, "click", "1"]);
    }

    /// Waits for a shown object.
    #[must_use]
    pub fn find(&self, role: &str, name: &str) -> Accessible {
        self.frame.find(role, name)
    }

    /// Waits until no such object is shown.
    pub fn until_gone(&self, name: &str) {
        wait::until(&format!("“{name}” is gone"), || {
            let shown = self.frame.shown();
            let has = |one: &Accessible| one.name.contains(name) || one.text().contains(name);
            (!shown.iter().any(has)).then_some(())
        });
    }

    /// The object with the focus.
    #[must_use]
    pub fn focused(&self) -> Option<Accessible> {
        self.frame.shown().into_iter().rfind(Accessible::is_focused)
    }

    /// Its process ID.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Saves a picture of the window.
    pub fn capture(&self, file: &Path) -> Vec<u8> {
        self.seat.screen.capture_window(&self.window, file)
    }

    /// Makes a picture smaller, with this many colours.
    pub fn reduce(&self, file: &Path, colours: &str) {
        let file = file.to_str().unwrap();
        self.seat.screen.tool("convert", [file, "-strip", "+dither", "-colors", colours, file]);
    }

    /// Closes the window by keyboard.
    pub fn close(&self) {
        self.keys(&["ctrl+q"]);
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        self.process.wait()
    }
}
