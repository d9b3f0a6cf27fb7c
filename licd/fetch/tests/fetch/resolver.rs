//! Name look-ups inside the sandbox, with a DNS server of the tests.
//!
//! The C library asks port 53 only, so each test has its own network and `/etc/resolv.conf`, which
//! needs root.

use std::fs;
use std::net::UdpSocket;
use std::process::Command;
use std::thread;
use std::time::Duration;

use licd_protocol::{FailureCode, FetchRequest};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::ftp::Ftp;
use crate::server::{Server, ok};
use crate::worker::{fetch, request};

/// Runs the test in a network where 127.0.0.1:53 answers with `answer`.
fn with_dns(test: &str, answer: fn(&[u8]) -> Option<Vec<u8>>, story: fn()) {
    in_own_network(test, "nameserver 127.0.0.1\n", move || {
        let socket = UdpSocket::bind(("127.0.0.1", 53)).unwrap();
        thread::spawn(move || {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question) {
                if let Some(answer) = answer(&question[..length]) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        story();
    });
}

/// Runs the test in its own network, with this `/etc/resolv.conf`.
pub(crate) fn in_own_network(test: &str, servers: &str, story: impl FnOnce() + Send + 'static) {
    if !nix::unistd::Uid::effective().is_root() {
        eprintln!("needs root: {test}");
        return;
    }
    let servers = servers.to_owned();
    // Namespaces belong to the thread and to its children.
    let thread = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), servers).unwrap();
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(file.path(), readable).unwrap();
        let bind = MsFlags::MS_BIND;
        mount(Some(file.path()), "/etc/resolv.conf", None::<&str>, bind, None::<&str>).unwrap();
        assert!(Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap().success());
        story();
    });
    thread.join().unwrap();
}

/// RFC 1035 §4: answers 127.0.0.1 to a query for IPv4, and no address to others.
fn localhost(question: &[u8]) -> Option<Vec<u8>> {
    let end = 12 + question.get(12..)?.iter().position(|byte| *byte == 0)? + 5;
    let asks_ipv4 = question.get(end - 4..end)? == [0, 1, 0, 1];
    let mut answer = question.get(..2)?.to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(asks_ipv4), 0, 0, 0, 0]);
    answer.extend(question.get(12..end)?);
    if asks_ipv4 {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}

#[test]
fn a_name_is_looked_up_by_dns() {
    with_dns("a_name_is_looked_up_by_dns", localhost, || {
        let server = Server::http(|_, _| ok("", b"igel"));
        let url = format!("http://ums.example.com:{}/", server.address.port());
        assert_eq!(fetch(&request(&url)).whole(), b"igel");
    });
}

/// As [`localhost`], but ignores every other query.
fn deaf_to_ipv6(question: &[u8]) -> Option<Vec<u8>> {
    localhost(question).filter(|answer| answer.get(7) == Some(&1))
}

#[test]
fn one_address_family_is_enough_when_dns_ignores_the_other() {
    let test = "one_address_family_is_enough_when_dns_ignores_the_other";
    with_dns(test, deaf_to_ipv6, || {
        let server = Server::http(|_, _| ok("", b"igel"));
        let url = format!("http://ums.example.com:{}/", server.address.port());
        let fetched = fetch(&request(&url));
        assert!(fetched.took < Duration::from_secs(3), "{:?}", fetched.took);
        assert_eq!(fetched.whole(), b"igel");
        let server = Ftp::default().start();
        let url = server.url("a").replace("127.0.0.1", "ftp.example.com");
        assert_eq!(fetch(&request(&url)).whole(), b"igel.com/license/v1\n");
    });
}

#[test]
fn a_missing_name_server_is_named_in_the_message() {
    for servers in ["", "# none yet\nsearch example.com\n"] {
        in_own_network("a_missing_name_server_is_named_in_the_message", servers, || {
            let request = FetchRequest { total_ms: 2000, ..request("https://ums.example.com/") };
            let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
            let begins = "ums.example.com: its name cannot be looked up: this device has no name \
                          server; connect it to a network that gives one";
            assert!(message.starts_with(begins), "{message}");
        });
    }
}

#[test]
fn a_silent_dns_server_times_out() {
    let test = "a_silent_dns_server_times_out";
    with_dns(
        test,
        |_| None,
        || {
            let request =
                FetchRequest { name_ms: 700, total_ms: 1300, ..request("http://ums.example.com/") };
            let fetched = fetch(&request);
            assert!(fetched.took < Duration::from_secs(3));
            let message = fetched.refusal(FailureCode::SourceUnreachable);
            let none = "ums.example.com: its name cannot be looked up: name server 127.0.0.1 did not \
                        answer within 700 milliseconds; check this device's network and DNS";
            assert_eq!(message, none);
        },
    );
}

#[test]
fn an_unknown_name_fails_at_once_and_a_dns_failure_is_retried() {
    let test = "an_unknown_name_fails_at_once_and_a_dns_failure_is_retried";
    with_dns(
        test,
        |question| refused(question, 3),
        || {
            let fetched = fetch(&request("http://ums.example.com/"));
            let message = fetched.refusal(FailureCode::SourceUnreachable);
            assert_eq!(
                message,
                "ums.example.com: there is no host of this name; check the address"
            );
        },
    );
    with_dns(
        test,
        |question| refused(question, 2),
        || {
            let request = FetchRequest { total_ms: 4000, ..request("http://ums.example.com/") };
            let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
            assert!(message.contains("its name cannot be looked up now"), "{message}");
            assert!(message.contains("(tried "), "{message}");
        },
    );
}

/// An answer with this code (RFC 1035 §4.1.1): 2 is a failure of the server, 3 no such name.
fn refused(question: &[u8], code: u8) -> Option<Vec<u8>> {
    let mut answer = question.to_vec();
    *answer.get_mut(2)? = 0x81;
    *answer.get_mut(3)? = 0x80 | code;
    Some(answer)
}
