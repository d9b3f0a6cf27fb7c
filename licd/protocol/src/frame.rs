//! What is said between the worker and the program that starts it.
//!
//! One worker is started for one address. It is given a clean environment, no descriptors but the
//! three standard ones, and no arguments: a command line can be read by everybody. It is best
//! started from the thread that reads its output, since it dies with the thread that started it.
//!
//! # Standard input
//! One [`Request`](crate::Request) as JSON, at most [`REQUEST_BYTES`], up to the end of the stream.
//!
//! # Standard output
//! Frames, one after the other, until the stream ends:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the kind |
//! | 4 | length of the payload, big-endian, at most [`PAYLOAD_BYTES`] |
//! | as many | the payload |
//!
//! | kind | payload |
//! |---|---|
//! | `P` | bytes that came over the wire so far, and all that will (0: not known), as two big-endian `u64` |
//! | `H` | an [`Answer`] as JSON |
//! | `D` | the next bytes of the file, as the server has it |
//! | `E` | none: all is there |
//! | `X` | a [`Failure`] as JSON |
//!
//! ```text
//! output  = *( P / answer ) ( E / X )
//! answer  = H *( P / D )
//! ```
//!
//! Every `H` begins the file anew, since a connection that broke is tried again: what `D` brought
//! before it is void. `E` follows the last `H`. Nothing follows `E` or `X`. A stream that ends
//! without either is that of a worker that was killed or has crashed, and means
//! `source-unreachable`.
//!
//! # What a reader may believe
//! Nothing. The worker speaks to hostile servers and counts as taken over. [`Frame::read`] allocates
//! at most one payload and refuses what is not of this form; how many bytes and how many seconds a
//! worker gets is for the reader to decide, whatever the worker was asked to keep to. The text of a
//! failure is to be escaped like any text of a stranger.

use std::fmt;
use std::io::{self, Read, Write};

use serde::Deserialize;

use crate::{Answer, Failure};

/// Bytes of a request: an address, two passwords and a few numbers fit fifteen times.
pub const REQUEST_BYTES: u64 = 64 * 1024;
/// Bytes of a frame's payload: what a Linux pipe holds.
pub const PAYLOAD_BYTES: usize = 64 * 1024;

/// One frame of the worker's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Bytes over the wire so far, of how many if that is known.
    Progress {
        /// So far.
        done: u64,
        /// Of how many.
        total: Option<u64>,
    },
    /// A file begins.
    Header(Answer),
    /// The next bytes of it; never empty.
    Data(Vec<u8>),
    /// All of it is there.
    End,
    /// There is none.
    Error(Failure),
}

/// Why the output of a worker cannot be read on.
#[derive(Debug)]
pub enum Broken {
    /// It ended or failed without a last frame.
    Stream(io::Error),
    /// It is not of the form above.
    Form(&'static str),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(_) => f.write_str("the worker that fetches ended unexpectedly"),
            Self::Form(what) => write!(f, "the worker that fetches sent {what}"),
        }
    }
}

impl std::error::Error for Broken {}

impl Frame {
    /// Reads the next frame. Allocates its payload and no more.
    ///
    /// # Errors
    /// [`Broken`]; nothing that comes after it has a meaning.
    pub fn read(from: &mut impl Read) -> Result<Self, Broken> {
        let mut head = [0; 5];
        from.read_exact(&mut head).map_err(Broken::Stream)?;
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length) as usize;
        if length > PAYLOAD_BYTES {
            return Err(Broken::Form("a frame that is too long"));
        }
        let mut payload = vec![0; length];
        from.read_exact(&mut payload).map_err(Broken::Stream)?;
        Self::of(kind, payload)
    }

    fn of(kind: u8, payload: Vec<u8>) -> Result<Self, Broken> {
        match kind {
            b'P' => {
                let numbers: [u8; 16] = payload
                    .try_into()
                    .map_err(|_| Broken::Form("a progress frame of a wrong length"))?;
                let [done, total] = [
                    u128::from_be_bytes(numbers) >> 64,
                    u128::from_be_bytes(numbers) & u128::from(u64::MAX),
                ]
                .map(|number| u64::try_from(number).unwrap_or(u64::MAX));
                Ok(Self::Progress { done, total: (total > 0).then_some(total) })
            }
            b'H' => json(&payload).map(Self::Header),
            b'D' if payload.is_empty() => Err(Broken::Form("a data frame without data")),
            b'D' => Ok(Self::Data(payload)),
            b'E' if payload.is_empty() => Ok(Self::End),
            b'E' => Err(Broken::Form("a last frame with a payload")),
            b'X' => json(&payload).map(Self::Error),
            _ => Err(Broken::Form("a frame of an unknown kind")),
        }
    }

    /// Writes the frame whole.
    ///
    /// # Errors
    /// Those of `to`, and [`io::ErrorKind::InvalidInput`] for a payload that is too long.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Progress { done, total } => {
                let numbers = u128::from(*done) << 64 | u128::from(total.unwrap_or(0));
                put(to, b'P', &numbers.to_be_bytes())
            }
            Self::Header(answer) => put(to, b'H', &serde_json::to_vec(answer)?),
            Self::Data(bytes) => put(to, b'D', bytes),
            Self::End => put(to, b'E', &[]),
            Self::Error(failure) => put(to, b'X', &serde_json::to_vec(failure)?),
        }
    }
}

