//! Saving a licence from inside the sandbox.

use acceptance::harness::Story;
use acceptance::story;

use crate::device::{Device, Running, is_read_only};

pub(crate) const STORIES: &[Story] = &[
    story!(a_licence_is_saved_from_inside_the_sandbox_and_the_partition_is_read_only_again, needs root),
    story!(the_rescue_shells_recipe_works_beside_the_sandbox, needs root),
    story!(a_partition_mounted_later_is_used, needs root),
    story!(a_worker_outside_the_sandbox_does_the_downloading, needs root),
    story!(settings_are_saved_from_inside_the_sandbox, needs root),
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
    // It was the daemon that did it, in its sandbox.
    assert_eq!(device.journal(&["MESSAGE_ID=b9689b9a70e51a26585336aeefebfaad"]).len(), 1);
    assert_eq!((device.stored().len(), &*state(&device)), (1, "valid"));
    assert_closed(&device);
    assert_eq!(device.partition(), before);
    // A file that only its path is told of, where anybody may have put it.
    for place in ["/tmp", "/home", "/run", "/media"] {
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

fn the_rescue_shells_recipe_works_beside_the_sandbox() {
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
    // The daemon can save afterwards, as before.
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

fn a_worker_outside_the_sandbox_does_the_downloading() {
    let device = Device::new();
    let device = device.start();
    // Nobody listens there: that is for a worker with a network to say.
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
}
