//! The clock of the machine: wakes the loop when time alone may change what is in force, and when
//! somebody sets the clock.

use std::os::fd::{AsFd, BorrowedFd};

use licd_edge::clock;
use licd_rules::next_turn;
use nix::errno::Errno;
use nix::libc::time_t;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

/// Times that arming is tried again because the clock was set meanwhile.
const TRIES: usize = 4;

/// A timer that follows the clock of the machine, also through a suspend.
pub(crate) struct Alarm(TimerFd);

impl Alarm {
    /// An alarm for the next turn of the day.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn new() -> Result<Self, Errno> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let alarm = Self(TimerFd::new(ClockId::CLOCK_REALTIME, flags)?);
        alarm.set()?;
        Ok(alarm)
    }

    /// Takes note that it rang, and sets it anew. Not to be called unless it rang: setting forgets a
    /// ring that nobody has heard.
    ///
    /// # Errors
    /// The kernel's, for a clock that is off all scales.
    pub(crate) fn renew(&self) -> Result<(), Errno> {
        // That the clock was set is a ring, too.
        match self.0.wait() {
            Ok(()) | Err(Errno::EAGAIN) => self.set(),
            Err(reason) => Err(reason),
        }
    }

    fn set(&self) -> Result<(), Errno> {
        let flags =
            TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        let mut outcome = Ok(());
        for _ in 0..TRIES {
            let turn = next_turn(clock::now());
            let at = TimeSpec::new(time_t::from(turn.0), 0);
            outcome = self.0.set(Expiration::OneShot(at), flags);
            // timerfd_create(2): the clock was set meanwhile, so this may be the wrong turn.
            if outcome != Err(Errno::ECANCELED) {
                break;
            }
        }
        outcome
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::timerfd::Expiration;

    #[test]
    fn it_is_set_to_noon_or_midnight_utc() {
        let alarm = Alarm::new().unwrap();
        let Some(Expiration::OneShot(left)) = alarm.0.get().unwrap() else { panic!("not set") };
        let rings = clock::now().0 + left.tv_sec() + i64::from(left.tv_nsec() > 0);
        assert!(left.tv_sec() <= 12 * 3600);
        assert!((rings + 1) % (12 * 3600) <= 2, "{rings}");
    }

    #[test]
    fn renewing_never_waits() {
        Alarm::new().unwrap().renew().unwrap();
    }
}
