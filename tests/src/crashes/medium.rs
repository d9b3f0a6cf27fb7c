//! A block device that records what the kernel writes and flushes: a loop device on a file of a file
//! system of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::fuse::{Content, Mounted};
use super::log::{Event, Log, Which};
use crate::partition::attach;

/// A recorded block device.
#[derive(Debug)]
pub(super) struct Medium {
    device: Device,
    file: PathBuf,
    _mounted: Mounted,
    _dir: TempDir,
}

/// A loop device, detached when dropped.
#[derive(Debug)]
struct Device(String);

impl Medium {
    /// A device with this content, whose events go to `log`. The calling thread must have a mount
    /// namespace of its own.
    pub(super) fn new(which: Which, content: Vec<u8>, log: &Arc<Mutex<Log>>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("medium");
        // What is mounted on a file is a file.
        fs::write(&file, "").unwrap();
        let recorded = Recorded { which, content, log: Arc::clone(log) };
        let mounted = Mounted::new(recorded, &file);
        let device = Device(attach(&file));
        Self { device, file, _mounted: mounted, _dir: dir }
    }

    /// The block device.
    pub(super) fn device(&self) -> &str {
        &self.device.0
    }

    /// The file that the block device is attached to.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = Command::new("/sbin/losetup").args(["--detach", &self.0]).status();
    }
}

/// The content of the file, and where its events go.
struct Recorded {
    which: Which,
    content: Vec<u8>,
    log: Arc<Mutex<Log>>,
}

impl Recorded {
    fn record(&self, event: Event) {
        self.log.lock().unwrap().events.push(event);
    }
}

impl Content for Recorded {
    fn length(&self) -> usize {
        self.content.len()
    }

    fn read(&self, at: usize, length: usize) -> &[u8] {
        let end = self.content.len().min(at + length);
        self.content.get(at..end).unwrap_or_default()
    }

    fn write(&mut self, at: usize, bytes: &[u8]) -> bool {
        let Some(place) = self.content.get_mut(at..at + bytes.len()) else { return false };
        place.copy_from_slice(bytes);
        self.record(Event::Write { to: self.which, at, bytes: bytes.to_vec() });
        true
    }

    fn flush(&mut self) {
        self.record(Event::Flush { of: self.which });
    }
}
