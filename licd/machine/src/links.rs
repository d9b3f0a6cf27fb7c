//! Network interfaces: those whose permanent address a licence can be bound to (contract of the
//! unit ID), best first, and news of interfaces that come and go.

mod rtnetlink;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::Path;

use licd_fs::about::{self, About};
use licd_fs::look::{Looked, Unavailable, is_fact};
use licd_fs::root::Root;
use licd_fs::textfile::reason;
use licd_fs::tree::Tree;
use nix::errno::Errno;

pub use rtnetlink::{LinkEvents, take_over};

/// The interfaces of sysfs.
const CLASS: &str = "/sys/class/net";
/// `ARPHRD_ETHER` of linux/if_arp.h, Wi-Fi included.
const ETHERNET: &str = "1";
/// `NET_ADDR_PERM` and `NET_ADDR_SET` of linux/netdevice.h; the others are random and stolen.
const ASSIGNED_PERMANENTLY: &str = "0";
const ASSIGNED_BY_HAND: &str = "3";

/// An interface that is hardware and has a permanent address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The name that the interface has now.
    pub name: String,
    /// The permanent MAC address: neither multicast nor zero.
    pub mac: [u8; 6],
    /// The bus that the device sits on.
    pub bus: Bus,
    /// Whether it is Wi-Fi.
    pub wireless: bool,
}

/// The bus of the device's nearest ancestor, in the order in which interfaces are preferred: what
/// is built in before what is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bus {
    /// PCI and PCI Express.
    Pci,
    /// SDIO: Wi-Fi of small boards.
    Sdio,
    /// USB: adapters and docks.
    Usb,
    /// None of these: for example built into the processor.
    Other,
}

/// Why the interfaces cannot be told.
#[derive(Debug)]
pub enum Error {
    /// The list of interfaces in sysfs cannot be read.
    Class {
        /// What the system says.
        source: io::Error,
    },
    /// The kernel does not answer over rtnetlink.
    Kernel {
        /// What the kernel says.
        errno: Errno,
    },
}

impl About for Error {
    fn subject(&self) -> String {
        match self {
            Self::Class { .. } => CLASS.to_owned(),
            Self::Kernel { .. } => "network interfaces".to_owned(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Class { source } => {
                format!("cannot be read ({}); is sysfs mounted?", reason(source))
            }
            Self::Kernel { errno } => format!(
                "the kernel does not tell about them over rtnetlink ({}); is AF_NETLINK allowed \
                 here?",
                errno.desc()
            ),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Class { source } => Some(source),
            Self::Kernel { errno } => Some(errno),
        }
    }
}

/// The interfaces that a licence can be bound to, best first: by bus, wired before wireless, then
/// by name in byte order.
///
/// The inner [`Error`]: the machine has no list of its interfaces, or does not let it be asked for;
/// a simulated machine without a list has no interfaces.
///
/// # Errors
/// [`Unavailable`].
pub fn list(root: &Root) -> Looked<Result<Vec<Link>, Error>> {
    let survey = match Survey::of(root)? {
        Ok(survey) => survey,
        Err(error) => return Ok(Err(error)),
    };
    let names = match survey.tree.names(Path::new(CLASS))? {
        Ok(names) => names,
        Err(source) if survey.simulated && source.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Ok(Err(Error::Class { source })),
    };
    let mut links = Vec::new();
    for name in &names {
        links.extend(survey.link(name)?);
    }
    links.sort_by(|a, b| (a.bus, a.wireless, &a.name).cmp(&(b.bus, b.wireless, &b.name)));
    Ok(Ok(links))
}

struct Survey {
    tree: Tree,
    simulated: bool,
    /// What the kernel knows beyond sysfs: permanent addresses by name. Empty for a simulated
    /// machine, whose permanent address is the interface's `address`.
    permanent: BTreeMap<String, [u8; 6]>,
}

impl Survey {
    fn of(root: &Root) -> Looked<Result<Self, Error>> {
        let simulated = root.is_simulated();
        let permanent = if simulated {
            BTreeMap::new()
        } else {
            match rtnetlink::permanent_addresses() {
                Ok(addresses) => addresses,
                Err(errno) if is_fact(errno) => return Ok(Err(Error::Kernel { errno })),
                Err(errno) => return Err(Unavailable::new("network interfaces", errno)),
            }
        };
        Ok(Ok(Self { tree: Tree::hardware(root), simulated, permanent }))
    }

    /// The interface of this name; `None` if it is none that counts, or has gone meanwhile.
    fn link(&self, name: &OsStr) -> Looked<Option<Link>> {
        let Some(dir) = self.tree.resolve(Path::new(CLASS).join(name))? else { return Ok(None) };
        let device = dir.join("device");
        if !self.tree.exists(&device)? || !self.is_ethernet(&dir)? {
            return Ok(None);
        }
        let name = name.to_string_lossy().into_owned();
        let (Some(mac), Some(device)) =
            (self.permanent_address(&dir, &name)?, self.tree.resolve(device)?)
        else {
            return Ok(None);
        };
        let wireless =
            self.tree.exists(&dir.join("phy80211"))? || self.tree.exists(&dir.join("wireless"))?;
        Ok(Some(Link { bus: self.bus(&device)?, name, mac, wireless }))
    }

