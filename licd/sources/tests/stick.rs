//! Reading a stick, as an image on a loop device. All tests but one need root.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use licd_fs::root::Root;
use licd_sources::intake::OpenError;
use licd_sources::stick::{Content, ENTRIES, Incomplete, StickError, open};
use tempfile::TempDir;

/// A stick with the files of a directory.
struct Stick {
    dir: TempDir,
    device: PathBuf,
}

impl Stick {
    /// Formats an image and passes it to `prepare`.
    fn new(fill: impl FnOnce(&Path), prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (top, image) = (dir.path().join("top"), dir.path().join("image"));
        fs::create_dir(&top).unwrap();
        fill(&top);
        File::create(&image).unwrap().set_len(8 << 20).unwrap();
        run(Command::new("mkfs.ext4").args(["-q", "-d"]).args([&top, &image]));
        prepare(&image);
        let found =
            Command::new("losetup").args(["--find", "--show"]).arg(&image).output().unwrap();
        let device = String::from_utf8(found.stdout).unwrap().trim().into();
        Self { dir, device }
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    fn open(&self) -> Result<Content, StickError> {
        open(&Root::new("/").unwrap(), &self.device)
    }

    fn names(&self) -> Vec<String> {
        let content = self.open().unwrap();
        content.names().iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    fn hash(&self) -> String {
        run(Command::new("sync").arg(self.image()));
        let output = Command::new("sha256sum").arg(self.image()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Detaches the device, and returns whether all users have closed it by a deadline. The kernel
    /// detaches it with its last user, and losetup(8) in another test opens every loop device for a
    /// moment.
    fn becomes_free(&self) -> bool {
        run(Command::new("losetup").arg("--detach").arg(&self.device));
        let name = self.device.file_name().unwrap();
        let backing_file = Path::new("/sys/class/block").join(name).join("loop/backing_file");
        let image = fs::canonicalize(self.image()).unwrap();
        let is_attached =
            || fs::read_to_string(&backing_file).is_ok_and(|file| Path::new(file.trim()) == image);
        let deadline = Instant::now() + Duration::from_secs(30);
        while is_attached() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        !is_attached()
    }
}

impl Drop for Stick {
    fn drop(&mut self) {
        let image = fs::canonicalize(self.image()).unwrap();
        let out = Command::new("losetup").arg("-j").arg(image).output().unwrap();
        if !out.stdout.is_empty() {
            let _ = Command::new("losetup").arg("--detach").arg(&self.device).status();
        }
    }
}

fn nothing(_: &Path) {}

fn debugfs(image: &Path, request: &str) {
    run(Command::new("debugfs").args(["-w", "-R", request]).arg(image));
}

fn read(content: &Content, name: &str) -> Result<String, OpenError> {
    let mut text = String::new();
    content.open(name.as_ref())?.read_to_string(&mut text).map_err(OpenError::Unreadable)?;
    Ok(text)
}

#[test]
fn only_documents_are_listed_in_byte_order() {
    if !is_root("only_documents_are_listed_in_byte_order") {
        return;
    }
    let stick = Stick::new(
        |top| {
            for name in ["b.lic", "A.LIC", "a.lic", "._a.lic", "a.lic.txt", "lic", "TRUST.NOTE"] {
                fs::write(top.join(name), name).unwrap();
            }
            fs::create_dir(top.join("sub")).unwrap();
            fs::write(top.join("sub/c.lic"), "").unwrap();
        },
        nothing,
    );
    assert_eq!(stick.names(), ["A.LIC", "TRUST.NOTE", "a.lic", "b.lic"]);
    let content = stick.open().unwrap();
    assert_eq!(read(&content, "A.LIC").unwrap(), "A.LIC");
    assert_eq!(content.near_misses(), ["a.lic.txt"]);
}

#[test]
fn documents_in_folders_are_named_if_the_top_directory_has_none() {
    if !is_root("documents_in_folders_are_named_if_the_top_directory_has_none") {
        return;
    }
    let fill = |top: &Path| {
        for file in
            ["b/1.lic", "b/2.lic", "b/3.lic", "a/trust.note", "a/x.txt", ".c/4.lic", "d/e/5.lic"]
        {
            fs::create_dir_all(top.join(file).parent().unwrap()).unwrap();
            fs::write(top.join(file), "").unwrap();
        }
        symlink("b", top.join("A")).unwrap();
    };
    let named = |stick: &Stick| {
        let below = stick.open().unwrap().below().to_vec();
        below.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let stick = Stick::new(fill, nothing);
    assert_eq!(named(&stick), ["a/trust.note", "b/1.lic", "b/2.lic", "b/3.lic"]);
    let more = |top: &Path| {
        fill(top);
        fs::write(top.join("a/0.lic"), "").unwrap();
    };
    let stick = Stick::new(more, nothing);
    assert_eq!(named(&stick), ["a/0.lic", "a/trust.note", "b/1.lic", "b/2.lic"]);
    let there = |top: &Path| {
        fill(top);
        fs::write(top.join("0.lic"), "").unwrap();
    };
    assert_eq!(named(&Stick::new(there, nothing)), [""; 0]);
    // However many folders there are, only some are looked into.
    let many = |top: &Path| {
        for n in 10..90 {
            fs::create_dir(top.join(format!("{n}"))).unwrap();
        }
        for n in [41, 42] {
            fs::write(top.join(format!("{n}/a.lic")), "").unwrap();
        }
    };
    assert_eq!(named(&Stick::new(many, nothing)), ["41/a.lic"]);
}

#[test]
fn only_regular_files_are_opened() {
    if !is_root("only_regular_files_are_opened") {
        return;
    }
    let stick = Stick::new(
        |top| {
            fs::create_dir(top.join("dir.lic")).unwrap();
            symlink("/etc/passwd", top.join("link.lic")).unwrap();
            symlink("file", top.join("near.lic")).unwrap();
            fs::write(top.join("file"), "").unwrap();
            nix::unistd::mkfifo(&top.join("pipe.lic"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        },
        |image| {
            debugfs(image, "mknod disk.lic b 8 1");
            debugfs(image, "mknod console.lic c 5 1");
        },
    );
    let content = stick.open().unwrap();
    for (name, kind) in [
        ("dir.lic", "a directory"),
        ("link.lic", "a link"),
        ("near.lic", "a link"),
        ("pipe.lic", "a pipe"),
        ("disk.lic", "a device"),
        ("console.lic", "a device"),
    ] {
        let Err(OpenError::NotAFile(found)) = read(&content, name) else { panic!("{name}") };
        assert_eq!(found.to_string(), kind, "{name}");
    }
    // No name leads out of the stick.
    for name in ["../etc/passwd", "/etc/passwd"] {
        assert!(read(&content, name).is_err(), "{name}");
    }
}

#[test]
fn the_entries_of_a_large_directory_are_limited() {
    if !is_root("the_entries_of_a_large_directory_are_limited") {
        return;
    }
    let fill = |count: usize| {
        move |top: &Path| {
            // lost+found is another entry.
            for number in 1..count {
                fs::write(top.join(format!("{number}.lic")), "").unwrap();
            }
        }
    };
    let full = Stick::new(fill(ENTRIES), nothing);
    assert!(full.open().unwrap().incomplete().is_none());
    assert_eq!(full.names().len(), ENTRIES - 1);
    let fuller = Stick::new(fill(ENTRIES + 1), nothing);
    assert!(matches!(fuller.open().unwrap().incomplete(), Some(Incomplete::TooMany)));
}

#[test]
fn a_stick_is_neither_written_nor_held() {
    if !is_root("a_stick_is_neither_written_nor_held") {
        return;
    }
    let stick = Stick::new(|top| fs::write(top.join("a.lic"), "a").unwrap(), nothing);
    let before = stick.hash();
    let content = stick.open().unwrap();
    let file = content.open("a.lic".as_ref()).unwrap();
    drop(content);
    assert_eq!(std::io::read_to_string(&file).unwrap(), "a");
    drop(file);
    assert_eq!(stick.hash(), before);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(stick.device.to_str().unwrap()), "{mounts}");
    assert!(stick.becomes_free());
}

#[test]
fn a_stick_with_unfinished_deletions_is_not_opened() {
    if !is_root("a_stick_with_unfinished_deletions_is_not_opened") {
        return;
    }
    let stick = Stick::new(
        |top| fs::write(top.join("a.lic"), "a").unwrap(),
        |image| debugfs(image, "set_super_value last_orphan 12"),
    );
    let before = stick.hash();
    assert!(matches!(stick.open(), Err(StickError::Unfinished)));
    assert_eq!(stick.hash(), before);
}

#[test]
fn a_device_without_a_file_system_is_not_opened() {
    if !is_root("a_device_without_a_file_system_is_not_opened") {
        return;
    }
    let zeros = |image: &Path| {
        File::create(image).unwrap().set_len(1 << 20).unwrap();
    };
    assert!(matches!(Stick::new(nothing, zeros).open(), Err(StickError::NoFileSystem { .. })));
    let tiny = |image: &Path| File::create(image).unwrap().set_len(1024).unwrap();
    assert!(matches!(Stick::new(nothing, tiny).open(), Err(StickError::NoFileSystem { .. })));
    let broken = |image: &Path| debugfs(image, "set_super_value blocks_count 1000000000");
    let damaged = Stick::new(nothing, broken).open();
    assert!(matches!(damaged, Err(StickError::NoFileSystem { .. })), "{damaged:?}");
}

#[test]
fn anything_but_a_block_device_is_not_opened() {
    let root = Root::new("/").unwrap();
    for path in ["/dev/null", "/dev", "/etc/passwd"] {
        assert!(matches!(open(&root, path.as_ref()), Err(StickError::NotABlockDevice)), "{path}");
    }
    let missing = open(&root, "/dev/no-such-stick".as_ref());
    assert!(matches!(missing, Err(StickError::Unreadable(_))));
}

/// Whether this test can run as root. Reports a skipped test past the harness, which hides the output
/// of tests that pass.
fn is_root(test: &str) -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        let _ = writeln!(io::stderr(), "needs root: {test}");
    }
    root
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
