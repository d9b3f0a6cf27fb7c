//! Files that callers import: one thread for each caller reads that caller's files in turn. A file is
//! read without waiting for its writer, so that more threads would gain nothing; files of different
//! callers never wait for each other, however slow the file system of one is.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use licd_device::Device;

use super::{Job, Known, Source};
use crate::shared::{News, Shared};
use crate::weight::yield_to_answers;

/// The files that wait, by caller. A caller is in the map as long as a thread reads for it.
#[derive(Default)]
pub(crate) struct FileQueues(Mutex<Queues>);

type Queues = HashMap<String, VecDeque<(Arc<Job>, Source)>>;

impl FileQueues {
    /// Reads a file after those that its caller named before.
    ///
    /// # Errors
    /// The system has no thread left; the file is not read.
    pub(crate) fn read(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        device: &Arc<Device>,
        job: &Arc<Job>,
        source: Source,
    ) -> io::Result<()> {
        let mut queues = self.lock();
        let file = (Arc::clone(job), source);
        if let Some(queue) = queues.get_mut(&job.owner) {
            queue.push_back(file);
            return Ok(());
        }
        let reader = Reader {
            queues: Arc::clone(self),
            shared: Arc::clone(shared),
            device: Arc::clone(device),
            owner: job.owner.clone(),
        };
        thread::Builder::new().name("import".to_owned()).spawn(move || reader.run())?;
        queues.insert(job.owner.clone(), VecDeque::from([file]));
        Ok(())
    }

    /// The next file of a caller. Without any, the caller's thread ends.
    fn next(&self, owner: &str) -> Option<(Arc<Job>, Source)> {
        let mut queues = self.lock();
        let next = queues.get_mut(owner).and_then(VecDeque::pop_front);
        if next.is_none() {
            queues.remove(owner);
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that reads the files of one caller.
struct Reader {
    queues: Arc<FileQueues>,
    shared: Arc<Shared>,
    device: Arc<Device>,
    owner: String,
}

impl Reader {
    fn run(self) {
        yield_to_answers();
        let mut known: Option<Known> = None;
        while let Some((job, source)) = self.queues.next(&self.owner) {
            // The state that the work held is not used after a panic.
            let read = catch_unwind(AssertUnwindSafe(|| {
                let published = self.shared.published();
                let known = match known.take() {
                    Some(same) if Arc::ptr_eq(&same.published, &published) => known.insert(same),
                    _ => known.insert(Known::of(&self.device, published)),
                };
                known.read(&self.shared, &self.device, &job, source)
            }));
            self.shared.report(News::Read { job, read: read.ok().map(Box::new) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use licd_device::Intent;
    use licd_fs::root::Root;

    use super::*;
    use crate::jobs::JobKind;
    use crate::shared::tests::shared;

    #[test]
    fn files_of_a_caller_are_read_in_their_order_and_leave_no_queue() {
        let (dir, shared, inbox) = shared();
        let device = Arc::new(Device::at(Root::new(dir.path()).unwrap()));
        let queues = Arc::new(FileQueues::default());
        let order = |id: u32, owner: &str| {
            let file = dir.path().join(format!("{id}.lic"));
            fs::write(&file, "tea").unwrap();
            let (name, owner) = (id.to_string(), owner.to_owned());
            let job = Arc::new(
                Job::new(id, JobKind::Import, name, owner, Intent::Explicit, &[]).unwrap(),
            );
            queues.read(&shared, &device, &job, Source::Path(file)).unwrap();
        };
        (1..=40).for_each(|id| order(id, if id % 2 == 0 { ":1.1" } else { ":1.2" }));
        let mut read = Vec::new();
        while read.len() < 40 {
            for news in inbox.wait() {
                let News::Read { job, read: Some(documents) } = news else { panic!() };
                assert_eq!(documents.arrivals.len(), 1);
                read.push(job.id);
            }
        }
        for odd in [0, 1] {
            let own: Vec<_> = read.iter().filter(|id| *id % 2 == odd).collect();
            assert!(own.is_sorted(), "{own:?}");
        }
        while !queues.lock().is_empty() {
            thread::yield_now();
        }
    }
}
