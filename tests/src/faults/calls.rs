//! The system calls that a run counts, what each is about, and the errors that it can return.
//!
//! The errors are those of the manual pages (`man 2 NAME`) among [`ERRORS`], and what ext4 returns
//! beyond them: EIO wherever a block has to be read, ENOMEM wherever a page is needed.

use std::fs;
use std::os::unix::fs::FileExt as _;

use nix::errno::Errno::{self, EACCES, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS};
use nix::libc::{self, c_long};
use nix::unistd::Pid;

use super::arch::Entry;

/// The shortages and failures that a call can be made to suffer.
pub const ERRORS: [Errno; 8] = [ENOSPC, EIO, EROFS, EACCES, EINTR, EMFILE, ENFILE, ENOMEM];

/// Calls that are not counted. They concern the process alone, no shortage of [`ERRORS`] is theirs
/// to report but that of memory, and out of memory a program may end:
///
/// - memory: brk, mmap, mremap, munmap, mprotect, madvise
/// - signals: rt_sigaction, rt_sigprocmask, rt_sigreturn, sigaltstack, restart_syscall
/// - threads: futex, set_robust_list, rseq, arch_prctl, set_tid_address, sched_yield,
///   sched_getaffinity, prctl
/// - oneself: getpid, gettid, getppid, getuid, geteuid, getgid, getegid, umask, uname, prlimit64
/// - time: clock_gettime, gettimeofday
/// - the end: exit, exit_group, kill, tgkill
/// - lseek, which only sets a number
const UNCOUNTED: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_arch_prctl,
    libc::SYS_set_tid_address,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_prctl,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_umask,
    libc::SYS_uname,
    libc::SYS_prlimit64,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_kill,
    libc::SYS_tgkill,
    libc::SYS_lseek,
];

/// What a call does, as far as its errors depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Read,
    Write,
    Sync,
    Close,
    Rename,
    Unlink,
    Make,
    Change,
    Look,
    List,
    Mount,
    Lock,
    Descriptor,
    Watch,
    Connect,
    Transfer,
    Wait,
    Process,
    Execute,
    Other,
}

/// Which argument says what a call is about.
#[derive(Debug, Clone, Copy)]
enum About {
    /// A path.
    Path(usize),
    /// A directory's descriptor and a path below it; the descriptor alone if the path is empty.
    At(usize, usize),
    /// A descriptor.
    Fd(usize),
    Nothing,
}

use About::{At, Fd, Path};

macro_rules! calls {
    ($($name:ident $kind:ident $about:expr;)*) => {
        &[$((concat!(stringify!($name)), libc::$name, Kind::$kind, $about)),*]
    };
}

