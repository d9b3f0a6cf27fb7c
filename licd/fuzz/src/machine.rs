//! A simulated machine for the parsers whose public door is a root directory.

use std::fs;
use std::path::{Path, PathBuf};

use licd_fs::root::Root;
use tempfile::TempDir;

/// A root directory in memory, with the same empty directories for every input.
pub struct Machine {
    dir: TempDir,
}

impl Machine {
    /// A machine with these directories.
    pub fn with(dirs: &[&str]) -> Self {
        // Writes to /dev/shm never wait for a disk.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let machine = Self { dir };
        dirs.iter().for_each(|dir| fs::create_dir_all(machine.path(dir)).unwrap());
        machine
    }

    /// The root.
    pub fn root(&self) -> Root {
        Root::new(self.dir.path()).unwrap()
    }

    /// Writes a file, or removes it.
    pub fn set(&self, path: &str, content: Option<&[u8]>) {
        match content {
            Some(content) => fs::write(self.path(path), content).unwrap(),
            None => drop(fs::remove_file(self.path(path))),
        }
    }

    /// A path on the machine.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(Path::new(path).strip_prefix("/").unwrap())
    }
}
