//! Notifications to the service manager (sd_notify(3)).

use std::thread;
use std::time::Duration;

use licd_fs::look::{errno, is_fact};
use licd_fs::printable::reason;
use nix::errno::Errno;
use sd_notify::NotifyState;

use super::Fatal;

/// How often readiness is reported while the system is short of something: two seconds in all.
const ATTEMPTS: u32 = 20;
/// The pause before another attempt.
const PAUSE: Duration = Duration::from_millis(100);

/// Notifies the service manager, if there is one.
pub(super) fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::warn!("service manager: cannot be notified ({})", reason(&error));
    }
}

/// Notifies the service manager that the daemon serves. The service manager would end a daemon that it
/// takes for one that is still starting.
///
/// # Errors
/// The system stays short of something; the service manager starts the daemon again.
pub(super) fn notify_ready(status: &str) -> Result<(), Fatal> {
    let states = [NotifyState::Ready, NotifyState::Status(status)];
    let mut done = sd_notify::notify(&states).map_err(errno);
    for _ in 0..ATTEMPTS {
        if done.is_ok() || done.is_err_and(is_without_listener) {
            break;
        }
        thread::sleep(PAUSE);
        done = sd_notify::notify(&states).map_err(errno);
    }
    match done {
        Err(why) if !is_without_listener(why) => Err(Fatal::Kernel("service manager", why)),
        done => {
            done.unwrap_or_else(|why| {
                log::warn!("service manager: cannot be notified ({})", why.desc())
            });
            Ok(())
        }
    }
}

/// Whether the error means that no service manager listens.
fn is_without_listener(why: Errno) -> bool {
    is_fact(why) || why == Errno::ECONNREFUSED
}
