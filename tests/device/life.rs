//! The life of the service: start, calls, hang, kill, restart.

use std::time::Duration;

use acceptance::harness::Story;
use acceptance::story;
use acceptance::wait;

use crate::device::{Device, Running};

pub(crate) const STORIES: &[Story] = &[
    story!(features_are_published_before_dependent_units_start, needs root),
    story!(a_device_without_licence_partition_starts_soon_and_reports_it, needs root),
    story!(the_first_call_starts_the_service_and_is_answered, needs root),
    story!(a_killed_service_restarts_with_its_state, needs root),
    story!(a_hung_service_is_restarted_by_its_watchdog, needs root),
    story!(a_removal_profile_is_carried_out_at_every_start, needs root),
    story!(the_journal_has_every_event_with_its_id_and_fields, needs root),
];

/// The time limit for the licence partition to appear.
const PARTITION: Duration = Duration::from_secs(10);
/// A boot script that an image may contain.
const GATE: &str = "[Unit]\nAfter=licd.service\nBefore=multi-user.target\n[Service]\nType=oneshot\n\
    ExecStart=sh -c 'ls /run/licd/features > /run/gate; cp /run/licd/status.json /run/gate.json'\n";

fn state(device: &Running<'_>) -> String {
    let status = device.run(["licctl", "status", "--json"]).with_code(0).json();
    status["state"].as_str().unwrap().to_owned()
}

fn features_are_published_before_dependent_units_start() {
    let device = Device::new();
    device.write("etc/systemd/system/gate.service", GATE);
    device.want("gate.service", "multi-user.target");
    let licence = {
        let first = device.start();
        first.licence().sign()
    };
    device.copy_by_hand(&licence);
    let device = device.start();
    assert_eq!(device.service("ActiveState"), "active");
    assert_eq!(device.service("Type"), "notify");
    assert_eq!(device.service("NRestarts"), "0");
    assert!(!device.service("StatusText").is_empty());
    let gate = device.shell("cat /run/gate");
    assert!(gate.lines().any(|feature| feature == "custom-partition"), "{gate}");
    let report: serde_json::Value =
        serde_json::from_str(&device.shell("cat /run/gate.json")).unwrap();
    assert_eq!(report["state"], "valid");
    // Compared with the published report and with licctl without the daemon.
    let _ =
        device.run_as_nobody(["test", "-e", "/run/licd/features/custom-partition"]).with_code(0);
    let direct = device.run(["licctl", "--direct", "feature", "-q", "custom-partition"]);
    let _ = direct.with_code(0);
}

fn a_device_without_licence_partition_starts_soon_and_reports_it() {
    let device = Device::new();
    let device = device.start_without_partition();
    let status = device.run(["licctl", "status", "--json"]).with_code(0).json();
    assert_eq!(status["store"]["state"], "missing", "{status}");
    assert_eq!(device.service("ActiveState"), "active");
    let moment = |property: &str, unit: &str| {
        let asked = format!("systemctl show --value --property={property} {unit}");
        Duration::from_micros(device.shell(&asked).parse().unwrap())
    };
    let began = moment("UserspaceTimestampMonotonic", "");
    let waited = moment("InactiveExitTimestampMonotonic", "licd.service") - began;
    // systemd's default timeout is much longer.
    assert!((PARTITION..6 * PARTITION).contains(&waited), "{waited:?}");
    // Units that do not need licences did not wait.
    let awaited = device.shell("systemctl show --value --property=After local-fs.target");
    assert!(!awaited.contains("license.mount"), "{awaited}");
}

fn the_first_call_starts_the_service_and_is_answered() {
    let device = Device::new();
    let device = device.start();
    for _ in 0..5 {
        device.shell("systemctl stop licd.service");
        assert_eq!(device.service("ActiveState"), "inactive");
        // The published report stays.
        device.shell("test -e /run/licd/status.json");
        let answer = device.run_as_nobody([
            "busctl",
            "call",
            "com.igel.License1",
            "/com/igel/License1",
            "com.igel.License1.Manager",
            "GetStatus",
        ]);
        assert!(answer.with_code(0).out.contains("unit_id"));
        assert_eq!(device.service("ActiveState"), "active");
    }
}

