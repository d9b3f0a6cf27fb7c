//! Authorisation of changes, with the real bus and the real polkit.

use acceptance::harness::Story;
use acceptance::program::Answer;
use acceptance::story;

use crate::device::{Device, Running};

pub(crate) const STORIES: &[Story] = &[
    story!(root_and_users_authorised_by_polkit_may_change, needs root),
    story!(only_root_may_own_the_daemons_bus_name, needs root),
    story!(without_polkit_only_root_may_change, needs root),
    story!(a_hanging_polkit_denies, needs root),
];

/// The exit code for a refused change.
const NOT_AUTHORIZED: i32 = 8;
const REFUSED: &str = "com.igel.License1.Error.NotAuthorized";

/// Every change that requires authorisation, attempted by an unprivileged user.
fn attempts(device: &Running<'_>, file: &str) -> [Answer; 3] {
    let settings = ["ApplySettings", "s", ""];
    let remove = ["Remove", "sa{sv}", "all", "0"];
    let import = ["Import", "sa{sv}", file, "0"];
    let call = |words: &[&str]| {
        let manager = ["com.igel.License1", "/com/igel/License1", "com.igel.License1.Manager"];
        device.run_as_nobody([&["busctl", "call"], &manager[..], words].concat())
    };
    [call(&settings), call(&remove), call(&import)]
}

fn assert_refused(device: &Running<'_>, file: &str) {
    for answer in attempts(device, file) {
        assert_ne!(answer.code, 0, "{answer:?}");
        assert!(answer.err.contains("com.igel.license1."), "{answer:?}");
    }
    let answer = device.run_as_nobody(["licctl", "import", file]).with_code(NOT_AUTHORIZED);
    assert!(
        answer.err.contains("com.igel.license1.import") || answer.out.contains("not-authorized")
    );
    assert!(device.stored().is_empty());
    // The error name that a program receives.
    let words = ["--print-reply", "--system", "--dest=com.igel.License1", "/com/igel/License1"];
    let settings = ["com.igel.License1.Manager.ApplySettings", "string:"];
    let named = device.run_as_nobody([&["dbus-send"], &words[..], &settings].concat());
    assert!(named.err.contains(REFUSED), "{named:?}");
    // Every user may read.
    let _ = device.run_as_nobody(["licctl", "status"]).with_code(0);
}

fn root_and_users_authorised_by_polkit_may_change() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("a.lic", &device.licence().sign());
    for action in ["import", "remove", "settings"] {
        let known = device.run(["pkaction", "--action-id", &format!("com.igel.license1.{action}")]);
        let _ = known.with_code(0);
    }
    assert_refused(&device, &file);
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    let _ = device.run(["licctl", "remove", "all"]).with_code(0);
    let rule = "polkit.addRule(function(action, subject) { \
                if (action.id == \"com.igel.license1.import\") return polkit.Result.YES; });";
    device.shell(&format!(
        "echo '{rule}' > /etc/polkit-1/rules.d/10-test.rules; systemctl restart polkit.service"
    ));
    let _ = device.run_as_nobody(["licctl", "import", &file]).with_code(0);
    assert_eq!(device.stored().len(), 1);
    let _ = device.run_as_nobody(["licctl", "remove", "all"]).with_code(NOT_AUTHORIZED);
    assert_eq!(device.stored().len(), 1);
}

fn only_root_may_own_the_daemons_bus_name() {
    let device = Device::new();
    let device = device.start();
    device.shell("systemctl stop licd.service");
    let own = [
        "dbus-send",
        "--system",
        "--print-reply",
        "--dest=org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus.RequestName",
        "string:com.igel.License1",
        "uint32:0",
    ];
    let refused = device.run_as_nobody(own);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(refused.err.contains("is not allowed to own the service"), "{refused:?}");
    let granted = device.run(own).with_code(0);
    assert!(granted.out.contains("uint32 1"), "{granted:?}");
}

fn without_polkit_only_root_may_change() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("a.lic", &device.licence().sign());
    device.shell("systemctl mask --now polkit.service");
    assert_refused(&device, &file);
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    let _ = device.run(["licctl", "remove", "all"]).with_code(0);
}

fn a_hanging_polkit_denies() {
    let device = Device::new();
    let device = device.start();
    let file = device.file("a.lic", &device.licence().sign());
    device.shell("systemctl start polkit.service; systemctl kill --signal=STOP polkit.service");
    let _ = device.run_as_nobody(["licctl", "import", &file]).with_code(NOT_AUTHORIZED);
    assert!(device.stored().is_empty());
    let _ = device.run(["licctl", "import", &file]).with_code(0);
    assert_eq!(device.stored().len(), 1);
}
