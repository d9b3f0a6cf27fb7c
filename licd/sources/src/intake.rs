//! Bytes as they arrive, made into the bytes that were signed (LF §9): gzip is unpacked once, a
//! UTF-8 byte order mark is dropped and CRLF becomes LF. Nothing else is touched: a lone CR, a
//! second layer of gzip or a second mark is for the verifier to refuse.

use std::fmt;
use std::fs::{File, FileType, OpenOptions};
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use licd_fs::textfile::reason;
use license_format::limits::FILE_BYTES;
use nix::fcntl::OFlag;

/// Bytes read and handed on at a time.
const CHUNK: usize = 64 * 1024;
/// How a gzip member begins (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// U+FEFF in UTF-8.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Why the bytes of a source could not be had. The text is what comes after the source's name.
#[derive(Debug)]
pub enum Fault {
    /// The source is larger than a licence file may be, packed or unpacked.
    TooLarge {
        /// The most bytes there may be.
        limit: u64,
    },
    /// It begins as gzip and is not gzip to its end.
    Gzip,
    /// Reading it failed.
    Unreadable(io::Error),
}

/// Why a file is not even read. The text is what comes after the file's name.
#[derive(Debug)]
pub enum OpenFault {
    /// It cannot be opened.
    Unreadable(io::Error),
    /// It is something else than a file.
    NotAFile(
        /// What it is, with its article.
        &'static str,
    ),
    /// It is larger than a licence file may be.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The most bytes there may be.
        limit: u64,
    },
}

/// Whether an open descriptor may be something that has no size beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// A pipe or a socket will do as well as a file.
    Allowed,
    /// Only a file will do.
    Refused,
}

/// Hands the bytes that were signed to `sink`, in chunks of any size, and returns how many there
/// were. Memory is constant; reading stops one byte beyond [`FILE_BYTES`], be it of what is read
/// or of what that unpacks to.
///
/// A sink that has seen enough should go on taking chunks, so that a file which is too large is
/// called so whatever its content.
///
/// # Errors
/// What the sink has been given by then is not the whole file.
pub fn feed(source: impl Read, sink: impl FnMut(&[u8])) -> Result<u64, Fault> {
    let mut source = Source { inner: source, read: 0, fault: None };
    let fed = unpack(&mut source, sink);
    let Err(unpacking) = fed else { return fed };
    if matches!(unpacking, Fault::Gzip) {
        // Too large is too large, also if the gzip is broken.
        let _ = io::copy(&mut source, &mut io::sink());
    }
    Err(source.fault.unwrap_or(unpacking))
}

fn unpack<R: Read>(source: &mut Source<R>, sink: impl FnMut(&[u8])) -> Result<u64, Fault> {
    let (packed, source) = peek(source, &GZIP).map_err(Fault::Unreadable)?;
    if packed {
        let reader = BufReader::with_capacity(CHUNK, source);
        // The source keeps the faults that are its own.
        normalise(MultiGzDecoder::new(reader), sink, |_| Fault::Gzip)
    } else {
        normalise(source, sink, Fault::Unreadable)
    }
}

/// Drops the mark and the CR of every CRLF.
fn normalise(
    mut text: impl Read,
    sink: impl FnMut(&[u8]),
    failed: fn(io::Error) -> Fault,
) -> Result<u64, Fault> {
    let mut lines = Lines { sink, fed: 0, cr: false };
    let (marked, mut text) = peek(&mut text, &MARK).map_err(failed)?;
    let mut taken = 0;
    if marked {
        taken = read_exactly(&mut text, &mut [0; MARK.len()]).map_err(failed)?;
    }
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = text.read(&mut chunk).map_err(failed)?;
        taken += length;
        if u64::try_from(taken).is_ok_and(|taken| taken > FILE_BYTES) {
            return Err(Fault::TooLarge { limit: FILE_BYTES });
        }
        match chunk.get(..length) {
            Some(chunk) if length > 0 => lines.take(chunk),
            _ => return Ok(lines.finish()),
        }
    }
}

