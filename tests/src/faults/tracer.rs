//! Runs a program under ptrace(2), counts its system calls, and carries out one fault.
//!
//! Threads and children are followed. Calls that the dynamic loader makes are left alone: they are
//! over before the program's own work begins. The program waits in a shell until it is traced, so
//! that not one of its calls is missed, and that it need not be stopped by a signal.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write as _};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::arch;
use super::calls::{self, Call};
use super::point::{Aim, Fault, Place};

/// Waits for one line, which comes when the program is traced, and becomes the program.
const STARTER: &str = r#"read -r _; exec "$@" </dev/null"#;
/// Calls after which a program runs in circles: a hundred times what a start of licd makes.
const CALLS: u64 = 200_000;
/// How long a program may take to end: several times what a lock is waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal.
    Killed(Signal),
    /// It did not, and was killed.
    Hung,
}

/// What a program did.
#[derive(Debug)]
pub struct Trace {
    /// Its counted calls in the order in which they began, if there was no fault to carry out.
    pub calls: Vec<(Place, Call)>,
    /// The call that the fault hit; `None` if there was none at its place.
    pub hit: Option<Call>,
    /// How it ended.
    pub end: End,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A program that is traced.
#[derive(Debug)]
pub struct Traced {
    control: Arc<Control>,
    pid: Pid,
    ended: mpsc::Receiver<()>,
    tracer: JoinHandle<Seen>,
    out: JoinHandle<String>,
    err: JoinHandle<String>,
}

/// What the tracing thread is told meanwhile.
#[derive(Debug, Default)]
struct Control {
    /// Whether calls are counted and a fault is carried out.
    is_armed: AtomicBool,
    /// Whether the fault has happened.
    has_hit: AtomicBool,
    /// How many calls there were so far, counted or not.
    calls: AtomicU64,
}

/// What the tracing thread has seen.
#[derive(Debug)]
struct Seen {
    calls: Vec<(Place, Call)>,
    hit: Option<Call>,
    end: Option<End>,
}

impl Traced {
    /// Starts a program of which every call counts.
    #[must_use]
    pub fn start(command: &Command, aim: Option<Aim>) -> Self {
        Self::spawn(command, aim, true)
    }

    /// Starts a program of which no call counts until it is [armed](Self::arm).
    #[must_use]
    pub fn start_unarmed(command: &Command, aim: Option<Aim>) -> Self {
        Self::spawn(command, aim, false)
    }

    fn spawn(command: &Command, aim: Option<Aim>, is_armed: bool) -> Self {
        let mut starter = Command::new("sh");
        starter.args(["-c", STARTER, "sh"]).arg(command.get_program()).args(command.get_args());
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
        // A tracer is a thread, and so is a parent: the one that waits has to be both.
        let tracer = thread::spawn(move || {
            let mut child = starter.spawn().unwrap();
            let pid = Pid::from_raw(child.id().try_into().unwrap());
            let streams = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
            started.send((pid, streams)).unwrap();
            let seen = Tracer::new(pid, aim, &shared).run(child.stdin.take().unwrap());
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

    /// Counts no further call, and makes none fail.
    pub fn disarm(&self) {
        self.control.is_armed.store(false, Ordering::SeqCst);
    }

    /// Whether the fault has happened.
    #[must_use]
    pub fn has_hit(&self) -> bool {
        self.control.has_hit.load(Ordering::SeqCst)
    }

    /// How many calls there were so far, counted or not.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.control.calls.load(Ordering::SeqCst)
    }

    /// Whether the program has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.tracer.is_finished()
    }

    /// Waits for the end, and sees to it that it comes.
    #[must_use]
    pub fn wait(self) -> Trace {
        let is_late = self.ended.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
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

/// A thread or process that is traced.
#[derive(Debug)]
struct Strand {
    ordinal: u32,
    calls: u32,
    /// Where the dynamic loader is in its memory.
    loader: std::ops::Range<u64>,
    /// What is to be done when the call that it is in returns.
    pending: Option<Pending>,
}

#[derive(Debug, Clone, Copy)]
enum Pending {
    Answer(Errno),
    Kill,
}

struct Tracer<'c> {
    root: Pid,
    aim: Option<Aim>,
    control: &'c Control,
    strands: HashMap<Pid, Strand>,
    began: u32,
    /// The error that calls return from now on.
    onward: Option<Errno>,
    seen: Seen,
}

impl<'c> Tracer<'c> {
    fn new(root: Pid, aim: Option<Aim>, control: &'c Control) -> Self {
        let seen = Seen { calls: Vec::new(), hit: None, end: None };
        let strands = HashMap::new();
        Self { root, aim, control, strands, began: 0, onward: None, seen }
    }

    fn run(mut self, mut gate: ChildStdin) -> Seen {
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        ptrace::seize(self.root, options).unwrap();
        gate.write_all(b"\n").unwrap();
        drop(gate);
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(flags)) {
                Ok(status) => self.handle(status),
                Err(Errno::EINTR) => {}
                Err(Errno::ECHILD) => return self.seen,
                Err(error) => panic!("waitpid: {error}"),
            }
        }
    }

