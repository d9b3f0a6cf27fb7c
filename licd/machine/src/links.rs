//! Network interfaces that a licence can be bound to (LF §5), and events when an
//! interface changes.

mod error;
mod link_list;
mod rtnetlink;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::Path;

use licd_fs::look::{Looked, Unavailable, is_fact};
use licd_fs::root::Root;
use licd_fs::tree::Tree;
use licd_rules::sort_by;

use error::CLASS;

pub use error::LinksError;
pub use link_list::LinkList;
pub use rtnetlink::{LinkEvents, take_over};

/// `ARPHRD_ETHER` of linux/if_arp.h, Wi-Fi included.
const ETHERNET: &str = "1";
/// `NET_ADDR_PERM` and `NET_ADDR_SET` of linux/netdevice.h; the others are `RANDOM` and `STOLEN`.
const ASSIGNED_PERMANENTLY: &str = "0";
const ASSIGNED_BY_HAND: &str = "3";

/// A hardware interface with a permanent address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The current name.
    pub name: String,
    /// The permanent MAC address, neither multicast nor zero.
    pub mac: [u8; 6],
    /// The bus of the device.
    pub bus: Bus,
    /// Whether it is Wi-Fi.
    pub wireless: bool,
}

/// The bus of a device, in order of preference: built-in devices before pluggable ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bus {
    /// PCI and PCI Express.
    Pci,
    /// SDIO, as Wi-Fi on small boards.
    Sdio,
    /// USB, as adapters and docks.
    Usb,
    /// Any other, as for an interface in the processor.
    Other,
}

/// The interfaces that a licence can be bound to, best first: by bus, wired before wireless, then
/// by name in byte order.
///
/// The inner [`LinksError`] means that the machine has no list of interfaces or denies access to it. A
/// simulated machine without a list has no interfaces.
///
/// # Errors
/// [`Unavailable`].
pub fn list(root: &Root) -> Looked<Result<Vec<Link>, LinksError>> {
    let survey = match Survey::of(root)? {
        Ok(survey) => survey,
        Err(error) => return Ok(Err(error)),
    };
    let names = match survey.tree.names(Path::new(CLASS))? {
        Ok(names) => names,
        Err(source) if survey.simulated && source.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Ok(Err(LinksError::Class { source })),
    };
    let mut links = Vec::new();
    for name in &names {
        links.extend(survey.link(name)?);
    }
    sort_by(&mut links, |a, b| (a.bus, a.wireless, &a.name).cmp(&(b.bus, b.wireless, &b.name)));
    Ok(Ok(links))
}

struct Survey {
    tree: Tree,
    simulated: bool,
    /// Permanent addresses by name, which sysfs lacks. Empty for a simulated machine, where the
    /// attribute `address` is permanent.
    permanent: BTreeMap<String, [u8; 6]>,
}

impl Survey {
    fn of(root: &Root) -> Looked<Result<Self, LinksError>> {
        let simulated = root.is_simulated();
        let permanent = if simulated {
            BTreeMap::new()
        } else {
            match rtnetlink::permanent_addresses() {
                Ok(addresses) => addresses,
                Err(errno) if is_fact(errno) => return Ok(Err(LinksError::Kernel { errno })),
                Err(errno) => return Err(Unavailable::new("network interfaces", errno)),
            }
        };
        Ok(Ok(Self { tree: Tree::hardware(root), simulated, permanent }))
    }

    /// The interface of this name; `None` if it does not count or has disappeared.
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

    /// A simulated interface may lack the attribute `type`.
    fn is_ethernet(&self, dir: &Path) -> Looked<bool> {
        Ok(match self.tree.attribute(dir, "type")? {
            Some(kind) => kind == ETHERNET,
            None => self.simulated,
        })
    }

    /// The address of the hardware. An address set by hand does not hide it: the kernel still knows
    /// the permanent one. A random or stolen address (as of a VLAN) means that the hardware has none.
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

/// Parses six bytes as sysfs writes them, `00:e0:c5:1c:50:87`.
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

    /// The unit's address for a card of a real machine whose current address is `SET` and whose
    /// permanent one the kernel reports as `permanent`.
    fn real(assigned: &str, permanent: Option<[u8; 6]>) -> Option<[u8; 6]> {
        let dir = tempfile::tempdir().unwrap();
        let card = dir.path().join("sys/class/net/eth0");
        fs::create_dir_all(card.join("device")).unwrap();
        fs::write(card.join("type"), "1\n").unwrap();
        fs::write(card.join("address"), "02:00:00:00:00:01\n").unwrap();
        fs::write(card.join("addr_assign_type"), assigned).unwrap();
        let survey = Survey {
            tree: Tree::system(&Root::new(dir.path()).unwrap()),
            simulated: false,
            permanent: permanent.map(|mac| ("eth0".to_owned(), mac)).into_iter().collect(),
        };
        survey.link(OsStr::new("eth0")).unwrap().map(|link| link.mac)
    }

    #[test]
    fn the_permanent_address_counts_instead_of_one_set_by_hand() {
        assert_eq!(real("0\n", Some(OWN)), Some(OWN));
        assert_eq!(real("3\n", Some(OWN)), Some(OWN));
        assert_eq!(real("3\n", None), None);
    }

    #[test]
    fn without_an_answer_from_the_kernel_an_address_marked_permanent_counts() {
        assert_eq!(real("0\n", None), Some(SET));
    }

    #[test]
    fn random_stolen_and_unknown_addresses_do_not_count() {
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