fn a_killed_service_restarts_with_its_state() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("a.lic", &device.licence().sign());
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    device.shell("systemctl restart licd.service");
    assert_eq!((&*device.service("ActiveState"), &*state(&device)), ("active", "valid"));
    let before = device.service("MainPID");
    device.shell("systemctl kill --signal=KILL licd.service");
    wait::until("it runs again", || {
        let again = device.service("MainPID");
        (device.service("ActiveState") == "active" && again != before && again != "0").then_some(())
    });
    assert_eq!((&*device.service("NRestarts"), &*state(&device)), ("1", "valid"));
    assert_ne!(device.shell("ls /var/lib/licd"), "");
}

fn a_hung_service_is_restarted_by_its_watchdog() {
    let device = Device::new();
    // The installed timeout is minutes.
    let shorter = "[Service]\nWatchdogSec=2\n";
    device.write("etc/systemd/system/licd.service.d/shorter.conf", shorter);
    let device = device.start();
    wait::until("the first watchdog keep-alive", || {
        let alive = device.service("WatchdogTimestampMonotonic");
        let ready = device.service("ActiveEnterTimestampMonotonic");
        (alive.parse::<u64>().unwrap() > ready.parse::<u64>().unwrap()).then_some(())
    });
    assert_eq!(device.service("NRestarts"), "0");
    device.shell("systemctl kill --signal=STOP licd.service");
    wait::until("it was restarted", || {
        let state = (device.service("NRestarts"), device.service("ActiveState"));
        (state == ("1".to_owned(), "active".to_owned())).then_some(())
    });
    assert_eq!(state(&device), "none");
}

fn a_removal_profile_is_carried_out_at_every_start() {
    let device = Device::new();
    device.write("etc/licd/settings.toml", "[licensing]\nremove = \"all\"\n");
    let licence = {
        let first = device.start();
        first.licence().sign()
    };
    for _ in 0..2 {
        device.copy_by_hand(&licence);
        let running = device.start();
        assert_eq!((running.stored().len(), &*state(&running)), (0, "none"));
    }
}

fn the_journal_has_every_event_with_its_id_and_fields() {
    let device = Device::new();
    let device = device.start();
    let licence = device.licence().sign();
    let good = device.file("a.lic", &licence);
    let bad = device.file("b.lic", &licence.replace("serial ", "serial 1"));
    let _ = device.run(["licctl", "import", &good]).with_code(0);
    let _ = device.run(["licctl", "import", &bad]).with_code(3);
    let _ = device.run_as_nobody(["licctl", "remove", "all"]).with_code(8);
    let _ = device.run(["licctl", "remove", "all"]).with_code(0);
    device.shell("systemctl stop licd.service");
    let events: [(&str, &[(&str, &str)]); 6] = [
        ("dfcf55479e3788d045a622acc1a60347", &[]),
        ("b9689b9a70e51a26585336aeefebfaad", &[("LICD_CODE", "valid")]),
        ("10358652c8f68be34169a1566b8da42e", &[("LICD_CODE", "bad-signature")]),
        (
            "ef7aebdc772528deff74fa4bd452dfe9",
            &[("LICD_CODE", "not-authorized"), ("LICD_UID", "65534")],
        ),
        ("6d7650332d3d6c4d8e6d7d2cd7b229ee", &[]),
        ("c2d0cb47646dfe404035d31f87cf91a7", &[]),
    ];
    for (id, fields) in events {
        let found = device.journal(&[&format!("MESSAGE_ID={id}")]);
        assert!(!found.is_empty(), "{id}: {:?}", device.journal(&["_SYSTEMD_UNIT=licd.service"]));
        for entry in &found {
            assert_eq!(entry["_SYSTEMD_UNIT"], "licd.service");
            assert_eq!(entry["SYSLOG_IDENTIFIER"], "licd");
        }
        for (name, value) in fields {
            assert!(found.iter().any(|entry| entry[*name] == *value), "{id} {name}: {found:?}");
        }
    }
}
