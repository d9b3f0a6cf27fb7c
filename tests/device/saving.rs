//! Saving a licence from inside the sandbox.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use acceptance::harness::Story;
use acceptance::story;
use nix::unistd::{Uid, fchown};
use zbus::Variant;

use crate::device::{Device, Running, is_read_only};

pub(crate) const STORIES: &[Story] = &[
    story!(a_licence_is_saved_from_inside_the_sandbox_and_the_partition_is_read_only_again, needs root),
    story!(the_rescue_shells_recipe_works_while_the_sandboxed_daemon_runs, needs root),
    story!(a_partition_mounted_later_is_used, needs root),
    story!(downloads_run_in_a_worker_outside_the_sandbox, needs root),
    story!(settings_are_saved_from_inside_the_sandbox, needs root),
    story!(files_of_other_users_are_read_and_written, needs root),
    story!(a_pipe_of_another_user_is_read, needs root),
    story!(a_path_in_a_home_directory_is_refused_with_the_cure, needs root),
    story!(drives_are_accessible_from_inside_the_sandbox, needs root),
];

fn assert_closed(device: &Running<'_>) {
    let options = device.partition();
    assert!(options.iter().all(|options| is_read_only(options)), "{options:?}");
    let _ = device.run(["touch", "/license/x"]).with_code(1);
}

fn state(device: &Running<'_>) -> String {
    let status = device.run(["licctl", "status", "--json"]).with_code(0).json();
    assert_eq!(status["store"]["state"], "read-only", "{status}");
    status["state"].as_str().unwrap().to_owned()
}

fn a_licence_is_saved_from_inside_the_sandbox_and_the_partition_is_read_only_again() {
    let device = Device::new();
    let device = device.start();
    assert_closed(&device);
    let before = device.partition();
    let file = device.file("a.lic", &device.licence().sign());
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    // The daemon itself wrote the file, inside its sandbox.
    assert_eq!(device.journal(&["MESSAGE_ID=b9689b9a70e51a26585336aeefebfaad"]).len(), 1);
    assert_eq!((device.stored().len(), &*state(&device)), (1, "valid"));
    assert_closed(&device);
    assert_eq!(device.partition(), before);
    // A file that the daemon must open by its path, in a world-writable directory.
    for place in ["/tmp", "/srv", "/run", "/media"] {
        let other = device.licence().pack(&format!("WE-{}", &place[1..].to_uppercase())).sign();
        let file = device.file("b.lic", &other);
        device.shell(&format!("mkdir -p {place}; [ {place} = /tmp ] || mv {file} {place}/b.lic"));
        device.shell(&format!(
            "busctl call com.igel.License1 /com/igel/License1 com.igel.License1.Manager Import \
             'sa{{sv}}' {place}/b.lic 0"
        ));
    }
    let imported = || device.journal(&["MESSAGE_ID=b9689b9a70e51a26585336aeefebfaad"]).len();
    acceptance::wait::until("all are imported", || (imported() == 5).then_some(()));
    assert_eq!(device.stored().len(), 5);
    let _ = device.run(["licctl", "remove", "all"]).with_code(0);
    assert_eq!((device.stored().len(), &*state(&device)), (0, "none"));
    assert_closed(&device);
    assert_eq!(device.partition(), before);
}

fn the_rescue_shells_recipe_works_while_the_sandboxed_daemon_runs() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("NAME.lic", &device.licence().sign());
    device.shell(&format!(
        "mount -o remount,rw /license; mkdir -p /license/dsa/licenses; \
         cp {file} /license/dsa/licenses/; mount -o remount,ro /license"
    ));
    let status = || device.run(["licctl", "status", "--json"]).with_code(0).json();
    acceptance::wait::until("it counts, and the partition is seen to be closed", || {
        let status = status();
        (status["state"] == "valid" && status["store"]["state"] == "read-only").then_some(())
    });
    assert_closed(&device);
    // The daemon can still write afterwards.
    let other = device.file("b.lic", &device.licence().pack("WE-OTHER").sign());
    let _ = device.run(["licctl", "import", &other]).with_code(0);
    assert_eq!(device.stored().len(), 2);
    assert_closed(&device);
}

fn a_partition_mounted_later_is_used() {
    let device = Device::new();
    let device = device.start();
    device.shell("umount /license");
    let status = || device.run(["licctl", "status", "--json"]).with_code(0).json();
    let store = || status()["store"]["state"].as_str().unwrap().to_owned();
    acceptance::wait::until("it is missing", || (store() == "missing").then_some(()));
    device.shell("systemctl restart licd.service; systemctl start license.mount");
    acceptance::wait::until("it is there", || (store() == "read-only").then_some(()));
    let file = device.file("a.lic", &device.licence().sign());
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    assert_eq!(device.stored().len(), 1);
    assert_closed(&device);
}

