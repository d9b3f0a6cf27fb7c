//! The sandbox, and malformed requests.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use licd_protocol::{FailureCode, FetchRequest, Frame};
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::server::{Server, hang, ok};
use crate::worker::{command, fetch, read, request, start};

#[test]
fn the_self_test_passes() {
    let program = env!("CARGO_BIN_EXE_licd-fetch");
    let test = Command::new(program).arg("--self-test").output().unwrap();
    let report = String::from_utf8(test.stdout).unwrap();
    assert!(test.status.success(), "{report}");
    assert!(!report.contains("ALLOWED") && !report.contains("not decided"), "{report}");
    assert_eq!(report.matches(": denied (").count(), 18);
}

#[test]
fn a_running_worker_has_no_privileges() {
    let server = Server::start(|stream, _| hang(stream));
    let mut child = start(&serde_json::to_vec(&request(&server.url("/"))).unwrap());
    let begun = Instant::now();
    while server.hits() == 0 && begun.elapsed() < Duration::from_secs(5) {
        thread::yield_now();
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(':').unwrap().1.trim().to_owned()
    };
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(field(set), "0000000000000000", "{set}");
    }
    assert_eq!((field("NoNewPrivs"), field("Seccomp")), ("1".to_owned(), "2".to_owned()));
    assert!(!field("Uid").split_whitespace().any(|uid| uid == "0"));
    if nix::unistd::Uid::effective().is_root() {
        assert_eq!(field("CapBnd"), "0000000000000000");
        assert_eq!(field("Groups"), "");
    } else {
        eprintln!("needs root: a_running_worker_has_no_privileges (groups, bounding set)");
    }
}

#[test]
fn a_worker_closes_inherited_descriptors() {
    if !nix::unistd::Uid::effective().is_root() {
        // Only root may inspect a process that dropped its privileges.
        eprintln!("needs root: a_worker_closes_inherited_descriptors");
        return;
    }
    // A descriptor without close-on-exec, as D-Bus passes them.
    let secret = tempfile::NamedTempFile::new().unwrap();
    let left = fcntl(secret.as_file(), FcntlArg::F_DUPFD(200)).unwrap();
    let server = Server::start(|stream, _| hang(stream));
    let mut child = start(&serde_json::to_vec(&request(&server.url("/"))).unwrap());
    let begun = Instant::now();
    while server.hits() == 0 && begun.elapsed() < Duration::from_secs(5) {
        thread::yield_now();
    }
    let open: Vec<_> = std::fs::read_dir(format!("/proc/{}/fd", child.id()))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    nix::unistd::close(left).unwrap();
    assert!(open.len() >= 3, "{open:?}");
    assert!(!open.iter().any(|target| target == secret.path()), "{open:?}");
}

#[test]
fn a_worker_dies_with_its_parent() {
    let server = Server::start(|stream, _| hang(stream));
    let request = FetchRequest { idle_ms: 60_000, total_ms: 60_000, ..request(&server.url("/")) };
    let hit = server.clone();
    let mut child = thread::spawn(move || {
        let child = start(&serde_json::to_vec(&request).unwrap());
        while hit.hits() == 0 {
            thread::yield_now();
        }
        child
    })
    .join()
    .unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::SIGKILL as i32));
}

#[test]
fn a_killed_worker_writes_no_final_frame() {
    let server = Server::start(|stream, _| hang(stream));
    let mut child = start(&serde_json::to_vec(&request(&server.url("/"))).unwrap());
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
    assert!(Frame::read(&mut child.stdout.take().unwrap()).is_err());
    child.wait().unwrap();
}

#[test]
fn a_worker_without_a_reader_ends_at_its_time_limit() {
    let server = Server::http(|_, _| ok("", &[0; 1 << 20]));
    let request = FetchRequest { total_ms: 1000, ..request(&server.url("/")) };
    let mut child = start(&serde_json::to_vec(&request).unwrap());
    let begun = Instant::now();
    child.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[test]
fn malformed_requests_are_refused() {
    let long = vec![b' '; 100_000];
    for input in [&b""[..], b"{}", b"null", b"\xff", &long] {
        let message = read(start(input)).refusal(FailureCode::SourceUnreachable);
        assert!(message.starts_with("licd-fetch: reading the request failed here"), "{message}");
    }
    let request = FetchRequest { idle_ms: 0, ..request("http://127.0.0.1/") };
    fetch(&request).refusal(FailureCode::SourceUnreachable);
    let request = FetchRequest { etag: Some("a\r\nX: y".to_owned()), ..request };
    fetch(&request).refusal(FailureCode::SourceUnreachable);
}

#[test]
fn an_unknown_option_is_wrong_usage() {
    let mut child = command().arg("http://127.0.0.1/").spawn().unwrap();
    let mut said = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(said.is_empty());
}
