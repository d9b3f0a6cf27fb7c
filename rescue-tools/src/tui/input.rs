//! Keys, and the signals that concern the terminal.

use std::io::{self, Read as _, stdin};
use std::os::fd::AsFd as _;
use std::sync::mpsc::Sender;
use std::thread;

use licd_device::Failure;
use licd_fs::printable::reason;
use licd_rules::Code;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;
use vte::{Params, Parser, Perform};

use super::event::{Event, Key};

/// How long the rest of a key may take after its escape character, in milliseconds: longer than on a
/// slow serial line, and too short to be noticed after the Escape key.
const REST_OF_KEY: u8 = 50;

/// The signals that the tool handles: the window's size, and the requests to end.
const SIGNALS: [Signal; 5] =
    [Signal::SIGWINCH, Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT];

/// The signals, as a descriptor.
pub(super) struct Signals(SignalFd);

impl Signals {
    /// Blocks the signals for this thread and those that it starts.
    pub(super) fn take() -> Result<Self, Failure> {
        let set: SigSet = SIGNALS.into_iter().collect();
        let taken = set.thread_block().and_then(|()| SignalFd::new(&set));
        taken.map(Self).map_err(|errno| failed(&errno.into()))
    }
}

/// Starts the thread that sends keys and signals as events.
pub(super) fn start(events: Sender<Event>, signals: Signals) -> Result<(), Failure> {
    let read = move || {
        let mut keys = Keys::default();
        // Fails if the terminal is gone, or the program ends.
        while pass_on(&events, &signals, &mut keys).is_ok() {}
        let _ = events.send(Event::Stop);
    };
    thread::Builder::new().name("input".to_owned()).spawn(read).map(drop).map_err(|e| failed(&e))
}

fn failed(error: &io::Error) -> Failure {
    let message = format!("the terminal: {}; use a verb, such as status", reason(error));
    Failure { code: Code::SourceRefused, message }
}

/// Waits for something and sends its events.
fn pass_on(events: &Sender<Event>, signals: &Signals, keys: &mut Keys) -> io::Result<()> {
    let input = stdin();
    let timeout = match keys.is_inside() {
        true => PollTimeout::from(REST_OF_KEY),
        false => PollTimeout::NONE,
    };
    let mut fds = [
        PollFd::new(signals.0.as_fd(), PollFlags::POLLIN),
        PollFd::new(input.as_fd(), PollFlags::POLLIN),
    ];
    let ready = match poll(&mut fds, timeout) {
        Err(Errno::EINTR) => return Ok(()),
        ready => ready?,
    };
    let [signalled, typed] = fds.map(|fd| fd.any().unwrap_or_default());
    if ready == 0 {
        keys.end();
    }
    if signalled && let Some(signal) = signals.0.read_signal()? {
        let is_size = signal.ssi_signo == Signal::SIGWINCH as u32;
        send(events, if is_size { Event::Resized } else { Event::Stop })?;
    }
    if typed {
        let mut bytes = [0; 256];
        let length = input.lock().read(&mut bytes)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        keys.read(bytes.get(..length).unwrap_or_default());
    }
    keys.typed.drain(..).try_for_each(|key| send(events, Event::Key(key)))
}

fn send(events: &Sender<Event>, event: Event) -> io::Result<()> {
    events.send(event).map_err(|_| io::ErrorKind::BrokenPipe.into())
}

/// Makes keys of bytes. Unknown sequences are ignored.
#[derive(Default)]
struct Keys {
    parser: Parser,
    typed: Vec<Key>,
    /// Whether the bytes so far end inside a sequence.
    inside: bool,
    /// Whether the last byte was an escape character.
    lone: bool,
    /// Whether the next character ends a sequence of ESC O.
    single_shift: bool,
}

