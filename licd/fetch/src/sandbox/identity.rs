//! Who the worker is: nobody, with no rights and little of everything.

use caps::CapSet;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, User, setgid, setgroups, setuid};

use super::Error;
use crate::fault::system_words;

/// Users that the worker becomes, the first there is.
const USERS: [&str; 2] = ["licd-fetch", "nobody"];
/// Debian's `nobody` and `nogroup`, should there be no list of users.
const NOBODY: u32 = 65534;
/// Bytes of address space: the program, its libraries and the heaps of four threads, which the C
/// library lays out 64 MiB wide each.
const ADDRESS_SPACE: u64 = 512 << 20;
/// Bytes of memory of its own: measured 6 MiB, ten times over.
const MEMORY: u64 = 64 << 20;
/// Descriptors: three, two connections, and what a look-up of names opens.
const DESCRIPTORS: u64 = 32;

/// Who the worker is now.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Identity {
    /// Somebody without rights, who was root before.
    Dropped(Uid),
    /// Root of a user namespace that knows no other user; outside of it somebody without rights.
    OnlyUserHere,
    /// Who it was started as.
    Kept(Uid),
}

/// Gives up rights, for good.
pub(super) fn give_up() -> Result<Identity, Error> {
    limits()?;
    prctl::set_no_new_privs().map_err(|e| Error::of("giving up new privileges")(&e))?;
    let identity = user()?;
    for set in [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        caps::clear(None, set).map_err(|e| Error::of("giving up capabilities")(&e))?;
    }
    // These come last: a change of user takes the first back and resets the second.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|e| Error::of("tying to the parent")(&e))?;
    prctl::set_dumpable(false).map_err(|e| Error::of("hiding from debuggers")(&e))?;
    Ok(identity)
}

fn limits() -> Result<(), Error> {
    for (resource, limit) in [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NOFILE, DESCRIPTORS),
        (Resource::RLIMIT_AS, ADDRESS_SPACE),
        (Resource::RLIMIT_DATA, MEMORY),
    ] {
        setrlimit(resource, limit, limit).map_err(|e| Error::of("limiting itself")(&e))?;
    }
    Ok(())
}

fn user() -> Result<Identity, Error> {
    if !Uid::effective().is_root() {
        return Ok(Identity::Kept(Uid::current()));
    }
    // The bounding set can be cut by whoever has CAP_SETPCAP only; without, there is none to cut.
    if caps::has_cap(None, CapSet::Effective, caps::Capability::CAP_SETPCAP).unwrap_or(false) {
        caps::clear(None, CapSet::Bounding).map_err(|e| Error::of("giving up capabilities")(&e))?;
    }
    let found = USERS.iter().find_map(|name| User::from_name(name).ok().flatten());
    let nobody = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    let (uid, gid) = found.map_or(nobody, |user| (user.uid, user.gid));
    let changed = setgroups(&[]).and_then(|()| setgid(gid)).and_then(|()| setuid(uid));
    match changed {
        Ok(()) => Ok(Identity::Dropped(uid)),
        // user_namespaces(7): no such user here, or no changing of groups.
        Err(Errno::EINVAL | Errno::EPERM) if is_alone()? => Ok(Identity::OnlyUserHere),
        Err(error) => Err(Error::of("becoming an ordinary user")(&error)),
    }
}

/// Whether this is a user namespace with a single user: one line for one ID.
fn is_alone() -> Result<bool, Error> {
    let map = std::fs::read_to_string("/proc/self/uid_map")
        .map_err(|e| Error::of("reading /proc/self/uid_map")(&system_words(&e)))?;
    let mut lines = map.lines();
    let one = lines.next().is_some_and(|line| line.split_whitespace().nth(2) == Some("1"));
    Ok(one && lines.next().is_none())
}
