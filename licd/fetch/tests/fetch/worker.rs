//! The worker, started as the daemon starts it.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use licd_protocol::{Answer, Code, Failure, Frame, Proxy, Request, Url};

pub(crate) const LIMIT: u64 = 32 << 20;
/// How much longer than it was given a worker may take to be gone, on a busy machine.
const GRACE: Duration = Duration::from_secs(3);

/// An address, which must be one.
#[track_caller]
pub(crate) fn address(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// A proxy, which must be one.
pub(crate) fn through(proxy: &str) -> Option<Proxy> {
    Some(Proxy::of_environment(proxy).unwrap_or_else(|error| panic!("{proxy}: {error}")))
}

/// A request with times that fit a test.
pub(crate) fn request(url: &str) -> Request {
    Request {
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
    }
}

/// What a worker said.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    pub(crate) answers: Vec<Answer>,
    pub(crate) file: Vec<u8>,
    pub(crate) progress: Vec<(u64, Option<u64>)>,
    /// The last frame, if it is an error; none at all is one as well.
    pub(crate) failure: Option<Failure>,
    pub(crate) took: Duration,
}

impl Fetched {
    /// The file, which must have come.
    #[track_caller]
    pub(crate) fn whole(self) -> Vec<u8> {
        assert_eq!(self.failure, None);
        self.file
    }

    /// Why there is none, which must be so.
    #[track_caller]
    pub(crate) fn refusal(self, code: Code) -> String {
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
    // It may refuse before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input);
    child
}

/// Fetches, and checks what holds for every fetch: time and the form of what is said.
#[track_caller]
pub(crate) fn fetch(request: &Request) -> Fetched {
    let begun = Instant::now();
    let mut fetched = read(start(&serde_json::to_vec(request).unwrap()));
    fetched.took = begun.elapsed();
    let most = Duration::from_millis(request.total_ms) + GRACE;
    assert!(fetched.took < most, "took {:?}", fetched.took);
    fetched
}

pub(crate) fn read(mut child: Child) -> Fetched {
    let mut output = child.stdout.take().unwrap();
    let mut fetched = Fetched::default();
    loop {
        match Frame::read(&mut output).expect("a frame") {
            Frame::Progress { done, total } => fetched.progress.push((done, total)),
            Frame::Header(answer) => {
                fetched.answers.push(answer);
                fetched.file.clear();
            }
            Frame::Data(bytes) => fetched.file.extend(bytes),
            Frame::End => break,
            Frame::Error(failure) => {
                fetched.failure = Some(failure);
                break;
            }
        }
        assert!(fetched.file.len() as u64 <= LIMIT);
    }
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty(), "nothing may follow the last frame");
    child.wait().unwrap();
    fetched
}
