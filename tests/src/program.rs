//! The programs under test and their answers.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::time::ClockId;
use nix::unistd::Pid;
use serde_json::Value;

use crate::wait::{self, DEADLINE};

/// The environment variable with the directory of the programs; by default cargo's.
const BIN_DIR: &str = "LICD_BIN_DIR";
/// The exit code of a program that was killed.
const KILLED: i32 = -1;

/// The path of a program of this project.
///
/// # Panics
/// If it was not built: cargo does not build programs of other packages for a test.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    let program = std::env::var_os(BIN_DIR).map_or_else(built_here, PathBuf::from).join(name);
    assert!(
        program.is_file(),
        "{} is missing: build the programs first (make build), or say where they are with {BIN_DIR}",
        program.display()
    );
    program
}

/// Copies a program, which everyone can then execute.
///
/// Another process copies: what a thread of this one starts meanwhile would keep the copy open for
/// writing, and the kernel refuses to execute such a file.
pub fn copy(program: &Path, to: &Path) {
    tool("install", [OsStr::new("--mode=755"), program.as_os_str(), to.as_os_str()]);
}

/// A command of an ordinary user: of another one if this process may switch users.
///
/// That user may lack access to the program's parent directories, so a copy in `dir` is executed.
pub fn as_user(program: &Path, dir: &Path) -> Command {
    if !nix::unistd::geteuid().is_root() {
        return Command::new(program);
    }
    let to = dir.join(program.file_name().unwrap());
    if !to.exists() {
        copy(program, &to);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(to);
    command
}

/// The directory of the programs that cargo builds with this one.
pub(crate) fn built_here() -> PathBuf {
    // target/PROFILE/deps/stories-HASH, or target/PROFILE/faults
    let own = std::env::current_exe().unwrap();
    let dir = own.parent().unwrap();
    if dir.ends_with("deps") { dir.parent().unwrap() } else { dir }.to_owned()
}

/// The processor time that a process has taken so far, with all its threads.
///
/// # Panics
/// If it has ended.
#[must_use]
pub fn cpu(pid: u32) -> Duration {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid.try_into().unwrap()));
    clock.unwrap().now().unwrap().into()
}

/// The line of a process's `status` or `smaps_rollup` that begins with `label`, in kB.
///
/// # Panics
/// If it has ended.
#[must_use]
pub fn memory(pid: u32, file: &str, label: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(label)).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// The result of a program.
#[derive(Debug)]
pub struct Answer {
    /// The exit code; -1 if it was killed.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The duration.
    pub took: Duration,
}

impl Answer {
    /// Standard output, which must be one JSON value.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("no JSON ({error}) but {self:?}"))
    }

    /// Standard output with its line breaks replaced by blanks.
    #[must_use]
    pub fn flowed(&self) -> String {
        self.out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The answer, after asserting its exit code.
    ///
    /// # Panics
    /// If the exit code differs.
    #[must_use]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// The verdicts on files as `CODE MESSAGE`, in the order of the command line.
    #[must_use]
    pub fn verdicts(&self) -> Vec<(String, String)> {
        let json = self.json();
        let text = |file: &Value, key: &str| file[key].as_str().unwrap().to_owned();
        let files = json["files"].as_array().unwrap();
        files.iter().map(|file| (text(file, "code"), text(file, "message"))).collect()
    }

    /// The code of the only file.
    #[must_use]
    pub fn verdict(&self) -> String {
        let mut verdicts = self.verdicts();
        assert_eq!(verdicts.len(), 1, "{self:?}");
        verdicts.remove(0).0
    }

    /// The message about the only file.
    #[must_use]
    pub fn message(&self) -> String {
        let mut verdicts = self.verdicts();
        assert_eq!(verdicts.len(), 1, "{self:?}");
        verdicts.remove(0).1
    }
}

/// Runs a command to its exit, with empty standard input.
///
/// # Panics
/// If it runs longer than the deadline of [`wait`].
pub fn run(command: &mut Command) -> Answer {
    run_with_input(command, b"")
}

/// Runs a command to its exit, with these bytes on standard input.
///
/// # Panics
/// If it runs longer than the deadline of [`wait`].
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Answer {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let out = collect(child.stdout.take().unwrap());
    let err = collect(child.stderr.take().unwrap());
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program may exit without reading its input.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let ended = wait::within(4 * DEADLINE, || child.try_wait().unwrap());
    let Some(ended) = ended else {
        let _ = child.kill();
        panic!("{command:?}: does not end; {}", out.join().unwrap());
    };
    writer.join().unwrap();
    Answer {
        code: ended.code().unwrap_or(KILLED),
        out: out.join().unwrap(),
        err: err.join().unwrap(),
        took: began.elapsed(),
    }
}

/// The resources that a program used.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Its peak resident memory in bytes.
    pub peak: u64,
    /// Its CPU time. Unlike the time on a clock, it hardly depends on what else the machine does.
    pub cpu: Duration,
}

/// Runs a command to its exit, and measures it.
pub fn run_measured(command: &Command) -> (Answer, Usage) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut measured = Command::new(built_here().join("measured"));
    measured.arg(file.path()).arg(command.get_program()).args(command.get_args());
    let answer = run(&mut measured);
    let written = std::fs::read_to_string(file.path()).unwrap();
    let (peak, cpu) = written.split_once(' ').unwrap();
    let cpu = Duration::from_micros(cpu.parse().unwrap());
    (answer, Usage { peak: peak.parse().unwrap(), cpu })
}

fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).expect("output is UTF-8")
    })
}

/// Runs a system command, which must succeed; returns its trimmed output.
///
/// # Panics
/// If it fails.
pub fn tool<S: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = S>) -> String {
    // An ordinary user's PATH lacks the directory of mkfs.
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let answer = run(Command::new(name).args(args).env("PATH", path)).with_code(0);
    answer.out.trim().to_owned()
}
