//! A loop device that stays attached to its image from run to run, for runs that must be cheap:
//! attaching takes three programs.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::libc::O_EXCL;
use tempfile::TempDir;

use crate::partition::{Partition, attach};

/// Bytes that are compared at a time, and written if they differ.
const PIECE: usize = 128 << 10;

/// A loop device with an image of its own.
#[derive(Debug)]
pub struct Drive {
    image: PathBuf,
    device: String,
    _dir: TempDir,
}

impl Drive {
    /// A device with this content.
    #[must_use]
    pub fn new(content: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("drive.img");
        fs::write(&image, content).unwrap();
        Self { device: attach(&image), image, _dir: dir }
    }

    /// Gives an unmounted device this content, of the same length. A device that a process of an
    /// earlier run still holds is replaced.
    pub fn load(&mut self, content: &[u8]) {
        if self.is_in_use() {
            *self = Self::new(content);
            return;
        }
        // The kernel keeps nothing of a device that is not open.
        let file = File::options().read(true).write(true).open(&self.image).unwrap();
        compare(&file, content, |at, piece| {
            file.write_all_at(piece, at).unwrap();
            true
        });
    }

    /// Mounts it read-only on `place`. The calling thread must have a mount namespace of its own.
    #[must_use]
    pub fn mount(&self, place: &Path) -> Partition {
        Partition::attached(&self.image, &self.device, place)
    }

    /// Whether the device is mounted.
    fn is_in_use(&self) -> bool {
        // The kernel grants this for block devices that no file system uses.
        File::options().read(true).custom_flags(O_EXCL).open(&self.device).is_err()
    }
}

/// Whether an image has this content.
#[must_use]
pub fn holds(image: &Path, content: &[u8]) -> bool {
    let file = File::open(image).unwrap();
    let mut is_same = true;
    compare(&file, content, |_, _| {
        is_same = false;
        false
    });
    is_same
}

/// Passes on the pieces of a content that a file of the same length does not have, with their place,
/// until `differs` returns false.
fn compare(file: &File, content: &[u8], mut differs: impl FnMut(u64, &[u8]) -> bool) {
    let mut buffer = vec![0; PIECE];
    for (number, piece) in content.chunks(PIECE).enumerate() {
        let (at, present) = ((number * PIECE) as u64, &mut buffer[..piece.len()]);
        file.read_exact_at(present, at).unwrap();
        if present != piece && !differs(at, piece) {
            return;
        }
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        // The kernel detaches it when its last user is gone.
        let _ = Command::new("/sbin/losetup").args(["--detach", &self.device]).status();
    }
}
