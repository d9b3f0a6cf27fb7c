//! The content of the package.

use std::fs;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::program::{self, tool};
use acceptance::story;

use crate::device::{self, Device};

pub(crate) const STORIES: &[Story] = &[
    story!(the_package_is_complete_and_lacks_the_vendors_tool, needs root),
    story!(the_exposure_of_each_service_stays_within_its_limit, needs root),
    story!(the_rescue_tool_needs_only_the_partition, needs root),
    story!(an_upgrade_restarts_the_service, needs root),
    story!(purging_the_package_leaves_only_the_licences, needs root),
];

/// The maximum exposure that `systemd-analyze security` may report, in tenths, as the documents say.
const EXPOSURE: [(&str, u32); 3] =
    [("licd.service", 16), ("licd-fetch@1.service", 12), ("licd-usb@sda1-12.service", 22)];

fn the_package_is_complete_and_lacks_the_vendors_tool() {
    let device = Device::new();
    let device = device.start();
    // Without the option, warnings do not fail the check.
    let verify = "systemd-analyze verify --man=no --recursive-errors=no";
    device.shell(&format!(
        "{verify} licd.service licd-fetch.socket licd-fetch@1.service licd-links.socket \
         licd-usb@sda1-12.service license.mount"
    ));
    device.shell(&format!("XDG_RUNTIME_DIR=/run {verify} --user licd-notify.service"));
    device.shell("getent passwd licd-fetch");
    for file in [
        "/usr/bin/licctl",
        "/usr/share/man/man1/licctl.1.gz",
        "/usr/share/man/man8/licd.8.gz",
        "/usr/share/man/man5/licd.toml.5.gz",
        "/usr/share/licd/status.schema.json",
        "/usr/share/licd/request.schema.json",
        "/usr/share/bash-completion/completions/licctl",
        "/usr/share/dbus-1/interfaces/com.igel.License1.xml",
        "/etc/licd/licd.toml",
    ] {
        device.shell(&format!("test -s {file}"));
    }
    assert_eq!(device.shell("find / -xdev -name 'licissue*'"), "");
    // The installed configuration is valid.
    let status = device.run(["licctl", "status", "--json"]).with_code(0).json();
    assert_eq!(status["problems"].as_array().map_or(0, Vec::len), 0, "{status}");
}

fn the_exposure_of_each_service_stays_within_its_limit() {
    let device = Device::new();
    let device = device.start();
    for (unit, tenths) in EXPOSURE {
        let threshold = format!("--threshold={tenths}");
        let found = device.run(["systemd-analyze", "security", "--no-pager", &threshold, unit]);
        let last = found.out.lines().rfind(|line| line.contains("Overall")).unwrap_or_default();
        eprintln!("{last}");
        let _ = found.with_code(0);
    }
}

fn the_rescue_tool_needs_only_the_partition() {
    let root = device::empty_root();
    let place = |path: &str| root.path().join(path);
    let program = device::image().join("usr/lib/licd/rescue/licctl");
    assert!(device::is_static(&program));
    program::copy(&program, &place("licctl"));
    fs::create_dir_all(place("license")).unwrap();
    let licctl = |words: &[&str]| {
        program::run(Command::new("chroot").arg(root.path()).arg("/licctl").args(words))
    };
    let status = licctl(&["status", "--json"]).with_code(0).json();
    assert_eq!(status["state"], "none");
    let _ = licctl(&["--version"]).with_code(0);
    // There is no bus.
    let _ = licctl(&["--bus", "system", "status"]).with_code(0);
    // As in a rescue shell, the root is a mount; licences are judged by the image's root keys.
    for dir in ["proc", "sys", "run", "usr/lib/licd/roots.d"] {
        fs::create_dir_all(place(dir)).unwrap();
    }
    for key in acceptance::maker::roots() {
        let file = place("usr/lib/licd/roots.d").join(format!("{}.vkey", key.verifier().name()));
        fs::write(file, format!("{}\n", key.verifier())).unwrap();
    }
    fs::write(place("usr/lib/licd/trust.note"), acceptance::maker::trust(1, &[])).unwrap();
    let inside = |script: &str| {
        let ground = "mount --bind \"$1\" \"$1\"; mount -t proc proc \"$1/proc\"; \
                      mount --rbind /sys \"$1/sys\"; cd \"$1\"";
        let script = format!("{ground}; {script}");
        let root = root.path().to_str().unwrap();
        tool("unshare", ["--mount", "sh", "-euc", &script, "sh", root])
    };
    let unit = inside("chroot . /licctl unit-id");
    fs::write(place("a.lic"), acceptance::maker::licence().units(&[&unit]).sign()).unwrap();
    inside("chroot . /licctl import /a.lic; chroot . /licctl feature -q custom-partition");
    assert_eq!(fs::read_dir(place("license/dsa/licenses")).unwrap().count(), 1);
}

fn an_upgrade_restarts_the_service() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("a.lic", &device.licence().sign());
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    device.shell("echo '# mine' >> /etc/licd/licd.toml");
    let running = || device.service("MainPID");
    let (before, known) = (running(), device.shell("cat /var/lib/licd/state.toml"));
    device.shell("dpkg --install /var/cache/package.deb");
    assert_eq!(device.service("ActiveState"), "active");
    assert_ne!(running(), before, "the old daemon runs on");
    device.shell("systemctl is-active licd-fetch.socket licd-links.socket");
    assert_eq!(device.shell("tail -n 1 /etc/licd/licd.toml"), "# mine");
    assert_eq!(device.shell("cat /var/lib/licd/state.toml"), known);
    let status = device.run(["licctl", "status", "--json"]).with_code(0).json();
    assert_eq!(status["state"], "valid", "{status}");
    let other = device.file("b.lic", &device.licence().pack("WE-OTHER").sign());
    let _ = device.run(["licctl", "import", &other]).with_code(0);
    assert_eq!(device.stored().len(), 2);
    assert_eq!(device.shell("systemctl --failed --no-legend --plain"), "");
}

fn purging_the_package_leaves_only_the_licences() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("a.lic", &device.licence().sign());
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    device.shell("rm /usr/lib/licd/roots.d/* /usr/lib/licd/trust.note /etc/licd/licd.toml.d/*");
    device.shell("dpkg --purge licd");
    assert_eq!(device.service("ActiveState"), "inactive");
    let left = device.shell("find / /run -xdev -iname '*licd*' -not -path '/tmp/*'");
    let allowed = |path: &str| path.starts_with("/var/log") || path.starts_with("/var/lib/dpkg");
    let left: Vec<_> = left.lines().filter(|path| !allowed(path)).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(device.stored().len(), 1);
}
