//! Starting, stopping, and what happens in between when nothing happens.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::Signal;

use crate::bus::Caller;
use crate::world::{STORE, UNIT, World};

fn status(caller: &Caller) -> serde_json::Value {
    let json: String = caller.call("GetStatus", &()).unwrap();
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_caller_that_sees_the_name_gets_an_answer() {
    let world = World::new();
    for n in 0..200 {
        let (_daemon, caller) = world.start();
        let status: String = caller.call("GetStatus", &()).unwrap_or_else(|e| panic!("{n}: {e:?}"));
        assert!(status.contains(UNIT));
    }
}

#[test]
fn what_others_read_is_published_before_the_name_is_taken() {
    let world = World::new();
    world.write(&format!("{STORE}/a.lic"), &world.license("WE-7Q2KD", 1, UNIT));
    let (_daemon, caller) = world.start();
    assert!(world.path("run/licd/features/custom-partition").exists());
    let file: serde_json::Value =
        serde_json::from_str(&world.read("run/licd/status.json")).unwrap();
    assert_eq!(file["state"], "valid");
    assert_eq!(status(&caller)["state"], "valid");
}

#[test]
fn a_second_daemon_leaves_at_once_and_takes_nothing_from_the_first() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let second = world.command().stderr(Stdio::piped()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("com.igel.License1: is owned by another process"), "{said}");
    assert_eq!(status(&caller)["unit_id"], UNIT);
}

#[test]
fn without_a_bus_it_says_so_and_leaves() {
    let mut world = World::new();
    world.bus.kill();
    let daemon = world.command().stderr(Stdio::piped()).output().unwrap();
    assert_eq!(daemon.status.code(), Some(1));
    let said = String::from_utf8(daemon.stderr).unwrap();
    assert!(said.contains(&world.bus.address), "{said}");
    assert!(world.path("run/licd/status.json").exists());
}

#[test]
fn without_descriptors_it_says_so_and_leaves() {
    let world = World::new();
    let licd = world.command();
    let mut command = std::process::Command::new("sh");
    // Enough descriptors for the loader and for signals, and none for anything else.
    command.args(["-c", "ulimit -n 4; exec \"$0\" \"$@\""]).arg(licd.get_program());
    command.args(licd.get_args()).env_remove("JOURNAL_STREAM").stdin(Stdio::null());
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    // Nothing is given up for good.
    assert!(!said.contains("will not be noticed"), "{said}");
    assert!(said.ends_with("licd: event descriptor: Too many open files\n"), "{said}");
}

#[test]
fn when_the_bus_goes_it_goes() {
    let mut world = World::new();
    let (mut daemon, _caller) = world.start();
    world.bus.kill();
    assert_eq!(daemon.child.wait().unwrap().code(), Some(1));
    assert!(daemon.log().contains("bus: the connection was closed"), "{}", daemon.log());
}

/// A way to the bus that can be cut: a socket, and what goes through it.
struct Way {
    path: PathBuf,
    ends: Arc<Mutex<Vec<UnixStream>>>,
}

impl Way {
    fn to(world: &World) -> Self {
        let (path, bus) = (world.path("way"), world.bus.socket());
        let (ends, listener) = (Arc::default(), UnixListener::bind(&path).unwrap());
        let way = Self { path, ends };
        let ends: Arc<Mutex<Vec<UnixStream>>> = Arc::clone(&way.ends);
        // Ends with the test program.
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), UnixStream::connect(&bus).unwrap());
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                }
                ends.lock().unwrap().extend([near, far]);
            }
        });
        way
    }

    fn cut(&self) {
        for end in self.ends.lock().unwrap().drain(..) {
            end.shutdown(std::net::Shutdown::Both).unwrap();
        }
    }
}

