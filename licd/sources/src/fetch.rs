//! The worker that talks to the network: starts it, reads what it hands back, believes none of it.

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
use licd_fs::textfile::{escaped, reason};
use licd_protocol::{Frame, FrameError, REQUEST_BYTES};
use nix::sys::memfd::{MFdFlags, memfd_create};

pub use licd_protocol::{FailureCode, FetchFailure, FetchRequest, Peer, ResponseHeader};

/// Where it is installed. While the programs are not, it is beside the one that starts it.
const PROGRAM: &str = "/usr/lib/licd/licd-fetch";
const NAME: &str = "licd-fetch";
/// The environment variable that names the socket at which the service manager starts workers
/// (licd-fetch.socket), for a program whose own sandbox has no network.
const SOCKET: &str = "LICD_FETCH_SOCKET";
/// How much longer than it was given a worker is waited for: it ends by itself, and its last word
/// is worth more than ours.
const GRACE: Duration = Duration::from_secs(5);

/// What a worker has fetched.
#[derive(Debug)]
pub struct Fetched {
    /// What the server said of it.
    pub answer: ResponseHeader,
    /// The file, in memory and read from its beginning; empty if it was not modified.
    pub file: File,
}

/// Why nothing was fetched.
#[derive(Debug)]
pub enum Fault {
    /// The worker says why.
    Told(FetchFailure),
    /// The worker cannot be started.
    NoWorker {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        why: io::Error,
    },
    /// It did not end as agreed: it has crashed or was killed, took too long, or was cancelled.
    Broken(FrameError),
    /// It brought more than it was asked for.
    TooLarge(
        /// The most bytes it was to bring.
        u64,
    ),
    /// This machine has no memory for the file, or no descriptor.
    Unkept(io::Error),
}

/// Fetches what is asked for, at most `max_bytes` of it, and tells of progress: bytes so far, and
/// of how many if that is known. To be called from the thread that waits for the file, because the
/// worker dies with the thread that started it.
///
/// # Errors
/// [`Fault`]; the worker is gone in any case.
pub fn fetch(
    request: &FetchRequest,
    cancel: Option<BorrowedFd<'_>>,
    mut progress: impl FnMut(u64, Option<u64>),
) -> Result<Fetched, Fault> {
    let mut kept = Kept::new().map_err(Fault::Unkept)?;
    let (_worker, output) = match std::env::var_os(SOCKET) {
        Some(socket) => (None, ask_for_worker(Path::new(&socket), request)?),
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
        match Frame::read(&mut output).map_err(Fault::Broken)? {
            Frame::Progress { done, total } => progress(done, total),
            Frame::Header(new) => {
                answer = new;
                kept.begin().map_err(Fault::Unkept)?;
            }
            Frame::Data(bytes) => {
                kept.length += bytes.len() as u64;
                if kept.length > request.max_bytes {
                    return Err(Fault::TooLarge(request.max_bytes));
                }
                kept.file.write_all(&bytes).map_err(Fault::Unkept)?;
            }
            Frame::End => break,
            Frame::Failure(failure) => return Err(Fault::Told(failure)),
        }
    }
    kept.file.rewind().map_err(Fault::Unkept)?;
    Ok(Fetched { answer, file: kept.file })
}

/// Has the service manager start a worker. It ends when it finds nobody listening.
fn ask_for_worker(socket: &Path, request: &FetchRequest) -> Result<OwnedFd, Fault> {
    let failed = |why| Fault::NoWorker { program: socket.to_owned(), why };
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    // If it is not read, that shows in what comes back.
    let _ = stream.write_all(&text_of(request).map_err(failed)?);
    let _ = stream.shutdown(Shutdown::Write);
    Ok(stream.into())
}

/// A request as a worker reads it.
fn text_of(request: &FetchRequest) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(request)?;
    if text.len() as u64 > REQUEST_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too long a request"));
    }
    Ok(text)
}

/// The program: the one beside this one, or the one that is installed.
fn program() -> PathBuf {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(NAME));
    beside.filter(|program| program.is_file()).unwrap_or_else(|| PROGRAM.into())
}

/// A file that exists in memory only.
struct Kept {
    file: File,
    length: u64,
}

impl Kept {
    fn new() -> io::Result<Self> {
        let file = memfd_create(c"licd-fetch", MFdFlags::MFD_CLOEXEC)?.into();
        Ok(Self { file, length: 0 })
    }

    /// Begins anew.
    fn begin(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.length = 0;
        Ok(())
    }
}

/// A worker that is gone when this is.
struct Worker(Child);

impl Worker {
    fn start(program: &Path, request: &FetchRequest) -> Result<(Self, OwnedFd), Fault> {
        let failed = |why| Fault::NoWorker { program: program.to_owned(), why };
        let text = text_of(request).map_err(failed)?;
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
        // A pipe takes as much at once. If it is not read, that shows in what comes back.
        let _ = input.write_all(&text);
        Ok((worker, output.into()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It has said its last word, or is not listened to any more. Both fail only if it is gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(failure) => f.write_str(&escaped(&failure.to_string())),
            Self::NoWorker { program, why } => write!(
                f,
                "{}: cannot be started ({}); is it installed?",
                program.display(),
                reason(why)
            ),
            Self::Broken(FrameError::Stream(error)) if !is_end(error) => {
                f.write_str(&reason(error))
            }
            Self::Broken(broken) => write!(f, "{broken}; try again"),
            Self::TooLarge(limit) => write!(f, "is larger than {limit} bytes"),
            Self::Unkept(why) => write!(f, "cannot be kept in memory ({})", reason(why)),
        }
    }
}

/// Whether this is how a worker that is gone shows: a pipe ends, and a socket of which it has not
/// read everything is reset.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_gone_is_told_from_a_fault_of_reading() {
        let said = |error| Fault::Broken(FrameError::Stream(error)).to_string();
        for kind in [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset] {
            let gone = "the worker that fetches ended unexpectedly; try again";
            assert_eq!(said(kind.into()), gone);
        }
        assert_eq!(said(io::Error::from_raw_os_error(5)), "I/O error");
    }
}
