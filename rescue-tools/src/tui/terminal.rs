//! The terminal: raw mode and the other screen while the tool runs, and everything as before after it,
//! however it ends.

use std::io::{self, Stdout, Write, stderr, stdout};
use std::mem::{self, ManuallyDrop};
use std::os::fd::AsFd;
use std::panic;
use std::sync::{Mutex, PoisonError};

use licd_device::Failure;
use licd_fs::printable::reason;
use licd_rules::Code;
use ratatui::backend::TermionBackend;
use ratatui::layout::Rect;
use ratatui::termion::cursor::Show;
use ratatui::termion::raw::{IntoRawMode as _, RawTerminal};
use ratatui::termion::screen::{ToAlternateScreen, ToMainScreen};
use ratatui::termion::{clear, terminal_size};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

/// Columns and rows of the Linux console.
const USUAL: (u16, u16) = (80, 24);

/// The message of a panic, which must wait until the screen is restored.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// The screen of the tool; restores the terminal when dropped.
pub(super) struct Screen {
    /// Never dropped with a terminal that is gone: that would panic.
    terminal: ManuallyDrop<Console>,
    area: Rect,
    _mode: Mode<Stdout>,
}

/// The terminal without a look at its size. Taking another size by itself, it would ask where the
/// cursor is, and the thread that reads keys would get the answer.
type Console = Terminal<TermionBackend<Stdout>>;

impl Screen {
    /// Takes the terminal of standard output.
    pub(super) fn open() -> Result<Self, Failure> {
        let open = || {
            let mode = Mode::enter(stdout())?;
            let area = area()?;
            Ok(Self { terminal: console(area)?, area, _mode: mode })
        };
        open().map_err(|error: io::Error| Failure {
            code: Code::SourceRefused,
            message: format!("the terminal: {}; use a verb, such as status", reason(&error)),
        })
    }

    /// Draws one screen.
    pub(super) fn draw<T>(&mut self, draw: impl FnOnce(&mut Frame<'_>) -> T) -> io::Result<T> {
        self.fit(area()?)?;
        let mut drawn = None;
        self.terminal.draw(|frame| drawn = Some(draw(frame)))?;
        drawn.ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// Begins anew if the terminal has another size.
    fn fit(&mut self, area: Rect) -> io::Result<()> {
        if area == self.area {
            return Ok(());
        }
        write!(stdout(), "{}", clear::All)?;
        let mut old = mem::replace(&mut self.terminal, console(area)?);
        self.area = area;
        old.show_cursor()?;
        drop(ManuallyDrop::into_inner(old));
        Ok(())
    }
}

/// The size of the terminal. A serial line has none, and mostly a terminal of the usual size behind it.
fn area() -> io::Result<Rect> {
    let (width, height) = match terminal_size()? {
        (0, _) | (_, 0) => USUAL,
        size => size,
    };
    Ok(Rect::new(0, 0, width, height))
}

fn console(area: Rect) -> io::Result<ManuallyDrop<Console>> {
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    Terminal::with_options(TermionBackend::new(stdout()), options).map(ManuallyDrop::new)
}

/// Raw mode and the other screen; both end when it is dropped.
struct Mode<W: Write + AsFd>(RawTerminal<W>);

impl<W: Write + AsFd> Mode<W> {
    fn enter(terminal: W) -> io::Result<Self> {
        let mut mode = Self(terminal.into_raw_mode()?);
        write!(mode.0, "{ToAlternateScreen}{}", clear::All)?;
        mode.0.flush()?;
        Ok(mode)
    }
}

impl<W: Write + AsFd> Drop for Mode<W> {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = write!(self.0, "{Show}{ToMainScreen}").and_then(|()| self.0.flush());
    }
}

/// Keeps the messages of panics until they can be read.
pub(super) struct Panics(());

impl Panics {
    /// Keeps messages from now on.
    pub(super) fn keep() -> Self {
        panic::set_hook(Box::new(|panic| {
            *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic.to_string());
        }));
        Self(())
    }

    /// Shows the last message, and those of later panics at once.
    pub(super) fn show(self) {
        drop(panic::take_hook());
        if let Some(message) = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = writeln!(stderr(), "licctl: {message}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use nix::pty::openpty;
    use nix::sys::termios::tcgetattr;

    use super::*;

    #[test]
    fn a_panic_restores_the_terminal() {
        let pair = openpty(None, None).unwrap();
        let (mut far, near) = (File::from(pair.master), File::from(pair.slave));
        let before = tcgetattr(&near).unwrap();
        let mode = Mode::enter(near.try_clone().unwrap()).unwrap();
        assert_ne!(tcgetattr(&near).unwrap(), before);
        let ended = catch_unwind(AssertUnwindSafe(move || {
            let _mode = mode;
            panic!("inside");
        }));
        assert!(ended.is_err());
        assert_eq!(tcgetattr(&near).unwrap(), before);
        drop(near);
        // Reading ends with an error once the near side is closed.
        let mut written = Vec::new();
        far.read_to_end(&mut written).unwrap_err();
        let written = String::from_utf8_lossy(&written);
        assert!(written.ends_with("\x1b[?25h\x1b[?1049l"), "{written:?}");
    }
}
