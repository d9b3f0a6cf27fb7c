//! The machine that runs the tests, as root and as an ordinary user.

use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::process::Command;
use std::thread;

use licd_fs::root::Root;
use licd_machine::links::{self, LinkEvents};
use licd_machine::{system, usb};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{setsockopt, sockopt::RcvBuf};

#[test]
fn its_hardware_can_be_read() {
    let root = Root::new("/").unwrap();
    for link in links::list(&root).unwrap().unwrap() {
        assert_eq!(link.mac[0] & 1, 0, "{link:?}");
        assert_ne!(link.mac, [0; 6], "{link:?}");
        let device = format!("/sys/class/net/{}/device", link.name);
        assert!(std::fs::exists(&device).unwrap(), "{device}");
    }
    let _ = usb::root_drive(&root).unwrap().unwrap();
    let _ = system::os_release(&root).unwrap();
    let _ = system::serial_number(&root).unwrap();
}

#[test]
fn a_new_link_is_an_event() {
    in_own_network("a_new_link_is_an_event", || {
        let events = LinkEvents::open().unwrap();
        assert!(!events.drain().unwrap());
        assert!(!readable(&events, PollTimeout::ZERO));

        ip(&["link", "add", "event0", "type", "veth", "peer", "name", "event1"]);
        assert!(readable(&events, PollTimeout::from(10_000_u16)));
        assert!(events.drain().unwrap());
        assert!(!readable(&events, PollTimeout::ZERO));
        assert!(!events.drain().unwrap());

        ip(&["link", "delete", "event0"]);
        assert!(readable(&events, PollTimeout::from(10_000_u16)));
        assert!(events.drain().unwrap());
    });
}

#[test]
fn events_dropped_by_the_kernel_are_an_event() {
    in_own_network("events_dropped_by_the_kernel_are_an_event", || {
        let events = LinkEvents::open().unwrap();
        setsockopt(&events, RcvBuf, &0).unwrap();
        for mtu in 1..=64 {
            ip(&["link", "set", "lo", "mtu", &(1000 + mtu).to_string()]);
        }
        assert!(events.drain().unwrap());
        assert!(!events.drain().unwrap());
    });
}

/// Runs `story` in a network namespace of its own, which belongs to a thread.
fn in_own_network(name: &str, story: impl FnOnce() + Send + 'static) {
    let name = name.to_owned();
    let thread = thread::spawn(move || match unshare(CloneFlags::CLONE_NEWNET) {
        Err(Errno::EPERM) => {
            let _ = writeln!(io::stderr(), "needs root: {name}");
        }
        unshared => {
            unshared.unwrap();
            story();
        }
    });
    thread.join().unwrap();
}

fn readable(events: &LinkEvents, timeout: PollTimeout) -> bool {
    poll(&mut [PollFd::new(events.as_fd(), PollFlags::POLLIN)], timeout).unwrap() == 1
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status().expect("ip (iproute2) is needed");
    assert!(status.success(), "ip {arguments:?}");
}
