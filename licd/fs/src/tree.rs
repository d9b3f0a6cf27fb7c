//! Reads a directory tree as if its top were `/`: no link leads out of it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::capped::{self, Capped};
use crate::look::{self, Looked, look};
use crate::names;
use crate::root::Root;

/// Links that are followed for one path: the kernel's own limit (path_resolution(7)).
const MAX_LINKS: usize = 40;
/// Bytes of one attribute: sysfs returns one page at most (sysfs documentation of the kernel).
const ATTRIBUTE_BYTES: usize = 4096;

/// What the kernel appends to the path of a removed file (proc_pid_fd(5)).
const DELETED: &[u8] = b" (deleted)";

/// A directory that stands for `/`. Arguments and results are absolute paths inside it.
///
/// A tree is for one look at the machine: it asks only once whether a path is a link.
#[derive(Debug)]
pub struct Tree {
    base: PathBuf,
    /// Paths that are not links. A device has many attributes below the same directories. They are
    /// compared as strings: comparing paths cuts both into their components each time.
    plain: RefCell<BTreeSet<OsString>>,
}

impl Tree {
    /// The trees that describe the hardware, of the machine or simulated.
    pub fn hardware(root: &Root) -> Self {
        Self::below(root.hardware("/"))
    }

    /// The files of the operating system.
    pub fn system(root: &Root) -> Self {
        Self::below(root.path("/"))
    }

    pub(crate) fn below(base: PathBuf) -> Self {
        Self { base, plain: RefCell::new(["/".into()].into()) }
    }

    /// Resolves the links of a path as far as it exists; `None` for a loop of links.
    pub fn resolve(&self, path: impl AsRef<Path>) -> Looked<Option<PathBuf>> {
        let path = path.as_ref();
        match self.resolved_by_the_kernel(path) {
            Some(resolved) => Ok(Some(resolved)),
            None => self.walk(path),
        }
    }

    /// Whether the kernel resolves paths as this tree does, because its top is the machine's own.
    fn is_of_the_machine(&self) -> bool {
        self.base == Path::new("/")
    }

    /// Resolves a path of the machine in three system calls instead of one for each component. `None` if it
    /// does not exist, or that fails: then the components are asked for.
    ///
    /// (The unit's `RestrictSUIDSGID` forbids openat2(2), which resolves a path of any tree.)
    fn resolved_by_the_kernel(&self, path: &Path) -> Option<PathBuf> {
        // What lies in a resolved directory is at most one link away from it.
        let is_near = path.parent().is_none_or(|dir| self.is_plain(dir));
        if is_near || !self.is_of_the_machine() {
            return None;
        }
        let flags = OFlag::O_PATH.bits();
        let found = File::options().read(true).custom_flags(flags).open(path).ok()?;
        let resolved = fs::read_link(format!("/proc/self/fd/{}", found.as_raw_fd())).ok()?;
        let is_path = resolved.is_absolute() && !resolved.as_os_str().as_bytes().ends_with(DELETED);
        if !is_path {
            return None;
        }
        let plain = resolved.ancestors().map(|path| path.as_os_str().to_owned());
        self.plain.borrow_mut().extend(plain);
        Some(resolved)
    }

    /// Resolves a path component by component.
    fn walk(&self, path: &Path) -> Looked<Option<PathBuf>> {
        let mut resolved = PathBuf::from("/");
        let mut pending = components(path);
        let mut links = 0;
        while let Some(part) = pending.pop() {
            match part.as_encoded_bytes() {
                b"." => {}
                // The parent of the top is the top.
                b".." => drop(resolved.pop()),
                _ => {
                    // The top begins the path anew.
                    resolved.push(&part);
                    if let Some(target) = self.link_once(&resolved)? {
                        links += 1;
                        if links > MAX_LINKS {
                            return Ok(None);
                        }
                        resolved.pop();
                        pending.append(&mut components(&target));
                    }
                }
            }
        }
        Ok(Some(resolved))
    }

    /// Does the same as [`Tree::resolve`], but leaves a link at the end of the path. The kernel resolves the
    /// directories of the machine's own paths.
    fn resolve_directory(&self, path: &Path) -> Looked<Option<PathBuf>> {
        if self.is_of_the_machine() {
            return Ok(Some(path.to_owned()));
        }
        match path.parent().zip(path.file_name()) {
            Some((dir, name)) => Ok(self.resolve(dir)?.map(|dir| dir.join(name))),
            None => self.resolve(path),
        }
    }