/// The calls that are known. Others are counted, too, but can only be killed at.
const KNOWN: &[(&str, c_long, Kind, About)] = calls! {
    SYS_open Open Path(0);
    SYS_openat Open At(0, 1);
    SYS_creat Open Path(0);
    SYS_read Read Fd(0);
    SYS_pread64 Read Fd(0);
    SYS_readv Read Fd(0);
    SYS_write Write Fd(0);
    SYS_pwrite64 Write Fd(0);
    SYS_writev Write Fd(0);
    SYS_fallocate Write Fd(0);
    SYS_copy_file_range Write Fd(2);
    SYS_sendfile Write Fd(0);
    SYS_fsync Sync Fd(0);
    SYS_fdatasync Sync Fd(0);
    SYS_syncfs Sync Fd(0);
    SYS_close Close Fd(0);
    SYS_rename Rename Path(0);
    SYS_renameat Rename At(0, 1);
    SYS_renameat2 Rename At(0, 1);
    SYS_unlink Unlink Path(0);
    SYS_unlinkat Unlink At(0, 1);
    SYS_rmdir Unlink Path(0);
    SYS_mkdir Make Path(0);
    SYS_mkdirat Make At(0, 1);
    SYS_symlink Make Path(1);
    SYS_symlinkat Make At(1, 2);
    SYS_link Make Path(1);
    SYS_linkat Make At(2, 3);
    SYS_chmod Change Path(0);
    SYS_fchmod Change Fd(0);
    SYS_fchmodat Change At(0, 1);
    SYS_chown Change Path(0);
    SYS_fchown Change Fd(0);
    SYS_fchownat Change At(0, 1);
    SYS_utimensat Change At(0, 1);
    SYS_ftruncate Change Fd(0);
    SYS_truncate Change Path(0);
    SYS_stat Look Path(0);
    SYS_lstat Look Path(0);
    SYS_fstat Look Fd(0);
    SYS_newfstatat Look At(0, 1);
    SYS_statx Look At(0, 1);
    SYS_access Look Path(0);
    SYS_faccessat Look At(0, 1);
    SYS_faccessat2 Look At(0, 1);
    SYS_readlink Look Path(0);
    SYS_readlinkat Look At(0, 1);
    SYS_statfs Look Path(0);
    SYS_fstatfs Look Fd(0);
    SYS_getcwd Look About::Nothing;
    SYS_getdents64 List Fd(0);
    SYS_mount Mount Path(1);
    SYS_umount2 Mount Path(0);
    SYS_fsopen Descriptor Path(0);
    SYS_fsmount Descriptor Fd(0);
    SYS_flock Lock Fd(0);
    SYS_dup Descriptor Fd(0);
    SYS_dup2 Other Fd(0);
    SYS_dup3 Other Fd(0);
    SYS_socket Descriptor About::Nothing;
    SYS_socketpair Descriptor About::Nothing;
    SYS_accept4 Descriptor Fd(0);
    SYS_pipe2 Descriptor About::Nothing;
    SYS_epoll_create1 Descriptor About::Nothing;
    SYS_eventfd2 Descriptor About::Nothing;
    SYS_inotify_init1 Descriptor About::Nothing;
    SYS_timerfd_create Descriptor About::Nothing;
    SYS_signalfd4 Descriptor About::Nothing;
    SYS_memfd_create Descriptor Path(0);
    SYS_pidfd_open Descriptor About::Nothing;
    SYS_inotify_add_watch Watch Path(1);
    SYS_epoll_ctl Watch Fd(2);
    SYS_bind Connect Fd(0);
    SYS_connect Connect Fd(0);
    SYS_sendto Transfer Fd(0);
    SYS_sendmsg Transfer Fd(0);
    SYS_recvfrom Transfer Fd(0);
    SYS_recvmsg Transfer Fd(0);
    SYS_poll Wait About::Nothing;
    SYS_ppoll Wait About::Nothing;
    SYS_epoll_wait Wait Fd(0);
    SYS_epoll_pwait Wait Fd(0);
    SYS_nanosleep Wait About::Nothing;
    SYS_clock_nanosleep Wait About::Nothing;
    SYS_wait4 Wait About::Nothing;
    SYS_waitid Wait About::Nothing;
    SYS_getrandom Wait About::Nothing;
    SYS_clone Process About::Nothing;
    SYS_clone3 Process About::Nothing;
    SYS_vfork Process About::Nothing;
    SYS_fork Process About::Nothing;
    SYS_execve Execute Path(0);
    SYS_fcntl Other Fd(0);
    SYS_ioctl Other Fd(0);
    SYS_listen Other Fd(0);
    SYS_shutdown Other Fd(0);
    SYS_getsockname Other Fd(0);
    SYS_getpeername Other Fd(0);
    SYS_getsockopt Other Fd(0);
    SYS_setsockopt Other Fd(0);
    SYS_timerfd_settime Other Fd(0);
    SYS_timerfd_gettime Other Fd(0);
    SYS_inotify_rm_watch Other Fd(0);
    SYS_fadvise64 Other Fd(0);
    SYS_sysinfo Other About::Nothing;
};

/// What a call is about, as far as its errors depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matter {
    /// A file or directory of a file system with blocks.
    Disk,
    /// A file that the kernel makes up.
    Kernel,
    /// Everything else: a socket, a pipe, a memory file, or nothing.
    Other,
}

