//! A file system of one file, for what the kernel asks of a file below a loop device: the few requests
//! of `linux/fuse.h`. A crate for file systems would bring along some twenty others.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// A file whose content is elsewhere.
pub(super) trait Content: Send + 'static {
    /// The length in bytes, which does not change.
    fn length(&self) -> usize;
    /// At most `length` bytes at `at`.
    fn read(&self, at: usize, length: usize) -> &[u8];
    /// Writes bytes at `at`; whether they are within the file.
    fn write(&mut self, at: usize, bytes: &[u8]) -> bool;
    /// Flushes what was written.
    fn flush(&mut self);
}

/// The version of the protocol whose replies these are, in its major version 7.
const VERSION: [u32; 2] = [7, 31];
/// Requests.
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const SETATTR: u32 = 4;
const OPEN: u32 = 14;
const READ: u32 = 15;
const WRITE: u32 = 16;
const RELEASE: u32 = 18;
const FSYNC: u32 = 20;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const INTERRUPT: u32 = 36;
const DESTROY: u32 = 38;
const BATCH_FORGET: u32 = 42;
/// A flag of `INIT`: writes longer than a page.
const BIG_WRITES: u32 = 1 << 5;
/// Bytes of the longest write.
const LONGEST: u32 = 128 << 10;
/// Bytes of the head of a request, and of the arguments of a read or write.
const HEAD: usize = 40;
const ARGUMENTS: usize = 40;
/// A regular file that its owner may read and write.
const MODE: u32 = 0o100_600;
/// Seconds for which the kernel may keep what it knows of the file.
const FOREVER: u64 = 1 << 30;

/// A mounted file, unmounted when dropped.
#[derive(Debug)]
pub(super) struct Mounted {
    place: std::path::PathBuf,
    server: Option<JoinHandle<()>>,
}

impl Mounted {
    /// Mounts a file on the file `place`. The calling thread must have a mount namespace of its own.
    pub(super) fn new(content: impl Content, place: &Path) -> Self {
        let device = File::options().read(true).write(true).open("/dev/fuse").unwrap();
        let options = format!("fd={},rootmode={MODE:o},user_id=0,group_id=0", device.as_raw_fd());
        let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
        mount(Some("medium"), place, Some("fuse"), flags, Some(&*options)).unwrap();
        let server = thread::spawn(move || serve(&device, content));
        Self { place: place.to_owned(), server: Some(server) }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = umount2(&self.place, MntFlags::MNT_DETACH);
        // The kernel ends the connection once the last user of the file is gone.
        let _ = self.server.take().map(JoinHandle::join);
    }
}

/// Answers requests until the file is unmounted.
fn serve(mut device: &File, mut content: impl Content) {
    let mut request = vec![0; HEAD + ARGUMENTS + LONGEST as usize];
    loop {
        let length = match device.read(&mut request) {
            Ok(length) => length,
            // ENOENT: the request was withdrawn.
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::NotFound) => {
                continue;
            }
            Err(_) => return,
        };
        let (request, unique) = (&request[..length], u64_at(&request, 8));
        let (error, body) = match answer(request, &mut content) {
            Reply::None => continue,
            Reply::Body(body) => (0, body),
            Reply::Error(error) => (-(error as i32), Vec::new()),
        };
        let length = u32::try_from(16 + body.len()).unwrap();
        let mut reply = [length.to_ne_bytes(), error.to_ne_bytes()].concat();
        reply.extend(unique.to_ne_bytes());
        reply.extend(body);
        // A withdrawn request has no use for it.
        let _ = device.write(&reply);
    }
}

enum Reply {
    None,
    Body(Vec<u8>),
    Error(Errno),
}

fn answer(request: &[u8], content: &mut impl Content) -> Reply {
    let arguments = &request[HEAD..];
    let range = || (u64_at(arguments, 8) as usize, u32_at(arguments, 16));
    match u32_at(request, 4) {
        INIT => Reply::Body(init(arguments)),
        GETATTR | SETATTR => Reply::Body(attributes(content.length())),
        OPEN => Reply::Body(vec![0; 16]),
        READ => {
            let (at, length) = range();
            Reply::Body(content.read(at, length as usize).to_vec())
        }
        WRITE => {
            let (at, length) = range();
            let bytes = &arguments[ARGUMENTS..][..length as usize];
            if content.write(at, bytes) {
                Reply::Body([length.to_ne_bytes(), [0; 4]].concat())
            } else {
                Reply::Error(Errno::ENOSPC)
            }
        }
        FSYNC => {
            content.flush();
            Reply::Body(Vec::new())
        }
        // Closing a file writes nothing.
        FLUSH | RELEASE | DESTROY => Reply::Body(Vec::new()),
        FORGET | BATCH_FORGET | INTERRUPT => Reply::None,
        _ => Reply::Error(Errno::ENOSYS),
    }
}

/// `struct fuse_init_out`
fn init(arguments: &[u8]) -> Vec<u8> {
    let read_ahead = u32_at(arguments, 8);
    let [major, minor] = VERSION;
    let (no_limits, granularity) = (0, 1);
    let words = [major, minor, read_ahead, BIG_WRITES, no_limits, LONGEST, granularity];
    let mut body: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
    body.resize(64, 0);
    body
}

/// `struct fuse_attr_out`
fn attributes(length: usize) -> Vec<u8> {
    let (inode, length) = (1, length as u64);
    let [validity, no_time] = [FOREVER, 0];
    let wide = [validity, 0, inode, length, length / 512, no_time, no_time, no_time];
    let (mode, links, block) = (MODE, 1, 4096);
    let narrow = [0, 0, 0, mode, links, 0, 0, 0, block, 0];
    let wide = wide.into_iter().flat_map(u64::to_ne_bytes);
    wide.chain(narrow.into_iter().flat_map(u32::to_ne_bytes)).collect()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}