    /// Whether `path`, whose directory is resolved, exists. A dangling link does.
    pub fn exists(&self, path: &Path) -> Looked<bool> {
        look::exists(&self.host_path(path))
    }

    /// The target of the link at `path`, whose directory is resolved; `None` if it is not a link.
    pub fn link(&self, path: &Path) -> Looked<Option<PathBuf>> {
        let path = self.host_path(path);
        Ok(look(&path, fs::read_link(&path))?.ok())
    }

    /// Does the same as [`Tree::link`], but asks only once about a path that is not a link.
    fn link_once(&self, path: &Path) -> Looked<Option<PathBuf>> {
        if self.is_plain(path) {
            return Ok(None);
        }
        let target = self.link(path)?;
        if target.is_none() {
            self.plain.borrow_mut().insert(path.as_os_str().to_owned());
        }
        Ok(target)
    }

    /// Whether this path is known not to be a link.
    fn is_plain(&self, path: &Path) -> bool {
        self.plain.borrow().contains(path.as_os_str())
    }

    /// The names in a directory, in byte order. The inner error is a fact.
    pub fn names(&self, path: &Path) -> Looked<io::Result<Vec<OsString>>> {
        let resolved =
            if self.is_of_the_machine() { Some(path.into()) } else { self.resolve(path)? };
        let Some(path) = resolved else { return Ok(Err(Errno::ELOOP.into())) };
        let path = self.host_path(&path);
        look(&path, names::names(&path))
    }

    /// An attribute of a device, without the line feed that sysfs appends; `None` if it does not
    /// exist or this user may not read it.
    pub fn attribute(&self, device: &Path, name: &str) -> Looked<Option<String>> {
        let read = |file: &Path| capped::read_attribute(file, ATTRIBUTE_BYTES);
        let text = self.text_by(&device.join(name), ATTRIBUTE_BYTES as u64, read)?.ok();
        Ok(text.map(|mut text| {
            if text.ends_with('\n') {
                text.pop();
            }
            text
        }))
    }

    /// The text of a regular file of at most `limit` bytes, with bytes that are not UTF-8 replaced.
    /// The inner error is a fact.
    pub fn text(&self, path: &Path, limit: u64) -> Looked<io::Result<String>> {
        self.text_by(path, limit, |file| capped::read_unless_link(file, limit))
    }

    /// Does the same for a file of the image, see [`capped::read_own`].
    pub fn text_of_image(&self, path: &Path, limit: u64) -> Looked<io::Result<String>> {
        self.text_by(path, limit, |file| capped::read_own_unless_link(file, limit))
    }

    /// Does the same as [`Tree::text`], but leaves the bytes as they are.
    pub fn bytes(&self, path: &Path, limit: u64) -> Looked<io::Result<Vec<u8>>> {
        self.bytes_by(path, limit, |file| capped::read_unless_link(file, limit))
    }

    fn text_by(
        &self,
        path: &Path,
        limit: u64,
        read_unless_link: impl Fn(&Path) -> io::Result<Capped>,
    ) -> Looked<io::Result<String>> {
        let read = self.bytes_by(path, limit, read_unless_link)?;
        Ok(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Does the same as [`Tree::bytes`]; `read_unless_link` reads a file that is not a link.
    fn bytes_by(
        &self,
        path: &Path,
        limit: u64,
        read_unless_link: impl Fn(&Path) -> io::Result<Capped>,
    ) -> Looked<io::Result<Vec<u8>>> {
        let looped = || Ok(Err(Errno::ELOOP.into()));
        let Some(path) = self.resolve_directory(path)? else { return looped() };
        let file = self.host_path(&path);
        let mut read = look(&file, read_unless_link(&file))?;
        // Few files are links, so only the kernel's refusal asks for their resolution.
        if read.as_ref().is_err_and(|error| error.raw_os_error() == Some(Errno::ELOOP as i32)) {
            let Some(path) = self.resolve(path)? else { return looped() };
            let file = self.host_path(&path);
            read = look(&file, capped::read(&file, limit))?;
        }
        Ok(match read {
            Ok(Capped::Whole(bytes)) => Ok(bytes),
            Ok(Capped::NotRegular) => Err(io::ErrorKind::InvalidInput.into()),
            Ok(Capped::TooLarge) => Err(io::ErrorKind::FileTooLarge.into()),
            Err(error) => Err(error),
        })
    }

    /// The path outside the tree.
    fn host_path(&self, path: &Path) -> PathBuf {
        self.base.join(path.strip_prefix("/").unwrap_or(path))
    }
}

/// The components of a path, the first one last.
fn components(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

#[cfg(test)]
mod tests;
