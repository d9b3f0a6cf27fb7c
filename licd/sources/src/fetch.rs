//! Starts the worker that downloads a file, and reads its output without trusting it.

use std::fmt;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use licd_fs::deadline::DeadlineReader;
use licd_fs::printable::{escaped, reason};
use licd_protocol::{Frame, FrameError, REQUEST_BYTES};
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};

pub use licd_protocol::{FailureCode, FetchFailure, FetchRequest, Peer, ResponseHeader};

/// The installed worker. Before installation, it is in the directory of the program that starts it.
const PROGRAM: &str = "/usr/lib/licd/licd-fetch";
const NAME: &str = "licd-fetch";
/// The environment variable with the socket on which the service manager starts workers
/// (licd-fetch.socket), for a program whose sandbox has no network.
const SOCKET: &str = "LICD_FETCH_SOCKET";
/// Extra time for a worker beyond its limit: it ends by itself, and its own error is more precise.
const GRACE: Duration = Duration::from_secs(5);

/// A downloaded file.
#[derive(Debug)]
pub struct Fetched {
    /// The server's metadata.
    pub answer: ResponseHeader,
    /// The file in memory, at its beginning; empty if it was not modified.
    pub file: File,
}

/// Why a download failed.
#[derive(Debug)]
pub enum FetchError {
    /// The worker reports a failure.
    Failed(FetchFailure),
    /// The worker cannot be started.
    NoWorker {
        /// The program.
        program: PathBuf,
        /// The system's error.
        why: io::Error,
    },
    /// The worker broke the protocol: it crashed, was killed or cancelled, or took too long.
    Broken(FrameError),
    /// The worker sent more than the limit.
    TooLarge(
        /// The limit in bytes.
        u64,
    ),
    /// The machine lacks memory or descriptors for the file.
    NotStored(io::Error),
}

/// Downloads a file of at most `max_bytes` and reports progress: the bytes so far, and the total if it
/// is known. Call it from the thread that waits for the file: the worker dies with the thread that
/// started it.
///
/// # Errors
/// [`FetchError`]; the worker has ended in any case.
pub fn fetch(
    request: &FetchRequest,
    cancel: Option<BorrowedFd<'_>>,
    mut progress: impl FnMut(u64, Option<u64>),
) -> Result<Fetched, FetchError> {
    let mut kept = MemoryFile::new().map_err(FetchError::NotStored)?;
    let (_worker, output) = match std::env::var_os(SOCKET) {
        Some(socket) => (None, connect_worker(Path::new(&socket), request)?),
        None => {
            let (worker, output) = Worker::start(&program(), request)?;
            (Some(worker), output)
        }
    };
    let output = File::from(output);
    let limit = Duration::from_millis(request.total_ms) + GRACE;
    let mut output = DeadlineReader::new(output, limit, cancel);
    let mut answer = ResponseHeader::default();
    loop {
        match Frame::read(&mut output).map_err(FetchError::Broken)? {
            Frame::Progress { done, total } => progress(done, total),
            Frame::Header(new) => {
                answer = new;
                kept.clear().map_err(FetchError::NotStored)?;
            }
            Frame::Data(bytes) => {
                kept.length += bytes.len() as u64;
                if kept.length > request.max_bytes {
                    return Err(FetchError::TooLarge(request.max_bytes));
                }
                kept.file.write_all(&bytes).map_err(FetchError::NotStored)?;
            }
            Frame::End => break,
            Frame::Failure(failure) => return Err(FetchError::Failed(failure)),
        }
    }
    kept.file.rewind().map_err(FetchError::NotStored)?;
    Ok(Fetched { answer, file: kept.file })
}

/// Has the service manager start a worker, which ends when the socket is closed.
fn connect_worker(socket: &Path, request: &FetchRequest) -> Result<OwnedFd, FetchError> {
    let failed = |why| FetchError::NoWorker { program: socket.to_owned(), why };
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    // The answer shows whether the worker read the request.
    let _ = stream.write_all(&encoded(request).map_err(failed)?);
    let _ = stream.shutdown(Shutdown::Write);
    Ok(stream.into())
}

