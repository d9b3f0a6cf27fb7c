//! A simulated device: a root directory with everything that the programs read.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::bus::Bus;
use crate::daemon::Daemon;
use crate::machine::Machine;
use crate::maker::{self, MAC};
use crate::partition::Partition;
use crate::program::{self, Answer};

/// Bytes of a licence partition.
const PARTITION: u64 = 8 << 20;
/// The directory of the licences.
const LICENSES: &str = "/license/dsa/licenses";

/// A simulated device, deleted when dropped.
#[derive(Debug)]
pub struct World {
    partition: Option<Partition>,
    /// The message bus of the device.
    pub bus: Bus,
    /// The directory of its programs, if they were copied.
    programs: Option<PathBuf>,
    root: PathBuf,
    dir: TempDir,
}

impl World {
    /// A device with the unit ID [`maker::UNIT`], OS 12.4.0, the three roots of [`maker`], version 1
    /// of its trust document, a plain directory as its licence partition, and no licence.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Ordinary users need access.
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let root = dir.path().join("device");
        fs::create_dir_all(root.join("license")).unwrap();
        fs::create_dir_all(dir.path().join("inbox")).unwrap();
        let world =
            Self { partition: None, bus: Bus::in_dir(dir.path()), programs: None, root, dir };
        world.machine().pci_interface("eth0", MAC).dmi("product_serial", "14D3F8B00B");
        world.write("/etc/os-release", "VERSION_ID=12.4.0\nBUILD_DATE=2026-01-15\n");
        for root in maker::roots() {
            let file = format!("/usr/lib/licd/roots.d/{}.vkey", root.verifier().name());
            world.write(&file, format!("{}\n", root.verifier()));
        }
        world.write("/usr/lib/licd/trust.note", maker::trust(1, &[]));
        // The clock counts as synchronised.
        world.write("/run/systemd/timesync/synchronized", "");
        world
    }

    /// A device whose licence partition is a file system, mounted read-only. Needs root.
    #[must_use]
    pub fn mounted() -> Self {
        Self::mounted_with(PARTITION)
    }

    /// A device with a mounted licence partition of this size in bytes.
    #[must_use]
    pub fn mounted_with(bytes: u64) -> Self {
        let mut world = Self::new();
        let image = world.dir.path().join("license.img");
        world.partition = Some(Partition::new(&image, &world.path("/license"), bytes));
        world
    }

    /// The device in a directory that has its root directory, `device`, its user's files, `inbox`,
    /// and nothing running.
    #[must_use]
    pub fn in_dir(dir: TempDir, partition: Option<Partition>) -> Self {
        let (root, bus) = (dir.path().join("device"), Bus::in_dir(dir.path()));
        Self { partition, bus, programs: None, root, dir }
    }

    /// The root directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path of the device.
    #[must_use]
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// The device's hardware.
    #[must_use]
    pub fn machine(&self) -> Machine {
        Machine::at(&self.root)
    }

    /// The licence partition.
    ///
    /// # Panics
    /// If the world is not [`World::mounted`].
    #[must_use]
    pub fn partition(&self) -> &Partition {
        self.partition.as_ref().unwrap()
    }

    /// The licence partition, if it is a file system.
    #[must_use]
    pub fn file_system(&self) -> Option<&Partition> {
        self.partition.as_ref()
    }

    /// Writes a file of the device. An unchanged file keeps its time.
    pub fn write(&self, absolute: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(absolute);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes a file outside the device, as on a user's stick; returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join("inbox").join(name);
        fs::write(&path, content).unwrap();
        path.into_os_string().into_string().unwrap()
    }

    /// Copies a file into the store by hand, as the rescue shell's recipe does.
    pub fn copy_by_hand(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        self.by_hand(|licenses| {
            let path = licenses.join(name);
            fs::write(&path, content).unwrap();
            path
        })
    }

    /// Changes the directory of the licences by hand, as the rescue shell's recipe does.
    pub fn by_hand<T>(&self, work: impl FnOnce(&Path) -> T) -> T {
        if let Some(partition) = &self.partition {
            partition.make_writable();
        }
        fs::create_dir_all(self.licenses()).unwrap();
        let done = work(&self.licenses());
        if let Some(partition) = &self.partition {
            partition.make_read_only();
        }
        done
    }

    /// The directory of the licences.
    #[must_use]
    pub fn licenses(&self) -> PathBuf {
        self.path(LICENSES)
    }

    /// The names of all entries in the directory of the licences, in byte order.
    #[must_use]
    pub fn stored(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.licenses()) else { return Vec::new() };
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A device with copies of the programs, and this program as the fetch worker.
    #[must_use]
    pub fn with_worker(mut self, script: &str, mode: u32) -> Self {
        let programs = self.dir.path().join("programs");
        fs::create_dir(&programs).unwrap();
        for name in ["licd", "licctl"] {
            program::copy(&program::path(name), &programs.join(name));
        }
        let written = programs.join("script");
        fs::write(&written, script).unwrap();
        let worker = programs.join("licd-fetch");
        program::copy(&written, &worker);
        fs::set_permissions(&worker, PermissionsExt::from_mode(mode)).unwrap();
        self.programs = Some(programs);
        self
    }

    /// A program of the device, without the proxy settings of the tests' environment.
    #[must_use]
    pub fn program(&self, name: &str) -> Command {
        let path = self.programs.as_ref().map_or_else(|| program::path(name), |dir| dir.join(name));
        let mut command = Command::new(path);
        for scheme in ["http", "https", "all", "no"] {
            let variable = format!("{scheme}_proxy");
            command.env_remove(variable.to_uppercase()).env_remove(variable);
        }
        // Tests compare English texts.
        command.env("LC_ALL", "C").arg("--root").arg(&self.root);
        command
    }

    /// licctl on this device, without arguments yet; it finds no daemon.
    #[must_use]
    pub fn licctl_command(&self) -> Command {
        self.program("licctl")
    }

    /// Runs licctl on the device, without a daemon.
    pub fn licctl<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Answer {
        program::run(self.licctl_command().args(args))
    }

    /// Runs a command of the device as an ordinary user. Needs root.
    pub fn as_nobody(&self, command: &Command) -> Answer {
        let mut lowered = program::as_user(Path::new(command.get_program()), self.dir.path());
        program::run(lowered.args(command.get_args()))
    }

    /// Imports a file without a daemon; prints JSON.
    pub fn import(&self, content: impl AsRef<[u8]>) -> Answer {
        self.licctl(["import", "--json", &self.file("import.lic", content)])
    }

    /// The status report, read without a daemon.
    #[must_use]
    pub fn status(&self) -> Value {
        self.licctl(["status", "--json"]).with_code(0).json()
    }

    /// The status report without what the clock shows.
    #[must_use]
    pub fn report(&self) -> Value {
        masked(self.status())
    }

    /// Starts the daemon and waits until it is ready.
    #[must_use]
    pub fn start(&self) -> Daemon<'_> {
        Daemon::start(self, |command| command)
    }

    /// Starts the daemon with a modified command, such as another environment.
    #[must_use]
    pub fn start_with(&self, adjust: impl FnOnce(&mut Command) -> &mut Command) -> Daemon<'_> {
        Daemon::start(self, adjust)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A failed test may leave read-only directories.
            let _ = Command::new("chmod").args(["-R", "u+rwX"]).arg(&self.root).status();
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// A status report without the clock's time.
#[must_use]
pub fn masked(mut status: Value) -> Value {
    status["clock"]["now"].take();
    status
}
