//! Measures one run of a program: system calls by strace, instructions by valgrind, peak memory by the
//! kernel. None of them depends on the speed of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::{World, program};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::text;

/// How long licd may take to publish its first report under valgrind.
const START: Duration = Duration::from_secs(60);

/// A run of a program on a device.
pub struct Run<'w> {
    world: &'w World,
    program: &'static str,
    args: Vec<String>,
}

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// System calls of all threads.
    Calls,
    /// Instructions of the program and its libraries, on a processor without extensions for hashing.
    Instructions,
    /// Peak resident memory in KiB.
    Memory,
}

impl<'w> Run<'w> {
    /// `licctl --direct` with these arguments.
    #[must_use]
    pub fn licctl(world: &'w World, args: &[&str]) -> Self {
        let args = ["--direct"].iter().chain(args).map(|arg| (*arg).to_owned()).collect();
        Self { world, program: "licctl", args }
    }

    /// licd from its start to its first report, and its end.
    #[must_use]
    pub fn start(world: &'w World) -> Self {
        let args = vec!["--bus".to_owned(), world.bus.address().to_owned()];
        Self { world, program: "licd", args }
    }

    /// Takes one cost.
    ///
    /// # Panics
    /// If the program fails, or the tool is missing.
    #[must_use]
    pub fn cost(&self, cost: Cost) -> u64 {
        match cost {
            Cost::Calls => self.calls(),
            Cost::Instructions => self.instructions(),
            Cost::Memory => {
                let (answer, usage) = program::run_measured(&self.command(&[]));
                assert_eq!(answer.code, 0, "{answer:?}");
                usage.peak / 1024
            }
        }
    }

    /// Takes the time from start to end; of licd, to its first report.
    ///
    /// # Panics
    /// If the program fails.
    #[must_use]
    pub fn milliseconds(&self) -> f64 {
        self.run(&[]).as_secs_f64() * 1000.0
    }

    fn calls(&self) -> u64 {
        let counts = self.file("calls");
        // The tracer is not the parent, so that a signal reaches the program itself.
        self.run(&["strace", "-D", "-f", "-c", "-o", text(&counts)]);
        let total = || total(&fs::read_to_string(&counts).ok()?);
        until("strace has written its counts", total)
    }

    fn instructions(&self) -> u64 {
        let log = self.file("valgrind");
        let log_file = format!("--log-file={}", text(&log));
        self.run(&["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", &log_file]);
        let log = fs::read_to_string(log).unwrap();
        let line = log.lines().find_map(|line| line.split_once("Collected : "));
        line.unwrap_or_else(|| panic!("valgrind: {log}")).1.trim().parse().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.world.root().with_extension(name)
    }

    fn command(&self, tool: &[&str]) -> Command {
        let program = program::path(self.program);
        let mut words = tool.iter().map(AsRef::<Path>::as_ref).chain([program.as_path()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg("--root").arg(self.world.root()).args(&self.args);
        // Texts and the search for libraries are the same everywhere.
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&self, tool: &[&str]) -> Duration {
        let mut command = self.command(tool);
        let began = Instant::now();
        if self.program == "licctl" {
            let ended = command.status().unwrap_or_else(|error| panic!("{}: {error}", tool[0]));
            assert!(ended.success(), "{command:?}: {ended}");
            return began.elapsed();
        }
        let report = self.world.path("/run/licd/status.json");
        let _ = fs::remove_file(&report);
        let mut daemon = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", tool[0]));
        let took =
            until("licd has published its report", || report.exists().then(|| began.elapsed()));
        kill(Pid::from_raw(daemon.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert!(daemon.wait().unwrap().success());
        took
    }
}

/// Waits for a condition.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + START;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not in time");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The last line of strace -c: `100.00  0.000123  0  441  76 total`.
fn total(counts: &str) -> Option<u64> {
    let line = counts.lines().find(|line| line.ends_with(" total"))?;
    let mut fields = line.split_whitespace();
    // Without errors the column is empty; without times the third one is.
    let numbers: Vec<&str> = fields.by_ref().filter(|field| !field.contains('.')).collect();
    match numbers.as_slice() {
        [_, calls, _, "total"] | [_, calls, "total"] => calls.parse().ok(),
        _ => None,
    }
}
