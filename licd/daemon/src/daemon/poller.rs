//! What wakes the loop.

mod source;
mod timer;

use std::os::fd::AsFd as _;
use std::thread;
use std::time::{Duration, Instant};

use licd_device::Watched;
use licd_fs::look::is_fact;
use licd_fs::root::Root;
use licd_machine::links::LinkEvents;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;
use nix::sys::signal::{self, SigSet};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::Fatal;
use super::wake::{Signal, Wake};
use crate::alarm::ClockSet;
use crate::mounts::Mounts;
use crate::watch::{Changed, Watch};
use source::Source;
use timer::Timer;

/// How long the loop sleeps when the kernel has no memory for its poll(2).
const PAUSE: Duration = Duration::from_millis(50);

/// The sources that the loop polls. The daemon does without one that is missing in a sandbox or container, and
/// until it is there without one for which the kernel has nothing left.
pub(super) struct Poller {
    root: Root,
    signals: SignalFd,
    alarm: Timer,
    poll: Timer,
    restart: Timer,
    clock: Source<ClockSet>,
    watch: Source<Watch>,
    mounts: Source<Mounts>,
    links: Source<LinkEvents>,
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
        // The interfaces of a simulated machine are files without events.
        let links = if root.is_simulated() { Source::Absent } else { Source::Lacking };
        let mut poller = Self {
            root: root.clone(),
            signals,
            alarm: Timer::new(),
            poll: Timer::new(),
            restart: Timer::new(),
            clock: Source::Lacking,
            watch: Source::Lacking,
            mounts: Source::Lacking,
            links,
        };
        poller.open_sources();
        Ok(poller)
    }

    /// Opens those that are lacking. Whether the interfaces are listened to from now on.
    fn open_sources(&mut self) -> bool {
        self.clock.open(Watched::Clock, ClockSet::new);
        self.watch.open(Watched::Files, || Watch::open(&self.root));
        self.mounts.open(Watched::Mounts, || Mounts::open(&self.root));
        self.links.open(Watched::Links, LinkEvents::open)
    }

    /// What passes unnoticed, because the kernel has nothing left to watch it with.
    pub(super) fn unwatched(&self) -> Vec<Watched> {
        let timers = [&self.alarm, &self.poll, &self.restart];
        let lacking = [
            (Watched::Files, self.lacks_files()),
            (Watched::Mounts, self.mounts.is_lacking()),
            (Watched::Clock, self.clock.is_lacking()),
            (Watched::Times, timers.into_iter().any(Timer::is_lacking)),
            (Watched::Links, self.links.is_lacking()),
        ];
        lacking.into_iter().filter(|(_, lacks)| *lacks).map(|(what, _)| what).collect()
    }

    fn lacks_files(&self) -> bool {
        self.watch.is_lacking() || self.watch.there().is_some_and(Watch::is_lacking)
    }

    /// Tries once more what the kernel had nothing left for. A refresh is to follow, which finds what has passed
    /// unnoticed, except that interfaces came or went: whether they may have.
    pub(super) fn try_again(&mut self) -> bool {
        // A mount hides directories that were watched.
        let is_stale = self.lacks_files() || self.mounts.is_lacking();
        let links_are_new = self.open_sources();
        if let Some(watch) = self.watch.there_mut().filter(|_| is_stale) {
            watch.renew();
        }
        for timer in [&mut self.alarm, &mut self.poll, &mut self.restart] {
            timer.try_again();
        }
        links_are_new
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
                    self.alarm.acknowledge();
                    wakes.push(Wake::Turn);
                }
                Polled::Poll => {
                    self.poll.acknowledge();
                    wakes.push(Wake::Poll);
                }
                Polled::Restart => {
                    self.restart.acknowledge();
                    wakes.push(Wake::Restart);
                }
                Polled::Clock => {
                    if let Some(Err(reason)) = self.clock.there().map(ClockSet::renew) {
                        self.clock.fail(Watched::Clock, reason);
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
        self.alarm.set(after);
    }

    /// Sets the alarm of the regular poll of the download links.
    pub(super) fn set_poll(&mut self, after: Duration) {
        self.poll.set(after);
    }

    /// Sets the alarm for the next step of the restart after a deployment.
    pub(super) fn set_restart(&mut self, after: Duration) {
        self.restart.set(after);
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
        let listened = [
            (Polled::Signals, Some(self.signals.as_fd())),
            (Polled::Alarm, self.alarm.fd()),
            (Polled::Poll, self.poll.fd()),
            (Polled::Restart, self.restart.fd()),
            (Polled::Clock, self.clock.fd()),
            (Polled::Mounts, self.mounts.fd().filter(|_| are_wanted)),
            (Polled::Watch, self.watch.fd().filter(|_| are_wanted)),
            (Polled::Links, self.links.fd()),
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
        let Some(mounts) = self.mounts.there_mut() else { return false };
        match mounts.have_changed() {
            Ok(changed) => {
                if let Some(watch) = self.watch.there_mut().filter(|_| changed) {
                    watch.renew();
                }
                changed
            }
            Err(reason) => {
                self.mounts.fail(Watched::Mounts, reason);
                true
            }
        }
    }

    fn read_links(&mut self) -> bool {
        let Some(links) = self.links.there() else { return false };
        links.drain().unwrap_or_else(|reason| {
            self.links.fail(Watched::Links, reason);
            true
        })
    }
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
