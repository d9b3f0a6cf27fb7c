//! Reading below a root as if it were `/`: no link leads out of it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::look::{self, Looked, look};
use crate::root::Root;

/// Links followed for one path: the kernel's own limit (path_resolution(7)).
const LINKS: usize = 40;
/// Bytes of one attribute: sysfs hands out one page at most (sysfs documentation of the kernel).
const ATTRIBUTE_BYTES: u64 = 4096;

/// A directory taken for `/`. All paths given and returned are absolute below it.
#[derive(Debug)]
pub struct Tree {
    base: PathBuf,
}

impl Tree {
    /// What tells of the hardware: the machine's own trees or simulated ones.
    pub fn hardware(root: &Root) -> Self {
        Self { base: root.hardware("/") }
    }

    /// The files of the operating system.
    pub fn system(root: &Root) -> Self {
        Self { base: root.path("/") }
    }

    /// The path without links, as far as it exists. `None` if it goes in circles.
    pub fn resolve(&self, path: impl AsRef<Path>) -> Looked<Option<PathBuf>> {
        let mut resolved = PathBuf::from("/");
        let mut ahead = parts(path.as_ref());
        let mut links = 0;
        while let Some(part) = ahead.pop() {
            match part.as_encoded_bytes() {
                b"/" => resolved = PathBuf::from("/"),
                b"." => {}
                // At the top it stays there, as `..` of `/` does.
                b".." => drop(resolved.pop()),
                _ => {
                    let next = resolved.join(&part);
                    if let Some(target) = self.link(&next)? {
                        links += 1;
                        if links > LINKS {
                            return Ok(None);
                        }
                        ahead.append(&mut parts(&target));
                    } else {
                        resolved = next;
                    }
                }
            }
        }
        Ok(Some(resolved))
    }

    /// Whether something, be it a link to nowhere, is at a path whose directory is resolved.
    pub fn exists(&self, path: &Path) -> Looked<bool> {
        look::exists(&self.below(path))
    }

    /// Where the link at `path`, whose directory is resolved, points; `None` if it is no link.
    pub fn link(&self, path: &Path) -> Looked<Option<PathBuf>> {
        let path = self.below(path);
        Ok(look(&path, fs::read_link(&path))?.ok())
    }

    /// The names in a directory, in byte order, or the fact that keeps them from being read.
    pub fn names(&self, path: &Path) -> Looked<io::Result<Vec<OsString>>> {
        let Some(path) = self.resolve(path)? else { return Ok(Err(circles())) };
        let path = self.below(&path);
        let names = fs::read_dir(&path).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<_>>()
        });
        Ok(look(&path, names)?.map(|mut names: Vec<_>| {
            names.sort();
            names
        }))
    }

    /// The attribute of a device, without the line feed that sysfs adds; `None` if the device has
    /// no such attribute or this user may not read it.
    pub fn attribute(&self, device: &Path, name: &str) -> Looked<Option<String>> {
        let text = self.text(&device.join(name), ATTRIBUTE_BYTES)?.ok();
        Ok(text.map(|mut text| {
            if text.ends_with('\n') {
                text.pop();
            }
            text
        }))
    }

    /// The text of a regular file of at most `max` bytes, what is not UTF-8 replaced; or the fact
    /// that keeps it from being read.
    pub fn text(&self, path: &Path, max: u64) -> Looked<io::Result<String>> {
        let Some(path) = self.resolve(path)? else { return Ok(Err(circles())) };
        let path = self.below(&path);
        look(&path, short_text(&path, max))
    }

    fn below(&self, path: &Path) -> PathBuf {
        self.base.join(path.strip_prefix("/").unwrap_or(path))
    }
}

fn short_text(path: &Path, max: u64) -> io::Result<String> {
    // Opening a pipe would wait for a writer.
    if !path.symlink_metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn circles() -> io::Error {
    nix::errno::Errno::ELOOP.into()
}

/// The parts of a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree() -> (tempfile::TempDir, Tree) {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree { base: dir.path().to_owned() };
        (dir, tree)
    }

    #[test]
    fn absolute_links_and_parents_stay_below_the_root() {
        let (dir, tree) = tree();
        fs::create_dir_all(dir.path().join("sys/devices/card")).unwrap();
        symlink("/sys/devices/card", dir.path().join("absolute")).unwrap();
        symlink("../../../../sys/devices/card", dir.path().join("relative")).unwrap();
        for path in ["/absolute", "/relative", "/../../sys/./devices/card"] {
            assert_eq!(
                tree.resolve(path).unwrap().unwrap(),
                Path::new("/sys/devices/card"),
                "{path}"
            );
        }
        symlink("/etc/passwd", dir.path().join("passwd")).unwrap();
        assert!(tree.text(Path::new("/passwd"), 1 << 20).unwrap().is_err());
    }

    #[test]
    fn a_link_to_nowhere_resolves_to_where_it_points() {
        let (dir, tree) = tree();
        symlink("bus/pci", dir.path().join("subsystem")).unwrap();
        assert_eq!(tree.resolve("/subsystem").unwrap().unwrap(), Path::new("/bus/pci"));
        assert!(tree.exists(Path::new("/subsystem")).unwrap());
    }

    #[test]
    fn links_in_circles_resolve_to_nothing() {
        let (dir, tree) = tree();
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        symlink("deeper/deeper", dir.path().join("deeper")).unwrap();
        assert_eq!(tree.resolve("/a"), Ok(None));
        assert_eq!(tree.resolve("/deeper"), Ok(None));
        assert!(tree.text(Path::new("/a"), 10).unwrap().is_err());
        assert!(tree.names(Path::new("/a")).unwrap().is_err());
    }

    #[test]
    fn what_is_no_short_file_is_not_read() {
        let (dir, tree) = tree();
        nix::unistd::mkfifo(&dir.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::write(dir.path().join("long"), "12345").unwrap();
        assert!(tree.text(Path::new("/pipe"), 10).unwrap().is_err());
        assert!(tree.text(Path::new("/"), 10).unwrap().is_err());
        assert!(tree.text(Path::new("/long"), 4).unwrap().is_err());
        assert_eq!(tree.text(Path::new("/long"), 5).unwrap().unwrap(), "12345");
    }
}
