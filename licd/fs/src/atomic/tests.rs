use super::*;
use crate::flock::Locked;
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

/// A directory in which files can be made, but which cannot be flushed.
fn unflushable(dir: &Path) -> File {
    File::options().read(true).custom_flags(OFlag::O_PATH.bits()).open(dir).unwrap()
}

#[test]
fn a_replacement_that_cannot_be_flushed_leaves_the_file_as_it_was() {
    let (dir, _) = dir();
    let (open, file) = (unflushable(dir.path()), dir.path().join("file"));
    let put = |durability| replace_at(&open, "file".as_ref(), b"new", PUBLIC, durability);
    assert_eq!(put(Durability::Synced), Err(ReplaceError::Unchanged(Errno::EBADF)));
    assert_eq!(names(dir.path()), [""; 0].map(PathBuf::from));
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(put(Durability::Synced), Err(ReplaceError::Unchanged(Errno::EBADF)));
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    // Only a file that has to survive a power cut needs that.
    put(Durability::Whole).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
}

#[test]
fn a_replacement_returns_the_stamp_of_the_file_except_of_a_volatile_one() {
    let (dir, open) = dir();
    let put = |durability| replace_at(&open, "file".as_ref(), b"x", PUBLIC, durability).unwrap();
    let stamp = || Stamp::at(&dir.path().join("file")).unwrap();
    assert_eq!(put(Durability::Synced), stamp());
    assert_eq!(put(Durability::Whole), stamp());
    assert_eq!(put(Durability::Volatile), None);
}

#[test]
fn a_temporary_file_is_new_and_its_owners_alone() {
    let (dir, open) = dir();
    let first = Temporary::create(open.as_fd()).unwrap();
    let number = |name: &str| -> usize {
        name.trim_end_matches(".tmp").rsplit_once('-').unwrap().1.parse().unwrap()
    };
    let next = number(&first.name) + 1;
    // Tests that run meanwhile take some of these numbers.
    let taken = next..next + 100;
    let path = |number| dir.path().join(format!(".licd-{}-{number}.tmp", std::process::id()));
    taken.clone().for_each(|number| fs::write(path(number), "leftover").unwrap());
    let second = Temporary::create(open.as_fd()).unwrap();
    assert!(!taken.contains(&number(&second.name)));
    assert_eq!(fs::read_to_string(path(next)).unwrap(), "leftover");
    let found = dir.path().join(&second.name).metadata().unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_temporary_file_that_a_sweeper_takes_before_it_is_locked_is_given_up() {
    let (dir, open) = dir();
    let path = dir.path().join(".licd-1-2.tmp");
    let make = || File::create(&path).unwrap();
    let locked = |file| Temporary::locked(open.as_fd(), ".licd-1-2.tmp".to_owned(), file).unwrap();
    assert!(locked(make()).is_some());
    let (file, _sweeper) = (make(), Locked::try_new(File::open(&path).unwrap()).unwrap());
    assert!(locked(file).is_none());
    let file = make();
    fs::remove_file(&path).unwrap();
    assert!(locked(file).is_none());
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
    fs::write(dir.path().join(".licd-1-2.tmp"), "").unwrap();
    assert_eq!(sweep_path(dir.path()), Ok(1));
    assert_eq!(sweep_path(&dir.path().join("none")), Ok(0));
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
