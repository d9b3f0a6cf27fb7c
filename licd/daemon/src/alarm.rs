//! Timers of the kernel: one for the time at which the state changes by time alone, one that expires
//! when the clock is set.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

const FLAGS: TimerFlags = TimerFlags::TFD_NONBLOCK.union(TimerFlags::TFD_CLOEXEC);

/// Expires after some time since boot, including time in suspend.
pub(crate) struct Alarm(TimerFd);

impl Alarm {
    /// An alarm that is not set.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn new() -> Result<Self, Errno> {
        TimerFd::new(ClockId::CLOCK_BOOTTIME, FLAGS).map(Self)
    }

    /// Sets it to expire after this time, but not earlier than in a second.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn set(&self, after: Duration) -> Result<(), Errno> {
        let after = TimeSpec::from(after.max(Duration::from_secs(1)));
        self.0.set(Expiration::OneShot(after), TimerSetTimeFlags::empty())
    }

    /// Takes note that it expired.
    pub(crate) fn acknowledge(&self) {
        // It is non-blocking: if it did not expire, nothing happens.
        let _ = self.0.wait();
    }
}

/// Expires when the clock is set.
pub(crate) struct ClockSet(TimerFd);

/// Seconds: longer than any device runs.
const NEVER: i64 = 100 * 365 * 24 * 60 * 60;

impl ClockSet {
    /// Listens from now on.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn new() -> Result<Self, Errno> {
        let clock = Self(TimerFd::new(ClockId::CLOCK_REALTIME, FLAGS)?);
        clock.set()?;
        Ok(clock)
    }

    /// Takes note that it expired, and arms it again. Call it only after an expiry: arming discards one
    /// that was not read.
    ///
    /// # Errors
    /// The kernel's, for a clock outside its range.
    pub(crate) fn renew(&self) -> Result<(), Errno> {
        // timerfd_create(2): ECANCELED is the expiry.
        match self.0.wait() {
            Ok(()) | Err(Errno::EAGAIN | Errno::ECANCELED) => self.set(),
            Err(reason) => Err(reason),
        }
    }

    fn set(&self) -> Result<(), Errno> {
        let flags =
            TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        let now = nix::time::ClockId::CLOCK_REALTIME.now()?;
        match self.0.set(Expiration::OneShot(long_after(now)), flags) {
            // The clock was set between the two calls: the timer is armed, and a new time is judged anyway.
            Err(Errno::ECANCELED) => Ok(()),
            outcome => outcome,
        }
    }
}

/// A time that does not come. The kernel takes any number of seconds; a sum of two times would have to fit into
/// 64 bits of nanoseconds, which a clock that is 136 years ahead exceeds.
fn long_after(now: TimeSpec) -> TimeSpec {
    TimeSpec::new(now.tv_sec().saturating_add(NEVER), 0)
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for ClockSet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_of_a_clock_can_be_armed_however_far_that_is_ahead() {
        for now in [0, 6_311_433_600, 9_223_372_036, i64::MAX] {
            let then = long_after(TimeSpec::new(now, 999_999_999));
            assert!(then.tv_sec() == i64::MAX || then.tv_sec() - now == NEVER, "{then}");
            let clock = TimerFd::new(ClockId::CLOCK_REALTIME, FLAGS).unwrap();
            clock.set(Expiration::OneShot(then), TimerSetTimeFlags::TFD_TIMER_ABSTIME).unwrap();
        }
    }

    #[test]
    fn it_is_set_in_time_since_boot_and_never_to_now() {
        let alarm = Alarm::new().unwrap();
        for (asked, least) in [(Duration::ZERO, 0), (Duration::from_secs(3600), 3598)] {
            alarm.set(asked).unwrap();
            let Some(Expiration::OneShot(left)) = alarm.0.get().unwrap() else { panic!("not set") };
            assert!((least..=3600).contains(&left.tv_sec()), "{left}");
        }
        alarm.acknowledge();
    }

    #[test]
    fn renewing_never_waits() {
        ClockSet::new().unwrap().renew().unwrap();
    }
}
