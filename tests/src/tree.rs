//! Directory trees in memory, to be compared and copied.

use std::fs::{self, File, Permissions};
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files with their relative paths: directories before their content, in the order of names.
#[derive(Debug, Clone, Default)]
pub struct Tree(Vec<(PathBuf, Entry)>);

#[derive(Debug, Clone)]
enum Entry {
    /// A directory.
    Directory(Permissions),
    /// A regular file, with its time of modification.
    File(Vec<u8>, Permissions, SystemTime),
    /// A symbolic link.
    Link(PathBuf),
}

impl Tree {
    /// Adds `path` below `top` and what is below it, except on other file systems than that of `top`.
    /// Sockets and their like are left out, and so is `path` if nothing is there.
    pub fn add(&mut self, top: &Path, path: &Path) {
        let full = top.join(path);
        let Ok(about) = fs::symlink_metadata(&full) else { return };
        let mut push = |entry| self.0.push((path.to_owned(), entry));
        if about.is_symlink() {
            push(Entry::Link(fs::read_link(full).unwrap()));
        } else if about.is_file() {
            let content = fs::read(&full).unwrap();
            push(Entry::File(content, about.permissions(), about.modified().unwrap()));
        } else if about.is_dir() {
            push(Entry::Directory(about.permissions()));
            if fs::metadata(top).unwrap().dev() == about.dev() {
                let names = fs::read_dir(full).unwrap().map(|entry| entry.unwrap().file_name());
                let mut names: Vec<_> = names.collect();
                names.sort();
                names.iter().for_each(|name| self.add(top, &path.join(name)));
            }
        }
    }

    /// Removes `path` and what is below it.
    pub fn remove(&mut self, path: &Path) {
        self.0.retain(|(present, _)| !present.starts_with(path));
    }

    /// Creates everything below `top`; directories may exist.
    pub fn write(&self, top: &Path) {
        self.0.iter().for_each(|(path, entry)| entry.write(&top.join(path)));
    }
}

impl Entry {
    fn write(&self, path: &Path) {
        match self {
            Self::Directory(permissions) => {
                if fs::create_dir(path).is_err() {
                    assert!(path.is_dir(), "{}: cannot be created", path.display());
                }
                fs::set_permissions(path, permissions.clone()).unwrap();
            }
            Self::File(content, permissions, modified) => {
                let file = File::create_new(path).unwrap();
                file.write_all_at(content, 0).unwrap();
                file.set_permissions(permissions.clone()).unwrap();
                file.set_modified(*modified).unwrap();
            }
            Self::Link(target) => symlink(target, path).unwrap(),
        }
    }
}

/// Names, kinds, permissions and content; not times.
impl Hash for Tree {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (path, entry) in &self.0 {
            path.hash(state);
            match entry {
                Entry::Directory(permissions) => permissions.mode().hash(state),
                Entry::File(content, permissions, _) => {
                    (content, permissions.mode()).hash(state);
                }
                Entry::Link(target) => target.hash(state),
            }
        }
    }
}
