//! Runs a program under ptrace(2), counts its system calls, and injects one fault.
//!
//! The tracer follows threads and children. It ignores calls of the dynamic loader, which finish
//! before the program's own work begins. A starter, `traced`, waits until it is traced before it
//! executes the program, so that no call is missed and no signal is needed to stop it. Its filter
//! stops the program at the counted calls only.

mod follow;

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use self::follow::Tracer;
use super::calls::Call;
use super::point::{Aim, Place};
use crate::program;

/// Waits for a line, which arrives once it is traced, and executes the program.
const STARTER: &str = "traced";
/// The limit of calls of a looping program: a hundred times those of a start of licd.
const CALLS: u64 = 200_000;
/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It exited with this code.
    Exited(i32),
    /// A signal killed it.
    Killed(Signal),
    /// It hung and was killed.
    Hung,
}

/// The result of a program.
#[derive(Debug)]
pub struct Trace {
    /// Its counted calls in order of entry, if no fault was injected.
    pub calls: Vec<(Place, Call)>,
    /// The call that the fault hit; `None` if the program did not reach it.
    pub hit: Option<Call>,
    /// Its exit.
    pub end: End,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A traced program.
#[derive(Debug)]
pub struct Traced {
    control: Arc<Control>,
    pid: Pid,
    ended: mpsc::Receiver<()>,
    tracer: JoinHandle<Seen>,
    out: JoinHandle<String>,
    err: JoinHandle<String>,
}

/// State shared with the tracing thread.
#[derive(Debug, Default)]
struct Control {
    /// Whether calls are counted and a fault is injected.
    is_armed: AtomicBool,
    /// Whether the fault has happened.
    has_hit: AtomicBool,
    /// The number of calls so far, of those that can be counted.
    calls: AtomicU64,
}

/// The tracing thread's result.
#[derive(Debug)]
struct Seen {
    calls: Vec<(Place, Call)>,
    hit: Option<Call>,
    end: Option<End>,
}

impl Traced {
    /// Starts a program and counts every call.
    #[must_use]
    pub fn start(command: &Command, aim: Option<Aim>) -> Self {
        Self::spawn(command, aim, true)
    }

    /// Starts a program and counts calls once it is [armed](Self::arm).
    #[must_use]
    pub fn start_unarmed(command: &Command, aim: Option<Aim>) -> Self {
        Self::spawn(command, aim, false)
    }

    fn spawn(command: &Command, aim: Option<Aim>, is_armed: bool) -> Self {
        let mut starter = Command::new(program::built_here().join(STARTER));
        starter.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => starter.env(name, value),
                None => starter.env_remove(name),
            };
        }
        starter.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let control = Arc::new(Control { is_armed: is_armed.into(), ..Control::default() });
        let shared = Arc::clone(&control);
        let (started, start) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        // ptrace ties a tracee to a thread: the thread that starts the program has to wait for it.
        let tracer = thread::spawn(move || {
            let mut child = starter.spawn().unwrap();
            let pid = Pid::from_raw(child.id().try_into().unwrap());
            let streams = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
            started.send((pid, streams)).unwrap();
            let seen = Tracer::new(pid, aim, &shared).run(child.stdin.take().unwrap());
            // The tracer has reaped it already.
            let _ = child.wait();
            let _ = end.send(());
            seen
        });
        let (pid, (out, err)) = start.recv().unwrap();
        Self { control, pid, ended, tracer, out: collect(out), err: collect(err) }
    }

    /// The program's process ID.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Counts calls from now on.
    pub fn arm(&self) {
        self.control.is_armed.store(true, Ordering::SeqCst);
    }

    /// Stops counting calls and injecting faults.
    pub fn disarm(&self) {
        self.control.is_armed.store(false, Ordering::SeqCst);
    }

    /// Whether the fault has happened.
    #[must_use]
    pub fn has_hit(&self) -> bool {
        self.control.has_hit.load(Ordering::SeqCst)
    }

    /// The number of calls so far, armed or not.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.control.calls.load(Ordering::SeqCst)
    }

    /// Whether the program has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.tracer.is_finished()
    }

    /// Waits for the exit; kills the program after `limit`.
    #[must_use]
    pub fn wait(self, limit: Duration) -> Trace {
        let is_late = self.ended.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        if is_late {
            let _ = kill(self.pid, Signal::SIGKILL);
        }
        let seen = self.tracer.join().unwrap();
        let end = if is_late { End::Hung } else { seen.end.unwrap_or(End::Hung) };
        let [out, err] = [self.out, self.err].map(|stream| stream.join().unwrap());
        Trace { calls: seen.calls, hit: seen.hit, end, out, err }
    }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