/// The encoding of a request.
fn encoded(request: &FetchRequest) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(request)?;
    if text.len() as u64 > REQUEST_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the request is too long"));
    }
    Ok(text)
}

/// The worker in the directory of this program, else the installed one.
fn program() -> PathBuf {
    let sibling = std::env::current_exe().ok().map(|own| own.with_file_name(NAME));
    sibling.filter(|program| program.is_file()).unwrap_or_else(|| PROGRAM.into())
}

/// A file in memory (memfd_create(2)).
struct MemoryFile {
    file: File,
    length: u64,
}

impl MemoryFile {
    fn new() -> io::Result<Self> {
        let file = memfd_create(c"licd-fetch", MFdFlags::MFD_CLOEXEC)?.into();
        Ok(Self { file, length: 0 })
    }

    /// Empties the file.
    fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.length = 0;
        Ok(())
    }
}

/// A worker process; dropping it kills the process.
struct Worker(Child);

impl Worker {
    fn start(program: &Path, request: &FetchRequest) -> Result<(Self, OwnedFd), FetchError> {
        let failed = |why| FetchError::NoWorker { program: program.to_owned(), why };
        let text = encoded(request).map_err(failed)?;
        let mut child = Command::new(program)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let worker = Self(child);
        let (Some(mut input), Some(output)) = (input, output) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        // A pipe buffers the whole request. The answer shows whether the worker read it.
        let _ = input.write_all(&text);
        Ok((worker, output.into()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Both calls fail only if the worker has exited.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => f.write_str(&escaped(&failure.to_string())),
            Self::NoWorker { program, why } => {
                let cure = if is_short(why) { "try again" } else { "check that it is installed" };
                let program = program.display();
                write!(f, "{program}: cannot be started ({}); {cure}", reason(why))
            }
            Self::Broken(FrameError::Stream(error)) if !is_end(error) => {
                f.write_str(&reason(error))
            }
            Self::Broken(broken) => write!(f, "{broken}; try again"),
            Self::TooLarge(limit) => write!(f, "is larger than {limit} bytes"),
            Self::NotStored(why) => write!(f, "cannot be kept in memory ({})", reason(why)),
        }
    }
}

/// Whether the worker has exited: a pipe ends, and a socket with unread data is reset.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

/// Whether a process could not be started for want of descriptors, memory or processes. Other errors are
/// those of the program's file, or of its mode.
fn is_short(error: &io::Error) -> bool {
    let shortages = [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::EAGAIN];
    error.raw_os_error().is_some_and(|number| shortages.contains(&Errno::from_raw(number)))
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoWorker { why: error, .. } | Self::NotStored(error) => Some(error),
            Self::Broken(broken) => Some(broken),
            Self::Failed(_) | Self::TooLarge(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_of_a_worker_is_distinguished_from_a_read_error() {
        let message = |error| FetchError::Broken(FrameError::Stream(error)).to_string();
        for kind in [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset] {
            let gone = "the download worker ended unexpectedly; try again";
            assert_eq!(message(kind.into()), gone);
        }
        assert_eq!(message(io::Error::from_raw_os_error(5)), "I/O error");
    }

    #[test]
    fn only_a_worker_whose_file_is_at_fault_may_not_be_installed() {
        let message = |why: Errno| {
            let program = PathBuf::from("/usr/lib/licd/licd-fetch");
            FetchError::NoWorker { program, why: why.into() }.to_string()
        };
        for why in [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::EAGAIN] {
            assert!(message(why).ends_with("; try again"), "{why}");
        }
        for why in [Errno::ENOENT, Errno::EACCES, Errno::ENOEXEC] {
            assert!(message(why).ends_with("; check that it is installed"), "{why}");
        }
    }
}