fn json<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Broken> {
    serde_json::from_slice(payload).map_err(|_| Broken::Form("a frame whose JSON is not its own"))
}

/// One write for head and payload, so that a worker which is killed leaves whole frames if it can.
fn put(to: &mut impl Write, kind: u8, payload: &[u8]) -> io::Result<()> {
    if payload.len() > PAYLOAD_BYTES {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let length = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut frame = Vec::with_capacity(5 + payload.len());
    frame.push(kind);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(payload);
    to.write_all(&frame)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Asked, Code, Request};

    fn frame() -> impl Strategy<Value = Frame> {
        let total = prop_oneof![Just(None), (1..=u64::MAX).prop_map(Some)];
        let code = prop_oneof![
            Just(Code::SourceUnreachable),
            Just(Code::SourceRefused),
            Just(Code::SourceTooLarge)
        ];
        prop_oneof![
            (any::<u64>(), total).prop_map(|(done, total)| Frame::Progress { done, total }),
            (any::<Option<String>>(), any::<bool>()).prop_map(|(etag, clock_ignored)| {
                Frame::Header(Answer { etag, clock_ignored, ..Answer::default() })
            }),
            prop::collection::vec(any::<u8>(), 1..300).prop_map(Frame::Data),
            Just(Frame::End),
            (code, any::<String>(), any::<bool>()).prop_map(|(code, message, direct)| {
                let asked = if direct { Asked::Host } else { Asked::Proxy };
                Frame::Error(Failure { code, asked: asked("ums.example".to_owned()), message })
            }),
        ]
    }

    proptest! {
        #[test]
        fn frames_are_read_as_they_were_written(frames in prop::collection::vec(frame(), 0..8)) {
            let mut bytes = Vec::new();
            for frame in &frames {
                frame.write(&mut bytes).unwrap();
            }
            let mut rest = bytes.as_slice();
            for frame in &frames {
                prop_assert_eq!(&Frame::read(&mut rest).unwrap(), frame);
            }
            prop_assert!(matches!(Frame::read(&mut rest), Err(Broken::Stream(_))));
        }

        #[test]
        fn any_bytes_are_a_frame_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut rest = bytes.as_slice();
            while Frame::read(&mut rest).is_ok() {}
        }
    }

    #[test]
    fn a_length_alone_makes_nothing_be_allocated() {
        let mut bytes: &[u8] = b"D\xff\xff\xff\xff";
        assert!(matches!(Frame::read(&mut bytes), Err(Broken::Form(_))));
    }

    #[test]
    fn a_frame_that_no_reader_takes_is_not_written() {
        let frame = Frame::Data(vec![0; PAYLOAD_BYTES + 1]);
        assert!(frame.write(&mut Vec::new()).is_err());
    }

    #[test]
    fn an_unknown_key_of_a_request_is_refused() {
        let text = r#"{"url":"http://a/","name_ms":1,"connect_ms":1,"idle_ms":1,"total_ms":1,"max_bytes":1,"clock_trusted":true}"#;
        assert!(serde_json::from_str::<Request>(text).is_ok());
        let text = text.replacen("\"url\"", "\"uri\":\"\",\"url\"", 1);
        assert!(serde_json::from_str::<Request>(&text).is_err());
    }
}