    /// Simulated interfaces need not say what they are, if their address does.
    fn is_ethernet(&self, dir: &Path) -> Looked<bool> {
        Ok(match self.tree.attribute(dir, "type")? {
            Some(kind) => kind == ETHERNET,
            None => self.simulated,
        })
    }

    /// The address that the hardware came with. One set by hand does not cost a device its
    /// licence: the kernel still knows the permanent one. Random and stolen addresses (as those of
    /// VLANs) mean that the hardware has none of its own.
    fn permanent_address(&self, dir: &Path, name: &str) -> Looked<Option<[u8; 6]>> {
        let assigned = self.tree.attribute(dir, "addr_assign_type")?;
        let known = self.permanent.get(name).copied();
        let mac = match (assigned.as_deref(), known) {
            (Some(ASSIGNED_PERMANENTLY), None) => self.current_address(dir)?,
            (Some(ASSIGNED_PERMANENTLY | ASSIGNED_BY_HAND), known) => known,
            (None, _) if self.simulated => self.current_address(dir)?,
            _ => None,
        };
        Ok(mac.filter(|mac| mac[0] & 1 == 0 && *mac != [0; 6]))
    }

    fn current_address(&self, dir: &Path) -> Looked<Option<[u8; 6]>> {
        Ok(self.tree.attribute(dir, "address")?.as_deref().and_then(parse_mac))
    }

    /// The bus of the nearest ancestor that is on one of the known buses.
    fn bus(&self, device: &Path) -> Looked<Bus> {
        for ancestor in device.ancestors() {
            let subsystem = self.tree.link(&ancestor.join("subsystem"))?;
            let name = subsystem.as_deref().and_then(Path::file_name).and_then(OsStr::to_str);
            match name {
                Some("pci") => return Ok(Bus::Pci),
                Some("sdio") => return Ok(Bus::Sdio),
                Some("usb") => return Ok(Bus::Usb),
                _ => {}
            }
        }
        Ok(Bus::Other)
    }
}

/// Six bytes as sysfs writes them, `00:e0:c5:1c:50:87`.
fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        let part = parts.next().filter(|p| p.len() == 2 && !p.starts_with('+'))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const SET: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const OWN: [u8; 6] = [0, 0xe0, 0xc5, 0x1c, 0x50, 0x87];

    /// The address that a real machine's card counts with, now called `SET`, whose permanent one
    /// the kernel tells as `permanent`.
    fn real(assigned: &str, permanent: Option<[u8; 6]>) -> Option<[u8; 6]> {
        let dir = tempfile::tempdir().unwrap();
        let card = dir.path().join("sys/class/net/eth0");
        fs::create_dir_all(card.join("device")).unwrap();
        fs::write(card.join("type"), "1\n").unwrap();
        fs::write(card.join("address"), "02:00:00:00:00:01\n").unwrap();
        fs::write(card.join("addr_assign_type"), assigned).unwrap();
        let survey = Survey {
            tree: Tree::system(&Root::new(dir.path())),
            simulated: false,
            permanent: permanent.map(|mac| ("eth0".to_owned(), mac)).into_iter().collect(),
        };
        survey.link(OsStr::new("eth0")).unwrap().map(|link| link.mac)
    }

    #[test]
    fn the_permanent_address_counts_not_the_one_that_was_set() {
        assert_eq!(real("0\n", Some(OWN)), Some(OWN));
        assert_eq!(real("3\n", Some(OWN)), Some(OWN));
        assert_eq!(real("3\n", None), None);
    }

    #[test]
    fn without_word_from_the_kernel_an_address_called_permanent_counts() {
        assert_eq!(real("0\n", None), Some(SET));
    }

    #[test]
    fn random_stolen_and_unknown_addresses_count_for_nothing() {
        for assigned in ["1\n", "2\n", "", "9\n"] {
            assert_eq!(real(assigned, Some(OWN)), None, "{assigned}");
        }
        for mac in [[0; 6], [0xff; 6], [1, 0, 0x5e, 0, 0, 1]] {
            assert_eq!(real("3\n", Some(mac)), None, "{mac:?}");
        }
    }

    #[test]
    fn only_six_bytes_are_an_ethernet_address() {
        assert_eq!(parse_mac("00:e0:C5:1c:50:87"), Some([0, 0xe0, 0xc5, 0x1c, 0x50, 0x87]));
        for text in [
            "",
            "00:e0:c5:1c:50",
            "00:e0:c5:1c:50:87:00",
            "00:e0:c5:1c:50:8",
            "00:e0:c5:1c:50:+7",
            "00e0c51c5087",
            "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:10:11",
        ] {
            assert_eq!(parse_mac(text), None, "{text}");
        }
    }
}
