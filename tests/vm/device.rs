//! A device in a virtual machine: its hardware and its operation.

mod hardware;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use acceptance::{program, wait};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::{Agent, ScriptOutput};
use crate::image;
use crate::qmp::Qmp;
use crate::results::Results;
use crate::stick::{Format, Stick};
pub(crate) use hardware::Hardware;

/// The time limit for operations other than a boot.
const TIMEOUT: Duration = Duration::from_secs(180);
/// The time limit for a shutdown.
const SHUTDOWN: Duration = Duration::from_secs(300);

/// A device with its own disks, deleted when dropped.
pub(crate) struct Device {
    /// The hardware; changes apply from the next boot.
    pub(crate) hardware: Hardware,
    running: Option<Running>,
    results: Results,
    dir: TempDir,
}

/// A device that is switched on.
struct Running {
    qemu: Child,
    qmp: Qmp,
    agent: Agent,
}

impl Device {
    /// A device that never booted, with an empty licence partition.
    pub(crate) fn new(results: Results) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let device = Self { hardware: Hardware::default(), running: None, results, dir };
        program::tool("cp", ["--sparse=always".into(), image::file("var.ext4"), device.var()]);
        hardware::make_license(&device.license());
        device
    }

    /// Boots the device and waits until the boot has finished.
    pub(crate) fn start(&mut self) {
        assert!(self.running.is_none(), "it is switched on already");
        let (qmp, agent) = (self.dir.path().join("qmp"), self.dir.path().join("agent"));
        let _ = (fs::remove_file(&qmp), fs::remove_file(&agent));
        let mut command = self.hardware.command(&self.var(), &self.license());
        hardware::add_lines(&mut command, &qmp, &agent, &self.results.file("console.log"));
        let qemu = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (qmp, agent) = (Qmp::connect(&qmp), Agent::connect(&agent));
        self.running = Some(Running { qemu, qmp, agent });
        self.wait_for_start();
    }

    /// Runs a script in the device, as root.
    pub(crate) fn try_sh(&mut self, script: &str) -> ScriptOutput {
        self.on().agent.run(script)
    }

    /// Runs a script that must succeed; returns its trimmed output.
    pub(crate) fn sh(&mut self, script: &str) -> String {
        let done = self.try_sh(script);
        assert_eq!(done.code, 0, "{script}\n{}", done.out);
        done.out.trim().to_owned()
    }

    /// Writes a file in the device.
    pub(crate) fn write(&mut self, path: &str, content: &str) {
        self.sh(&format!("cat >{path} <<'THE-END'\n{}\nTHE-END", content.trim_end_matches('\n')));
    }

    /// Imports a file by the rescue tool; returns exit code, code and message.
    pub(crate) fn import(&mut self, content: &str) -> (i32, String, String) {
        self.write("/tmp/import.lic", content);
        let done = self.try_sh("licctl import --json /tmp/import.lic");
        let json: Value = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
        let file = &json["files"][0];
        let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
        (done.code, text("code"), text("message"))
    }

    /// The mount options and the content of `/license`, one per line.
    pub(crate) fn store(&mut self) -> String {
        self.sh("findmnt -no OPTIONS /license | cut -d, -f1; cd /license/dsa/licenses && sha256sum *.lic")
    }

    /// The published status report.
    pub(crate) fn status(&mut self) -> Value {
        serde_json::from_str(&self.sh("cat /run/licd/status.json")).unwrap()
    }

    /// Waits for a published state and saves the report.
    pub(crate) fn wait_for_state(&mut self, state: &str) -> Value {
        let published =
            format!("grep -q '^{{\"schema\":1,\"state\":\"{state}\"' /run/licd/status.json");
        self.wait_for(&format!("the state is {state}"), &published);
        let report = self.status();
        self.keep_status(&report);
        report
    }

    /// Waits until a script succeeds. The loop runs on the device, with pauses, to limit its load.
    pub(crate) fn wait_for(&mut self, what: &str, script: &str) {
        let looks = TIMEOUT.as_secs() * 2;
        let done = self.try_sh(&format!(
            "for look in $(seq {looks}); do ( {script} ) && exit; sleep 0.5; done; \
             head -c 3000 /run/licd/status.json; exit 1"
        ));
        assert_eq!(done.code, 0, "waited in vain: {what} ({script})\n{}", done.out);
    }

    /// Restarts it as the user would.
    pub(crate) fn reboot(&mut self) {
        self.on().agent.tell("systemctl reboot --no-block");
        self.wait_for_start();
    }

    /// Waits until the device has rebooted by itself.
    pub(crate) fn wait_for_restart(&mut self) {
        self.wait_for_start();
    }

    /// Presses its reset button.
    pub(crate) fn reset(&mut self) {
        self.on().qmp.run("system_reset", json!({}));
        self.wait_for_start();
    }

    /// Switches it off as the user would.
    pub(crate) fn power_off(&mut self) {
        self.on().agent.tell("systemctl poweroff --no-block");
        let mut running = self.running.take().unwrap();
        let ended = wait::within(SHUTDOWN, || running.qemu.try_wait().unwrap());
        if ended.is_none() {
            let _ = running.qemu.kill();
            panic!("it does not switch itself off");
        }
    }

    /// Runs a QMP command that changes the hardware.
    pub(crate) fn qmp(&mut self, command: &str, arguments: Value) {
        self.on().qmp.run(command, arguments);
    }

    /// Makes a stick with these files.
    pub(crate) fn stick(
        &self,
        name: &str,
        format: Format,
        partitioned: bool,
        files: &[(&str, String)],
    ) -> Stick {
        Stick::make(self.dir.path(), name, format, partitioned, files)
    }

    /// Plugs in a stick.
    pub(crate) fn plug(&mut self, stick: &Stick) {
        let disk = json!({ "driver": "raw", "node-name": stick.name,
            "file": { "driver": "file", "filename": stick.image } });
        self.on().qmp.run("blockdev-add", disk);
        self.plug_node(stick);
    }

    /// Plugs in a stick with a limited read rate.
    pub(crate) fn plug_slow(&mut self, stick: &Stick, bytes_per_second: u64) {
        let qmp = &mut self.on().qmp;
        let group = format!("{}-group", stick.name);
        let limits = json!({ "bps-read": bytes_per_second });
        qmp.run(
            "object-add",
            json!({ "qom-type": "throttle-group", "id": group, "limits": limits }),
        );
        let disk = json!({ "driver": "throttle", "node-name": stick.name, "throttle-group": group,
            "file": { "driver": "raw", "file": { "driver": "file", "filename": stick.image } } });
        qmp.run("blockdev-add", disk);
        self.plug_node(stick);
    }

    fn plug_node(&mut self, stick: &Stick) {
        let device = json!({ "driver": "usb-storage", "bus": "xhci.0", "drive": stick.name,
            "id": format!("usb-{}", stick.name), "serial": stick.name.to_uppercase() });
        self.on().qmp.run("device_add", device);
    }

    /// Pulls a stick out. Its image stays as it is, and can be plugged in again.
    pub(crate) fn pull(&mut self, stick: &Stick) {
        let id = format!("usb-{}", stick.name);
        let qmp = &mut self.on().qmp;
        qmp.run("device_del", json!({ "id": id }));
        qmp.wait_for("DEVICE_DELETED", &id);
        qmp.run("blockdev-del", json!({ "node-name": stick.name }));
    }

    /// Saves a status report in the scenario's results.
    pub(crate) fn keep_status(&self, report: &Value) {
        let text = serde_json::to_string_pretty(report).unwrap();
        self.results.add("status", "json", &text);
    }

    /// Waits for the shell, then for the end of the boot.
    fn wait_for_start(&mut self) {
        self.on().agent.wait_for_start();
        let state = self.try_sh("systemctl is-system-running --wait").out;
        let failed = self.try_sh("systemctl --failed --plain --no-legend").out;
        assert!(matches!(state.trim(), "running" | "degraded"), "{state}: {failed}");
        assert!(!failed.contains("licd"), "{failed}");
        self.results.note_start();
    }

    fn on(&mut self) -> &mut Running {
        self.running.as_mut().expect("it is switched on")
    }

    fn var(&self) -> PathBuf {
        self.dir.path().join("var.ext4")
    }

    /// The disk with the licence partition.
    pub(crate) fn license(&self) -> PathBuf {
        self.dir.path().join("license.ext4")
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            // A hung device cannot run it, so failures are ignored.
            let sync = AssertUnwindSafe(|| running.agent.run("journalctl --sync; sync"));
            let _ = catch_unwind(sync);
            let _ = running.qemu.kill();
            let _ = running.qemu.wait();
        }
        keep_journal(&self.results, self.dir.path(), &self.var());
    }
}

/// Copies the journal of all boots from its file system, whatever state that is in.
fn keep_journal(results: &Results, dir: &Path, var: &Path) {
    let script = "PATH=$PATH:/usr/sbin:/sbin
        e2fsck -fy \"$2\"; debugfs -R \"rdump /log/journal $1\" \"$2\"
        journalctl --directory=\"$(echo \"$1\"/journal/*)\" -o short-monotonic --no-pager --no-hostname";
    let output =
        std::process::Command::new("sh").args(["-c", script, "sh"]).args([dir, var]).output();
    if let Ok(output) = output {
        results.add("journal", "txt", &String::from_utf8_lossy(&output.stdout));
    }
}
