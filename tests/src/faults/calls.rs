//! The counted system calls, their objects, and the errors that each can return.
//!
//! The errors are those of the manual pages (`man 2 NAME`) among [`ERRORS`], and what ext4 returns
//! beyond them: EIO wherever a block has to be read, ENOMEM wherever a page is needed.

mod table;

use std::fs;
use std::os::unix::fs::FileExt as _;

use nix::errno::Errno::{self, EACCES, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS};
use nix::libc;
use nix::unistd::Pid;

use self::table::About::{self, At, Fd, Path};
pub use self::table::UNCOUNTED;
use self::table::{KNOWN, Kind};
use super::arch::Entry;

/// The errors that a call can be made to return.
pub const ERRORS: [Errno; 8] = [ENOSPC, EIO, EROFS, EACCES, EINTR, EMFILE, ENFILE, ENOMEM];

/// The backing of a call's object, which determines its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backing {
    /// A file or directory of a file system with blocks.
    Disk,
    /// A file of a virtual file system.
    Kernel,
    /// Everything else: a socket, a pipe, a memory file, or nothing.
    Other,
}

/// A system call that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The bus name of the specification.
    pub name: String,
    /// Its object: a path, or the description of a descriptor.
    pub about: String,
    kind: Kind,
    backing: Backing,
    /// Whether the object is an open descriptor, so that no path is resolved.
    is_open: bool,
    writes: bool,
    creates: bool,
    speaks: bool,
}

/// Whether calls of this number are counted.
#[must_use]
pub fn is_counted(number: i64) -> bool {
    !UNCOUNTED.contains(&number)
}

impl Call {
    /// The call whose entry stopped this thread.
    pub(super) fn decode(pid: Pid, entry: &Entry) -> Self {
        let known = KNOWN.iter().find(|known| known.1 == entry.number);
        let Some(&(name, _, mut kind, about)) = known else {
            return Self {
                name: format!("call {}", entry.number),
                about: String::new(),
                kind: Kind::Other,
                backing: Backing::Other,
                is_open: true,
                writes: false,
                creates: false,
                speaks: false,
            };
        };
        // The name of a memory file is not a path.
        let is_path = !["SYS_memfd_create", "SYS_fsopen"].contains(&name);
        let (about, is_open) = object(pid, entry, about);
        let backing = if is_path { backing(&about) } else { Backing::Other };
        let flags = open_flags(pid, name, entry);
        // std duplicates descriptors this way.
        if name == "SYS_fcntl"
            && [libc::F_DUPFD as u64, libc::F_DUPFD_CLOEXEC as u64].contains(&entry.args[1])
        {
            kind = Kind::Descriptor;
        }
        Self {
            name: name.trim_start_matches("SYS_").to_owned(),
            about,
            kind,
            backing,
            is_open,
            writes: flags & (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) != 0,
            creates: flags & libc::O_CREAT != 0,
            speaks: kind == Kind::Write && (1..=2).contains(&entry.args[0]),
        }
    }

    /// The errors of [`ERRORS`] that this call can return.
    #[must_use]
    pub fn errors(&self) -> Vec<Errno> {
        let all: &[Errno] = match self.kind {
            Kind::Open => &[EACCES, EINTR, EIO, EMFILE, ENFILE, ENOMEM, EROFS, ENOSPC],
            Kind::Read => &[EINTR, EIO, ENOMEM],
            Kind::Write => &[EINTR, EIO, ENOMEM, ENOSPC, EROFS],
            Kind::Sync => &[EINTR, EIO, ENOSPC, EROFS],
            Kind::Close => &[EINTR, EIO, ENOSPC],
            Kind::Rename | Kind::Make => &[EACCES, EIO, ENOMEM, ENOSPC, EROFS],
            Kind::Unlink => &[EACCES, EIO, ENOMEM, EROFS],
            Kind::Change => &[EACCES, EINTR, EIO, ENOMEM, EROFS],
            Kind::Look => &[EACCES, EIO, ENOMEM],
            Kind::List => &[EIO, ENOMEM],
            Kind::Mount => &[EACCES, EIO, ENOMEM, EROFS],
            Kind::Lock => &[EINTR, ENOMEM],
            Kind::Descriptor => &[EMFILE, ENFILE, ENOMEM],
            Kind::Watch => &[ENOMEM, ENOSPC],
            Kind::Connect => &[EACCES, EINTR, ENOMEM],
            Kind::Transfer => &[EINTR, ENOMEM],
            Kind::Wait => &[EINTR, ENOMEM],
            Kind::Process => &[ENOMEM],
            Kind::Execute => &[EACCES, EIO, EMFILE, ENFILE, ENOMEM],
            Kind::Other => &[],
        };
        all.iter().copied().filter(|error| self.can(*error)).collect()
    }

