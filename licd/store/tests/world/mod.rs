//! The root directory of a device, with a licence partition on a real file system.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::thread;

use licd_fs::root::Root;
use licd_store::{Closed, FileName, Store, StoreError, Window};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

/// Holds the root directory in a test program that one of its tests has started again.
const AGAIN: &str = "LICD_WORLD";
const NONE: Option<&str> = None;

/// Whether this test can run as root. Reports a skipped test past the harness, which hides the output
/// of tests that pass.
pub(crate) fn is_root(test: &str) -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        let _ = writeln!(io::stderr(), "needs root: {test}");
    }
    root
}

/// A root directory with an empty plain directory as its store.
pub(crate) fn plain() -> (TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("license")).unwrap();
    let root = Root::new(dir.path()).unwrap();
    (dir, root)
}

/// Runs a test as root, on a thread with its own mount namespace, whose mounts end with the thread.
pub(crate) fn with_own_mounts(name: &str, test: impl FnOnce(&Path) + Send + 'static) {
    if !is_root(name) {
        return;
    }
    // A process that another test starts inherits all descriptors until execve(2), and would hold this
    // test's files.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // Created and removed outside the namespace, where nothing is mounted in it.
    let dir = tempfile::tempdir().unwrap();
    // A path that mountinfo escapes, and that an ordinary user may enter.
    let root = dir.path().join("dev ice");
    fs::create_dir_all(root.join("license")).unwrap();
    Command::new("chmod").arg("755").arg(dir.path()).status().unwrap();
    let thread = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).unwrap();
        test(&root);
    });
    let ended = thread.join();
    drop(dir);
    ended.unwrap_or_else(|panic| resume_unwind(panic));
}

/// A licence partition: an image, its loop device, mounted on `license` of a root directory.
pub(crate) struct Partition {
    pub(crate) place: PathBuf,
    pub(crate) image: PathBuf,
    pub(crate) device: String,
    pub(crate) store: Store,
}

impl Partition {
    /// Makes the file system as `mkfs.ext4 ARGS` does and mounts it read-only.
    pub(crate) fn new(root: &Path, mkfs: &[&str]) -> Self {
        Self::mounted(root, mkfs, MsFlags::MS_RDONLY, "")
    }

    /// Makes the file system and mounts it with flags and options.
    pub(crate) fn mounted(root: &Path, mkfs: &[&str], flags: MsFlags, options: &str) -> Self {
        let image = root.join("image");
        File::create(&image).unwrap().set_len(8 << 20).unwrap();
        run(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).args(mkfs).arg(&image));
        Self::of_image(root, image, flags, options)
    }

    /// Mounts an image.
    pub(crate) fn of_image(root: &Path, image: PathBuf, flags: MsFlags, options: &str) -> Self {
        let place = root.join("license");
        let found =
            Command::new("losetup").args(["--find", "--show"]).arg(&image).output().unwrap();
        let device = String::from_utf8(found.stdout).unwrap().trim().to_owned();
        assert!(!device.is_empty(), "no loop device");
        // A killed test may have left it write-protected.
        run(Command::new("blockdev").arg("--setrw").arg(&device));
        let mounted = mount(Some(device.as_str()), &place, Some("ext4"), flags, Some(options));
        // The kernel detaches the device with its last user, the mount.
        run(Command::new("losetup").args(["--detach", &device]));
        mounted.unwrap();
        Self { place, image, device, store: Store::new(&Root::new(root).unwrap()) }
    }

    pub(crate) fn licenses(&self) -> PathBuf {
        self.place.join("dsa/licenses")
    }

    pub(crate) fn remount(&self, flags: MsFlags) {
        mount(NONE, &self.place, NONE, MsFlags::MS_REMOUNT | flags, NONE).unwrap();
    }

    pub(crate) fn unmount(&self) {
        umount2(&self.place, MntFlags::MNT_DETACH).unwrap();
    }

    /// The options of the mount and of its file system, as the kernel lists them.
    pub(crate) fn options(&self) -> String {
        let escaped = self.place.to_str().unwrap().replace(' ', "\\040");
        let table = fs::read_to_string("/proc/thread-self/mountinfo").unwrap();
        let line = table.lines().find(|line| line.split(' ').nth(4) == Some(&escaped)).unwrap();
        let (mount, fs) = line.split_once(" - ").unwrap();
        let mount = mount.split(' ').nth(5).unwrap();
        format!("{mount} {}", fs.split(' ').nth(2).unwrap())
    }
}

pub(crate) fn name(name: &str) -> FileName {
    FileName::new(name).unwrap()
}

/// Writes with work that fails with a [`StoreError`].
pub(crate) fn write<T>(
    store: &Store,
    work: impl FnOnce(&mut Window<'_>) -> Result<T, StoreError>,
) -> Result<(T, Closed), StoreError> {
    store.write(work)
}

pub(crate) fn put(store: &Store, file: &str, bytes: &[u8]) -> Result<Closed, StoreError> {
    write(store, |window| window.put(&name(file), bytes)).map(|(_, closed)| closed)
}

/// Stores a file and checks that the partition is read-only afterwards.
pub(crate) fn store_closed(store: &Store, file: &str, bytes: &[u8]) {
    assert_eq!(put(store, file, bytes).unwrap(), Closed::ReadOnly);
}

/// A process that dropping this kills.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The names that the store lists.
pub(crate) fn names(store: &Store) -> Vec<String> {
    let listing = store.licenses().unwrap();
    listing.entries.iter().map(|entry| entry.name.to_string()).collect()
}

/// The names of all files in a directory.
pub(crate) fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Runs a test in a process of its own, which gets the directory from [`root_of_again`].
pub(crate) fn again(root: &Path, test: &str, uid: u32) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(AGAIN, root)
        .uid(uid)
        .gid(uid)
        .status()
        .unwrap()
}

/// The root directory in a process that [`again`] has started.
pub(crate) fn root_of_again() -> Option<PathBuf> {
    std::env::var_os(AGAIN).map(PathBuf::from)
}
