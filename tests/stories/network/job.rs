//! Downloads as jobs of the daemon: they report progress, can be cancelled, and do not delay
//! others, whatever their worker does.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use acceptance::client::{Client, NAME, Signals};
use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::server::{Server, hang, ok, pour};
use acceptance::{World, maker, story, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use zbus::OwnedObjectPath;

use super::ways::{begin, device, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(a_slow_download_can_be_cancelled_and_leaves_nothing_behind),
    story!(progress_grows_up_to_the_size),
    story!(queries_are_answered_at_once_while_downloads_hang),
    story!(several_downloads_run_at_once),
    story!(a_killed_worker_makes_its_source_unreachable),
    story!(licd_survives_a_missing_crashing_or_lying_worker),
];

const JOB: &str = "com.igel.License1.Job";
/// The time limit for an answer that nothing delays, on a busy machine.
const AT_ONCE: Duration = Duration::from_millis(500);

/// The worker processes of a program.
fn workers(of: u32) -> Vec<i32> {
    let is_worker = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
        stat.contains("(licd-fetch) ") && parent == Some(of.to_string().as_str())
    };
    let entries = fs::read_dir("/proc").unwrap().map_while(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_worker).collect()
}

fn finished(signals: &Signals, job: &OwnedObjectPath) -> (String, String) {
    wait::until("Finished", || {
        let ended = signals.named("Finished");
        let is_own = |path: &str| path == job.as_str();
        let own = ended.iter().find(|one| one.header().path().is_some_and(|path| is_own(path)));
        own.map(|signal| signal.body().deserialize().unwrap())
    })
}

fn cancel(client: &Client, job: &OwnedObjectPath) {
    let () = client.call(NAME, job.as_str(), JOB, "Cancel", &()).unwrap();
}

/// Runs `test` while a download hangs.
fn while_hanging(
    world: &World,
    work: impl FnOnce(&Daemon<'_>, &Client, &OwnedObjectPath, &Signals),
) {
    let server = Server::http(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nigel.com");
        hang(stream);
    });
    let daemon = world.start();
    let client = daemon.client();
    let signals = client.listen();
    let job = begin(&client, &server.url("WE.lic"), None).unwrap();
    wait::until("the server is asked", || (!server.heads().is_empty()).then_some(()));
    work(&daemon, &client, &job, &signals);
}

fn a_slow_download_can_be_cancelled_and_leaves_nothing_behind() {
    let world = device(&network(60, ""));
    while_hanging(&world, |daemon, client, job, signals| {
        assert_eq!(workers(daemon.pid()).len(), 1);
        let began = Instant::now();
        cancel(client, job);
        let (verdict, message) = finished(signals, job);
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        assert_eq!(verdict, "source-unreachable");
        assert!(message.starts_with("http://") && message.ends_with("was cancelled"), "{message}");
        wait::until("the worker is gone", || workers(daemon.pid()).is_empty().then_some(()));
    });
    assert!(world.stored().is_empty());
}

fn progress_grows_up_to_the_size() {
    let size = 200_u64;
    let server = Server::http(move |_, mut stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
        for _ in 0..size / 10 {
            let _ = stream.write_all(b"0123456789");
            thread::sleep(Duration::from_millis(75));
        }
    });
    let world = device(&network(60, ""));
    let daemon = world.start();
    let client = daemon.client();
    let signals = client.listen();
    let job = begin(&client, &server.url("WE.lic"), None).unwrap();
    assert_eq!(finished(&signals, &job).0, "malformed");
    let progress: Vec<(u64, u64)> = signals
        .changes(JOB)
        .iter()
        .filter_map(|change| change.get("Progress")?.try_clone().ok()?.try_into().ok())
        .collect();
    assert!(progress.len() >= 3, "{progress:?}");
    assert!(
        progress.is_sorted() && progress.iter().all(|(_, total)| [0, size].contains(total)),
        "{progress:?}"
    );
    assert!(
        progress.iter().any(|(done, total)| (1..size).contains(done) && *total == size),
        "{progress:?}"
    );
}

