//! A device in a virtual machine: its hardware, and what one does with it.

mod hardware;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use acceptance::{program, wait};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::{Agent, Done};
use crate::image;
use crate::qmp::Qmp;
use crate::results::Results;
use crate::stick::{Format, Stick};
pub(crate) use hardware::Hardware;

/// How long the device may take for something that is not a start.
const PATIENCE: Duration = Duration::from_secs(180);
/// The same for the work between power button and darkness.
const SHUTDOWN: Duration = Duration::from_secs(300);

/// A device with disks of its own, gone when it is dropped.
pub(crate) struct Device {
    /// What it is made of; a change counts from the next start.
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
    /// A device that was never started, with an empty licence partition.
    pub(crate) fn new(results: Results) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let device = Self { hardware: Hardware::default(), running: None, results, dir };
        program::tool("cp", ["--sparse=always".into(), image::file("var.ext4"), device.var()]);
        hardware::make_license(&device.license());
        device
    }

    /// Switches it on, and waits until everything has started.
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
    pub(crate) fn try_sh(&mut self, script: &str) -> Done {
        self.on().agent.run(script)
    }

    /// The same for one that has to succeed; returns what it prints, trimmed.
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

    /// How `/license` is mounted and what is in it, a line each.
    pub(crate) fn store(&mut self) -> String {
        self.sh("findmnt -no OPTIONS /license | cut -d, -f1; cd /license/dsa/licenses && sha256sum *.lic")
    }

    /// The published status report.
    pub(crate) fn status(&mut self) -> Value {
        serde_json::from_str(&self.sh("cat /run/licd/status.json")).unwrap()
    }

    /// Waits until the published state is this one, and keeps the report.
    pub(crate) fn wait_for_state(&mut self, state: &str) -> Value {
        let published =
            format!("grep -q '^{{\"schema\":1,\"state\":\"{state}\"' /run/licd/status.json");
        self.wait_for(&format!("the state is {state}"), &published);
        let report = self.status();
        self.keep_status(&report);
        report
    }

    /// Waits until a script succeeds. The device itself looks, and rests between two looks: it has
    /// work to do.
    pub(crate) fn wait_for(&mut self, what: &str, script: &str) {
        let looks = PATIENCE.as_secs() * 2;
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

    /// Waits until it has restarted by itself.
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

    /// Tells QEMU what becomes of the hardware.
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

    /// Plugs in a stick that gives no more than so many bytes a second.
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

    /// Keeps a status report for whoever looks into the scenario.
    pub(crate) fn keep_status(&self, report: &Value) {
        let text = serde_json::to_string_pretty(report).unwrap();
        self.results.add("status", "json", &text);
    }

    /// Waits for the shell, then for everything that starts at a start.
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
            // A device that hangs is of no help any more.
            let sync = AssertUnwindSafe(|| running.agent.run("journalctl --sync; sync"));
            let _ = catch_unwind(sync);
            let _ = running.qemu.kill();
            let _ = running.qemu.wait();
        }
        keep_journal(&self.results, self.dir.path(), &self.var());
    }
}

/// Takes the journal of all starts out of the file system that it is on, whatever state that is in.
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
