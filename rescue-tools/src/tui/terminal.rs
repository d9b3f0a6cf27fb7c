//! The terminal: raw mode and the other screen while the tool runs, and everything as before after it,
//! however it ends.

use std::io::{self, Stdout, Write as _, stderr, stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::{Mutex, PoisonError};

use licd_device::Failure;
use licd_fs::printable::reason;
use licd_rules::Code;
use ratatui::Terminal;
use ratatui::backend::TermionBackend;
use ratatui::termion::cursor::Show;
use ratatui::termion::raw::{IntoRawMode as _, RawTerminal};
use ratatui::termion::screen::{ToAlternateScreen, ToMainScreen};
use ratatui::{Frame, termion};

/// The message of a panic, which must wait until the screen is restored.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// The screen of the tool; restores the terminal when dropped.
pub(super) struct Screen {
    /// Never dropped: when the terminal is gone, its drop would panic.
    terminal: ManuallyDrop<Terminal<TermionBackend<Stdout>>>,
    /// Restores the mode of the terminal.
    _raw: RawTerminal<Stdout>,
}

impl Screen {
    /// Takes the terminal of standard output.
    pub(super) fn open() -> Result<Self, Failure> {
        Self::try_open().map_err(|error| Failure {
            code: Code::SourceRefused,
            message: format!("the terminal: {}; use a verb, such as status", reason(&error)),
        })
    }

    fn try_open() -> io::Result<Self> {
        let raw = stdout().into_raw_mode()?;
        let terminal = ManuallyDrop::new(Terminal::new(TermionBackend::new(stdout()))?);
        let mut screen = Self { terminal, _raw: raw };
        write!(stdout(), "{ToAlternateScreen}{}", termion::clear::All)?;
        screen.terminal.clear()?;
        Ok(screen)
    }

    /// Draws one screen.
    pub(super) fn draw<T>(&mut self, draw: impl FnOnce(&mut Frame<'_>) -> T) -> io::Result<T> {
        let mut drawn = None;
        self.terminal.draw(|frame| drawn = Some(draw(frame)))?;
        drawn.ok_or_else(|| io::ErrorKind::Other.into())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = write!(stdout(), "{Show}{ToMainScreen}").and_then(|()| stdout().flush());
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
