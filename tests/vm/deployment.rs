//! A deployment from the link to the restart, with the real logind, polkit and session.

use acceptance::maker;

use crate::device::Device;
use crate::scenario::{Scenario, scenario};

/// The user at the device, and another one without a session.
const USER: &str = "nobody";
const OTHER: &str = "games";

pub(crate) const SCENARIOS: &[Scenario] = &[scenario!(
    a_deployment_asks_the_user_and_restarts_the_device,
    "7a: a licence that comes by a link asks the user at the device, who alone may answer; the device \
     restarts once and is licensed; a further deployment that is cancelled restarts nothing."
)];

fn a_deployment_asks_the_user_and_restarts_the_device(device: &mut Device) {
    device.start();
    log_in(device);
    deploy(device, 183);
    let refused =
        device.try_sh(&format!("setpriv --reuid={OTHER} --clear-groups {}", answer("now")));
    assert!(
        refused.code != 0 && refused.out.contains("com.igel.license1.deployment"),
        "{refused:?}"
    );
    device.sh("test $(systemctl show --value -p NRestarts licd) = 0");
    device.sh("echo now >/tmp/answer");
    device.wait_for_restart();
    let report = device.wait_for_state("valid");
    assert_eq!(report["restart_pending"], false, "{report}");
    let journal = "journalctl -b -1 -o cat -t licd | grep -F 'restart: ordered'";
    assert_eq!(device.sh(journal).lines().count(), 1);

    // The licence is removed, and a newer one arrives.
    device.sh("licctl remove all; cat /proc/sys/kernel/random/boot_id >/var/tmp/boot");
    log_in(device);
    deploy(device, 184);
    device.sh("echo cancel >/tmp/answer");
    device.wait_for("that is cancelled", &state("cancelled"));
    // The line may be wrapped anywhere.
    device.sh("licctl status | tr -s ' \\n' ' ' | grep 'a user has cancelled it'");
    device.sh("cmp /proc/sys/kernel/random/boot_id /var/tmp/boot");
    assert_eq!(device.status()["restart_pending"], true);
}

/// Logs a user in on the first console; the test scripts the answers.
fn log_in(device: &mut Device) {
    device.write(
        "/tmp/session",
        &format!(
            "until test -e /tmp/answer; do sleep 0.5; done\n{}\nsleep inf\n",
            answer("$(cat /tmp/answer)")
        ),
    );
    device.sh(&format!(
        "rm -f /tmp/answer; systemd-run --quiet --unit=session --property=User={USER} \
         --property=PAMName=login --property=TTYPath=/dev/tty1 --property=StandardInput=tty \
         --setenv=XDG_SESSION_TYPE=tty --property=StandardOutput=journal sh /tmp/session"
    ));
    let seated = "loginctl list-sessions --no-legend | grep -E 'nobody +seat0'";
    device.wait_for("there is a session", seated);
}

/// Adds a link to a licence with this serial, and waits for the question to the user.
fn deploy(device: &mut Device, serial: u64) {
    device.sh("mkdir -p /tmp/www");
    device.write(&format!("/tmp/www/{serial}.lic"), &maker::licence().serial(serial).sign());
    device.sh("pidof httpd || systemd-run --quiet busybox httpd -f -p 127.0.0.1:8080 -h /tmp/www");
    let link = format!("http://127.0.0.1:8080/{serial}.lic");
    let settings = format!("[system.remotemanager]\nlicense_urls = [\"{link}\"]");
    device.write("/etc/licd/settings.toml", &settings);
    let report = device.wait_for_state("valid");
    assert_eq!(report["restart_pending"], true, "{report}");
    device.wait_for("the user is asked", &state("asked"));
    device.sh("grep -q 'Restart now' /run/licd/restart.json");
}

/// A script that succeeds if the restart plan is `wanted`.
fn state(wanted: &str) -> String {
    let property = "com.igel.License1 /com/igel/License1 com.igel.License1.Deployment State";
    format!("busctl get-property {property} | grep -F '\"{wanted}\"'")
}

fn answer(word: &str) -> String {
    let method = "com.igel.License1 /com/igel/License1 com.igel.License1.Deployment Answer";
    format!("busctl call {method} s {word}")
}