#[test]
fn a_lost_connection_is_made_anew_while_the_bus_is_there() {
    let world = World::new();
    world.write(&format!("{STORE}/a.lic"), &world.license("WE-7Q2KD", 1, UNIT));
    let way = Way::to(&world);
    let log = fs::File::create(world.path("licd.log")).unwrap();
    let mut licd = std::process::Command::new(env!("CARGO_BIN_EXE_licd"));
    licd.arg("--root").arg(world.root()).arg("--bus");
    licd.arg(format!("unix:path={}", way.path.display()));
    let mut daemon = licd.stdin(Stdio::null()).stderr(log).spawn().unwrap();
    let caller = world.bus.caller();
    for times in 1..=3 {
        caller.wait_for_name();
        assert_eq!(status(&caller)["state"], "valid");
        let end = Instant::now() + Duration::from_secs(20);
        // The first time the files may follow the name.
        while !world.path("run/licd/features/custom-partition").exists() {
            assert!(Instant::now() < end, "{}", world.read("licd.log"));
            std::thread::sleep(Duration::from_millis(10));
        }
        way.cut();
        while world.read("licd.log").matches("bus: connected again").count() < times {
            assert!(Instant::now() < end, "{}", world.read("licd.log"));
            assert_eq!(daemon.try_wait().unwrap(), None, "{}", world.read("licd.log"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    assert_eq!(status(&caller)["state"], "valid");
    // Said once each time.
    assert_eq!(world.read("licd.log").matches("connection was closed").count(), 3);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

#[test]
fn wrong_usage_is_2_and_help_is_not() {
    let world = World::new();
    let run = |word: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_licd"));
        command.current_dir(world.root()).arg(word).output().unwrap()
    };
    assert_eq!(run("--sing").status.code(), Some(2));
    assert_eq!(run("--help").status.code(), Some(0));
    assert!(String::from_utf8(run("--version").stdout).unwrap().starts_with("licd "));
}

#[test]
fn told_to_stop_it_stops_and_frees_the_name() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let world = World::new();
        let (mut daemon, _caller) = world.start();
        let begun = Instant::now();
        daemon.signal(signal);
        assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        let (_daemon, caller) = world.start();
        assert_eq!(status(&caller)["unit_id"], UNIT);
    }
}

#[test]
fn told_to_stop_it_finishes_cleaning_up() {
    let world = World::new();
    let old = world.write(&format!("{STORE}/a.lic"), &world.license("WE-7Q2KD", 1, UNIT));
    let (mut daemon, _caller) = world.start();
    let wait_for = |what: &str, there: &dyn Fn() -> bool| {
        let end = Instant::now() + Duration::from_secs(20);
        while !there() {
            assert!(Instant::now() < end, "{what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let state = world.path("var/lib/licd/state.toml");
    let remembered = || fs::read_to_string(&state).unwrap_or_default();
    wait_for("the first licence is remembered", &|| !remembered().is_empty());
    // Another program writes to the store, so that the clean-up has to wait.
    let lock = world.path("run/licd/store.lock");
    let lock = fs::File::options().create(true).append(true).open(lock).unwrap();
    lock.lock().unwrap();
    let new = world.write("new.lic", &world.license("WE-7Q2KD", 2, UNIT));
    let opened = Inotify::init(InitFlags::IN_NONBLOCK).unwrap();
    opened.add_watch(&new, AddWatchFlags::IN_CLOSE_NOWRITE).unwrap();
    fs::rename(&new, world.path(&format!("{STORE}/b.lic"))).unwrap();
    wait_for("the daemon reads the second licence", &|| opened.read_events().is_ok());
    daemon.signal(Signal::SIGTERM);
    wait_for("the stop", &|| daemon.log().contains("stopping"));
    // Much longer than stopping takes when there is nothing to wait for.
    std::thread::sleep(Duration::from_millis(300));
    assert!(daemon.child.try_wait().unwrap().is_none());
    assert!(old.exists());
    drop(lock);
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
    assert!(!old.exists());
}

#[test]
fn killed_it_starts_again_and_clears_away_what_it_left() {
    let world = World::new();
    let license = world.license("WE-7Q2KD", 1, UNIT);
    world.write(&format!("{STORE}/a.lic"), &license);
    let (mut daemon, _caller) = world.start();
    daemon.signal(Signal::SIGKILL);
    daemon.child.wait().unwrap();
    let half = world.write(&format!("{STORE}/.licd-1-0.tmp"), "igel.com/lic");
    let (_daemon, caller) = world.start();
    assert_eq!(status(&caller)["state"], "valid");
    assert!(!half.exists());
}

/// Voluntary and other context switches of every thread; one that ends meanwhile is left out.
fn switches(pid: u32) -> BTreeMap<OsString, u64> {
    let count = |line: &str| line.split_whitespace().last().unwrap().parse::<u64>().unwrap();
    let of_thread = |status: &str| {
        status.lines().filter(|line| line.contains("ctxt_switches")).map(count).sum::<u64>()
    };
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(Result::unwrap);
    threads
        .filter_map(|thread| {
            let status = fs::read_to_string(thread.path().join("status")).ok()?;
            Some((thread.file_name(), of_thread(&status)))
        })
        .collect()
}

#[test]
fn when_nothing_happens_nothing_runs() {
    let world = World::new();
    let (daemon, caller) = world.start();
    status(&caller);
    let pid = daemon.child.id();
    // The end of the last call is still being tidied up, and the first thread is at work that does
    // not run, either, while it waits for a disk.
    let settled = Instant::now() + Duration::from_secs(60);
    let mut before = switches(pid);
    loop {
        std::thread::sleep(Duration::from_millis(1500));
        let now = switches(pid);
        if now == before && now.len() == 2 {
            break;
        }
        assert!(Instant::now() < settled, "{before:?}, then {now:?}");
        before = now;
    }
}

#[test]
fn the_service_manager_hears_when_it_is_ready_and_when_it_stops() {
    let world = World::new();
    let path = world.path("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let heard = || {
        let mut text = [0; 4096];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    let mut command = world.command();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000").stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let ready = heard();
    assert!(ready.starts_with("READY=1\nSTATUS=unit 00E0C51C5087, none"), "{ready}");
    assert_eq!(heard(), "WATCHDOG=1\n");
    assert_eq!(heard(), "WATCHDOG=1\n");
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
    while heard() != "STOPPING=1\n" {}
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
