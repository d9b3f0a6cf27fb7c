//! The uncounted system calls, and the objects of counted ones.

use nix::libc::{self, c_long};

/// Uncounted calls. They concern only the process and return no error of [`ERRORS`](super::ERRORS) but ENOMEM, and
/// out of memory a program may exit:
///
/// - memory: brk, mmap, mremap, munmap, mprotect, madvise
/// - signals: rt_sigaction, rt_sigprocmask, rt_sigreturn, sigaltstack, restart_syscall
/// - threads: futex, set_robust_list, rseq, arch_prctl, set_tid_address, sched_yield,
///   sched_getaffinity, prctl, getpriority, setpriority to less
/// - oneself: getpid, gettid, getppid, getuid, geteuid, getgid, getegid, umask, uname, prlimit64
/// - time: clock_gettime, gettimeofday
/// - the end: exit, exit_group, kill, tgkill
/// - lseek, which only sets a number
pub const UNCOUNTED: &[c_long] = &[
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
    libc::SYS_getpriority,
    libc::SYS_setpriority,
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

/// The kind of a call, which determines its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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

/// The arguments that identify a call's object.
#[derive(Debug, Clone, Copy)]
pub(super) enum About {
    /// A path.
    Path(usize),
    /// A directory's descriptor and a relative path; the descriptor alone if the path is empty.
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

/// The known calls. Unknown calls are counted, but only killing is tried at them.
pub(super) const KNOWN: &[(&str, c_long, Kind, About)] = calls! {
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
