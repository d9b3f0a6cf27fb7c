//! The directory of the allowed features: one empty file each.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use licd_fs::atomic;
use licd_fs::names::{DirEntry, each};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, SFlag, fchmod, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

use super::named;

/// Its name in `/run/licd`.
pub(super) const FEATURES: &str = "features";
/// Flags for opening a directory.
const DIRECTORY: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// Whether this is the name of a feature.
pub(super) fn is_feature(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.bytes().all(fits)
}

/// Removes and adds single files, so that readers always see the directory.
pub(super) fn publish_features(
    features: Features,
    path: &Path,
    allowed: &[&str],
) -> io::Result<()> {
    let (mut missing, mut outcome) = (allowed.to_vec(), Ok(()));
    let dir = match features {
        Features::Made(dir) => dir,
        Features::Found(dir) => {
            let mut whole = None;
            let listed = each(&dir, usize::MAX, &mut |entry| {
                let checked = check_entry(&dir, path, entry, &mut whole, &mut missing);
                if outcome.is_ok() {
                    outcome = checked.map_err(|error| named(path, error));
                }
                Ok(())
            });
            let _ = listed.map_err(|reason| named(path, reason.into()))?;
            dir
        }
    };
    let mut made = None;
    for name in missing {
        let added = add_feature(&dir, made, name);
        made = made.or(added.ok().map(|()| name));
        outcome = outcome.and(added.map_err(|reason| named(&path.join(name), reason.into())));
    }
    outcome
}

/// The directory of the features.
pub(super) enum Features {
    /// It was there.
    Found(OwnedFd),
    /// It was made just now, and is empty.
    Made(OwnedFd),
}

/// Opens the directory of the features in `/run/licd`; makes it if it is missing.
pub(super) fn open_features(run: &File) -> Result<Features, Errno> {
    let open = || openat(run, FEATURES, DIRECTORY, Mode::empty());
    match open() {
        Err(Errno::ENOENT) => {
            mkdirat(run, FEATURES, atomic::PUBLIC_DIR)?;
            let made = open()?;
            // The umask does not count.
            fchmod(&made, atomic::PUBLIC_DIR)?;
            Ok(Features::Made(made))
        }
        found => found.map(Features::Found),
    }
}

/// Takes the file of a feature out of those that are missing, and removes any other entry. A further name of
/// the file that was found `whole` last is whole, too.
fn check_entry(
    dir: impl AsFd,
    path: &Path,
    DirEntry { name, inode, .. }: DirEntry<'_>,
    whole: &mut Option<u64>,
    missing: &mut Vec<&str>,
) -> io::Result<()> {
    let dir = dir.as_fd();
    let place = missing.iter().position(|feature| OsStr::new(feature) == name);
    if place.is_none() || *whole != Some(inode) {
        let found = match fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => return Ok(()),
            found => found?,
        };
        let kind = SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFDIR {
            return fs::remove_dir_all(path.join(name));
        }
        let is_whole =
            kind == SFlag::S_IFREG && found.st_size == 0 && found.st_mode & 0o444 == 0o444;
        if place.is_none() || !is_whole {
            return Ok(unlinkat(dir, name, UnlinkatFlags::NoRemoveDir)?);
        }
        *whole = Some(inode);
    }
    if let Some(place) = place {
        missing.swap_remove(place);
    }
    Ok(())
}

/// Adds the file of a feature, as a further name of the one that was `made` for another, which takes one
/// system call instead of three; on a file system without such links it makes a file. It is empty, so that it
/// is whole as soon as it is there.
fn add_feature(dir: impl AsFd, made: Option<&str>, name: &str) -> Result<(), Errno> {
    let dir = dir.as_fd();
    let linked = made.map(|made| linkat(dir, made, dir, name, AtFlags::empty()));
    if linked.is_some_and(|linked| linked.is_ok()) {
        return Ok(());
    }
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let file = openat(dir, name, flags, atomic::PUBLIC)?;
    // The umask does not count.
    fchmod(&file, atomic::PUBLIC)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt, symlink};

    use licd_fs::names::FileType;
    use nix::unistd::{Uid, setfsuid};

    use super::*;

    fn entry(name: &str) -> DirEntry<'_> {
        DirEntry { name: name.as_ref(), kind: FileType::RegularFile, inode: 1 }
    }

    /// What becomes of the entry `os` of a directory, and of the feature.
    fn check(dir: &Path) -> (io::Result<()>, Vec<&'static str>) {
        let mut missing = vec!["os"];
        let open = File::open(dir).unwrap();
        (check_entry(open, dir, entry("os"), &mut Some(2), &mut missing), missing)
    }

    #[test]
    fn a_file_that_disappears_meanwhile_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let (checked, missing) = check(dir.path());
        checked.unwrap();
        assert_eq!(missing, ["os"]);
    }

    #[test]
    fn a_file_whose_state_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("os"), "").unwrap();
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o444)).unwrap();
        // This thread only; another user stays the one it is.
        let root = setfsuid(Uid::from_raw(65534));
        let (checked, _) = check(dir.path());
        setfsuid(root);
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(checked.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn a_further_name_of_a_whole_file_is_not_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let mut missing = vec!["apps", "os"];
        let open = File::open(dir.path()).unwrap();
        check_entry(&open, dir.path(), entry("os"), &mut Some(1), &mut missing).unwrap();
        assert_eq!(missing, ["apps"]);
        fs::write(dir.path().join("uma"), "").unwrap();
        check_entry(&open, dir.path(), entry("uma"), &mut Some(1), &mut missing).unwrap();
        assert!(!dir.path().join("uma").exists());
    }

    #[test]
    fn the_file_of_a_feature_is_not_made_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("features");
        fs::create_dir(&path).unwrap();
        symlink("../outside", path.join("os")).unwrap();
        let added = add_feature(File::open(&path).unwrap(), None, "os");
        assert_eq!(added, Err(Errno::EEXIST));
        assert!(!dir.path().join("outside").exists());
    }

    #[test]
    fn without_a_file_to_link_the_file_of_a_feature_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let open = File::open(dir.path()).unwrap();
        for (made, name) in [(None, "os"), (Some("gone"), "apps")] {
            add_feature(&open, made, name).unwrap();
            let file = dir.path().join(name).metadata().unwrap();
            assert_eq!((file.nlink(), file.mode() & 0o7777), (1, 0o644), "{name}");
        }
        add_feature(&open, Some("os"), "uma").unwrap();
        assert_eq!(dir.path().join("os").metadata().unwrap().nlink(), 2);
    }
}
