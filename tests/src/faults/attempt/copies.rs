//! Copies of a device, one at a time. A copy has to be cheap: there are tens of thousands of runs.

use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::drive::{Drive, holds};
use crate::partition::Partition;
use crate::tree::Tree;
use crate::wait;
use crate::world::World;

/// The volatile files, which a copy does not have.
const VOLATILE: &str = "device/run/licd";
/// The directories that the programs write to, besides the licence partition.
const WRITTEN: [&str; 3] = ["var", "etc", "run"];
/// The time within which the last process of a run lets go of the licence partition.
const RELEASE: Duration = Duration::from_secs(5);

/// What is copied for every run.
#[derive(Debug)]
pub(super) struct Copies {
    /// The files, with their paths below the device's own directory.
    files: Tree,
    /// The content of the licence partition, if it is a file system, and the drive of the copy.
    partition: Option<(Vec<u8>, RefCell<Drive>)>,
}

impl Copies {
    /// Copies of this device, on which no program runs.
    pub(super) fn of(template: &World) -> Self {
        let top = template.root().parent().unwrap();
        let mut files = Tree::default();
        ["device", "inbox"].iter().for_each(|name| files.add(top, Path::new(name)));
        files.remove(Path::new(VOLATILE));
        let partition = template.file_system().map(|partition| {
            let content = fs::read(partition.image()).unwrap();
            let drive = RefCell::new(Drive::new(&content));
            (content, drive)
        });
        Self { files, partition }
    }

    /// A copy. The one before must have been dropped.
    pub(super) fn next(&self) -> World {
        match &self.partition {
            None => self.on(|_| None),
            Some((content, drive)) => self.on(|place| {
                drive.borrow_mut().load(content);
                Some(drive.borrow().mount(place))
            }),
        }
    }

    pub(super) fn partition_content(&self) -> Option<&[u8]> {
        self.partition.as_ref().map(|(content, _)| &**content)
    }

    /// A copy with this licence partition, given where to mount it.
    pub(super) fn on(&self, partition: impl FnOnce(&Path) -> Option<Partition>) -> World {
        let dir = tempfile::tempdir().unwrap();
        // Ordinary users need access.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        self.files.write(dir.path());
        let partition = partition(&dir.path().join("device/license"));
        World::in_dir(dir, partition)
    }

    /// Whether an image has every byte that it had when it was copied.
    pub(super) fn is_untouched(&self, image: &Path) -> bool {
        self.partition_content().is_some_and(|content| holds(image, content))
    }

    /// The state of a copy, as a number that equal states share; `None` if its partition was written.
    pub(super) fn fingerprint(&self, world: &World) -> Option<u64> {
        let partition = world.file_system()?;
        if !partition.is_read_only() || !self.is_untouched(partition.image()) {
            return None;
        }
        let mut written = Tree::default();
        WRITTEN.iter().for_each(|dir| written.add(world.root(), Path::new(dir)));
        let mut hasher = DefaultHasher::new();
        written.hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// Unmounts a licence partition, as the last step of a run.
pub(super) fn release(partition: &Partition) {
    let done = wait::within(RELEASE, || partition.unmount().ok());
    if done.is_none() {
        partition.vanish();
    }
}
