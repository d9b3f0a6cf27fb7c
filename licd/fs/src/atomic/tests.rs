use super::*;
use crate::statefile;
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn dir() -> (tempfile::TempDir, File) {
    let dir = tempfile::tempdir().unwrap();
    let open = File::open(dir.path()).unwrap();
    (dir, open)
}

fn names(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into()).collect()
}

#[test]
fn a_file_is_created_and_replaced_with_the_given_mode_and_no_leftover() {
    let (dir, _) = dir();
    let file = dir.path().join("a".repeat(255));
    for (text, mode, durability) in
        [("one", 0o600, Durability::Volatile), ("two", 0o664, Durability::Synced)]
    {
        let mode = Mode::from_bits_truncate(mode);
        replace(&file, text.as_bytes(), mode, durability).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, mode.bits());
    }
    assert_eq!(names(dir.path()).len(), 1);
}

#[test]
fn a_failed_replacement_leaves_no_temporary_file() {
    let (dir, open) = dir();
    fs::create_dir(dir.path().join("taken")).unwrap();
    let put = |name: &str| replace_at(&open, name.as_ref(), b"x", PUBLIC, Durability::Synced);
    assert_eq!(put("taken"), Err(Errno::EISDIR.into()));
    assert_eq!(put("no/where"), Err(Errno::ENOENT.into()));
    assert_eq!(put(&"a".repeat(256)), Err(Errno::ENAMETOOLONG.into()));
    assert_eq!(names(dir.path()), [Path::new("taken")]);
    let gone = dir.path().join("gone/file");
    assert_eq!(replace(&gone, b"x", PUBLIC, Durability::Synced), Err(Errno::ENOENT.into()));
    assert_eq!(
        replace(Path::new("/"), b"x", PUBLIC, Durability::Synced),
        Err(Errno::EINVAL.into())
    );
}

#[test]
fn a_link_is_replaced_and_its_target_is_unchanged() {
    let (dir, open) = dir();
    fs::write(dir.path().join("target"), "target").unwrap();
    symlink("target", dir.path().join("link")).unwrap();
    assert!(!holds(&open, "link".as_ref(), b"target"));
    replace_at(&open, "link".as_ref(), b"new", PUBLIC, Durability::Volatile).unwrap();
    assert!(holds(&open, "link".as_ref(), b"new"));
    assert!(holds(&open, "target".as_ref(), b"target"));
}

#[test]
fn only_a_regular_file_with_exactly_these_bytes_holds_them() {
    let (dir, open) = dir();
    fs::write(dir.path().join("file"), "text").unwrap();
    nix::unistd::mkfifo(&dir.path().join("fifo"), Mode::S_IRWXU).unwrap();
    assert!(holds(&open, "file".as_ref(), b"text"));
    for (name, bytes) in
        [("file", &b"tex"[..]), ("file", b"text!"), ("file", b"texT"), ("fifo", b""), ("-", b"")]
    {
        assert!(!holds(&open, name.as_ref(), bytes), "{name}");
    }
}

#[test]
fn sweeping_removes_unlocked_temporary_files_and_no_other() {
    let (dir, open) = dir();
    for name in [".licd-1-2.tmp", ".licd-1-3.tmp", ".licd-1", "note.tmp"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    let writing = Temporary::create(open.as_fd()).unwrap();
    assert_eq!(sweep(&open), Ok(2));
    assert!(dir.path().join(&writing.name).exists());
    writing.rename("done".as_ref()).unwrap();
    let mut left = names(dir.path());
    left.sort();
    assert_eq!(left, [".licd-1", "done", "note.tmp"].map(PathBuf::from));
}

#[test]
fn sweeping_never_disturbs_a_writer() {
    let (_dir, open) = dir();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            (0..500).try_for_each(|_| {
                replace_at(&open, "file".as_ref(), b"text", PUBLIC, Durability::Volatile).map(drop)
            })
        });
        while !writer.is_finished() {
            // The sweeper may remove a file before it is locked; the writer creates another.
            assert!(sweep(&open).is_ok());
        }
        assert_eq!(writer.join().unwrap(), Ok(()));
    });
    assert!(holds(&open, "file".as_ref(), b"text"));
}

#[test]
fn missing_directories_are_created_world_readable() {
    let (dir, _) = dir();
    let deep = dir.path().join("a/b/c");
    for _ in 0..2 {
        create_dir(&deep).unwrap();
    }
    for made in deep.ancestors().take(3) {
        assert_eq!(made.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
    }
    fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(create_dir(&dir.path().join("file/below")), Err(Errno::ENOTDIR));
    assert_eq!(create_dir(Path::new("")), Err(Errno::ENOENT));
}

#[test]
fn a_pipe_in_place_of_a_directory_is_an_error_at_once() {
    let (dir, _) = dir();
    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let file = pipe.join("file");
    assert_eq!(open_dir(&pipe).map_err(errno).unwrap_err(), Errno::ENOTDIR);
    assert_eq!(replace(&file, b"x", PUBLIC, Durability::Synced), Err(Errno::ENOTDIR.into()));
    assert_eq!(sweep_path(&pipe), Err(Errno::ENOTDIR));
    assert_eq!(statefile::write(&file, b"x"), Err(Errno::ENOTDIR));
    assert_eq!(statefile::flush(&file), Err(Errno::ENOTDIR));
}

#[test]
fn a_link_to_nothing_is_no_parent() {
    let (dir, _) = dir();
    let link = dir.path().join("link");
    symlink("nothing", &link).unwrap();
    assert_eq!(create_dir(&link.join("a/b")), Err(Errno::ENOENT));
    assert_eq!(create_dir(&link.join("a")), Err(Errno::ENOENT));
    fs::create_dir(dir.path().join("nothing")).unwrap();
    create_dir(&link.join("a/b")).unwrap();
}
