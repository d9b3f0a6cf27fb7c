//! Standard output: frames that end with exactly one final frame.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::error::FetchError;
use licd_protocol::{FetchFailure, Frame, ResponseHeader};

/// The writer of frames. Two threads use it: the one that fetches, and the watchdog.
#[derive(Debug)]
pub(crate) struct Output<W> {
    state: Mutex<State<W>>,
}

#[derive(Debug)]
struct State<W> {
    to: W,
    /// The final frame was written.
    ended: bool,
}

impl<W: Write> Output<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { state: Mutex::new(State { to, ended: false }) }
    }

    /// Begins a file.
    pub(crate) fn header(&self, header: ResponseHeader) -> Result<(), FetchError> {
        self.put(&Frame::Header(header))
    }

    /// Reports the bytes received over the wire.
    pub(crate) fn progress(&self, done: u64, total: Option<u64>) -> Result<(), FetchError> {
        self.put(&Frame::Progress { done, total })
    }

    /// Writes the next bytes of the file.
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), FetchError> {
        self.put(&Frame::Data(bytes.to_vec()))
    }

    /// Ends a complete file.
    pub(crate) fn end(&self) -> Result<(), FetchError> {
        self.put(&Frame::End)
    }

    /// Reports why there is no file.
    pub(crate) fn failure(&self, failure: FetchFailure) -> Result<(), FetchError> {
        self.put(&Frame::Failure(failure))
    }

    /// Reports why there is no file, unless another thread is blocked in a write because the caller
    /// does not read.
    pub(crate) fn try_failure(&self, failure: FetchFailure) {
        match self.state.try_lock() {
            Ok(state) => drop(write(state, &Frame::Failure(failure))),
            Err(TryLockError::Poisoned(state)) => {
                drop(write(state.into_inner(), &Frame::Failure(failure)));
            }
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn put(&self, frame: &Frame) -> Result<(), FetchError> {
        write(self.state.lock().unwrap_or_else(PoisonError::into_inner), frame)
    }
}

fn write<W: Write>(mut state: MutexGuard<'_, State<W>>, frame: &Frame) -> Result<(), FetchError> {
    if state.ended {
        return Err(FetchError::ReaderGone);
    }
    state.ended = matches!(frame, Frame::End | Frame::Failure(_));
    frame.write(&mut state.to).map_err(|_| FetchError::ReaderGone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use licd_protocol::{FailureCode, Peer};

    #[test]
    fn no_frame_follows_the_final_one() {
        let mut bytes = Vec::new();
        {
            let output = Output::new(&mut bytes);
            output.header(ResponseHeader::default()).unwrap();
            output.end().unwrap();
            assert!(output.data(b"more").is_err());
            let peer = Peer::Host("ums.example".to_owned());
            let (code, message) = (FailureCode::SourceUnreachable, String::new());
            output.try_failure(FetchFailure { code, peer, message });
        }
        let mut rest = bytes.as_slice();
        assert!(matches!(Frame::read(&mut rest), Ok(Frame::Header(_))));
        assert!(matches!(Frame::read(&mut rest), Ok(Frame::End)));
        assert!(rest.is_empty());
    }
}
