//! The machine's clocks: the only place where time is read.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use licd_fs::look::{self, Looked, look};
use licd_fs::root::Root;
use licd_fs::textfile;
use licd_rules::{BootId, Moment, Reading};
use license_format::UnixSeconds;
use nix::time::ClockId;

pub use licd_rules::ClockState;

/// Touched by systemd-timesyncd whenever a time server was heard (systemd-timesyncd.service(8)).
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";
/// The random ID of this start of the system (proc_sys_kernel(5)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// The time since then, which counts on while suspended (proc_uptime(5)).
const UPTIME: &str = "/proc/uptime";
/// Bytes of either: several times what they hold.
const LINE_BYTES: u64 = 256;

/// What all clocks show, in whole seconds.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn reading(root: &Root) -> Looked<Reading> {
    Ok(Reading { wall: now(), at: moment(root)?, synchronized: synchronized(root)? })
}

/// What the clocks show that need no file: no start of the system is known, and no time server.
#[must_use]
pub fn unremembered() -> Reading {
    let at = Moment { boot: None, uptime: machine_uptime() };
    Reading { wall: now(), at, synchronized: false }
}

/// What the wall clock shows, rounded down to whole seconds.
#[must_use]
pub fn now() -> UnixSeconds {
    seconds(SystemTime::now())
}

/// Whether a time server was heard since the system started.
///
/// The kernel's own flag (`STA_UNSYNC` of adjtimex(2)) is not asked: a sandbox with
/// `ProtectClock=yes` forbids the call, even to read. Another time service than systemd-timesyncd
/// has to touch the same file. On the device, a file from the future is no evidence: the clock was
/// set back since. Below a root that is not the device's own, the file is simulated, too, and may
/// have any date.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn synchronized(root: &Root) -> Looked<bool> {
    let file = root.path(SYNCHRONIZED);
    if root.is_device() { is_past(&file) } else { look::exists(&file) }
}

/// Whether a file is there and was last touched before now.
fn is_past(file: &Path) -> Looked<bool> {
    let touched = file.metadata().and_then(|metadata| metadata.modified());
    Ok(look(file, touched)?.is_ok_and(|at| at <= SystemTime::now()))
}

/// The running time of the machine, or of the simulated one as far as its tree tells of it. The file
/// before the clock: under a faked clock it still tells the truth.
fn moment(root: &Root) -> Looked<Moment> {
    let told = |file| match line(&root.hardware(file))? {
        Some(line) => Ok(Some(line)),
        None => line(Path::new(file)),
    };
    Ok(Moment {
        boot: told(BOOT_ID)?.and_then(|id| BootId::parse(&id)),
        uptime: told(UPTIME)?.and_then(|text| uptime(&text)).unwrap_or_else(machine_uptime),
    })
}

/// The same by the kernel's clock, where a sandbox hides the file (`ProcSubset=pid`).
fn machine_uptime() -> Duration {
    let shown = ClockId::CLOCK_BOOTTIME.now().map(Duration::from).unwrap_or_default();
    Duration::from_secs(shown.as_secs())
}

/// The first number of `/proc/uptime`, in whole seconds.
fn uptime(text: &str) -> Option<Duration> {
    let whole = text.split(['.', ' ']).next()?;
    whole.parse().ok().map(Duration::from_secs)
}

/// The line that a file of the kernel consists of; `None` if there is none that can be read.
fn line(file: &Path) -> Looked<Option<String>> {
    let text = textfile::read_text(file, LINE_BYTES)?.ok().flatten();
    Ok(text.map(|text| text.trim_end().to_owned()))
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
    fn below_another_root_the_file_alone_decides() {
        let world = tempfile::tempdir().unwrap();
        let root = Root::new(world.path());
        assert_eq!(synchronized(&root), Ok(false));
        fs::create_dir_all(root.path("/run/systemd/timesync")).unwrap();
        fs::write(root.path(SYNCHRONIZED), "").unwrap();
        assert_eq!(synchronized(&root), Ok(true));
    }

    #[test]
    fn on_the_device_the_file_of_timesyncd_decides() {
        assert_eq!(synchronized(&Root::new("/")), is_past(Path::new(SYNCHRONIZED)));
    }

    #[test]
    fn a_file_from_the_future_says_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(is_past(file.path()), Ok(true));
        let hour = SystemTime::now() + Duration::from_secs(3600);
        file.as_file().set_modified(hour).unwrap();
        assert_eq!(is_past(file.path()), Ok(false));
        assert_eq!(is_past(Path::new("/nonexistent")), Ok(false));
    }

    #[test]
    fn a_simulated_machine_has_its_own_running_time_as_far_as_it_tells() {
        let world = tempfile::tempdir().unwrap();
        let machine = moment(&Root::new(world.path())).unwrap();
        assert_eq!(machine.boot, moment(&Root::new("/")).unwrap().boot);
        fs::create_dir_all(world.path().join("proc/sys/kernel/random")).unwrap();
        let root = Root::new(world.path());
        assert_eq!(moment(&root).unwrap().boot, machine.boot);
        assert!(moment(&root).unwrap().uptime >= machine.uptime);
        let id = "5b1f1d0c-7a6f-4c3e-9d2b-0123456789ab";
        fs::write(root.hardware(BOOT_ID), format!("{id}\n")).unwrap();
        fs::write(root.hardware(UPTIME), "90061.99 350735.47\n").unwrap();
        let simulated = Moment { boot: BootId::parse(id), uptime: Duration::from_secs(90_061) };
        assert_eq!(moment(&root), Ok(simulated));
        fs::write(root.hardware(BOOT_ID), "none\n").unwrap();
        assert_eq!(moment(&root).unwrap().boot, None);
    }

    #[test]
    fn the_machine_has_been_running_and_its_start_has_an_id() {
        let at = reading(&Root::new("/")).unwrap().at;
        assert!(at.boot.is_some());
        let proc = uptime(&line(Path::new(UPTIME)).unwrap().unwrap()).unwrap();
        assert!(proc.abs_diff(at.uptime) <= Duration::from_secs(2), "{proc:?} {at:?}");
    }
}
