//! The privileges and resource limits of the worker.

use caps::CapSet;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, User, setgid, setgroups, setuid};

use super::error::SandboxError;
use crate::error::system_message;

/// The users that the worker may become; the first existing one counts.
const USERS: [&str; 2] = ["licd-fetch", "nobody"];
/// The IDs of Debian's `nobody` and `nogroup`, for a system without a list of users.
const OVERFLOW_ID: u32 = 65534;
/// Bytes of address space: the program, its libraries and the heaps of four threads; the C library
/// reserves 64 MiB for each heap.
const ADDRESS_SPACE: u64 = 512 << 20;
/// Bytes of private memory: ten times the measured 6 MiB.
const MEMORY: u64 = 64 << 20;
/// Descriptors: the standard three, two connections, and the files of a name look-up.
const DESCRIPTORS: u64 = 32;

/// The user that the worker runs as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Identity {
    /// An ordinary user; the worker was root before.
    Dropped(Uid),
    /// Root of a user namespace without other users; outside of it an ordinary user.
    SoleUser,
    /// The user that started it.
    Kept(Uid),
}

/// Drops privileges permanently.
pub(super) fn drop_privileges() -> Result<Identity, SandboxError> {
    set_limits()?;
    prctl::set_no_new_privs().map_err(|e| SandboxError::of("giving up new privileges")(&e))?;
    let identity = change_user()?;
    for set in [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        caps::clear(None, set).map_err(|e| SandboxError::of("giving up capabilities")(&e))?;
    }
    // These come last: a change of user clears the first and resets the second.
    prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(|e| SandboxError::of("tying to the parent")(&e))?;
    prctl::set_dumpable(false).map_err(|e| SandboxError::of("hiding from debuggers")(&e))?;
    Ok(identity)
}

fn set_limits() -> Result<(), SandboxError> {
    for (resource, limit) in [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NOFILE, DESCRIPTORS),
        (Resource::RLIMIT_AS, ADDRESS_SPACE),
        (Resource::RLIMIT_DATA, MEMORY),
    ] {
        // Only a privileged process may raise a limit that it began with.
        let limited = getrlimit(resource)
            .map(|(_, most)| limit.min(most))
            .and_then(|limit| setrlimit(resource, limit, limit));
        limited.map_err(|e| SandboxError::of("limiting itself")(&e))?;
    }
    Ok(())
}

fn change_user() -> Result<Identity, SandboxError> {
    if !Uid::effective().is_root() {
        return Ok(Identity::Kept(Uid::current()));
    }
    // Only a process with CAP_SETPCAP can drop capabilities from the bounding set.
    if caps::has_cap(None, CapSet::Effective, caps::Capability::CAP_SETPCAP).unwrap_or(false) {
        caps::clear(None, CapSet::Bounding)
            .map_err(|e| SandboxError::of("giving up capabilities")(&e))?;
    }
    let found = USERS.iter().find_map(|name| User::from_name(name).ok().flatten());
    let fallback = (Uid::from_raw(OVERFLOW_ID), Gid::from_raw(OVERFLOW_ID));
    let (uid, gid) = found.map_or(fallback, |user| (user.uid, user.gid));
    let changed = setgroups(&[]).and_then(|()| setgid(gid)).and_then(|()| setuid(uid));
    match changed {
        Ok(()) => Ok(Identity::Dropped(uid)),
        // user_namespaces(7): the user is not mapped, or groups cannot be changed.
        Err(Errno::EINVAL | Errno::EPERM) if is_sole_user()? => Ok(Identity::SoleUser),
        Err(error) => Err(SandboxError::of("becoming an ordinary user")(&error)),
    }
}

/// Whether the user namespace maps a single ID, in a single line.
fn is_sole_user() -> Result<bool, SandboxError> {
    let map = std::fs::read_to_string("/proc/self/uid_map")
        .map_err(|e| SandboxError::of("reading /proc/self/uid_map")(&system_message(&e)))?;
    let mut lines = map.lines();
    let one = lines.next().is_some_and(|line| line.split_whitespace().nth(2) == Some("1"));
    Ok(one && lines.next().is_none())
}
