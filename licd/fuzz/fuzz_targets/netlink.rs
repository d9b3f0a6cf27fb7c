//! Answers of the kernel about network interfaces: raw datagrams, and attributes in a valid message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_machine::links::LinkList;

const SEQUENCE: u32 = 7;
/// `RTM_NEWLINK` of linux/rtnetlink.h.
const NEW_LINK: u16 = 16;
/// `IFLA_IFNAME` and `IFLA_PERM_ADDRESS` of linux/if_link.h.
const NAME: u16 = 3;
const PERMANENT: u16 = 54;
const HEADER: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let mut raw = LinkList::default();
    let first = raw.add(bytes, SEQUENCE);
    if first.is_ok() && !raw.done {
        let known = raw.addresses.clone();
        raw.add(bytes, SEQUENCE).unwrap();
        assert_eq!(raw.addresses, known, "the same datagram twice");
    }
    assert!(raw.addresses.keys().all(|name| !name.contains('\0')));

    // Attributes that are not known come before those that are.
    let mut payload = vec![0; HEADER];
    for (number, value) in bytes.chunks(9).enumerate() {
        attribute(&mut payload, 0x100 + number as u16, value);
    }
    attribute(&mut payload, NAME, b"eth0\0");
    attribute(&mut payload, PERMANENT, &[2, 0, 0, 0, 0, 1]);
    let mut answer = LinkList::default();
    answer.add(&message(&payload), SEQUENCE).unwrap();
    assert_eq!(answer.addresses["eth0"], [2, 0, 0, 0, 0, 1]);
});

fn attribute(payload: &mut Vec<u8>, kind: u16, value: &[u8]) {
    payload.extend((value.len() as u16 + 4).to_ne_bytes());
    payload.extend(kind.to_ne_bytes());
    payload.extend(value);
    payload.resize(payload.len().next_multiple_of(4), 0);
}

fn message(payload: &[u8]) -> Vec<u8> {
    let mut bytes = ((HEADER + payload.len()) as u32).to_ne_bytes().to_vec();
    bytes.extend(NEW_LINK.to_ne_bytes());
    bytes.extend(0_u16.to_ne_bytes());
    bytes.extend(SEQUENCE.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend(payload);
    bytes
}