impl Keys {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            // Only some characters go on with a sequence; before all others it was the Escape key.
            let goes_on = SEQUENCES.contains(byte);
            if self.inside && (*byte == ESCAPE || self.lone && !goes_on) {
                self.end();
            }
            self.lone = *byte == ESCAPE;
            self.inside |= self.lone;
            let mut parser = std::mem::take(&mut self.parser);
            parser.advance(self, &[*byte]);
            self.parser = parser;
        }
    }

    fn is_inside(&self) -> bool {
        self.inside
    }

    /// The rest of a sequence has not come: it was the Escape key.
    fn end(&mut self) {
        if self.inside {
            self.typed.push(Key::Escape);
        }
        (self.parser, self.inside, self.single_shift) = (Parser::new(), false, false);
        self.lone = false;
    }

    fn push(&mut self, key: Option<Key>) {
        self.inside = false;
        self.typed.extend(key);
    }
}

/// The escape character.
const ESCAPE: u8 = 0x1b;
/// The characters after it that begin a sequence: CSI, SS3, OSC, DCS, SOS, PM and APC (ECMA-48 §5.3).
const SEQUENCES: &[u8] = b"[O]PX^_";

impl Perform for Keys {
    fn print(&mut self, c: char) {
        let key = match (c, std::mem::take(&mut self.single_shift)) {
            (c, true) => final_key(c),
            ('\x7f', false) => Some(Key::Backspace),
            (c, false) => Some(Key::Char(c)),
        };
        self.push(key);
    }

    fn execute(&mut self, byte: u8) {
        self.push(match byte {
            b'\r' | b'\n' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x08 => Some(Key::Backspace),
            0x03 => Some(Key::Interrupt),
            _ => None,
        });
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, byte: u8) {
        self.single_shift = byte == b'O';
        self.inside = self.single_shift;
    }

    fn csi_dispatch(&mut self, params: &Params, _: &[u8], _: bool, action: char) {
        let number = params.iter().next().and_then(|first| first.first().copied());
        self.push(match action {
            '~' => number.and_then(numbered_key),
            action => final_key(action),
        });
    }
}

/// The key of a sequence by its last character (ECMA-48 §8.3, xterm).
fn final_key(c: char) -> Option<Key> {
    Some(match c {
        'A' => Key::Up,
        'B' => Key::Down,
        'C' => Key::Right,
        'D' => Key::Left,
        'F' => Key::End,
        'H' => Key::Home,
        'M' => Key::Enter,
        'Z' => Key::BackTab,
        _ => return None,
    })
}

/// The key of a sequence by its number (DEC VT220).
fn numbered_key(number: u16) -> Option<Key> {
    Some(match number {
        1 | 7 => Key::Home,
        3 => Key::Delete,
        4 | 8 => Key::End,
        5 => Key::PageUp,
        6 => Key::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of bytes that come one by one, and then a pause.
    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().for_each(|byte| keys.read(&[*byte]));
        if keys.is_inside() {
            keys.end();
        }
        keys.typed
    }

    #[test]
    fn sequences_become_keys_and_a_lone_escape_character_is_the_escape_key() {
        for (bytes, expected) in [
            (&b"\x1b[A\x1b[B\x1bOC\x1b[D"[..], vec![Key::Up, Key::Down, Key::Right, Key::Left]),
            (b"\x1b[5~\x1b[6~\x1b[3~", vec![Key::PageUp, Key::PageDown, Key::Delete]),
            (b"\x1b[1~\x1b[4~\x1b[H\x1bOF", vec![Key::Home, Key::End, Key::Home, Key::End]),
            (
                b"\r\t\x1b[Z\x7f\x03",
                vec![Key::Enter, Key::Tab, Key::BackTab, Key::Backspace, Key::Interrupt],
            ),
            (b"\x1b", vec![Key::Escape]),
            (b"\x1b\x1b[A", vec![Key::Escape, Key::Up]),
            (b"\x1b1\x1b\r", vec![Key::Escape, Key::Char('1'), Key::Escape, Key::Enter]),
            ("aß".as_bytes(), vec![Key::Char('a'), Key::Char('ß')]),
        ] {
            assert_eq!(keys(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn garbage_is_ignored_and_the_next_key_counts() {
        for garbage in [
            &b"\x1b[999999;99999;9~"[..],
            b"\x1b[<0;1;M",
            b"\x1b[?1;2c",
            b"\x1b]0;title\x07",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b[11~",
        ] {
            let typed = keys(&[garbage, b"q"].concat());
            assert_eq!(typed.last(), Some(&Key::Char('q')), "{garbage:?}: {typed:?}");
        }
    }
}
