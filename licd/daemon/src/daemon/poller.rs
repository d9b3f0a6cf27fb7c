//! What wakes the loop.

mod watching;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;
use std::time::{Duration, Instant};

use licd_fs::look::is_fact;
use licd_fs::printable::reason;
use licd_fs::root::Root;
use licd_machine::links::LinkEvents;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;
use nix::sys::signal::{self, SigSet};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::Fatal;
use super::wake::{Signal, Wake};
use crate::alarm::{Alarm, ClockSet};
use crate::journal;
use crate::mounts::Mounts;
use crate::watch::{Changed, Watch};
use watching::Watching;

/// How long the loop sleeps when the kernel has no memory for its poll(2).
const PAUSE: Duration = Duration::from_millis(50);

/// The sources that the loop polls. One that is missing in a sandbox or container is logged, and the
/// daemon does without it. An alarm is there once it is set.
pub(super) struct Poller {
    signals: SignalFd,
    alarm: Option<Alarm>,
    poll: Option<Alarm>,
    restart: Option<Alarm>,
    clock: Option<ClockSet>,
    pub(super) watch: Watching,
    mounts: Option<Mounts>,
    links: Option<LinkEvents>,
}

/// Which changes of files and mounts the loop hears of.
pub(super) enum Files<'a> {
    /// None for now: work of licd's own may change them. What it left changed is heard of afterwards,
    /// a remount that it has undone is not.
    Later,
    /// All but files of licd's own that are known as they are now.
    Unknown(&'a dyn Fn(Changed<'_>) -> bool),
}

impl Files<'_> {
    fn are_wanted(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    fn know(&self, changed: Changed<'_>) -> bool {
        matches!(self, Self::Unknown(is_known) if is_known(changed))
    }
}

#[derive(Clone, Copy)]
enum Polled {
    Signals,
    Alarm,
    Poll,
    Restart,
    Clock,
    Watch,
    Mounts,
    Links,
    Inbox,
}

