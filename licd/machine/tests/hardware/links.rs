//! The interfaces that count, and their order.

use licd_machine::links::{self, Bus};

use crate::machine::Machine;

const MAC: &str = "00:e0:c5:1c:50:87";
const CARD: &str = "pci0000:00/0000:00:1f.6";

fn names(machine: &Machine) -> Vec<String> {
    links::list(&machine.root()).unwrap().unwrap().into_iter().map(|link| link.name).collect()
}

/// A machine with one card, whose interface is `eth0`.
fn one_card() -> Machine {
    let machine = Machine::new();
    machine.device(CARD, "pci").interface("eth0", CARD, MAC);
    machine
}

#[test]
fn a_card_is_listed_with_its_address_and_bus() {
    let [link] = links::list(&one_card().root()).unwrap().unwrap().try_into().unwrap();
    assert_eq!(link.name, "eth0");
    assert_eq!(link.mac, [0, 0xe0, 0xc5, 0x1c, 0x50, 0x87]);
    assert_eq!(link.bus, Bus::Pci);
    assert!(!link.wireless);
}

#[test]
fn virtual_interfaces_do_not_count() {
    let machine = one_card();
    for name in ["lo", "bond0", "br0", "veth1", "docker0", "tun0"] {
        let dir = format!("/sys/devices/virtual/net/{name}");
        machine
            .file(&format!("{dir}/address"), "00:11:22:33:44:55\n")
            .file(&format!("{dir}/addr_assign_type"), "0\n")
            .file(&format!("{dir}/type"), "1\n")
            .relative(&format!("/sys/class/net/{name}"), &dir);
    }
    machine.file("/sys/class/net/bonding_masters", "bond0\n");
    assert_eq!(names(&machine), ["eth0"]);
}

#[test]
fn addresses_that_are_not_permanent_do_not_count() {
    // Random, stolen, set by hand, and a value of a later kernel.
    for assigned in ["1", "2", "3", "4", ""] {
        let machine = one_card();
        machine.set("eth0", "addr_assign_type", assigned);
        assert!(names(&machine).is_empty(), "{assigned}");
    }
}

#[test]
fn only_unicast_addresses_of_ethernet_count() {
    for address in [
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "01:00:5e:00:00:01",
        "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:10:11",
        "",
    ] {
        let machine = one_card();
        machine.set("eth0", "address", address);
        assert!(names(&machine).is_empty(), "{address}");
    }
    let machine = one_card();
    machine.set("eth0", "type", "32");
    assert!(names(&machine).is_empty());
}

#[test]
fn a_simulated_interface_needs_only_an_address_and_a_device() {
    let machine = Machine::new();
    machine.file("/sys/class/net/eth0/address", MAC).dir("/sys/class/net/eth0/device");
    let [link] = links::list(&machine.root()).unwrap().unwrap().try_into().unwrap();
    assert_eq!((link.name.as_str(), link.bus), ("eth0", Bus::Other));
}

#[test]
fn a_built_in_card_precedes_a_dock_whose_name_sorts_first() {
    let machine = Machine::new();
    let dock = "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0";
    machine
        .device("pci0000:00/0000:00:14.0", "pci")
        .device("pci0000:00/0000:00:14.0/usb2", "usb")
        .device("pci0000:00/0000:00:14.0/usb2/2-1", "usb")
        .device(dock, "usb")
        .interface("a-dock", dock, "00:50:b6:00:00:01")
        .device(CARD, "pci")
        .interface("eth0", CARD, MAC);
    let links = links::list(&machine.root()).unwrap().unwrap();
    let order: Vec<_> = links.iter().map(|link| (link.name.as_str(), link.bus)).collect();
    assert_eq!(order, [("eth0", Bus::Pci), ("a-dock", Bus::Usb)]);
}

#[test]
fn the_order_is_bus_then_wired_then_name() {
    let machine = Machine::new();
    let sdio = "platform/soc/mmc_host/mmc1/mmc1:0001/mmc1:0001:1";
    for (device, bus) in [
        ("platform/soc/ethernet", "platform"),
        (sdio, "sdio"),
        ("pci0000:00/usb", "usb"),
        ("pci0000:00/a", "pci"),
        ("pci0000:00/b", "pci"),
        ("pci0000:00/c", "pci"),
        ("pci0000:00/d", "pci"),
    ] {
        machine.device(device, bus);
    }
    machine
        .interface("end0", "platform/soc/ethernet", "00:00:00:00:00:01")
        .interface("mlan0", sdio, "00:00:00:00:00:02")
        .link("/sys/class/net/mlan0/phy80211", "../../ieee80211/phy0")
        .interface("eth1", "pci0000:00/usb", "00:00:00:00:00:03")
        .interface("awlan", "pci0000:00/a", "00:00:00:00:00:04")
        .dir("/sys/class/net/awlan/wireless")
        .interface("eth10", "pci0000:00/b", "00:00:00:00:00:05")
        .interface("eth2", "pci0000:00/c", "00:00:00:00:00:06")
        .interface("Eth3", "pci0000:00/d", "00:00:00:00:00:07");
    assert_eq!(names(&machine), ["Eth3", "eth10", "eth2", "awlan", "mlan0", "eth1", "end0"]);
}

#[test]
fn the_nearest_bus_decides_through_devices_of_other_kinds() {
    let machine = Machine::new();
    let virtio = "pci0000:00/0000:00:03.0/virtio2";
    machine
        .device("pci0000:00/0000:00:03.0", "pci")
        .device(virtio, "virtio")
        .interface("eth0", virtio, MAC);
    assert_eq!(links::list(&machine.root()).unwrap().unwrap()[0].bus, Bus::Pci);
}

#[test]
fn absolute_links_and_plain_directories_are_accepted() {
    let machine = Machine::new();
    machine
        .dir("/sys/devices/pci0000:00/0000:00:19.0/net")
        .link("/sys/devices/pci0000:00/0000:00:19.0/subsystem", "/sys/bus/pci")
        .file("/sys/class/net/absolute/address", MAC)
        .file("/sys/class/net/absolute/addr_assign_type", "0")
        .link("/sys/class/net/absolute/device", "/sys/devices/pci0000:00/0000:00:19.0")
        .file("/sys/class/net/plain/address", "00:e0:c5:1c:50:88")
        .link("/sys/class/net/plain/device/subsystem", "../../../../bus/usb");
    let links = links::list(&machine.root()).unwrap().unwrap();
    let order: Vec<_> = links.iter().map(|link| (link.name.as_str(), link.bus)).collect();
    assert_eq!(order, [("absolute", Bus::Pci), ("plain", Bus::Usb)]);
}

#[test]
fn a_loop_of_links_hides_only_its_own_interface() {
    let machine = one_card();
    machine
        .link("/sys/class/net/circle", "circle")
        .file("/sys/class/net/loop/address", MAC)
        .link("/sys/class/net/loop/device", "device")
        .link("/sys/class/net/gone", "../../devices/gone");
    assert_eq!(names(&machine), ["eth0"]);
}

#[test]
fn a_simulated_machine_without_interfaces_has_none() {
    assert!(names(&Machine::new()).is_empty());
}
