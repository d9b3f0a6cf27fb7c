//! A booted device: a small Debian with the package installed, systemd as its first process, its
//! own bus, polkit and journal, and a licence partition that its own unit mounts. It shares kernel
//! and network interfaces with the machine.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use acceptance::client::Client;
use acceptance::maker::{self, Draft};
use acceptance::program::{self, Answer, tool};
use acceptance::wait;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// The environment variable with the path of the system, which tests/device/image prints.
const IMAGE: &str = "LICD_DEVICE";
/// Bytes of the licence partition.
const PARTITION: u64 = 8 << 20;
const NONE: Option<&str> = None;

/// The reason why a device cannot be booted, if any.
pub(crate) fn obstacle() -> Option<&'static str> {
    std::env::var_os(IMAGE).is_none().then_some(
        "needs a system that can be booted: LICD_DEVICE, as tests/run sets it where it can be",
    )
}

/// The system without changes by stories. Read-only by convention.
pub(crate) fn image() -> PathBuf {
    let dir = PathBuf::from(std::env::var_os(IMAGE).unwrap());
    assert!(dir.join("usr/lib/licd/licd").exists(), "{IMAGE}: not what tests/device/image makes");
    dir
}

/// One device runs at a time: all share the control groups of this process, which each first
/// process claims.
static ONLY: Mutex<()> = Mutex::new(());

/// A device that is switched off.
pub(crate) struct Device {
    _only: MutexGuard<'static, ()>,
    dir: TempDir,
    loop_device: String,
}

/// A running device. Dropping it cuts its power.
pub(crate) struct Running<'d> {
    device: &'d Device,
    nspawn: Child,
    leader: i32,
}

impl Device {
    /// A device with the roots of [`maker`], a trust document, and an empty licence partition. The
    /// calling thread has its own mounts from here on.
    pub(crate) fn new() -> Self {
        let only = ONLY.lock().unwrap_or_else(PoisonError::into_inner);
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["upper", "work", "root"] {
            fs::create_dir(at(name)).unwrap();
        }
        let (upper, work) = (at("upper"), at("work"));
        let layers = format!(
            "lowerdir={},upperdir={},workdir={}",
            image().display(),
            upper.display(),
            work.display()
        );
        mount(Some("overlay"), &at("root"), Some("overlay"), MsFlags::empty(), Some(&*layers))
            .unwrap();
        let partition = at("license.img");
        File::create(&partition).unwrap().set_len(PARTITION).unwrap();
        tool("mkfs.ext4", ["-q", "-m", "0", "-L", "license", partition.to_str().unwrap()]);
        let loop_device = tool("losetup", ["--find", "--show", partition.to_str().unwrap()]);
        let device = Self { _only: only, dir, loop_device };
        device.furnish();
        device
    }

    fn furnish(&self) {
        for root in maker::roots() {
            let file = format!("usr/lib/licd/roots.d/{}.vkey", root.verifier().name());
            self.write(&file, format!("{}\n", root.verifier()));
        }
        self.write("usr/lib/licd/trust.note", maker::trust(1, &[]));
        self.write("etc/licd/licd.toml.d/system.toml", "[system]\ngeneration = 12\n");
        let example = self.path("usr/share/doc/licd/examples/license.mount");
        fs::copy(example, self.path("etc/systemd/system/license.mount")).unwrap();
        self.want("license.mount", "local-fs.target");
    }

    /// A path on the device while it is switched off.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("root").join(path)
    }

    /// Writes a file of the device, before it is started.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Makes a target start a unit.
    pub(crate) fn want(&self, unit: &str, target: &str) {
        let wants = self.path(&format!("etc/systemd/system/{target}.wants"));
        fs::create_dir_all(&wants).unwrap();
        std::os::unix::fs::symlink(format!("../{unit}"), wants.join(unit)).unwrap();
    }

    /// Puts a licence on the partition, before the device is started.
    pub(crate) fn copy_by_hand(&self, content: &str) {
        self.alter_partition(|place| {
            fs::create_dir_all(place.join("dsa/licenses")).unwrap();
            fs::write(place.join("dsa/licenses/by hand.lic"), content).unwrap();
        });
    }

    /// Changes the partition before the device starts.
    pub(crate) fn alter_partition(&self, alter: impl FnOnce(&Path)) {
        let place = self.dir.path().join("partition");
        fs::create_dir_all(&place).unwrap();
        mount(Some(&*self.loop_device), &place, Some("ext4"), MsFlags::empty(), NONE).unwrap();
        alter(&place);
        umount2(&place, MntFlags::empty()).unwrap();
    }

    /// Boots the device and waits until the boot has finished.
    pub(crate) fn start(&self) -> Running<'_> {
        let running = self.boot(&format!("--bind={}:/dev/disk/by-label/license", self.loop_device));
        let state = running.started();
        let failed = running.run(["systemctl", "--failed", "--no-legend", "--plain"]);
        assert_eq!(state, "running", "{}", failed.out);
        running
    }

    /// Boots the device without its licence partition and waits until the boot has finished.
    pub(crate) fn start_without_partition(&self) -> Running<'_> {
        // With its own /sys, systemd would wait for udev events, which never arrive in the
        // container.
        let running = self.boot("--bind=/sys");
        let _ = running.started();
        running
    }

    fn boot(&self, bind: &str) -> Running<'_> {
        let log = File::create(self.dir.path().join("console")).unwrap();
        let mut nspawn = Command::new("systemd-nspawn")
            .args(["--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe"])
            .args(["--link-journal=no", "--timezone=off", "--resolv-conf=off", bind])
            .arg("--directory")
            .arg(self.dir.path().join("root"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let children = format!("/proc/{0}/task/{0}/children", nspawn.id());
        // The first child only prepares the container and is in no namespace yet.
        let leader = wait::until("the device's first process", || {
            assert_eq!(nspawn.try_wait().unwrap(), None, "{}", self.console());
            let pids = fs::read_to_string(&children).ok()?;
            pids.split_whitespace().find(|pid| is_first_process(pid))?.parse().ok()
        });
        Running { device: self, nspawn, leader }
    }

    fn console(&self) -> String {
        fs::read_to_string(self.dir.path().join("console")).unwrap()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = umount2(&self.dir.path().join("root"), MntFlags::MNT_DETACH);
        let _ = Command::new("/sbin/losetup").args(["--detach", &self.loop_device]).status();
    }
}

