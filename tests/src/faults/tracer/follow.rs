//! The tracing thread: handles every stop of a traced thread.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::process::ChildStdin;
use std::sync::atomic::Ordering;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::super::arch;
use super::super::calls::{self, Call};
use super::super::point::{Aim, Fault, Place, ThreadName};
use super::{CALLS, Control, End, STARTER, Seen};

/// A traced thread or process.
#[derive(Debug)]
struct Thread {
    /// Its name, set at its first counted call.
    thread: Option<ThreadName>,
    calls: u32,
    /// The address range of the dynamic loader.
    loader: std::ops::Range<u64>,
    /// The action when its current call returns.
    pending: Option<Pending>,
}

#[derive(Debug, Clone, Copy)]
enum Pending {
    Answer(Errno),
    Kill,
}

pub(super) struct Tracer<'c> {
    root: Pid,
    /// Whether the starter has executed the program.
    has_begun: bool,
    aim: Option<Aim>,
    control: &'c Control,
    threads: HashMap<Pid, Thread>,
    named: Vec<ThreadName>,
    /// The error that calls return from now on.
    onward: Option<Errno>,
    seen: Seen,
}

impl<'c> Tracer<'c> {
    pub(super) fn new(root: Pid, aim: Option<Aim>, control: &'c Control) -> Self {
        let seen = Seen { calls: Vec::new(), hit: None, end: None };
        let threads = HashMap::new();
        let named = Vec::new();
        Self { root, has_begun: false, aim, control, threads, named, onward: None, seen }
    }

    pub(super) fn run(mut self, mut gate: ChildStdin) -> Seen {
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACESECCOMP
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

    /// Handles a stop. A thread that was killed meanwhile is not an error.
    fn handle(&mut self, status: WaitStatus) {
        let _ = match status {
            WaitStatus::Exited(pid, code) => self.end(pid, End::Exited(code)),
            WaitStatus::Signaled(pid, signal, _) => self.end(pid, End::Killed(signal)),
            // A call returns whose end was asked for.
            WaitStatus::PtraceSyscall(pid) => {
                self.at_exit(pid).and_then(|()| ptrace::cont(pid, None))
            }
            WaitStatus::PtraceEvent(pid, _, libc::PTRACE_EVENT_SECCOMP) => self.at_call(pid),
            WaitStatus::PtraceEvent(pid, _, event) => {
                // A new thread is known from here on, so that it can be killed.
                self.thread(pid);
                if self.seen.end.is_some() {
                    // It was not known yet when the others were killed.
                    let _ = kill(pid, Signal::SIGKILL);
                }
                if event == libc::PTRACE_EVENT_EXEC {
                    self.has_begun |= !is_starter(pid);
                    self.thread(pid).loader = loader(pid);
                }
                ptrace::cont(pid, None)
            }
            // A signal is pending.
            WaitStatus::Stopped(pid, signal) => ptrace::cont(pid, signal),
            WaitStatus::Continued(_) | WaitStatus::StillAlive => Ok(()),
        };
    }

    fn end(&mut self, pid: Pid, end: End) -> Result<(), Errno> {
        self.threads.remove(&pid);
        if pid == self.root {
            self.seen.end.get_or_insert(end);
            // Its children end with it, as with its unit.
            self.kill_all();
        }
        Ok(())
    }

    fn kill_all(&self) {
        for pid in self.threads.keys().chain([&self.root]) {
            let _ = kill(*pid, Signal::SIGKILL);
        }
    }

    fn thread(&mut self, pid: Pid) -> &mut Thread {
        let begin = || Thread { thread: None, calls: 0, loader: loader(pid), pending: None };
        self.threads.entry(pid).or_insert_with(begin)
    }

    /// The place of the next counted call of a thread.
    fn place(&mut self, pid: Pid) -> Place {
        let thread = self.thread(pid);
        let number = thread.calls;
        thread.calls += 1;
        let thread = thread.thread.unwrap_or_else(|| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            let mut thread = ThreadName::named(&name);
            while self.named.contains(&thread) {
                thread = thread.next();
            }
            self.named.push(thread);
            thread
        });
        self.thread(pid).thread = Some(thread);
        Place { thread, number }
    }

    /// Handles the entry of a call, and continues the thread, to its exit if that matters.
    fn at_call(&mut self, pid: Pid) -> Result<(), Errno> {
        if self.has_begun {
            self.at_entry(pid)?;
        }
        let is_pending = self.threads.get(&pid).is_some_and(|thread| thread.pending.is_some());
        if is_pending { ptrace::syscall(pid, None) } else { ptrace::cont(pid, None) }
    }

    fn at_entry(&mut self, pid: Pid) -> Result<(), Errno> {
        if self.control.calls.fetch_add(1, Ordering::SeqCst) > CALLS {
            self.seen.end = Some(End::Hung);
            self.kill_all();
            return Ok(());
        }
        if !self.control.is_armed.load(Ordering::SeqCst) {
            self.thread(pid);
            return Ok(());
        }
        let entry = arch::entry(pid)?;
        let loader = &self.thread(pid).loader;
        // A filter of the program's own may stop it at other calls.
        if !calls::is_counted(entry.number) || loader.contains(&entry.from) {
            return Ok(());
        }
        let place = self.place(pid);
        let Some(aim) = self.aim else {
            self.seen.calls.push((place, Call::decode(pid, &entry)));
            return Ok(());
        };
        if aim.place == place {
            let call = Call::decode(pid, &entry);
            // Threads do not make the same calls in every run.
            if aim.fault.errno().is_some_and(|errno| !call.errors().contains(&errno)) {
                return Ok(());
            }
            self.seen.hit = Some(call.clone());
            self.control.has_hit.store(true, Ordering::SeqCst);
            return self.carry_out(pid, aim.fault, &call);
        }
        if let Some(errno) = self.onward {
            let call = Call::decode(pid, &entry);
            if call.can_fail_onward() && call.errors().contains(&errno) {
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
                self.thread(pid).pending = Some(Pending::Kill);
                Ok(())
            }
        }
    }

    fn fail(&mut self, pid: Pid, errno: Errno, call: &Call) -> Result<(), Errno> {
        if !call.is_done_anyway() {
            arch::skip(pid)?;
        }
        self.thread(pid).pending = Some(Pending::Answer(errno));
        Ok(())
    }

    fn at_exit(&mut self, pid: Pid) -> Result<(), Errno> {
        match self.thread(pid).pending.take() {
            None => Ok(()),
            Some(Pending::Answer(errno)) => arch::answer(pid, errno),
            Some(Pending::Kill) => {
                self.kill_all();
                Ok(())
            }
        }
    }
}

/// Whether a process is still the starter.
fn is_starter(pid: Pid) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.ends_with(STARTER))
}

/// The address range of the dynamic loader in a process; empty if it has none.
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
