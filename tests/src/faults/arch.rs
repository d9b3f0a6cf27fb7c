//! The system call convention of x86-64.

use nix::errno::Errno;
use nix::sys::ptrace::{getregs, setregs};
use nix::unistd::Pid;

/// A system call at its entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Its number.
    pub(super) number: i64,
    /// Its arguments.
    pub(super) args: [u64; 6],
    /// The caller's address.
    pub(super) from: u64,
}

/// The call whose entry stopped this thread.
///
/// # Errors
/// The kernel's error; `ESRCH` if the thread is gone.
pub(super) fn entry(pid: Pid) -> Result<Entry, Errno> {
    let regs = getregs(pid)?;
    Ok(Entry {
        number: regs.orig_rax.cast_signed(),
        args: [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9],
        from: regs.rip,
    })
}

/// Makes the kernel skip the call whose entry stopped this thread.
///
/// # Errors
/// As [`entry`].
pub(super) fn skip(pid: Pid) -> Result<(), Errno> {
    let mut regs = getregs(pid)?;
    // No system call has this number.
    regs.orig_rax = u64::MAX;
    setregs(pid, regs)
}

/// Makes the call whose exit stopped this thread return an error.
///
/// # Errors
/// As [`entry`].
pub(super) fn answer(pid: Pid, error: Errno) -> Result<(), Errno> {
    let mut regs = getregs(pid)?;
    regs.rax = (-i64::from(error as i32)).cast_unsigned();
    setregs(pid, regs)
}
