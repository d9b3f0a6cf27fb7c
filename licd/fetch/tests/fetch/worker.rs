//! Starts the worker as the daemon does.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use licd_protocol::{FailureCode, FetchFailure, FetchRequest, Frame, Proxy, ResponseHeader, Url};

pub(crate) const LIMIT: u64 = 32 << 20;
/// The time beyond its limit in which a worker must be gone, on a busy machine.
const GRACE: Duration = Duration::from_secs(3);

/// A valid address.
#[track_caller]
pub(crate) fn address(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// A valid proxy.
pub(crate) fn through(proxy: &str) -> Option<Proxy> {
    Some(Proxy::from_environment(proxy).unwrap_or_else(|error| panic!("{proxy}: {error}")))
}

/// A request with limits for a test.
pub(crate) fn request(url: &str) -> FetchRequest {
    FetchRequest {
        url: address(url),
        user: None,
        password: None,
        ca_file: None,
        pin: None,
        pin_or_authority: false,
        proxy: None,
        no_proxy: None,
        name_ms: 3000,
        connect_ms: 3000,
        idle_ms: 1000,
        total_ms: 10_000,
        max_bytes: LIMIT,
        etag: None,
        last_modified: None,
        clock_trusted: true,
        post: None,
    }
}

/// The output of a worker.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    pub(crate) headers: Vec<ResponseHeader>,
    pub(crate) file: Vec<u8>,
    pub(crate) progress: Vec<(u64, Option<u64>)>,
    /// The final frame, if it is a failure.
    pub(crate) failure: Option<FetchFailure>,
    pub(crate) took: Duration,
}

impl Fetched {
    /// The file of a successful fetch.
    #[track_caller]
    pub(crate) fn whole(self) -> Vec<u8> {
        assert_eq!(self.failure, None);
        self.file
    }

    /// The message of a failed fetch.
    #[track_caller]
    pub(crate) fn refusal(self, code: FailureCode) -> String {
        let failure = self.failure.expect("a failure");
        assert_eq!(failure.code, code, "{failure}");
        failure.to_string()
    }
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_licd-fetch"));
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

pub(crate) fn start(input: &[u8]) -> Child {
    let mut child = command().spawn().unwrap();
    // The worker may refuse a request before it has read all of it.
    let _ = child.stdin.take().unwrap().write_all(input);
    child
}

/// Fetches, and checks the time limit and the form of the output.
#[track_caller]
pub(crate) fn fetch(request: &FetchRequest) -> Fetched {
    let begun = Instant::now();
    let mut fetched = read(start(&serde_json::to_vec(request).unwrap()));
    fetched.took = begun.elapsed();
    let limit = Duration::from_millis(request.total_ms) + GRACE;
    assert!(fetched.took < limit, "took {:?}", fetched.took);
    fetched
}

pub(crate) fn read(mut child: Child) -> Fetched {
    let mut output = child.stdout.take().unwrap();
    let mut fetched = Fetched::default();
    loop {
        match Frame::read(&mut output).expect("a frame") {
            Frame::Progress { done, total } => fetched.progress.push((done, total)),
            Frame::Header(header) => {
                fetched.headers.push(header);
                fetched.file.clear();
            }
            Frame::Data(bytes) => fetched.file.extend(bytes),
            Frame::End => break,
            Frame::Failure(failure) => {
                fetched.failure = Some(failure);
                break;
            }
        }
        assert!(fetched.file.len() as u64 <= LIMIT);
    }
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty(), "bytes after the final frame");
    child.wait().unwrap();
    fetched
}
