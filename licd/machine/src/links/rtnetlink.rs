//! What the kernel tells about interfaces over rtnetlink(7).
//!
//! Only headers and two attributes are read, by `netlink-packet-core`. A crate that decodes whole
//! link messages would refuse an answer for attributes that nobody here asks for.

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

use super::Error;

/// Bytes of the largest datagram that the kernel makes of a dump, `max_recvmsg_len` in its
/// af_netlink.c.
const DATAGRAM_BYTES: usize = 32 * 1024;
/// Times a list is asked for again because interfaces came or went meanwhile; the last answer is
/// taken as it is, because the next change will be announced.
const TRIES: u32 = 4;
/// Announcements read at one go, so that a flood of them cannot hold the caller.
const ANNOUNCEMENTS: usize = 1024;
/// Bytes of a netlink header, of `struct ifinfomsg` and of the one attribute of the request.
const HEADER: usize = 16;
const IFINFOMSG: usize = 16;
const EXT_MASK: usize = 8;

const RTM_NEWLINK: u16 = libc::RTM_NEWLINK;
const NLMSG_ERROR: u16 = libc::NLMSG_ERROR as u16;
const NLMSG_DONE: u16 = libc::NLMSG_DONE as u16;

/// Sockets of the network namespace that the interfaces are in, for a process that is kept in one
/// of its own.
static HANDED: OnceLock<Handed> = OnceLock::new();

struct Handed {
    news: OwnedFd,
    asking: Mutex<OwnedFd>,
}

/// Takes over sockets that were opened in the network namespace of the interfaces, to be used from
/// now on in place of new ones: the first listens to news of them (`RTMGRP_LINK`), the second, to
/// none, is there to ask. Fewer, or a second call, change nothing.
///
/// # Errors
///
/// [`Error::Kernel`] if they are no open descriptors.
pub fn take_over(sockets: impl IntoIterator<Item = OwnedFd>) -> Result<(), Error> {
    let mut sockets = sockets.into_iter();
    let (Some(news), Some(asking)) = (sockets.next(), sockets.next()) else { return Ok(()) };
    for socket in [&news, &asking] {
        fcntl(socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
            .and_then(|_| fcntl(socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)))
            .map_err(|errno| Error::Kernel { errno })?;
    }
    let _ = HANDED.set(Handed { news, asking: Mutex::new(asking) });
    Ok(())
}

/// The permanent address of every interface that has one of six bytes, by name. Drivers without
/// permanent address, and kernels before 5.6, tell none.
pub(super) fn permanent_addresses() -> Result<BTreeMap<String, [u8; 6]>, Errno> {
    match HANDED.get() {
        Some(handed) => ask_again(&handed.asking.lock().unwrap_or_else(PoisonError::into_inner)),
        None => ask_again(&open(0)?),
    }
}

/// Asks until the list did not change meanwhile.
fn ask_again(socket: &OwnedFd) -> Result<BTreeMap<String, [u8; 6]>, Errno> {
    /// What is left of an answer that was not read to its end is told apart by its number.
    static SEQUENCE: AtomicU32 = AtomicU32::new(1);
    let mut answer = Answer::default();
    for _ in 0..TRIES {
        answer = ask(socket, SEQUENCE.fetch_add(1, Ordering::Relaxed))?;
        if !answer.interrupted {
            break;
        }
    }
    Ok(answer.addresses)
}

/// News of interfaces: readable whenever one came, went or changed.
#[derive(Debug)]
pub struct LinkEvents(OwnedFd);

impl LinkEvents {
    /// Listens from now on to the interfaces of the calling thread's network namespace, or to those
    /// of the sockets that were taken over.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if the kernel refuses.
    pub fn open() -> Result<Self, Error> {
        let opened = match HANDED.get() {
            Some(handed) => handed
                .news
                .try_clone()
                .map_err(|error| Errno::try_from(error).unwrap_or(Errno::EMFILE)),
            None => open(libc::RTMGRP_LINK.unsigned_abs()),
        };
        opened.map(Self).map_err(|errno| Error::Kernel { errno })
    }

    /// Takes the news so far without waiting. Whether there were any; the interfaces need not
    /// differ from before in anything that matters here.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if the socket fails.
    pub fn drain(&self) -> Result<bool, Error> {
        let mut news = false;
        for _ in 0..ANNOUNCEMENTS {
            // The rest of a datagram goes with its first byte.
            match recv(self.0.as_raw_fd(), &mut [0], MsgFlags::empty()) {
                // ENOBUFS: more news than the kernel could keep (netlink(7)).
                Ok(_) | Err(Errno::ENOBUFS) => news = true,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(errno) => return Err(Error::Kernel { errno }),
            }
        }
        Ok(news)
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
struct Answer {
    addresses: BTreeMap<String, [u8; 6]>,
    /// The kernel's list changed while it was being told.
    interrupted: bool,
    done: bool,
}

/// Asks for all interfaces. The kernel makes each part of its answer when the part before is read,
/// so this never waits, and a lack of parts is an error.
fn ask(socket: &OwnedFd, sequence: u32) -> Result<Answer, Errno> {
    const KERNEL: u32 = 0;
    let kernel = NetlinkAddr::new(KERNEL, 0);
    sendto(socket.as_raw_fd(), &request(sequence), &kernel, MsgFlags::empty())?;
    let mut answer = Answer::default();
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

impl Answer {
    /// Reads one datagram of messages, each of which is padded to four bytes (netlink(7)).
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

/// What an `NLMSG_ERROR` or `NLMSG_DONE` says: a negative error, or that all went well.
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

    fn answer(datagram: &[u8]) -> Result<Answer, Errno> {
        let mut answer = Answer::default();
        answer.add(datagram, SEQUENCE).map(|()| answer)
    }

    #[test]
    fn permanent_addresses_are_read_beside_attributes_that_nobody_knows() {
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
    fn a_list_that_changed_while_it_was_told_is_asked_for_again() {
        let part = message(RTM_NEWLINK, NLM_F_DUMP_INTR, &[0; IFINFOMSG]);
        assert!(answer(&part).unwrap().interrupted);
    }

    #[test]
    fn answers_to_other_questions_are_passed_over() {
        let mut other = Answer::default();
        other.add(&message(NLMSG_DONE, 0, &[]), SEQUENCE + 1).unwrap();
        assert!(!other.done);
    }

    #[test]
    fn what_the_kernel_refuses_is_an_error_of_its_kind() {
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
