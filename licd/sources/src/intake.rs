//! Normalises a source to the bytes that were signed (LF §9): unpacks gzip once, drops a UTF-8 byte
//! order mark and turns CR LF into LF. The verifier rejects everything else, such as a lone CR, a second
//! layer of gzip or a second mark.

mod opening;

use std::fmt;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use licd_fs::printable::reason;
use license_format::limits::FILE_BYTES;

pub use opening::{Kind, OpenError, Streams, accept, open};

/// Bytes of one read.
const CHUNK: usize = 16 * 1024;
/// The first bytes of a gzip member (RFC 1952 §2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The byte order mark, U+FEFF in UTF-8.
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Why a source could not be read. The text follows the source's name.
#[derive(Debug)]
pub enum IntakeError {
    /// The source exceeds the limit of a licence file, packed or unpacked.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The source begins as gzip and is not valid gzip.
    Gzip,
    /// Reading the source failed.
    Unreadable(io::Error),
}

/// Passes the bytes that were signed to `sink`, in chunks of any size, and returns their number. Memory
/// is constant; reading stops one byte beyond [`FILE_BYTES`], packed or unpacked.
///
/// A sink that has failed should accept the remaining chunks, so that a file that is too large is
/// reported as such whatever its content.
///
/// # Errors
/// [`IntakeError`]; the sink has not received the whole file.
pub fn feed(source: impl Read, sink: impl FnMut(&[u8])) -> Result<u64, IntakeError> {
    let source = CappedReader { inner: source, read: 0, error: None };
    // Two and three bytes are read first.
    let mut source = BufReader::with_capacity(CHUNK, source);
    let fed = unpack(&mut source, sink);
    let Err(unpacking) = fed else { return fed };
    if matches!(unpacking, IntakeError::Gzip) {
        // A file that is too large is reported as such even if its gzip is broken.
        let _ = io::copy(&mut source, &mut io::sink());
    }
    Err(source.into_inner().error.unwrap_or(unpacking))
}

fn unpack(source: &mut impl BufRead, sink: impl FnMut(&[u8])) -> Result<u64, IntakeError> {
    let (start, source) = peek(source, &GZIP_MAGIC).map_err(IntakeError::Unreadable)?;
    if start == Start::Matches {
        // The source records its own errors.
        let unpacked = BufReader::with_capacity(CHUNK, MultiGzDecoder::new(source));
        normalise(unpacked, sink, |_| IntakeError::Gzip)
    } else {
        normalise(source, sink, IntakeError::Unreadable)
    }
}

/// Drops the byte order mark, and the CR of every CR LF.
fn normalise(
    mut text: impl BufRead,
    sink: impl FnMut(&[u8]),
    failed: fn(io::Error) -> IntakeError,
) -> Result<u64, IntakeError> {
    let mut lines = LineEndings { sink, fed: 0, cr: false };
    let (start, mut text) = peek(&mut text, &BOM).map_err(failed)?;
    let mut taken = 0;
    if start == Start::Matches {
        taken = read_exactly(&mut text, &mut [0; BOM.len()]).map_err(failed)?;
    }
    loop {
        let chunk = text.fill_buf().map_err(failed)?;
        let length = chunk.len();
        taken += length;
        if u64::try_from(taken).is_ok_and(|taken| taken > FILE_BYTES) {
            return Err(IntakeError::TooLarge { limit: FILE_BYTES });
        }
        if length == 0 {
            return Ok(lines.finish());
        }
        lines.take(chunk);
        text.consume(length);
    }
}

/// A source with its first bytes put back.
type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// Whether a source begins with the expected bytes.
#[derive(PartialEq, Eq)]
enum Start {
    Matches,
    Differs,
}

/// Compares the first bytes of a source with `expected`, and returns a reader that still has them.
fn peek<R: BufRead, const N: usize>(
    mut source: R,
    expected: &[u8; N],
) -> io::Result<(Start, Peeked<R>)> {
    let mut found = [0; N];
    let length = read_exactly(&mut source, &mut found)?;
    let matches = length == N && found == *expected;
    let start = if matches { Start::Matches } else { Start::Differs };
    let found = found.into_iter().take(length).collect();
    Ok((start, Cursor::new(found).chain(source)))
}

/// Fills the buffer as far as the source lasts, and returns the number of bytes.
fn read_exactly(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest)? {
            0 => break,
            length => filled += length,
        }
    }
    Ok(filled)
}

/// Turns CR LF into LF, also across chunks.
struct LineEndings<S> {
    sink: S,
    fed: u64,
    /// Whether the last chunk ended in a CR that is still pending.
    cr: bool,
}

impl<S: FnMut(&[u8])> LineEndings<S> {
    fn take(&mut self, chunk: &[u8]) {
        if self.cr && !chunk.starts_with(b"\n") {
            self.give(b"\r");
        }
        self.cr = false;
        if !chunk.contains(&b'\r') {
            return self.give(chunk);
        }
        for line in chunk.split_inclusive(|byte| *byte == b'\n') {
            if let Some(text) = line.strip_suffix(b"\r\n") {
                self.give(text);
                self.give(b"\n");
            } else if let Some(text) = line.strip_suffix(b"\r") {
                // Only the last line of a chunk may lack its LF.
                self.give(text);
                self.cr = true;
            } else {
                self.give(line);
            }
        }
    }

    fn finish(mut self) -> u64 {
        if self.cr {
            self.give(b"\r");
        }
        self.fed
    }

    fn give(&mut self, bytes: &[u8]) {
        // FILE_BYTES at most in total.
        self.fed += bytes.len() as u64;
        if !bytes.is_empty() {
            (self.sink)(bytes);
        }
    }
}

/// A source that fails beyond [`FILE_BYTES`] and records its own errors, since a decoder does not
/// distinguish them from errors of the format.
struct CappedReader<R> {
    inner: R,
    read: u64,
    error: Option<IntakeError>,
}

impl<R: Read> Read for CappedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let error = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break IntakeError::Unreadable(error),
                Ok(length) => {
                    self.read += length as u64;
                    if self.read <= FILE_BYTES {
                        return Ok(length);
                    }
                    break IntakeError::TooLarge { limit: FILE_BYTES };
                }
            }
        };
        self.error.get_or_insert(error);
        Err(io::ErrorKind::Other.into())
    }
}

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => {
                write!(f, "is larger than {limit} bytes, the limit of a licence; check the file")
            }
            Self::Gzip => f.write_str(
                "is damaged: it begins as gzip and cannot be unpacked; get the file again from where \
                 it was issued",
            ),
            Self::Unreadable(error) if is_closed_to_readers(error) => {
                f.write_str("is open for writing only; open it for reading")
            }
            Self::Unreadable(error) => write!(f, "cannot be read: {}", reason(error)),
        }
    }
}

/// Whether a descriptor is for writing only (read(2)).
fn is_closed_to_readers(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::EBADF as i32)
}

impl std::error::Error for IntakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::TooLarge { .. } | Self::Gzip => None,
        }
    }
}