fn settings_are_saved_from_inside_the_sandbox() {
    let device = Device::new();
    let device = device.start();
    device.shell(
        "busctl call com.igel.License1 /com/igel/License1 com.igel.License1.Manager ApplySettings \
         s '[system.remotemanager]\nlicense_poll_hours = 12\n'",
    );
    assert!(device.shell("cat /etc/licd/settings.toml").contains("license_poll_hours = 12"));
}

/// An ordinary user's ID.
const ORDINARY_USER: u32 = 1000;

/// Makes a file or directory private to that user.
fn give(path: &Path) {
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    chown(path, Some(ORDINARY_USER), Some(ORDINARY_USER)).unwrap();
}

fn files_of_other_users_are_read_and_written() {
    let device = Device::new();
    let licence = {
        let first = device.start();
        first.licence()
    };
    // Like a partition made by an ordinary user, or restored with its owners.
    device.copy_by_hand(&licence.clone().sign());
    device.alter_partition(|place| {
        for part in ["", "dsa", "dsa/licenses", "dsa/licenses/by hand.lic"] {
            give(&place.join(part));
        }
    });
    device.write("etc/licd/settings.toml", "[system.remotemanager]\nlicense_poll_hours = 12\n");
    give(&device.path("etc/licd/settings.toml"));
    give(&device.path("etc/licd"));
    let device = device.start();
    assert_eq!(state(&device), "valid");
    let other = device.file("b.lic", &licence.pack("WE-OTHER").sign());
    let _ = device.run(["licctl", "import", &other]).with_code(0);
    assert_eq!(device.journal(&["MESSAGE_ID=b9689b9a70e51a26585336aeefebfaad"]).len(), 1);
    assert_eq!(device.stored().len(), 2);
    let settings = "[system.remotemanager]\nlicense_poll_hours = 13\n";
    let () = device.client().manager("ApplySettings", &settings).unwrap();
    assert!(device.shell("cat /etc/licd/settings.toml").contains("13"));
    let _ = device.run(["licctl", "remove", "all"]).with_code(0);
    assert_eq!((device.stored().len(), &*state(&device)), (0, "none"));
    assert_closed(&device);
}

fn a_pipe_of_another_user_is_read() {
    let device = Device::new();
    let device = device.start();
    let (reader, mut writer) = std::io::pipe().unwrap();
    fchown(&reader, Some(Uid::from_raw(ORDINARY_USER)), None).unwrap();
    writer.write_all(device.licence().sign().as_bytes()).unwrap();
    drop(writer);
    let options = HashMap::<&str, Variant<'_>>::new();
    let call = (zbus::Fd::from(&reader), "pipe", options);
    let verdict: String = device.client().manager("ImportFd", &call).unwrap();
    assert_eq!((&*verdict, device.stored().len()), ("valid", 1));
}

fn a_path_in_a_home_directory_is_refused_with_the_cure() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("a.lic", &device.licence().sign());
    device.shell(&format!("mv {file} /root/a.lic"));
    device.shell(
        "busctl call com.igel.License1 /com/igel/License1 com.igel.License1.Manager Import \
         'sa{sv}' /root/a.lic 0",
    );
    let refused = acceptance::wait::until("it is refused", || {
        device.journal(&["MESSAGE_ID=10358652c8f68be34169a1566b8da42e"]).pop()
    });
    assert_eq!(refused["LICD_CODE"], "source-unreachable");
    assert!(refused["MESSAGE"].as_str().unwrap().contains("licctl import"), "{refused}");
    let _ = device.run(["licctl", "import", "/root/a.lic"]).with_code(0);
    assert_eq!(device.stored().len(), 1);
}

/// The device access that sticks and libusb require: block devices other than disks, and the
/// kernel's device events (`NETLINK_KOBJECT_UEVENT`).
const DRIVES: &str = "[Service]\n\
    ExecStartPre=sh -c 'head -c 1 /dev/disk/by-label/license >/dev/null'\n\
    ExecStartPre=perl -e 'socket(my $$events, 16, 3, 15) or die \"netlink: $$!\"'\n";

fn drives_are_accessible_from_inside_the_sandbox() {
    let device = Device::new();
    device.write("etc/systemd/system/licd.service.d/drives.conf", DRIVES);
    let device = device.start();
    assert_eq!(device.service("ActiveState"), "active");
}

fn downloads_run_in_a_worker_outside_the_sandbox() {
    let device = Device::new();
    let device = device.start();
    // The port is closed, which only a worker with network access can report.
    device.shell(
        "systemctl reload licd.service; busctl call com.igel.License1 /com/igel/License1 \
         com.igel.License1.Manager Import 'sa{sv}' http://127.0.0.1:1/a.lic 0",
    );
    let refused = acceptance::wait::until("the download fails", || {
        device.journal(&["MESSAGE_ID=10358652c8f68be34169a1566b8da42e"]).pop()
    });
    assert_eq!(refused["LICD_CODE"], "source-unreachable");
    let message = refused["MESSAGE"].as_str().unwrap();
    assert!(!message.contains("worker") && !message.contains("started"), "{message}");
    assert!(!message.contains("locking itself in"), "{message}");
}
