//! The daemon of a device.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::client::Client;
use crate::program::{self, Answer};
use crate::wait::{self, DEADLINE};
use crate::world::{self, World};

/// The time limit for a start. With 10,000 licences on a machine with other work it takes minutes; a
/// licd that ends instead is noticed at once.
const START: Duration = Duration::from_secs(300);

/// A running licd. Dropping it kills it; [`Daemon::stop`] terminates it.
#[derive(Debug)]
pub struct Daemon<'w> {
    world: &'w World,
    process: Child,
    log: PathBuf,
}

impl<'w> Daemon<'w> {
    /// Starts licd and waits for its readiness notification.
    pub(crate) fn start(
        world: &'w World,
        adjust: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let socket = tempfile::tempdir().unwrap();
        let path = socket.path().join("notify");
        let notifications = UnixDatagram::bind(&path).unwrap();
        notifications.set_nonblocking(true).unwrap();
        let mut daemon = Self::spawn(world, |command| adjust(command).env("NOTIFY_SOCKET", &path));
        let ready = wait::within(START, || {
            daemon.assert_running();
            let mut message = [0; 4096];
            match notifications.recv(&mut message) {
                Ok(length) => {
                    let text = str::from_utf8(&message[..length]).unwrap();
                    text.lines().any(|line| line == "READY=1").then_some(())
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => None,
                Err(error) => panic!("notifications: {error}"),
            }
        });
        assert!(ready.is_some(), "licd is not ready within {} s", START.as_secs());
        daemon
    }

    /// Starts licd without waiting.
    #[must_use]
    pub fn start_unwatched(world: &'w World) -> Self {
        Self::spawn(world, |command| command)
    }

    fn spawn(world: &'w World, adjust: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let log = world.root().with_extension("log");
        let errors = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = world.program("licd");
        command.arg("--bus").arg(world.bus.address());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        // As in licd.service.
        command.env("MALLOC_ARENA_MAX", "1").env("MALLOC_MMAP_THRESHOLD_", "131072");
        let process = adjust(&mut command).spawn().unwrap();
        Self { world, process, log }
    }

    /// Standard error of this and earlier daemons of the device.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn assert_running(&mut self) {
        if let Some(status) = self.process.try_wait().unwrap() {
            panic!("licd has ended, {status}: {}", self.log());
        }
    }

    /// Its process ID.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The peak resident memory in bytes.
    #[must_use]
    pub fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// The CPU time of all its threads so far.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        program::cpu(self.pid())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().try_into().unwrap()), signal).unwrap();
    }

    /// Terminates licd and waits for its exit.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// Kills licd.
    pub fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        self.wait();
    }

    fn wait(&mut self) -> ExitStatus {
        let ended = wait::within(DEADLINE, || self.process.try_wait().unwrap());
        ended.unwrap_or_else(|| panic!("licd does not end: {}", self.log()))
    }

    /// licctl connected to this daemon, without arguments yet.
    #[must_use]
    pub fn licctl_command(&self) -> Command {
        let mut command = self.world.licctl_command();
        command.arg("--bus").arg(self.world.bus.address());
        command
    }

    /// Runs licctl connected to this daemon.
    pub fn licctl<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Answer {
        program::run(self.licctl_command().args(args))
    }

    /// Imports a file through the daemon; prints JSON.
    pub fn import(&self, content: impl AsRef<[u8]>) -> Answer {
        self.licctl(["import", "--json", &self.world.file("import.lic", content)])
    }

    /// The status report from the daemon.
    #[must_use]
    pub fn status(&self) -> Value {
        self.licctl(["status", "--json"]).with_code(0).json()
    }

    /// The status report without the clock's time.
    #[must_use]
    pub fn report(&self) -> Value {
        world::masked(self.status())
    }

    /// A client of the daemon's bus.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::connect(self.world.bus.address())
    }

    /// Calls `Refresh`.
    ///
    /// # Panics
    /// If the daemon refuses.
    pub fn refresh(&self) {
        let () = self.client().manager("Refresh", &()).unwrap();
    }

    /// Waits until the status report satisfies `look`.
    pub fn until(&self, what: &str, look: impl Fn(&Value) -> bool) -> Value {
        let client = self.client();
        wait::until(what, || {
            let status = serde_json::from_str(&client.status()).unwrap();
            look(&status).then_some(status)
        })
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), self.log().as_bytes());
        }
    }
}

/// Runs a test with licctl alone, and with a daemon that restarts for every step.
///
/// # Panics
/// If a daemon does not exit cleanly.
pub fn with_and_without_daemon(test: impl Fn(&World, &dyn Fn(&[&str]) -> Answer)) {
    let alone = World::new();
    test(&alone, &|args| alone.licctl(args));
    let served = World::new();
    test(&served, &|args| {
        let daemon = served.start();
        let answer = daemon.licctl(args);
        assert!(daemon.stop().success());
        answer
    });
}
