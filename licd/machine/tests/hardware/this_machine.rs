//! The machine that the tests run on, whatever it is, as root and as anybody.

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
fn its_hardware_can_be_told() {
    let root = Root::new("/");
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
fn a_link_that_appears_is_news() {
    in_a_network_of_its_own("a_link_that_appears_is_news", || {
        let events = LinkEvents::open().unwrap();
        assert!(!events.drain().unwrap());
        assert!(!readable(&events, PollTimeout::ZERO));

        ip(&["link", "add", "news0", "type", "veth", "peer", "name", "news1"]);
        assert!(readable(&events, PollTimeout::from(10_000_u16)));
        assert!(events.drain().unwrap());
        assert!(!readable(&events, PollTimeout::ZERO));
        assert!(!events.drain().unwrap());

        ip(&["link", "delete", "news0"]);
        assert!(readable(&events, PollTimeout::from(10_000_u16)));
        assert!(events.drain().unwrap());
    });
}

#[test]
fn more_news_than_the_kernel_keeps_is_news() {
    in_a_network_of_its_own("more_news_than_the_kernel_keeps_is_news", || {
        let events = LinkEvents::open().unwrap();
        setsockopt(&events, RcvBuf, &0).unwrap();
        for mtu in 1..=64 {
            ip(&["link", "set", "lo", "mtu", &(1000 + mtu).to_string()]);
        }
        assert!(events.drain().unwrap());
        assert!(!events.drain().unwrap());
    });
}

/// Runs `story` in a thread of its own, because the network namespace is the thread's.
fn in_a_network_of_its_own(name: &str, story: impl FnOnce() + Send + 'static) {
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
