//! Processes that keep a file system from becoming read-only.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use licd_fs::printable::escaped;
use nix::sys::stat::{major, minor};

/// Processes that are named: as many as fit into a message.
const MAX_HOLDERS: usize = 8;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its ID.
    pub pid: u32,
    /// The name of its program in the kernel, at most 15 bytes; empty if it has exited.
    pub command: OsString,
}

impl Holder {
    /// The process `pid`.
    pub(crate) fn of(pid: u32) -> Self {
        let mut command = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
        command.truncate(command.trim_ascii_end().len());
        Self { pid, command: OsString::from_vec(command) }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.command.is_empty() {
            return write!(f, "process {}", self.pid);
        }
        write!(f, "process {} ({})", self.pid, escaped(&self.command.to_string_lossy()))
    }
}

/// The first processes that hold a removed file of the file system `device` (`st_dev`), or a file open
/// for writing: by a descriptor, a mapping or as working directory. Only root sees the processes of
/// other users.
pub(crate) fn find(device: u64) -> Vec<Holder> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            holds(&entry.path(), device).then(|| Holder::of(pid))
        })
        .take(MAX_HOLDERS)
        .collect()
}

fn holds(process: &Path, device: u64) -> bool {
    is_removed(&process.join("cwd"), device) || opens(process, device) || maps(process, device)
}

fn is_removed(link: &Path, device: u64) -> bool {
    fs::metadata(link).is_ok_and(|file| file.dev() == device && file.nlink() == 0)
}

fn opens(process: &Path, device: u64) -> bool {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else { return false };
    descriptors.flatten().any(|entry| {
        fs::metadata(entry.path()).is_ok_and(|file| file.dev() == device)
            && (is_removed(&entry.path(), device)
                || fs::read_to_string(process.join("fdinfo").join(entry.file_name()))
                    .is_ok_and(|info| is_for_writing(&info)))
    })
}

/// proc_pid_fdinfo(5): `flags` are those of open(2), octal.
fn is_for_writing(info: &str) -> bool {
    info.lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
        .is_some_and(|flags| flags & 0o3 != 0)
}

fn maps(process: &Path, device: u64) -> bool {
    let Ok(maps) = fs::read(process.join("maps")) else { return false };
    let device = format!("{:02x}:{:02x}", major(device), minor(device));
    maps.split(|byte| *byte == b'\n').any(|line| is_held_mapping(line, device.as_bytes()))
}

/// proc_pid_maps(5): `address perms offset dev inode pathname`.
fn is_held_mapping(line: &[u8], device: &[u8]) -> bool {
    let mut fields = line.split(|byte| *byte == b' ');
    let shared_for_writing =
        fields.nth(1).is_some_and(|perms| perms.ends_with(b"s") && perms.get(1) == Some(&b'w'));
    fields.nth(1) == Some(device) && (shared_for_writing || line.ends_with(b" (deleted)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_mode_of_a_descriptor_shows_whether_it_is_for_writing() {
        assert!(is_for_writing("pos:\t0\nflags:\t0100001\nmnt_id:\t30\n"));
        assert!(is_for_writing("flags:\t02\n"));
        assert!(!is_for_writing("pos:\t0\nflags:\t02100000\n"));
        assert!(!is_for_writing("pos:\t1\n"));
    }

    #[test]
    fn a_mapping_of_a_removed_file_or_a_shared_writable_one_holds() {
        let of = |line: &str| is_held_mapping(line.as_bytes(), b"07:00");
        assert!(of("7f-80 r--p 00000000 07:00 12     /license/x.lic (deleted)"));
        assert!(of("7f-80 rw-s 00000000 07:00 12     /license/x y.lic"));
        assert!(!of("7f-80 rw-p 00000000 07:00 12     /license/x.lic"));
        assert!(!of("7f-80 r--s 00000000 07:00 12     /license/x.lic"));
        assert!(!of("7f-80 r--p 00000000 08:01 12     /usr/lib/x (deleted)"));
        assert!(!of("7f-80 r--p 00000000 00:00 0"));
    }

    #[test]
    fn the_name_of_a_process_cannot_control_a_terminal() {
        let holder = Holder { pid: 7, command: OsString::from("a\x1b[31m") };
        assert_eq!(holder.to_string(), "process 7 (a\\u{1b}[31m)");
        assert_eq!(Holder { pid: 7, command: OsString::new() }.to_string(), "process 7");
        let own = Holder::of(std::process::id());
        assert!(!own.command.is_empty() && !own.to_string().contains('\n'));
    }
}
