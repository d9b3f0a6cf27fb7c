//! Standard output: frames, and exactly one last one.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::fault::Fault;
use licd_protocol::{Answer, Failure, Frame};

/// Where frames go. Two threads write: the one that fetches, and the watchdog with a last word.
#[derive(Debug)]
pub(crate) struct Output<W> {
    state: Mutex<State<W>>,
}

#[derive(Debug)]
struct State<W> {
    to: W,
    /// The last frame was written.
    ended: bool,
}

impl<W: Write> Output<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { state: Mutex::new(State { to, ended: false }) }
    }

    /// A file begins.
    pub(crate) fn header(&self, answer: Answer) -> Result<(), Fault> {
        self.put(&Frame::Header(answer))
    }

    /// Bytes over the wire so far.
    pub(crate) fn progress(&self, done: u64, total: Option<u64>) -> Result<(), Fault> {
        self.put(&Frame::Progress { done, total })
    }

    /// The next bytes of the file.
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), Fault> {
        self.put(&Frame::Data(bytes.to_vec()))
    }

    /// All is there.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        self.put(&Frame::End)
    }

    /// There is no file.
    pub(crate) fn failure(&self, failure: Failure) -> Result<(), Fault> {
        self.put(&Frame::Error(failure))
    }

    /// There is no file, says the watchdog. It does not wait for a writer that is stuck because
    /// nobody reads.
    pub(crate) fn last_word(&self, failure: Failure) {
        match self.state.try_lock() {
            Ok(state) => drop(write(state, &Frame::Error(failure))),
            Err(TryLockError::Poisoned(state)) => {
                drop(write(state.into_inner(), &Frame::Error(failure)));
            }
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn put(&self, frame: &Frame) -> Result<(), Fault> {
        write(self.state.lock().unwrap_or_else(PoisonError::into_inner), frame)
    }
}

fn write<W: Write>(mut state: MutexGuard<'_, State<W>>, frame: &Frame) -> Result<(), Fault> {
    if state.ended {
        return Err(Fault::NoReader);
    }
    state.ended = matches!(frame, Frame::End | Frame::Error(_));
    frame.write(&mut state.to).map_err(|_| Fault::NoReader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use licd_protocol::{Asked, Code};

    #[test]
    fn nothing_follows_the_last_frame() {
        let mut bytes = Vec::new();
        {
            let output = Output::new(&mut bytes);
            output.header(Answer::default()).unwrap();
            output.end().unwrap();
            assert!(output.data(b"more").is_err());
            let asked = Asked::Host("ums.example".to_owned());
            let (code, message) = (Code::SourceUnreachable, String::new());
            output.last_word(Failure { code, asked, message });
        }
        let mut rest = bytes.as_slice();
        assert!(matches!(Frame::read(&mut rest), Ok(Frame::Header(_))));
        assert!(matches!(Frame::read(&mut rest), Ok(Frame::End)));
        assert!(rest.is_empty());
    }
}