fn queries_are_answered_at_once_while_downloads_hang() {
    let world = device(&network(60, ""));
    let _ = world.import(maker::licence().sign()).with_code(0);
    let before = world.stored();
    while_hanging(&world, |daemon, client, job, signals| {
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let began = Instant::now();
            let status = client.status();
            slowest = slowest.max(began.elapsed());
            assert!(status.contains("\"state\":\"valid\""));
        }
        eprintln!("GetStatus while a download hangs: at most {slowest:?}");
        assert!(slowest < AT_ONCE, "{slowest:?}");
        // Other imports do not wait.
        let later = maker::licence().pack("WE-OTHER").sign();
        assert_eq!(daemon.import(later).with_code(0).verdict(), "valid");
        cancel(client, job);
        finished(signals, job);
    });
    assert_eq!(world.stored().len(), before.len() + 1);
}

fn several_downloads_run_at_once() {
    let world = device(&network(30, ""));
    let daemon = world.start();
    let client = daemon.client();
    let signals = client.listen();
    // The server answers once all requests have arrived.
    let barrier = std::sync::Arc::new(std::sync::Barrier::new(6));
    let server = Server::http(move |head, mut stream| {
        barrier.wait();
        let serial = head.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        let _ = stream.write_all(&ok("", maker::licence().serial(serial).sign()));
    });
    let job = |serial: u32| begin(&client, &server.url(&serial.to_string()), None).unwrap();
    let jobs: Vec<_> = (200..206).map(job).collect();
    for job in &jobs {
        let (verdict, message) = finished(&signals, job);
        assert!(["valid", "superseded"].contains(&verdict.as_str()), "{message}");
    }
    let status = daemon.status();
    assert_eq!(status["services"][1]["pack"], "WE-7Q2KD", "{status}");
    let newest =
        |license: &serde_json::Value| license["serial"] == 205 && license["state"] == "valid";
    assert!(status["licenses"].as_array().unwrap().iter().any(newest), "{status}");
}

fn a_killed_worker_makes_its_source_unreachable() {
    let world = device(&network(60, ""));
    while_hanging(&world, |daemon, client, job, signals| {
        let [worker] = workers(daemon.pid())[..] else { panic!("one worker") };
        kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
        let (verdict, message) = finished(signals, job);
        assert_eq!(verdict, "source-unreachable");
        assert!(message.starts_with("http://") && message.ends_with("try again"), "{message}");
        assert!(client.status().contains("\"state\":\"none\""));
        assert_eq!(daemon.import(maker::licence().sign()).with_code(0).verdict(), "valid");
    });
    // The same without the daemon: licctl ends with its worker.
    let slow = Server::http(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        pour(stream, b"x", Duration::from_millis(50));
    });
    let mut licctl = world.licctl_command();
    let licctl = licctl.args(["import", &slow.url("a")]).stdout(Stdio::piped());
    let licctl = licctl.spawn().unwrap();
    let worker = wait::until("the worker", || workers(licctl.id()).first().copied());
    wait::until("the server is asked", || (!slow.heads().is_empty()).then_some(()));
    kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
    let ended = licctl.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(6));
    let gone = "source-unreachable: the download worker ended unexpectedly; try again";
    let output = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(output, format!("{}: {gone}\n", slow.url("a")));
}

fn licd_survives_a_missing_crashing_or_lying_worker() {
    for (script, mode, words, advice) in [
        ("no program", 0o644, "licd-fetch: cannot be started", "check that it is installed"),
        ("#!/bin/sh\nexit 1\n", 0o755, "the download worker ended unexpectedly", "; try again"),
        ("#!/bin/sh\nexec yes\n", 0o755, "sent a frame that is too long", "try again"),
        (
            "#!/bin/sh\nkill -SEGV $$\n",
            0o755,
            "the download worker ended unexpectedly",
            "; try again",
        ),
        ("#!/bin/sh\nexec sleep 60\n", 0o755, "within 6 seconds", ""),
    ] {
        let world = device(&network(1, "")).with_worker(script, mode);
        let daemon = world.start();
        let outcome = try_all(&daemon, &world, "http://ums.example/WE.lic", None);
        outcome.unreachable(words, advice);
        assert!(daemon.client().status().contains("\"state\":\"none\""));
    }
}