/// A source of which the first bytes were looked at.
type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// Whether the source begins with these bytes, and a reader that still has them.
fn peek<R: Read, const N: usize>(mut source: R, start: &[u8; N]) -> io::Result<(bool, Peeked<R>)> {
    let mut found = [0; N];
    let length = read_exactly(&mut source, &mut found)?;
    let begins = length == N && found == *start;
    let found = found.into_iter().take(length).collect();
    Ok((begins, Cursor::new(found).chain(source)))
}

/// Fills the buffer unless the source ends before, and returns how much was read.
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

/// Makes CRLF into LF, over the borders of chunks.
struct Lines<S> {
    sink: S,
    fed: u64,
    /// The last chunk ended in a CR that was not handed on yet.
    cr: bool,
}

impl<S: FnMut(&[u8])> Lines<S> {
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
                // Only the last line of a chunk can end without LF.
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
        // At most FILE_BYTES altogether.
        self.fed += bytes.len() as u64;
        if !bytes.is_empty() {
            (self.sink)(bytes);
        }
    }
}

/// A source that ends in a fault beyond [`FILE_BYTES`], and that remembers its own faults: a
/// decoder passes them on among those of the format.
struct Source<R> {
    inner: R,
    read: u64,
    fault: Option<Fault>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fault = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Fault::Unreadable(error),
                Ok(length) => {
                    self.read += length as u64;
                    if self.read <= FILE_BYTES {
                        return Ok(length);
                    }
                    break Fault::TooLarge { limit: FILE_BYTES };
                }
            }
        };
        self.fault.get_or_insert(fault);
        Err(io::ErrorKind::Other.into())
    }
}

/// Opens the file that a user has named, following links.
///
/// # Errors
/// [`OpenFault`]; a file of more than [`FILE_BYTES`] is not read at all.
pub fn open(path: &Path) -> Result<File, OpenFault> {
    // Only opening some devices has an effect; so they are told apart before, and again after.
    let found = path.metadata().map_err(OpenFault::Unreadable)?;
    check(found.file_type(), found.len(), Streams::Refused)?;
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
        .map_err(OpenFault::Unreadable)?;
    accept(file, Streams::Refused)
}

/// Takes a descriptor that somebody else has opened, where it stands.
///
/// # Errors
/// [`OpenFault`]; a file of more than [`FILE_BYTES`] is not read at all.
pub fn accept(file: File, streams: Streams) -> Result<File, OpenFault> {
    let found = file.metadata().map_err(OpenFault::Unreadable)?;
    check(found.file_type(), found.len(), streams)?;
    Ok(file)
}

fn check(kind: FileType, bytes: u64, streams: Streams) -> Result<(), OpenFault> {
    let refused = |what| Err(OpenFault::NotAFile(what));
    if kind.is_file() {
        if bytes > FILE_BYTES {
            return Err(OpenFault::TooLarge { bytes, limit: FILE_BYTES });
        }
        Ok(())
    } else if kind.is_dir() {
        refused("a directory")
    } else if kind.is_fifo() || kind.is_socket() {
        let what = if kind.is_fifo() { "a pipe" } else { "a socket" };
        if streams == Streams::Allowed { Ok(()) } else { refused(what) }
    } else {
        refused("a device")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => {
                write!(
                    f,
                    "is larger than {limit} bytes, which no licence is; check what file it is"
                )
            }
            Self::Gzip => f.write_str("is damaged: it begins as gzip and cannot be unpacked"),
            Self::Unreadable(error) => write!(f, "cannot be read: {}", reason(error)),
        }
    }
}

impl fmt::Display for OpenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be opened: {}", reason(error)),
            Self::NotAFile(what) => write!(f, "is {what}, not a file"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "has {bytes} bytes, a licence at most {limit}")
            }
        }
    }
}

impl std::error::Error for Fault {}
impl std::error::Error for OpenFault {}
