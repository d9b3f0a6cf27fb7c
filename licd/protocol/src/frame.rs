//! The wire format between the worker and the program that starts it.
//!
//! One worker fetches one address. It gets a clean environment, the three standard descriptors and no
//! arguments, because every user can read a command line. The thread that reads its output should
//! start it: the worker dies with the thread that started it.
//!
//! # Standard input
//! One [`FetchRequest`](crate::FetchRequest) as JSON, at most [`REQUEST_BYTES`], up to the end of the
//! stream.
//!
//! # Standard output
//! Frames until the stream ends:
//!
//! | bytes | contents |
//! |---|---|
//! | 1 | the kind |
//! | 4 | length of the payload, big-endian, at most [`PAYLOAD_BYTES`] |
//! | length | the payload |
//!
//! | kind | payload |
//! |---|---|
//! | `P` | bytes received over the wire, and their total (0 if unknown), as two big-endian `u64` |
//! | `H` | a [`ResponseHeader`] as JSON |
//! | `D` | the next bytes of the file |
//! | `E` | empty; the file is complete |
//! | `X` | a [`FetchFailure`] as JSON |
//!
//! ```text
//! output   = *( P / response ) ( E / X )
//! response = H *( P / D )
//! ```
//!
//! Every `H` begins the file anew, because the worker retries broken connections: the reader drops
//! earlier `D` frames. `E` follows the last `H`. Nothing follows `E` or `X`. A stream that ends
//! without either belongs to a worker that crashed or was killed, and means `source-unreachable`.
//!
//! # Trust
//! The reader trusts nothing. The worker talks to hostile servers and counts as compromised.
//! [`Frame::read`] allocates at most one payload and refuses every other form. The reader enforces
//! its own limits on bytes and time, and escapes the text of a failure.

use std::fmt;
use std::io::{self, Read, Write};

use serde::Deserialize;

use crate::request::{FetchFailure, ResponseHeader};

/// Bytes of a request: an address, two passwords, a few numbers and a text to post, several times.
pub const REQUEST_BYTES: u64 = 64 * 1024;
/// Bytes of a frame's payload: the capacity of a Linux pipe.
pub const PAYLOAD_BYTES: usize = 64 * 1024;

/// One frame of the worker's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The progress of the transfer.
    Progress {
        /// Bytes received over the wire.
        done: u64,
        /// Bytes in total, if known.
        total: Option<u64>,
    },
    /// A file begins.
    Header(ResponseHeader),
    /// The next bytes of the file; never empty.
    Data(Vec<u8>),
    /// The file is complete.
    End,
    /// The worker brings no file.
    Failure(FetchFailure),
}

/// Why the output of a worker is unusable.
#[derive(Debug)]
pub enum FrameError {
    /// The stream failed, or ended without a last frame.
    Stream(io::Error),
    /// The worker sent a malformed frame, named here.
    Malformed(&'static str),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(_) => f.write_str("the download worker ended unexpectedly"),
            Self::Malformed(what) => write!(f, "the download worker sent {what}"),
        }
    }
}

impl std::error::Error for FrameError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Stream(error) => Some(error),
            Self::Malformed(_) => None,
        }
    }
}

impl Frame {
    /// Reads the next frame. It allocates the payload and nothing more.
    ///
    /// # Errors
    /// [`FrameError`]; the rest of the stream is meaningless.
    pub fn read(from: &mut impl Read) -> Result<Self, FrameError> {
        let mut head = [0; 5];
        from.read_exact(&mut head).map_err(FrameError::Stream)?;
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length) as usize;
        if length > PAYLOAD_BYTES {
            return Err(FrameError::Malformed("a frame that is too long"));
        }
        let mut payload = vec![0; length];
        from.read_exact(&mut payload).map_err(FrameError::Stream)?;
        Self::parse(kind, payload)
    }

    fn parse(kind: u8, payload: Vec<u8>) -> Result<Self, FrameError> {
        match kind {
            b'P' => parse_progress(payload),
            b'H' => json(&payload).map(Self::Header),
            b'D' if payload.is_empty() => Err(FrameError::Malformed("a data frame without data")),
            b'D' => Ok(Self::Data(payload)),
            b'E' if payload.is_empty() => Ok(Self::End),
            b'E' => Err(FrameError::Malformed("a last frame with a payload")),
            b'X' => json(&payload).map(Self::Failure),
            _ => Err(FrameError::Malformed("a frame of an unknown kind")),
        }
    }

    /// Writes the whole frame.
    ///
    /// # Errors
    /// The errors of `to`, and [`io::ErrorKind::InvalidInput`] for an overlong payload.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Progress { done, total } => {
                let numbers = u128::from(*done) << 64 | u128::from(total.unwrap_or(0));
                write_frame(to, b'P', &numbers.to_be_bytes())
            }
            Self::Header(header) => write_frame(to, b'H', &serde_json::to_vec(header)?),
            Self::Data(bytes) => write_frame(to, b'D', bytes),
            Self::End => write_frame(to, b'E', &[]),
            Self::Failure(failure) => write_frame(to, b'X', &serde_json::to_vec(failure)?),
        }
    }
}

