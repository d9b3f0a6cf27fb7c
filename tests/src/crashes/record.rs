//! An operation on recorded block devices.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount, umount};
use tempfile::TempDir;

use super::log::{Event, Log, Which};
use super::medium::Medium;
use crate::faults::attempt::Fixture;
use crate::faults::judge::Right;
use crate::faults::operations::Act;
use crate::faults::tracer::End;
use crate::partition::Partition;
use crate::program;
use crate::tree::Tree;
use crate::wait;
use crate::world::World;

/// Bytes of the partition of the memory: enough for a journal.
const MEMORY: u64 = 4 << 20;
/// The directories that are on it.
pub(super) const DIRECTORIES: [&str; 2] = ["var/lib/licd", "etc/licd"];
const NONE: Option<&str> = None;

/// Runs the operation of a fixture on recorded devices, and unmounts them.
///
/// # Panics
/// If the operation does not do what it did in the `right` run.
pub(super) fn record(fixture: &Fixture, right: &Right) -> Log {
    let log = Arc::new(Mutex::new(Log::default()));
    let content = fixture.partition_content().to_vec();
    let memory = memory_image(&fixture.world());
    log.lock().unwrap().before = [content.clone(), memory.clone()];
    let medium = Medium::new(Which::License, content, &log);
    let world =
        fixture.world_on(|place| Partition::attached(medium.file(), medium.device(), place));
    let memory = Memory::mount(memory, &world, &log);
    operate(fixture, &world, right, || log.lock().unwrap().events.push(Event::Acknowledged));
    drop(memory);
    let partition = world.file_system().unwrap();
    wait::until("no process uses the licence partition", || partition.unmount().ok());
    drop((world, medium));
    Arc::into_inner(log).unwrap().into_inner().unwrap()
}

/// Runs the operation; `acknowledged` follows its answer at once.
fn operate(fixture: &Fixture, world: &World, right: &Right, acknowledged: impl FnOnce()) {
    let done = match fixture.operation.act {
        Act::Tool(args) => {
            let answer = program::run(world.licctl_command().args(args(world)));
            assert_eq!(End::Exited(answer.code), right.attempt.trace.end, "{answer:?}");
            acknowledged();
            return;
        }
        Act::Start => fixture.serve_plainly(world, &[&right.claims], |_| {}),
        Act::Running(call) => fixture.serve_plainly(world, &[&fixture.claims], |client| {
            call(world, client).unwrap();
            acknowledged();
        }),
    };
    done.unwrap();
}

/// The partition of the memory while it is mounted.
#[derive(Debug)]
struct Memory {
    /// What is mounted, the first one first.
    mounts: Vec<PathBuf>,
    _medium: Medium,
    _dir: TempDir,
}

impl Memory {
    fn mount(content: Vec<u8>, world: &World, log: &Arc<Mutex<Log>>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let medium = Medium::new(Which::Memory, content, log);
        let device = Some(medium.device());
        mount(device, dir.path(), Some("ext4"), MsFlags::empty(), NONE).unwrap();
        let mut mounts = vec![dir.path().to_owned()];
        for directory in DIRECTORIES {
            let (from, to) = (dir.path().join(directory), world.root().join(directory));
            mount(Some(&from), &to, NONE, MsFlags::MS_BIND, NONE).unwrap();
            mounts.push(to);
        }
        Self { mounts, _medium: medium, _dir: dir }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        for place in self.mounts.iter().rev() {
            wait::within(wait::DEADLINE, || (umount(place) != Err(Errno::EBUSY)).then_some(()));
        }
    }
}

/// The content of a new partition with the memory of a device.
fn memory_image(world: &World) -> Vec<u8> {
    let mut files = Tree::default();
    DIRECTORIES.iter().for_each(|directory| files.add(world.root(), Path::new(directory)));
    let fill = || {
        let dir = tempfile::tempdir().unwrap();
        let (image, place) = (dir.path().join("memory.img"), dir.path().join("memory"));
        fs::create_dir(&place).unwrap();
        let partition = Partition::new(&image, &place, MEMORY);
        partition.make_writable();
        DIRECTORIES.iter().for_each(|name| fs::create_dir_all(place.join(name)).unwrap());
        files.write(&place);
        partition.make_read_only();
        partition.unmount().unwrap();
        fs::read(image).unwrap()
    };
    // On a thread of its own, whose mount namespace ends with it.
    thread::scope(|scope| scope.spawn(fill).join().unwrap())
}