impl Running<'_> {
    /// Waits until the boot has finished; returns the system state.
    fn started(&self) -> String {
        wait::until("the device has started", || {
            let asked = self.run(["systemctl", "is-system-running", "--wait"]);
            let state = asked.out.trim().to_owned();
            matches!(&*state, "running" | "degraded" | "maintenance").then_some(state)
        })
    }

    /// A D-Bus client of the test on the device's bus, as root.
    pub(crate) fn client(&self) -> Client {
        let socket = format!("/proc/{}/root/run/dbus/system_bus_socket", self.leader);
        Client::connect(&format!("unix:path={socket}"))
    }

    /// A command on the device, as root, without arguments yet.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.leader.to_string()]);
        command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a command on the device, as root.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Answer {
        program::run(self.command().args(words))
    }

    /// Runs a command on the device as an unprivileged user.
    pub(crate) fn run_as_nobody<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
    ) -> Answer {
        let mut command = self.command();
        command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        program::run(command.args(words))
    }

    /// Runs a shell script, which must succeed.
    pub(crate) fn shell(&self, script: &str) -> String {
        self.run(["sh", "-euc", script]).with_code(0).out.trim().to_owned()
    }

    /// Writes a world-readable file and returns its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = format!("/tmp/{name}");
        let script = format!("umask 022; cat > {path}");
        let mut command = self.command();
        let answer =
            program::run_with_input(command.args(["sh", "-c", &script]), content.as_bytes());
        let _ = answer.with_code(0);
        path
    }

    /// A licence for the machine that runs the tests.
    pub(crate) fn licence(&self) -> Draft {
        let unit = self.run(["licctl", "unit-id"]).with_code(0).out;
        maker::licence().units(&[unit.trim()])
    }

    /// A property of the service.
    pub(crate) fn service(&self, property: &str) -> String {
        self.shell(&format!("systemctl show --value --property={property} licd.service"))
    }

    /// The options of the licence partition's mount and file system, as seen outside the daemon's
    /// namespace.
    pub(crate) fn partition(&self) -> [String; 2] {
        let table = self.shell("cat /proc/1/mountinfo");
        let line = table.lines().find(|line| line.split(' ').nth(4) == Some("/license")).unwrap();
        let (mount, fs) = line.split_once(" - ").unwrap();
        let nth = |text: &str, n| text.split(' ').nth(n).unwrap().to_owned();
        [nth(mount, 5), nth(fs, 2)]
    }

    /// The names of the licence files.
    pub(crate) fn stored(&self) -> Vec<String> {
        self.shell("ls /license/dsa/licenses 2>/dev/null || true")
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// The journal entries for these matches.
    pub(crate) fn journal(&self, matches: &[&str]) -> Vec<serde_json::Value> {
        let mut command = self.command();
        command.args(["journalctl", "--boot", "--output=json", "--quiet"]).args(matches);
        let lines = program::run(&mut command).out;
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.run(["journalctl", "--boot", "--no-pager", "--lines=80"]).out;
            eprintln!("{}\n{log}", self.device.console());
        }
        // Killing the first process ends all others.
        let _ = kill(Pid::from_raw(self.leader), Signal::SIGKILL);
        let _ = self.nspawn.wait();
    }
}

/// Whether a process is the first process of a container and has started as such.
fn is_first_process(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let has = |key: &str, value: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        line.is_some_and(|line| line.split_whitespace().next_back() == Some(value))
    };
    has("Name:", "systemd") && has("NSpid:", "1")
}

/// Whether mount options include `ro`.
pub(crate) fn is_read_only(options: &str) -> bool {
    options.split(',').any(|option| option == "ro")
}

/// An empty root directory.
pub(crate) fn empty_root() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Whether a program is statically linked.
pub(crate) fn is_static(program: &Path) -> bool {
    let headers = tool("readelf", ["--program-headers", program.to_str().unwrap()]);
    !headers.contains("INTERP")
}
