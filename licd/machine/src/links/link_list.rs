//! The kernel's answer to a request for all interfaces (rtnetlink(7)).
//!
//! `netlink-packet-core` reads headers and two attributes only. A crate that decodes whole link
//! messages would reject an answer for attributes that licd does not need.

use std::collections::BTreeMap;
use std::ffi::CString;

use netlink_packet_core::{NLM_F_DUMP_INTR, NetlinkBuffer, NlasIterator};
use nix::errno::Errno;
use nix::libc;

/// Bytes of a netlink header and of `struct ifinfomsg`.
pub(super) const HEADER: usize = 16;
pub(super) const IFINFOMSG: usize = 16;

const RTM_NEWLINK: u16 = libc::RTM_NEWLINK;
const NLMSG_ERROR: u16 = libc::NLMSG_ERROR as u16;
const NLMSG_DONE: u16 = libc::NLMSG_DONE as u16;

/// The answer, as far as it has come.
#[derive(Debug, Default)]
pub struct LinkList {
    /// The permanent addresses of six bytes by the name of the interface.
    pub addresses: BTreeMap<String, [u8; 6]>,
    /// Whether the list changed during the answer.
    pub interrupted: bool,
    /// Whether the answer is complete.
    pub done: bool,
}

impl LinkList {
    /// Reads one datagram of messages, each padded to four bytes (netlink(7)). Only those with the
    /// sequence number of the request count.
    ///
    /// # Errors
    /// The error number that the kernel answers; [`Errno::EBADMSG`] for bytes that are no message.
    pub fn add(&mut self, mut datagram: &[u8], sequence: u32) -> Result<(), Errno> {
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
    use netlink_packet_core::{Emitable, NetlinkHeader};

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
}