impl Poller {
    /// Listens from now on. Blocks the signals it listens to for this thread and those it makes.
    pub(super) fn open(root: &Root) -> Result<Self, Fatal> {
        let signals: SigSet =
            [signal::SIGTERM, signal::SIGINT, signal::SIGHUP].into_iter().collect();
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let signals = signals
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&signals, flags))
            .map_err(|reason| Fatal::Kernel("signal descriptor", reason))?;
        Ok(Self {
            signals,
            alarm: None,
            poll: None,
            restart: None,
            clock: present("clock", ClockSet::new()),
            watch: Watching::open(root),
            mounts: present("mounts", Mounts::open(root)),
            // The interfaces of a simulated machine are files without events.
            links: if root.is_simulated() {
                None
            } else {
                present("network interfaces", LinkEvents::open().map_err(io::Error::other))
            },
        })
    }

    /// Waits until something happens, or until `until`.
    pub(super) fn wait(
        &mut self,
        inbox: &EventFd,
        until: Option<Instant>,
        files: Files<'_>,
    ) -> Result<Vec<Wake>, Fatal> {
        let ready = match self.ready(inbox, until, files.are_wanted()) {
            // A passing shortage: the sources stay ready until they are read.
            Err(reason) if !is_fact(reason) => {
                thread::sleep(PAUSE);
                return Ok(Vec::new());
            }
            ready => ready.map_err(|reason| Fatal::Kernel("event loop", reason))?,
        };
        let mut wakes = Vec::new();
        for source in ready {
            match source {
                Polled::Signals => self.read_signals(&mut wakes),
                Polled::Alarm => {
                    self.alarm.iter().for_each(Alarm::acknowledge);
                    wakes.push(Wake::Turn);
                }
                Polled::Poll => {
                    self.poll.iter().for_each(Alarm::acknowledge);
                    wakes.push(Wake::Poll);
                }
                Polled::Restart => {
                    self.restart.iter().for_each(Alarm::acknowledge);
                    wakes.push(Wake::Restart);
                }
                Polled::Clock => {
                    if let Some(Err(reason)) = self.clock.as_ref().map(ClockSet::renew) {
                        self.clock = present("clock", Err(reason));
                    }
                    wakes.push(Wake::Turn);
                }
                Polled::Watch => {
                    let watch = self.watch.there_mut();
                    let news =
                        watch.is_some_and(|watch| watch.drain(|changed| files.know(changed)));
                    wakes.extend(news.then_some(Wake::Files));
                }
                Polled::Mounts => wakes.extend(self.read_mounts().then_some(Wake::Files)),
                Polled::Links => wakes.extend(self.read_links().then_some(Wake::Links)),
                Polled::Inbox => wakes.push(Wake::Inbox),
            }
        }
        Ok(wakes)
    }

    /// Sets the alarm for the next change by time alone.
    pub(super) fn set_alarm(&mut self, after: Duration) {
        set(&mut self.alarm, after);
    }

    /// Sets the alarm of the regular poll of the download links.
    pub(super) fn set_poll(&mut self, after: Duration) {
        set(&mut self.poll, after);
    }

    /// Sets the alarm for the next step of the restart after a deployment.
    pub(super) fn set_restart(&mut self, after: Duration) {
        set(&mut self.restart, after);
    }

    /// Waits for the inbox alone. Returns whether something came before `until`.
    pub(super) fn wait_for_inbox(&self, inbox: &EventFd, until: Instant) -> bool {
        let mut fds = [PollFd::new(inbox.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, time_left(Some(until))) {
            Ok(ready) => ready > 0,
            Err(reason) => reason == Errno::EINTR,
        }
    }

    /// Watches the directories of the partition that are searched for strays, too. Whether there are any,
    /// which may have changed since the first survey.
    pub(super) fn watch_searched(&mut self) -> bool {
        self.watch.there_mut().is_some_and(Watch::search)
    }

    /// Discards the file events so far, since a refresh is about to read the files anyway.
    pub(super) fn forget_files(&mut self) {
        if let Some(watch) = self.watch.there_mut() {
            watch.drain(|_| true);
        }
    }

    /// The sources that have something; of files and mounts only if these `are_wanted`.
    fn ready(
        &self,
        inbox: &EventFd,
        until: Option<Instant>,
        are_wanted: bool,
    ) -> Result<Vec<Polled>, Errno> {
        fn fd(source: &Option<impl AsFd>) -> Option<BorrowedFd<'_>> {
            source.as_ref().map(AsFd::as_fd)
        }
        let listened = [
            (Polled::Signals, Some(self.signals.as_fd())),
            (Polled::Alarm, fd(&self.alarm)),
            (Polled::Poll, fd(&self.poll)),
            (Polled::Restart, fd(&self.restart)),
            (Polled::Clock, fd(&self.clock)),
            (Polled::Mounts, fd(&self.mounts).filter(|_| are_wanted)),
            (Polled::Watch, self.watch.there().map(AsFd::as_fd).filter(|_| are_wanted)),
            (Polled::Links, fd(&self.links)),
            (Polled::Inbox, Some(inbox.as_fd())),
        ];
        let listened = || listened.iter().filter_map(|(source, fd)| Some((*source, (*fd)?)));
        let mut fds: Vec<PollFd<'_>> = listened()
            .map(|(source, fd)| match source {
                // proc_pid_mounts(5): a change is an exceptional condition.
                Polled::Mounts => PollFd::new(fd, PollFlags::POLLPRI),
                _ => PollFd::new(fd, PollFlags::POLLIN),
            })
            .collect();
        match poll(&mut fds, time_left(until)) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Vec::new()),
            Err(reason) => return Err(reason),
        }
        let ready = listened().zip(&fds).filter(|(_, fd)| fd.any() != Some(false));
        Ok(ready.map(|((source, _), _)| source).collect())
    }

    fn read_signals(&self, wakes: &mut Vec<Wake>) {
        while let Ok(Some(info)) = self.signals.read_signal() {
            let number = i32::try_from(info.ssi_signo).ok();
            let signal = match number.map(signal::Signal::try_from) {
                Some(Ok(signal::SIGHUP)) => Signal::Refresh,
                _ => Signal::Stop,
            };
            wakes.push(Wake::Signal(signal));
        }
    }

    fn read_mounts(&mut self) -> bool {
        let Some(mounts) = &mut self.mounts else { return false };
        match mounts.have_changed() {
            Ok(changed) => {
                if let Some(watch) = self.watch.there_mut().filter(|_| changed) {
                    watch.renew();
                }
                changed
            }
            Err(error) => {
                self.mounts = present("mounts", Err(error));
                true
            }
        }
    }

    fn read_links(&mut self) -> bool {
        let Some(links) = &self.links else { return false };
        links.drain().unwrap_or_else(|error| {
            self.links = present("network interfaces", Err(io::Error::other(error)));
            true
        })
    }
}

/// Sets an alarm, which is made for that if need be.
fn set(alarm: &mut Option<Alarm>, after: Duration) {
    let there = alarm.take().map_or_else(Alarm::new, Ok);
    let set = there.and_then(|alarm| alarm.set(after).map(|()| alarm));
    *alarm = present("running time", set);
}

/// The source if it is there; else logs a warning.
fn present<T>(what: &str, source: Result<T, impl Into<io::Error>>) -> Option<T> {
    source
        .map_err(|error| {
            log::warn!(
                MESSAGE_ID = journal::PROBLEM;
                "{what}: changes will not be noticed by themselves ({})", reason(&error.into())
            );
        })
        .ok()
}

/// The time-out for poll(2), which counts in whole milliseconds: rounded up, or the loop would run
/// in circles during the last of them.
fn time_left(until: Option<Instant>) -> PollTimeout {
    let Some(until) = until else { return PollTimeout::NONE };
    let left = until.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000);
    i32::try_from(left)
        .ok()
        .and_then(|ms| PollTimeout::try_from(ms).ok())
        .unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests;
