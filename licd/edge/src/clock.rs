//! The machine's clock: the only place where time is read.

use std::time::{SystemTime, UNIX_EPOCH};

use license_format::UnixSeconds;

use crate::root::Root;

/// The directory of systemd-timesyncd, there from its first start on.
const TIMESYNC_DIR: &str = "/run/systemd/timesync";
/// Touched by systemd-timesyncd whenever a time server was heard (systemd-timesyncd.service(8)).
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// How far the clock is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// It was set by a time server.
    Ok,
    /// No time server was heard since the system started.
    Unsynchronized,
    /// It shows a time that is known to have passed.
    Behind,
}

impl ClockState {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unsynchronized => "unsynchronized",
            Self::Behind => "behind",
        }
    }
}

/// What the clock shows, rounded down to whole seconds.
#[must_use]
pub fn now() -> UnixSeconds {
    seconds(SystemTime::now())
}

/// Whether a time server was heard since the system started.
///
/// The kernel's own flag (`STA_UNSYNC` of adjtimex(2)) is not asked: a sandbox with
/// `ProtectClock=yes` forbids the call, even to read. Another time service than systemd-timesyncd
/// has to touch the same file. Below a root that is not the device's own nobody keeps the clock, so
/// the machine's is taken as it is, unless timesyncd's directory is there to say otherwise.
#[must_use]
pub fn synchronized(root: &Root) -> bool {
    let told = root.is_device() || root.path(TIMESYNC_DIR).is_dir();
    !told || root.path(SYNCHRONIZED).exists()
}

/// Seconds since 1970, negative before; a clock beyond what 64 bits count is taken as their end.
fn seconds(at: SystemTime) -> UnixSeconds {
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => UnixSeconds(i64::try_from(after.as_secs()).unwrap_or(i64::MAX)),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            UnixSeconds(-whole - i64::from(before.subsec_nanos() > 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn instants_before_1970_round_down_as_those_after_do() {
        let half = Duration::from_millis(500);
        assert_eq!(seconds(UNIX_EPOCH), UnixSeconds(0));
        assert_eq!(seconds(UNIX_EPOCH + half), UnixSeconds(0));
        assert_eq!(seconds(UNIX_EPOCH - half), UnixSeconds(-1));
        assert_eq!(seconds(UNIX_EPOCH - Duration::from_secs(1)), UnixSeconds(-1));
    }

    #[test]
    fn below_another_root_the_clock_is_believed_unless_timesyncd_has_not_heard_the_time() {
        let world = tempfile::tempdir().unwrap();
        let root = Root::new(world.path());
        assert!(synchronized(&root));
        fs::create_dir_all(root.path(TIMESYNC_DIR)).unwrap();
        assert!(!synchronized(&root));
        fs::write(root.path(SYNCHRONIZED), "").unwrap();
        assert!(synchronized(&root));
    }

    #[test]
    fn on_the_device_the_file_of_timesyncd_decides() {
        assert_eq!(synchronized(&Root::new("/")), std::path::Path::new(SYNCHRONIZED).exists());
    }

    #[test]
    fn the_states_have_the_words_of_the_report() {
        let words = [ClockState::Ok, ClockState::Unsynchronized, ClockState::Behind]
            .map(ClockState::as_str);
        assert_eq!(words, ["ok", "unsynchronized", "behind"]);
    }
}
