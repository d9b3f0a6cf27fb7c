//! The machine's clocks; only this module reads the time.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use licd_fs::look::{self, Looked, look};
use licd_fs::root::Root;
use licd_rules::{BootId, Moment, Reading};
use license_format::UnixSeconds;
use nix::fcntl::OFlag;
use nix::time::ClockId;

pub use licd_rules::ClockState;

/// systemd-timesyncd touches this file at every synchronisation (systemd-timesyncd.service(8)).
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";
/// The random ID of this boot (proc_sys_kernel(5)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// The time since boot, including suspension (proc_uptime(5)).
const UPTIME: &str = "/proc/uptime";
/// Bytes that are read of either file: several times its size.
const LINE_BYTES: usize = 256;

/// Reads all clocks, in whole seconds.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn reading(root: &Root) -> Looked<Reading> {
    Ok(Reading { wall: now(), at: moment(root)?, synchronized: synchronized(root)? })
}

/// Reads the clocks without their files if the wall clock is synchronised: boot and uptime relate a
/// reading to earlier ones, which do not count then.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn synchronized_reading(root: &Root) -> Looked<Option<Reading>> {
    let reading = || Reading { synchronized: true, ..reading_without_files() };
    Ok(synchronized(root)?.then(reading))
}

/// Reads the clocks that need no file: without the boot ID and the state of synchronisation.
#[must_use]
pub fn reading_without_files() -> Reading {
    let at = Moment { boot: None, uptime: machine_uptime() };
    Reading { wall: now(), at, synchronized: false }
}

/// The wall clock, rounded down to whole seconds.
#[must_use]
pub fn now() -> UnixSeconds {
    seconds(SystemTime::now())
}

/// Whether the wall clock was synchronised with a time server since boot.
///
/// The kernel's flag (`STA_UNSYNC` of adjtimex(2)) cannot be used: a sandbox with `ProtectClock=yes`
/// forbids the call, even for reading. A time service other than systemd-timesyncd must touch the
/// same file. On the device, a file from the future does not count: the clock was set back since.
/// Under another root the file is simulated and may have any date.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn synchronized(root: &Root) -> Looked<bool> {
    let file = root.path(SYNCHRONIZED);
    if root.is_device() { is_past(&file) } else { look::exists(&file) }
}

/// Whether a file exists and was last modified before now.
fn is_past(file: &Path) -> Looked<bool> {
    let touched = file.metadata().and_then(|metadata| metadata.modified());
    Ok(look(file, touched)?.is_ok_and(|at| at <= SystemTime::now()))
}

/// The boot and uptime of the machine, or of the simulated one as far as its tree has them. The file
/// comes before the clock because a faked clock does not affect it.
fn moment(root: &Root) -> Looked<Moment> {
    let read = |file| match line(&root.hardware(file))? {
        Some(line) => Ok(Some(line)),
        None => line(Path::new(file)),
    };
    Ok(Moment {
        boot: read(BOOT_ID)?.and_then(|id| BootId::parse(&id)),
        uptime: read(UPTIME)?.and_then(|text| uptime(&text)).unwrap_or_else(machine_uptime),
    })
}

/// The uptime by the kernel's clock, for a sandbox that hides the file (`ProcSubset=pid`).
fn machine_uptime() -> Duration {
    let shown = ClockId::CLOCK_BOOTTIME.now().map(Duration::from).unwrap_or_default();
    Duration::from_secs(shown.as_secs())
}

/// The first number of `/proc/uptime`, in whole seconds.
fn uptime(text: &str) -> Option<Duration> {
    let whole = text.split(['.', ' ']).next()?;
    whole.parse().ok().map(Duration::from_secs)
}

/// The first line of a file of the kernel; `None` if the file cannot be read. Such a file states no size, and
/// one reading returns the whole line.
fn line(file: &Path) -> Looked<Option<String>> {
    let mut bytes = [0; LINE_BYTES];
    // Opening a FIFO would otherwise wait for a writer.
    let open = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(file);
    let read = open.and_then(|mut open| open.read(&mut bytes));
    let read = look(file, read)?.ok().and_then(|length| bytes.get(..length));
    let text = read.and_then(|read| str::from_utf8(read).ok());
    Ok(text.and_then(|text| text.lines().next()).map(|line| line.trim_end().to_owned()))
}

/// Seconds since 1970, negative before, saturated to 64 bits.
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
    fn instants_before_and_after_1970_round_down() {
        let half = Duration::from_millis(500);
        assert_eq!(seconds(UNIX_EPOCH), UnixSeconds(0));
        assert_eq!(seconds(UNIX_EPOCH + half), UnixSeconds(0));
        assert_eq!(seconds(UNIX_EPOCH - half), UnixSeconds(-1));
        assert_eq!(seconds(UNIX_EPOCH - Duration::from_secs(1)), UnixSeconds(-1));
    }

    #[test]
    fn under_another_root_the_existence_of_the_file_decides() {
        let world = tempfile::tempdir().unwrap();
        let root = Root::new(world.path()).unwrap();
        assert_eq!(synchronized(&root), Ok(false));
        fs::create_dir_all(root.path("/run/systemd/timesync")).unwrap();
        fs::write(root.path(SYNCHRONIZED), "").unwrap();
        assert_eq!(synchronized(&root), Ok(true));
    }

    #[test]
    fn on_the_device_the_time_of_the_file_decides() {
        assert_eq!(synchronized(&Root::new("/").unwrap()), is_past(Path::new(SYNCHRONIZED)));
    }

    #[test]
    fn a_file_from_the_future_does_not_count() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(is_past(file.path()), Ok(true));
        let hour = SystemTime::now() + Duration::from_secs(3600);
        file.as_file().set_modified(hour).unwrap();
        assert_eq!(is_past(file.path()), Ok(false));
        assert_eq!(is_past(Path::new("/nonexistent")), Ok(false));
    }

    #[test]
    fn a_simulated_machine_has_its_own_uptime_and_boot_id() {
        let world = tempfile::tempdir().unwrap();
        let machine = moment(&Root::new(world.path()).unwrap()).unwrap();
        assert_eq!(machine.boot, moment(&Root::new("/").unwrap()).unwrap().boot);
        fs::create_dir_all(world.path().join("proc/sys/kernel/random")).unwrap();
        let root = Root::new(world.path()).unwrap();
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
    fn the_machine_has_an_uptime_and_a_boot_id() {
        let at = reading(&Root::new("/").unwrap()).unwrap().at;
        assert!(at.boot.is_some());
        let proc = uptime(&line(Path::new(UPTIME)).unwrap().unwrap()).unwrap();
        assert!(proc.abs_diff(at.uptime) <= Duration::from_secs(2), "{proc:?} {at:?}");
    }
}