    /// Handles what has become of a thread. That a thread is gone meanwhile is no error: it was
    /// killed.
    fn handle(&mut self, status: WaitStatus) {
        let _ = match status {
            WaitStatus::Exited(pid, code) => Ok(self.end(pid, End::Exited(code))),
            WaitStatus::Signaled(pid, signal, _) => Ok(self.end(pid, End::Killed(signal))),
            WaitStatus::PtraceSyscall(pid) => {
                self.at_call(pid).and_then(|()| ptrace::syscall(pid, None))
            }
            WaitStatus::PtraceEvent(pid, _, event) => {
                if event == libc::PTRACE_EVENT_EXEC {
                    if is_starter(pid) {
                        // Traced sooner than it had become the shell.
                        let _ = ptrace::cont(pid, None);
                        return;
                    }
                    self.strand(pid).loader = loader(pid);
                }
                ptrace::syscall(pid, None)
            }
            // A signal on its way.
            WaitStatus::Stopped(pid, signal) => ptrace::syscall(pid, signal),
            WaitStatus::Continued(_) | WaitStatus::StillAlive => Ok(()),
        };
    }

    fn end(&mut self, pid: Pid, end: End) {
        self.strands.remove(&pid);
        if pid == self.root {
            self.seen.end.get_or_insert(end);
            // What it has started ends with it, as with its unit.
            self.kill_all();
        }
    }

    fn kill_all(&self) {
        for pid in self.strands.keys().chain([&self.root]) {
            let _ = kill(*pid, Signal::SIGKILL);
        }
    }

    fn strand(&mut self, pid: Pid) -> &mut Strand {
        let began = &mut self.began;
        self.strands.entry(pid).or_insert_with(|| {
            let ordinal = *began;
            *began += 1;
            Strand { ordinal, calls: 0, loader: loader(pid), pending: None }
        })
    }

    fn at_call(&mut self, pid: Pid) -> Result<(), Errno> {
        match ptrace::syscall_info(pid)?.op {
            libc::PTRACE_SYSCALL_INFO_ENTRY => self.at_entry(pid),
            libc::PTRACE_SYSCALL_INFO_EXIT => self.at_exit(pid),
            _ => Ok(()),
        }
    }

    fn at_entry(&mut self, pid: Pid) -> Result<(), Errno> {
        if self.control.calls.fetch_add(1, Ordering::SeqCst) > CALLS {
            self.seen.end = Some(End::Hung);
            self.kill_all();
            return Ok(());
        }
        if !self.control.is_armed.load(Ordering::SeqCst) {
            self.strand(pid);
            return Ok(());
        }
        let entry = arch::entry(pid)?;
        let strand = self.strand(pid);
        if !calls::is_counted(entry.number) || strand.loader.contains(&entry.from) {
            return Ok(());
        }
        let place = Place { strand: strand.ordinal, number: strand.calls };
        strand.calls += 1;
        let Some(aim) = self.aim else {
            self.seen.calls.push((place, Call::decode(pid, &entry)));
            return Ok(());
        };
        if aim.place == place {
            let call = Call::decode(pid, &entry);
            self.seen.hit = Some(call.clone());
            self.control.has_hit.store(true, Ordering::SeqCst);
            return self.carry_out(pid, aim.fault, &call);
        }
        if let Some(errno) = self.onward {
            let call = Call::decode(pid, &entry);
            if !call.waits() && !call.speaks() && call.errors().contains(&errno) {
                return self.fail(pid, errno, &call);
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, pid: Pid, fault: Fault, call: &Call) -> Result<(), Errno> {
        match fault {
            Fault::Fail(errno) => self.fail(pid, errno, call),
            Fault::FailOnward(errno) => {
                self.onward = Some(errno);
                self.fail(pid, errno, call)
            }
            Fault::KillBefore => {
                arch::skip(pid)?;
                self.kill_all();
                Ok(())
            }
            Fault::KillAfter => {
                self.strand(pid).pending = Some(Pending::Kill);
                Ok(())
            }
        }
    }

    fn fail(&mut self, pid: Pid, errno: Errno, call: &Call) -> Result<(), Errno> {
        if !call.is_done_anyway() {
            arch::skip(pid)?;
        }
        self.strand(pid).pending = Some(Pending::Answer(errno));
        Ok(())
    }

    fn at_exit(&mut self, pid: Pid) -> Result<(), Errno> {
        match self.strand(pid).pending.take() {
            None => Ok(()),
            Some(Pending::Answer(errno)) => arch::answer(pid, errno),
            Some(Pending::Kill) => {
                self.kill_all();
                Ok(())
            }
        }
    }
}

/// Whether a process is the shell that waits.
fn is_starter(pid: Pid) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words.starts_with(format!("sh\0-c\0{STARTER}\0").as_bytes())
}

/// Where the dynamic loader is in the memory of a process; nowhere if it has none.
fn loader(pid: Pid) -> std::ops::Range<u64> {
    let none = 0..0;
    let Ok(vector) = fs::read(format!("/proc/{pid}/auxv")) else { return none };
    let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap());
    let mut pairs = vector.as_chunks::<16>().0.iter();
    let base = pairs.find(|pair| word(&pair[..8]) == libc::AT_BASE);
    let Some(base) = base.map(|pair| word(&pair[8..])) else { return none };
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let mut file = None;
    let mut end = base;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let bounds = words.next().and_then(|bounds| bounds.split_once('-'));
        let Some((from, to)) = bounds else { continue };
        let hex = |text| u64::from_str_radix(text, 16).unwrap_or(0);
        let name = words.nth(4);
        if hex(from) == base {
            file = name;
        }
        if file.is_some() && name == file {
            end = hex(to);
        }
    }
    base..end
}
