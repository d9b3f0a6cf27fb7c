//! An alarm of the loop.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use licd_device::Watched;
use licd_machine::clock;

use super::source::Source;
use crate::alarm::Alarm;

/// An alarm, which is made when it is first set.
pub(super) struct Timer {
    alarm: Source<Alarm>,
    /// The running time at which it is to ring.
    due: Option<Duration>,
}

impl Timer {
    /// One that is not set.
    pub(super) const fn new() -> Self {
        Self { alarm: Source::Lacking, due: None }
    }

    /// Sets it to ring after this time.
    pub(super) fn set(&mut self, after: Duration) {
        self.due = Some(running_time().saturating_add(after));
        self.ring_after(after);
    }

    /// Sets it as it was set last, if the kernel had no alarm then.
    pub(super) fn try_again(&mut self) {
        if let Some(due) = self.due.filter(|_| self.alarm.is_lacking()) {
            self.ring_after(due.saturating_sub(running_time()));
        }
    }

    /// Takes note that it rang.
    pub(super) fn acknowledge(&mut self) {
        self.due = None;
        self.alarm.there().into_iter().for_each(Alarm::acknowledge);
    }

    /// Whether it is to ring, and the kernel had no alarm for that.
    pub(super) fn is_lacking(&self) -> bool {
        self.due.is_some() && self.alarm.is_lacking()
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.alarm.fd()
    }

    fn ring_after(&mut self, after: Duration) {
        self.alarm.open(Watched::Times, Alarm::new);
        if let Some(Err(reason)) = self.alarm.there().map(|alarm| alarm.set(after)) {
            self.alarm.fail(Watched::Times, reason);
        }
    }
}

fn running_time() -> Duration {
    clock::reading_without_files().at.uptime
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    #[test]
    fn an_alarm_that_was_not_to_be_had_is_set_later() {
        let mut timer = Timer::new();
        timer.try_again();
        assert!(timer.fd().is_none() && !timer.is_lacking());
        // Past: it rings as soon as it is set.
        timer.due = Some(Duration::ZERO);
        assert!(timer.is_lacking());
        timer.try_again();
        assert!(!timer.is_lacking());
        let mut fds = [PollFd::new(timer.fd().unwrap(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::from(60_000_u16)), Ok(1));
    }

    #[test]
    fn one_that_has_rung_is_not_missed() {
        let mut timer = Timer::new();
        timer.set(Duration::from_secs(3600));
        timer.acknowledge();
        timer.alarm.fail(Watched::Times, Errno::EMFILE);
        assert!(!timer.is_lacking());
    }
}