    /// Whether the call can return this error for its object.
    fn can(&self, error: Errno) -> bool {
        let on_disk = self.backing == Backing::Disk || self.kind == Kind::Mount;
        match error {
            EROFS if self.kind == Kind::Open => on_disk && self.writes,
            ENOSPC if self.kind == Kind::Open => on_disk && self.creates,
            ENOSPC if self.kind == Kind::Watch => true,
            // A file opened for reading has no data to flush.
            EIO | ENOSPC if self.kind == Kind::Close => on_disk && self.writes,
            EIO | EROFS | ENOSPC => on_disk,
            EACCES if self.is_open => self.kind == Kind::Connect,
            EINTR if self.kind == Kind::Change => self.name == "ftruncate",
            // Adding to a number waits only at its end, after 2^64 - 2 additions.
            EINTR if self.kind == Kind::Write => self.about != "anon_inode:[eventfd]",
            ENOMEM
                if ["nanosleep", "clock_nanosleep", "wait4", "waitid", "getrandom"]
                    .contains(&&*self.name) =>
            {
                false
            }
            // The kernel copies a number, or data that is queued already.
            ENOMEM if self.about.starts_with("anon_inode:") => self.kind == Kind::Watch,
            ENFILE if ["dup", "fcntl", "epoll_ctl"].contains(&&*self.name) => false,
            _ => true,
        }
    }

    /// Whether the call can fail from then on. Callers would repeat a failing wait forever, and a
    /// failing call on a socket or pipe would keep the program from reporting the error.
    #[must_use]
    pub fn can_fail_onward(&self) -> bool {
        match self.kind {
            Kind::Wait | Kind::Transfer => false,
            Kind::Read | Kind::Write => self.backing != Backing::Other && !self.speaks,
            _ => true,
        }
    }

    /// Whether it writes to standard output or standard error.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.speaks
    }

    /// Whether the kernel completes the call even if it returns an error: it closes a descriptor in
    /// any case.
    #[must_use]
    pub fn is_done_anyway(&self) -> bool {
        self.kind == Kind::Close
    }

    /// Whether the call may change the visible state of the device.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self.kind {
            Kind::Open => self.writes,
            Kind::Write => self.backing == Backing::Disk,
            Kind::Rename | Kind::Unlink | Kind::Make | Kind::Change | Kind::Sync | Kind::Mount => {
                true
            }
            Kind::Lock | Kind::Transfer | Kind::Process => true,
            _ => false,
        }
    }

    /// Whether the table contains this call.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.name.starts_with("call ")
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.name, self.about)
    }
}

/// The open flags of the file that a call opens or closes.
fn open_flags(pid: Pid, name: &str, entry: &Entry) -> i32 {
    match name {
        "SYS_open" => entry.args[1] as i32,
        "SYS_openat" => entry.args[2] as i32,
        "SYS_creat" => libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC,
        "SYS_close" => {
            let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", entry.args[0]));
            let info = info.unwrap_or_default();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
            flags.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok()).unwrap_or(0)
        }
        _ => 0,
    }
}

/// The object of a call, and whether that is a descriptor.
fn object(pid: Pid, entry: &Entry, about: About) -> (String, bool) {
    match about {
        Path(index) => (text(pid, entry.args[index]), false),
        Fd(index) => (descriptor(pid, entry.args[index]), true),
        At(dir, index) => match text(pid, entry.args[index]) {
            path if path.starts_with('/') => (path, false),
            path if path.is_empty() => (descriptor(pid, entry.args[dir]), true),
            path => (format!("{}/{path}", descriptor(pid, entry.args[dir])), false),
        },
        About::Nothing => (String::new(), true),
    }
}

fn backing(about: &str) -> Backing {
    match about {
        _ if about.starts_with("/proc/") || about.starts_with("/sys/") => Backing::Kernel,
        _ if about.starts_with("/memfd:") => Backing::Other,
        // Test devices may be created there.
        _ if about.starts_with("/dev/") && !about.starts_with("/dev/shm/") => Backing::Other,
        _ if about.starts_with('/') => Backing::Disk,
        _ => Backing::Other,
    }
}

/// The kernel's description of a descriptor.
fn descriptor(pid: Pid, fd: u64) -> String {
    // A descriptor occupies the lower half of the register.
    let link = match fd as u32 as i32 {
        libc::AT_FDCWD => format!("/proc/{pid}/cwd"),
        fd => format!("/proc/{pid}/fd/{fd}"),
    };
    fs::read_link(link).map_or_else(|_| "?".to_owned(), |to| to.to_string_lossy().into_owned())
}

/// A null-terminated string of another process.
fn text(pid: Pid, at: u64) -> String {
    let mut bytes = [0; libc::PATH_MAX as usize];
    let read =
        fs::File::open(format!("/proc/{pid}/mem")).and_then(|mem| mem.read_at(&mut bytes, at));
    let read = &bytes[..read.unwrap_or(0)];
    let end = read.iter().position(|byte| *byte == 0).unwrap_or(0);
    String::from_utf8_lossy(&read[..end]).into_owned()
}