fn parse_progress(payload: Vec<u8>) -> Result<Frame, FrameError> {
    let numbers: [u8; 16] = payload
        .try_into()
        .map_err(|_| FrameError::Malformed("a progress frame of a wrong length"))?;
    let numbers = u128::from_be_bytes(numbers);
    let [done, total] = [numbers >> 64, numbers & u128::from(u64::MAX)]
        .map(|number| u64::try_from(number).unwrap_or(u64::MAX));
    Ok(Frame::Progress { done, total: (total > 0).then_some(total) })
}

fn json<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, FrameError> {
    serde_json::from_slice(payload)
        .map_err(|_| FrameError::Malformed("a frame whose JSON is not its own"))
}

/// Writes head and payload in one call, so that a killed worker rarely leaves half a frame.
fn write_frame(to: &mut impl Write, kind: u8, payload: &[u8]) -> io::Result<()> {
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
    use crate::request::{FailureCode, FetchRequest, Peer};

    fn frame() -> impl Strategy<Value = Frame> {
        let total = prop_oneof![Just(None), (1..=u64::MAX).prop_map(Some)];
        let code = prop_oneof![
            Just(FailureCode::SourceUnreachable),
            Just(FailureCode::SourceRefused),
            Just(FailureCode::SourceTooLarge)
        ];
        prop_oneof![
            (any::<u64>(), total).prop_map(|(done, total)| Frame::Progress { done, total }),
            (any::<Option<String>>(), any::<bool>()).prop_map(|(etag, clock_ignored)| {
                Frame::Header(ResponseHeader { etag, clock_ignored, ..ResponseHeader::default() })
            }),
            prop::collection::vec(any::<u8>(), 1..300).prop_map(Frame::Data),
            Just(Frame::End),
            (code, any::<String>(), any::<bool>()).prop_map(|(code, message, direct)| {
                let peer = if direct { Peer::Host } else { Peer::Proxy };
                Frame::Failure(FetchFailure { code, peer: peer("ums.example".to_owned()), message })
            }),
        ]
    }

    proptest! {
        #[test]
        fn frames_read_back_as_written(frames in prop::collection::vec(frame(), 0..8)) {
            let mut bytes = Vec::new();
            for frame in &frames {
                frame.write(&mut bytes).unwrap();
            }
            let mut rest = bytes.as_slice();
            for frame in &frames {
                prop_assert_eq!(&Frame::read(&mut rest).unwrap(), frame);
            }
            prop_assert!(matches!(Frame::read(&mut rest), Err(FrameError::Stream(_))));
        }

        #[test]
        fn arbitrary_bytes_are_a_frame_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut rest = bytes.as_slice();
            while Frame::read(&mut rest).is_ok() {}
        }
    }

    #[test]
    fn an_overlong_length_is_refused_before_allocation() {
        let mut bytes: &[u8] = b"D\xff\xff\xff\xff";
        assert!(matches!(Frame::read(&mut bytes), Err(FrameError::Malformed(_))));
    }

    #[test]
    fn an_overlong_payload_is_not_written() {
        let frame = Frame::Data(vec![0; PAYLOAD_BYTES + 1]);
        assert!(frame.write(&mut Vec::new()).is_err());
    }

    #[test]
    fn an_unknown_key_of_a_request_is_refused() {
        let text = r#"{"url":"http://a/","name_ms":1,"connect_ms":1,"idle_ms":1,"total_ms":1,"max_bytes":1,"clock_trusted":true}"#;
        assert!(serde_json::from_str::<FetchRequest>(text).is_ok());
        let text = text.replacen("\"url\"", "\"uri\":\"\",\"url\"", 1);
        assert!(serde_json::from_str::<FetchRequest>(&text).is_err());
    }
}