/// A system call that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// What it is about: a path, or what a descriptor is.
    pub about: String,
    kind: Kind,
    matter: Matter,
    /// By a descriptor, so that no path is searched.
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
    /// The call at whose entry this thread has stopped.
    pub(super) fn decode(pid: Pid, entry: &Entry) -> Self {
        let known = KNOWN.iter().find(|known| known.1 == entry.number);
        let Some(&(name, _, mut kind, about)) = known else {
            return Self {
                name: format!("call {}", entry.number),
                about: String::new(),
                kind: Kind::Other,
                matter: Matter::Other,
                is_open: true,
                writes: false,
                creates: false,
                speaks: false,
            };
        };
        // A memory file's name is no path.
        let is_path = !["SYS_memfd_create", "SYS_fsopen"].contains(&name);
        let (about, is_open) = object(pid, entry, about);
        let matter = if is_path { matter(&about) } else { Matter::Other };
        let flags = open_flags(pid, name, entry);
        // The way of duplicating a descriptor that std uses.
        if name == "SYS_fcntl"
            && [libc::F_DUPFD as u64, libc::F_DUPFD_CLOEXEC as u64].contains(&entry.args[1])
        {
            kind = Kind::Descriptor;
        }
        Self {
            name: name.trim_start_matches("SYS_").to_owned(),
            about,
            kind,
            matter,
            is_open,
            writes: flags & (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) != 0,
            creates: flags & libc::O_CREAT != 0,
            speaks: kind == Kind::Write && (1..=2).contains(&entry.args[0]),
        }
    }

    /// The errors of [`ERRORS`] that it can return.
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

    /// Whether what the call is about lets it return an error of its kind.
    fn can(&self, error: Errno) -> bool {
        let on_disk = self.matter == Matter::Disk || self.kind == Kind::Mount;
        match error {
            EROFS if self.kind == Kind::Open => on_disk && self.writes,
            ENOSPC if self.kind == Kind::Open => on_disk && self.creates,
            ENOSPC if self.kind == Kind::Watch => true,
            // What was only read has nothing left to be written.
            EIO | ENOSPC if self.kind == Kind::Close => on_disk && self.writes,
            EIO | EROFS | ENOSPC => on_disk,
            EACCES if self.is_open => self.kind == Kind::Connect,
            EINTR if self.kind == Kind::Change => self.name == "ftruncate",
            ENOMEM
                if ["nanosleep", "clock_nanosleep", "wait4", "waitid", "getrandom"]
                    .contains(&&*self.name) =>
            {
                false
            }
            ENFILE if ["dup", "fcntl", "epoll_ctl"].contains(&&*self.name) => false,
            _ => true,
        }
    }

    /// Whether it waits until something happens: made to fail from then on, it would be asked for
    /// ever.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.kind == Kind::Wait
    }

    /// Whether it writes to standard output or standard error: made to fail from then on, the program
    /// could not say what is wrong.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.speaks
    }

    /// Whether the kernel has done what was asked even though it returns an error: a descriptor is
    /// closed in any case.
    #[must_use]
    pub fn is_done_anyway(&self) -> bool {
        self.kind == Kind::Close
    }

    /// Whether what others see of the device may be another thing after it than before.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self.kind {
            Kind::Open => self.writes,
            Kind::Write => self.matter == Matter::Disk,
            Kind::Rename | Kind::Unlink | Kind::Make | Kind::Change | Kind::Sync | Kind::Mount => {
                true
            }
            Kind::Lock | Kind::Transfer | Kind::Process => true,
            _ => false,
        }
    }

    /// Whether the table knows it.
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

/// How the file that a call opens or closes is opened.
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

/// What a call is about, and whether that is a descriptor.
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

fn matter(about: &str) -> Matter {
    match about {
        _ if about.starts_with("/proc/") || about.starts_with("/sys/") => Matter::Kernel,
        _ if about.starts_with("/memfd:") => Matter::Other,
        // Worlds may be made there.
        _ if about.starts_with("/dev/") && !about.starts_with("/dev/shm/") => Matter::Other,
        _ if about.starts_with('/') => Matter::Disk,
        _ => Matter::Other,
    }
}

/// What a descriptor is, as the kernel names it.
fn descriptor(pid: Pid, fd: u64) -> String {
    // Passed in half a register.
    let link = match fd as u32 as i32 {
        libc::AT_FDCWD => format!("/proc/{pid}/cwd"),
        fd => format!("/proc/{pid}/fd/{fd}"),
    };
    fs::read_link(link).map_or_else(|_| "?".to_owned(), |to| to.to_string_lossy().into_owned())
}

/// A text of another process that ends with a zero.
fn text(pid: Pid, at: u64) -> String {
    let mut bytes = [0; libc::PATH_MAX as usize];
    let read =
        fs::File::open(format!("/proc/{pid}/mem")).and_then(|mem| mem.read_at(&mut bytes, at));
    let read = &bytes[..read.unwrap_or(0)];
    let end = read.iter().position(|byte| *byte == 0).unwrap_or(0);
    String::from_utf8_lossy(&read[..end]).into_owned()
}
