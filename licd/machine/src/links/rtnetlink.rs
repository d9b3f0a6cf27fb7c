//! The list of interfaces and its changes over rtnetlink(7).

use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use licd_fs::look;
use netlink_packet_core::{Emitable, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, recvmsg,
    sendto, socket,
};

use super::error::LinksError;
use super::link_list::{HEADER, IFINFOMSG, LinkList};

/// Bytes of the largest datagram of a dump, `max_recvmsg_len` in af_netlink.c of the kernel.
const DATAGRAM_BYTES: usize = 32 * 1024;
/// Attempts to get a list without a concurrent change. The last answer counts in any case: an event
/// reports the next change.
const ATTEMPTS: u32 = 4;
/// Events read by one call, so that a flood of them cannot block the caller.
const MAX_EVENTS: usize = 1024;
/// Bytes of the one attribute of the request.
const EXT_MASK: usize = 8;

/// Sockets of the host's network namespace, for a process in a namespace of its own.
static INHERITED: OnceLock<Inherited> = OnceLock::new();

struct Inherited {
    events: OwnedFd,
    requests: Mutex<OwnedFd>,
}

/// Uses sockets that were opened in the host's network namespace instead of opening new ones. The
/// first is subscribed to `RTMGRP_LINK`; the second, without subscription, is for requests. Fewer
/// sockets or a second call have no effect.
///
/// # Errors
///
/// [`LinksError::Kernel`] if they are not open descriptors.
pub fn take_over(sockets: impl IntoIterator<Item = OwnedFd>) -> Result<(), LinksError> {
    let mut sockets = sockets.into_iter();
    let (Some(events), Some(requests)) = (sockets.next(), sockets.next()) else { return Ok(()) };
    for socket in [&events, &requests] {
        fcntl(socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
            .and_then(|_| fcntl(socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)))
            .map_err(|errno| LinksError::Kernel { errno })?;
    }
    let _ = INHERITED.set(Inherited { events, requests: Mutex::new(requests) });
    Ok(())
}

/// The permanent addresses of six bytes by the name of the interface. Some drivers, and kernels before
/// 5.6, report none.
pub(super) fn permanent_addresses() -> Result<BTreeMap<String, [u8; 6]>, Errno> {
    match INHERITED.get() {
        Some(sockets) => list(&sockets.requests.lock().unwrap_or_else(PoisonError::into_inner)),
        None => list(&open(0)?),
    }
}

/// Requests the list until it does not change during the answer.
fn list(socket: &OwnedFd) -> Result<BTreeMap<String, [u8; 6]>, Errno> {
    /// Distinguishes the answer from the rest of an earlier one that was not read to its end.
    static SEQUENCE: AtomicU32 = AtomicU32::new(1);
    let mut answer = LinkList::default();
    for _ in 0..ATTEMPTS {
        answer = dump(socket, SEQUENCE.fetch_add(1, Ordering::Relaxed))?;
        if !answer.interrupted {
            break;
        }
    }
    Ok(answer.addresses)
}

/// A subscription to interfaces: readable when one appears, disappears or changes.
#[derive(Debug)]
pub struct LinkEvents(OwnedFd);

impl LinkEvents {
    /// Subscribes to the interfaces of the calling thread's network namespace, or of the inherited
    /// sockets.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn open() -> Result<Self, Errno> {
        let opened = match INHERITED.get() {
            Some(sockets) => sockets.events.try_clone().map_err(look::errno),
            None => open(libc::RTMGRP_LINK.unsigned_abs()),
        };
        opened.map(Self)
    }

    /// Reads the pending events without waiting and returns whether there were any. The interfaces may
    /// still be the same.
    ///
    /// # Errors
    ///
    /// The kernel's, if the socket fails.
    pub fn drain(&self) -> Result<bool, Errno> {
        let mut any = false;
        for _ in 0..MAX_EVENTS {
            // recv(2) discards the rest of the datagram.
            match recv(self.0.as_raw_fd(), &mut [0], MsgFlags::empty()) {
                // ENOBUFS: the kernel dropped events (netlink(7)).
                Ok(_) | Err(Errno::ENOBUFS) => any = true,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(any)
    }
}

impl AsFd for LinkEvents {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn open(groups: u32) -> Result<OwnedFd, Errno> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        SockProtocol::NetlinkRoute,
    )?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
    Ok(socket)
}

/// Requests all interfaces. The kernel creates each part of the answer when the previous one is read:
/// the call never waits, and a missing part is an error.
fn dump(socket: &OwnedFd, sequence: u32) -> Result<LinkList, Errno> {
    const KERNEL: u32 = 0;
    let kernel = NetlinkAddr::new(KERNEL, 0);
    sendto(socket.as_raw_fd(), &request(sequence), &kernel, MsgFlags::empty())?;
    let mut answer = LinkList::default();
    let mut datagram = vec![0; DATAGRAM_BYTES];
    while !answer.done {
        let mut slices = [IoSliceMut::new(&mut datagram)];
        let part = match recvmsg::<NetlinkAddr>(
            socket.as_raw_fd(),
            &mut slices,
            None,
            MsgFlags::empty(),
        ) {
            Err(Errno::EINTR) => continue,
            part => part?,
        };
        if part.flags.contains(MsgFlags::MSG_TRUNC) {
            return Err(Errno::EMSGSIZE);
        }
        let (from, bytes) = (part.address.map(|address| address.pid()), part.bytes);
        if from == Some(KERNEL) {
            answer.add(datagram.get(..bytes).unwrap_or_default(), sequence)?;
        }
    }
    Ok(answer)
}

/// `RTM_GETLINK` for all interfaces, without their statistics (rtnetlink(7)).
fn request(sequence: u32) -> Vec<u8> {
    const LENGTH: usize = HEADER + IFINFOMSG + EXT_MASK;
    let mut header = NetlinkHeader::default();
    header.length = LENGTH as u32;
    header.message_type = libc::RTM_GETLINK;
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    header.sequence_number = sequence;
    let mut request = vec![0; HEADER];
    header.emit(&mut request);
    request.extend([0; IFINFOMSG]);
    request.extend((EXT_MASK as u16).to_ne_bytes());
    request.extend(libc::IFLA_EXT_MASK.to_ne_bytes());
    request.extend(libc::RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_of_this_machine_answers() {
        permanent_addresses().unwrap();
    }
}
