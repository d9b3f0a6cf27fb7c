//! The hardware of the virtual machine, as QEMU options.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acceptance::{maker, program};

use crate::image;

/// Bytes of the licence partition.
const LICENSE: u64 = 8 << 20;

/// The hardware of a device.
#[derive(Debug, Clone)]
pub(crate) struct Hardware {
    /// The address of its network card.
    pub(crate) mac: String,
    /// The initial time of its clock: `utc`, or a time such as `2099-01-01T00:00:00`.
    pub(crate) clock: String,
    /// The serial number of the USB drive that holds the system, if any.
    pub(crate) usb_drive: Option<String>,
    /// A stick that is plugged in before the boot.
    pub(crate) stick: Option<PathBuf>,
}

impl Default for Hardware {
    fn default() -> Self {
        Self { mac: maker::MAC.into(), clock: "utc".into(), usb_drive: None, stick: None }
    }
}

impl Hardware {
    /// The QEMU command for this hardware, without its sockets.
    pub(super) fn command(&self, var: &Path, license: &Path) -> Command {
        // Other work on the machine takes precedence.
        let mut command = Command::new("nice");
        command.args(["-n", "1", "qemu-system-x86_64"]);
        command.args(["-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc"]);
        command.args(["-accel", "tcg,thread=multi", "-smp", "1", "-m", "512"]);
        command.arg("-kernel").arg(image::file("vmlinuz"));
        command.arg("-initrd").arg(image::file("initramfs"));
        command.args(["-append", "console=ttyS0 quiet mitigations=off panic=-1"]);
        command.args(["-rtc", &format!("base={}", self.clock)]);
        command.args(["-smbios", "type=1,serial=14D3F8B00B"]);
        command.args(["-object", "rng-random,id=rng,filename=/dev/urandom"]);
        command.args(["-device", "virtio-rng-pci,rng=rng", "-device", "qemu-xhci,id=xhci"]);
        command.args(["-netdev", "user,id=net,restrict=on"]);
        command.args(["-device", &format!("e1000,netdev=net,mac={},romfile=", self.mac)]);
        add_drive(&mut command, "root", &image::file("root.ext4"), ",readonly=on");
        match &self.usb_drive {
            Some(serial) => {
                add_device(
                    &mut command,
                    &format!("usb-storage,bus=xhci.0,drive=root,serial={serial}"),
                );
            }
            None => add_device(&mut command, "virtio-blk-pci,drive=root"),
        }
        for (name, file) in [("license", license), ("var", var)] {
            add_drive(&mut command, name, file, "");
            add_device(&mut command, &format!("virtio-blk-pci,drive={name}"));
        }
        if let Some(stick) = &self.stick {
            add_drive(&mut command, "present", stick, "");
            add_device(&mut command, "usb-storage,bus=xhci.0,drive=present,serial=PRESENT");
        }
        command
    }
}

fn add_drive(command: &mut Command, id: &str, file: &Path, more: &str) {
    let drive = format!("if=none,id={id},format=raw,file={}{more}", file.display());
    command.args(["-drive", &drive]);
}

fn add_device(command: &mut Command, device: &str) {
    command.args(["-device", device]);
}

/// Adds the QMP socket, the socket of the shell, and a log file for the console.
pub(super) fn add_lines(command: &mut Command, qmp: &Path, agent: &Path, console: &Path) {
    let socket = |path: &Path| format!("{},server=on,wait=off", path.display());
    command.args(["-qmp", &format!("unix:{}", socket(qmp))]);
    command.args(["-device", "virtio-serial-pci"]);
    command.args(["-chardev", &format!("socket,id=agent,path={}", socket(agent))]);
    command.args(["-device", "virtserialport,chardev=agent,name=agent"]);
    command.args(["-chardev", &format!("file,id=console,append=on,path={}", console.display())]);
    command.args(["-serial", "chardev:console"]);
    command.stdin(Stdio::null());
}

/// Makes an empty licence partition.
pub(super) fn make_license(file: &Path) {
    File::create(file).unwrap().set_len(LICENSE).unwrap();
    program::tool("mkfs.ext4", ["-q", "-L", "license", file.to_str().unwrap()]);
}
