//! The system-call filter: a list of allowed calls. Others fail with EPERM, which the C library copes
//! with and the self-test recognises.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BackendError, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use super::error::SandboxError;

/// Calls that are allowed with any arguments: they act on open descriptors and on the worker's own
/// memory, threads and time.
#[rustfmt::skip]
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read, libc::SYS_readv, libc::SYS_write, libc::SYS_writev, libc::SYS_close,
    libc::SYS_lseek, libc::SYS_fstat, libc::SYS_newfstatat, libc::SYS_statx,
    libc::SYS_connect, libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_sendmmsg,
    libc::SYS_recvfrom, libc::SYS_recvmsg, libc::SYS_shutdown, libc::SYS_getsockname,
    libc::SYS_getpeername, libc::SYS_getsockopt, libc::SYS_setsockopt, libc::SYS_ppoll,
    libc::SYS_munmap, libc::SYS_mremap, libc::SYS_madvise, libc::SYS_brk,
    libc::SYS_futex, libc::SYS_sched_yield, libc::SYS_sched_getaffinity, libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep, libc::SYS_clock_gettime, libc::SYS_clock_getres,
    libc::SYS_gettimeofday, libc::SYS_getrandom, libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack, libc::SYS_set_robust_list, libc::SYS_rseq,
    libc::SYS_getpid, libc::SYS_gettid, libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_getgid,
    libc::SYS_getegid, libc::SYS_uname, libc::SYS_exit, libc::SYS_exit_group,
];
/// Calls that only some architectures have; others use the newer ones above.
#[cfg(target_arch = "x86_64")]
const ALLOWED_ON_ARCH: &[libc::c_long] =
    &[libc::SYS_poll, libc::SYS_stat, libc::SYS_lstat, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_ON_ARCH: &[libc::c_long] = &[];

/// Allows the calls above, and some others with certain arguments. The worker cannot start threads
/// afterwards.
///
/// # Errors
/// [`SandboxError`]; the worker must not read from the network then.
pub(crate) fn filter_system_calls() -> Result<(), SandboxError> {
    let failed = SandboxError::of("filtering its system calls");
    let program = program().map_err(|error| failed(&error))?;
    seccompiler::apply_filter_all_threads(&program).map_err(|error| failed(&error))
}

fn program() -> Result<seccompiler::BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    rules.extend(ALLOWED.iter().chain(ALLOWED_ON_ARCH).map(|call| (*call, Vec::new())));
    let socket = |family, kind| rule([only(0, family), masked(1, SOCKET_KIND, kind)]);
    let sockets = [
        socket(libc::AF_INET, libc::SOCK_STREAM)?,
        socket(libc::AF_INET, libc::SOCK_DGRAM)?,
        socket(libc::AF_INET6, libc::SOCK_STREAM)?,
        socket(libc::AF_INET6, libc::SOCK_DGRAM)?,
    ];
    rules.insert(libc::SYS_socket, sockets.into());
    rules.insert(libc::SYS_openat, vec![rule([masked(2, WRITING, 0)])?]);
    rules.insert(libc::SYS_mprotect, vec![rule([masked(2, libc::PROT_EXEC, 0)])?]);
    // Data, or code from a file; never memory that is both writable and executable.
    let data = rule([masked(2, libc::PROT_EXEC, 0)])?;
    let code = rule([
        masked(2, libc::PROT_EXEC | libc::PROT_WRITE, libc::PROT_EXEC),
        masked(3, libc::MAP_ANONYMOUS, 0),
    ])?;
    rules.insert(libc::SYS_mmap, vec![data, code]);
    rules.insert(
        libc::SYS_fcntl,
        any_of(1, &[libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL])?,
    );
    let controls = [libc::FIONBIO, libc::FIONREAD].map(|request| {
        // Its type differs between C libraries; these two fit in any.
        i32::try_from(request).unwrap_or(0)
    });
    rules.insert(libc::SYS_ioctl, any_of(1, &controls)?);
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, denied, SeccompAction::Allow, arch)?.try_into()
}

/// The bits of a socket's type without its flags (socket(2)).
const SOCKET_KIND: i32 = 0xf;
/// The flags of open(2) that may change a file or its directory.
const WRITING: i32 = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;

type Condition = Result<SeccompCondition, BackendError>;

fn condition(argument: u8, operator: SeccompCmpOp, value: i32) -> Condition {
    let value = u64::from(value.cast_unsigned());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

fn only(argument: u8, value: i32) -> Condition {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn masked(argument: u8, mask: i32, value: i32) -> Condition {
    condition(argument, SeccompCmpOp::MaskedEq(u64::from(mask.cast_unsigned())), value)
}

fn rule<const N: usize>(conditions: [Condition; N]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

fn any_of(argument: u8, values: &[i32]) -> Result<Vec<SeccompRule>, BackendError> {
    values.iter().map(|value| rule([only(argument, *value)])).collect()
}
