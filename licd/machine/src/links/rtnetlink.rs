//! The list of interfaces and its changes over rtnetlink(7).
//!
//! `netlink-packet-core` reads headers and two attributes only. A crate that decodes whole link
//! messages would reject an answer for attributes that licd does not need.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use netlink_packet_core::{
    Emitable, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader,
    NlasIterator,
};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, recvmsg,
    sendto, socket,
};

use super::error::LinksError;

/// Bytes of the largest datagram of a dump, `max_recvmsg_len` in af_netlink.c of the kernel.
const DATAGRAM_BYTES: usize = 32 * 1024;
/// Attempts to get a list without a concurrent change. The last answer counts in any case: an event
/// reports the next change.
const ATTEMPTS: u32 = 4;
/// Events read by one call, so that a flood of them cannot block the caller.
const MAX_EVENTS: usize = 1024;
/// Bytes of a netlink header, of `struct ifinfomsg` and of the one attribute of the request.
const HEADER: usize = 16;
const IFINFOMSG: usize = 16;
const EXT_MASK: usize = 8;

const RTM_NEWLINK: u16 = libc::RTM_NEWLINK;
const NLMSG_ERROR: u16 = libc::NLMSG_ERROR as u16;
const NLMSG_DONE: u16 = libc::NLMSG_DONE as u16;

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
    /// [`LinksError::Kernel`] if the kernel refuses.
    pub fn open() -> Result<Self, LinksError> {
        let opened = match INHERITED.get() {
            Some(sockets) => sockets
                .events
                .try_clone()
                .map_err(|error| Errno::try_from(error).unwrap_or(Errno::EMFILE)),
            None => open(libc::RTMGRP_LINK.unsigned_abs()),
        };
        opened.map(Self).map_err(|errno| LinksError::Kernel { errno })
    }

    /// Reads the pending events without waiting and returns whether there were any. The interfaces may
    /// still be the same.
    ///
    /// # Errors
    ///
    /// [`LinksError::Kernel`] if the socket fails.
    pub fn drain(&self) -> Result<bool, LinksError> {
        let mut any = false;
        for _ in 0..MAX_EVENTS {
            // recv(2) discards the rest of the datagram.
            match recv(self.0.as_raw_fd(), &mut [0], MsgFlags::empty()) {
                // ENOBUFS: the kernel dropped events (netlink(7)).
                Ok(_) | Err(Errno::ENOBUFS) => any = true,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(errno) => return Err(LinksError::Kernel { errno }),
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

#[derive(Default)]
struct LinkList {
    addresses: BTreeMap<String, [u8; 6]>,
    /// The list changed during the answer.
    interrupted: bool,
    done: bool,
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

impl LinkList {
    /// Reads one datagram of messages, each padded to four bytes (netlink(7)).
    fn add(&mut self, mut datagram: &[u8], sequence: u32) -> Result<(), Errno> {
        while !datagram.is_empty() && !self.done {
            let message = NetlinkBuffer::new_checked(datagram).map_err(|_| Errno::EBADMSG)?;
            if message.sequence_number() == sequence {
                self.interrupted |= message.flags() & NLM_F_DUMP_INTR != 0;
                match message.message_type() {
                    RTM_NEWLINK => self.add_link(message.payload()),
                    NLMSG_ERROR | NLMSG_DONE => {
                        outcome(message.payload())?;
                        self.done = true;
                    }
                    _ => {}
                }
            }
            let length = message.length().next_multiple_of(4) as usize;
            datagram = datagram.get(length..).unwrap_or_default();
        }
        Ok(())
    }

    fn add_link(&mut self, message: &[u8]) {
        let attributes = message.get(IFINFOMSG..).unwrap_or_default();
        let value = |kind| {
            NlasIterator::new(attributes)
                .map_while(Result::ok)
                .find(|attribute| attribute.kind() == kind)
                .map(|attribute| attribute.value().to_vec())
        };
        let name = value(libc::IFLA_IFNAME).and_then(|name| CString::from_vec_with_nul(name).ok());
        let mac = value(libc::IFLA_PERM_ADDRESS).and_then(|mac| mac.try_into().ok());
        if let (Some(name), Some(mac)) = (name, mac) {
            self.addresses.insert(name.to_string_lossy().into_owned(), mac);
        }
    }
}

/// The result in an `NLMSG_ERROR` or `NLMSG_DONE`: a negative error number, or success.
fn outcome(payload: &[u8]) -> Result<(), Errno> {
    match payload.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code)) {
        code @ ..0 => Err(Errno::from_raw(code.saturating_neg())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEQUENCE: u32 = 7;

    fn message(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
        let mut header = NetlinkHeader::default();
        header.length = (HEADER + payload.len()) as u32;
        header.message_type = kind;
        header.flags = flags;
        header.sequence_number = SEQUENCE;
        let mut bytes = vec![0; HEADER];
        header.emit(&mut bytes);
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn link(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut payload = vec![0; IFINFOMSG];
        for (kind, value) in attributes {
            payload.extend((value.len() as u16 + 4).to_ne_bytes());
            payload.extend(kind.to_ne_bytes());
            payload.extend(*value);
            payload.resize(payload.len().next_multiple_of(4), 0);
        }
        message(RTM_NEWLINK, 0, &payload)
    }

    fn answer(datagram: &[u8]) -> Result<LinkList, Errno> {
        let mut answer = LinkList::default();
        answer.add(datagram, SEQUENCE).map(|()| answer)
    }

    #[test]
    fn unknown_attributes_do_not_hide_a_permanent_address() {
        let mac = [0, 0xe0, 0xc5, 1, 2, 3];
        let datagram = [
            link(&[
                (libc::IFLA_ADDRESS, &[2; 6]),
                (0x3fff, b"new in some kernel"),
                (libc::IFLA_PERM_ADDRESS, &mac),
                (libc::IFLA_IFNAME, b"eth0\0"),
            ]),
            link(&[(libc::IFLA_IFNAME, b"lo\0"), (libc::IFLA_ADDRESS, &[0; 6])]),
            link(&[(libc::IFLA_IFNAME, b"ib0\0"), (libc::IFLA_PERM_ADDRESS, &[1; 20])]),
            message(NLMSG_DONE, 0, &0_i32.to_ne_bytes()),
        ]
        .concat();
        let answer = answer(&datagram).unwrap();
        assert!(answer.done && !answer.interrupted);
        assert_eq!(answer.addresses, BTreeMap::from([("eth0".to_owned(), mac)]));
    }

    #[test]
    fn a_list_that_changed_during_the_answer_is_marked_as_interrupted() {
        let part = message(RTM_NEWLINK, NLM_F_DUMP_INTR, &[0; IFINFOMSG]);
        assert!(answer(&part).unwrap().interrupted);
    }

    #[test]
    fn answers_to_other_requests_are_skipped() {
        let mut other = LinkList::default();
        other.add(&message(NLMSG_DONE, 0, &[]), SEQUENCE + 1).unwrap();
        assert!(!other.done);
    }

    #[test]
    fn a_refusal_of_the_kernel_is_returned_as_its_error_number() {
        let refusal = (-libc::EPERM).to_ne_bytes();
        for kind in [NLMSG_ERROR, NLMSG_DONE] {
            assert_eq!(answer(&message(kind, 0, &refusal)).err(), Some(Errno::EPERM));
        }
    }

    #[test]
    fn no_datagram_makes_reading_hang_or_panic() {
        let whole = link(&[(libc::IFLA_IFNAME, b"eth0\0"), (libc::IFLA_PERM_ADDRESS, &[0; 6])]);
        for end in 0..whole.len() {
            let _ = answer(whole.get(..end).unwrap());
            for value in [0, 1, 15, 0xff] {
                let mut bytes = whole.clone();
                bytes[end] = value;
                let _ = answer(&bytes);
            }
        }
        assert_eq!(answer(&[0; 64]).err(), Some(Errno::EBADMSG));
    }

    #[test]
    fn the_kernel_of_this_machine_answers() {
        permanent_addresses().unwrap();
    }
}
