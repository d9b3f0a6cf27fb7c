//! A terminal with a program on it, for tests that read its screen and press its keys.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};

use crate::program::tool;
use crate::wait::{self, DEADLINE};

/// Columns and rows of the Linux console.
pub const CONSOLE: (u16, u16) = (80, 24);

/// Keys as terminals send them.
pub mod key {
    /// Enter.
    pub const ENTER: &str = "\r";
    /// Escape.
    pub const ESCAPE: &str = "\x1b";
    /// Up.
    pub const UP: &str = "\x1b[A";
    /// Down.
    pub const DOWN: &str = "\x1b[B";
    /// Tab.
    pub const TAB: &str = "\t";
    /// Home.
    pub const HOME: &str = "\x1b[1~";
    /// End.
    pub const END: &str = "\x1b[4~";
}

/// A terminal and the program that it shows. The program is killed when it is dropped.
pub struct Screen {
    process: Child,
    terminal: PathBuf,
    keyboard: File,
    shown: Arc<Mutex<Shown>>,
    closed: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

/// What the program has written.
struct Shown {
    parser: vt100::Parser,
    all: Vec<u8>,
}

impl Screen {
    /// Starts a program on a terminal of the console's size, which becomes its controlling terminal.
    #[must_use]
    pub fn open(program: &Command) -> Self {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let terminal = PathBuf::from(ptsname_r(&master).unwrap());
        resize(&terminal, CONSOLE);
        let process = start(program, &terminal);
        let parser = vt100::Parser::new(cells(CONSOLE.1), cells(CONSOLE.0), 0);
        let shown = Arc::new(Mutex::new(Shown { parser, all: Vec::new() }));
        let closed = Arc::new(AtomicBool::new(false));
        let keyboard = File::from(master.as_fd().try_clone_to_owned().unwrap());
        let reader = read(master, Arc::clone(&shown), Arc::clone(&closed));
        Self { process, terminal, keyboard, shown, closed, reader: Some(reader) }
    }

    /// Presses keys, one after the other.
    pub fn press(&self, keys: &[&str]) {
        for key in keys {
            (&self.keyboard).write_all(key.as_bytes()).unwrap();
            // A lone escape character must not begin the sequence of the next key.
            if *key == key::ESCAPE {
                thread::sleep(std::time::Duration::from_millis(100));
            }
        }
    }

    /// The screen as text, without blanks at the ends of lines.
    #[must_use]
    pub fn text(&self) -> String {
        let shown = self.shown.lock().unwrap();
        let width = shown.parser.screen().size().1;
        let rows = shown.parser.screen().rows(0, width.get());
        rows.map(|row| row.trim_end().to_owned() + "\n").collect()
    }

    /// Waits until the screen satisfies `look`.
    ///
    /// # Panics
    /// If it does not within the deadline.
    pub fn until(&self, what: &str, look: impl Fn(&str) -> bool) -> String {
        let found = wait::within(DEADLINE, || Some(self.text()).filter(|text| look(text)));
        found.unwrap_or_else(|| panic!("waited in vain: {what}; the screen:\n{}", self.text()))
    }

    /// Waits until the screen holds this text.
    pub fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Everything that the program has written so far.
    #[must_use]
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap().all).into_owned()
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, size: (u16, u16)) {
        self.shown.lock().unwrap().parser.screen_mut().set_size(cells(size.1), cells(size.0));
        resize(&self.terminal, size);
    }

    /// The modes of the terminal, as stty(1) prints them.
    #[must_use]
    pub fn modes(&self) -> String {
        tool("stty", ["-F", self.terminal.to_str().unwrap(), "-g"])
    }

    /// Whether the other screen is shown, and not the one that a shell writes to.
    #[must_use]
    pub fn is_alternate(&self) -> bool {
        self.shown.lock().unwrap().parser.screen().alternate_screen()
    }

    /// The process ID of the program.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Takes the terminal away, as a lost connection does.
    pub fn hang_up(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        self.reader.take().into_iter().for_each(|reader| reader.join().unwrap());
        self.keyboard = File::open("/dev/null").unwrap();
    }

    /// Waits for the end of the program.
    ///
    /// # Panics
    /// If it does not end within the deadline.
    pub fn end(&mut self) -> ExitStatus {
        let ended = wait::within(DEADLINE, || self.process.try_wait().unwrap());
        ended.unwrap_or_else(|| panic!("the program does not end; the screen:\n{}", self.text()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.closed.store(true, Ordering::Relaxed);
        self.reader.take().into_iter().for_each(|reader| drop(reader.join()));
    }
}

/// setsid(1) makes the terminal that of the program, and then becomes the program.
fn start(program: &Command, terminal: &Path) -> Child {
    let open = || {
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(terminal);
        terminal.unwrap()
    };
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(open()).stdout(open()).stderr(open()).spawn().unwrap()
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn resize(terminal: &Path, (columns, rows): (u16, u16)) {
    let (columns, rows) = (columns.to_string(), rows.to_string());
    tool("stty", ["-F", terminal.to_str().unwrap(), "cols", &columns, "rows", &rows]);
}

/// Reads what the program writes, until the terminal is closed.
fn read(
    mut master: PtyMaster,
    shown: Arc<Mutex<Shown>>,
    closed: Arc<AtomicBool>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while !closed.load(Ordering::Relaxed) {
            let mut fds = [PollFd::new(master.as_fd(), PollFlags::POLLIN)];
            if poll(&mut fds, PollTimeout::from(20u8)).unwrap_or_default() == 0 {
                continue;
            }
            // Fails once no program has the terminal open.
            let Ok(length) = master.read(&mut bytes) else { return };
            let mut shown = shown.lock().unwrap();
            shown.parser.process(&bytes[..length]);
            shown.all.extend_from_slice(&bytes[..length]);
        }
    })
}
