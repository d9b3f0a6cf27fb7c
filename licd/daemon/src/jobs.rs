//! Slow work: each piece runs on a thread of its own, which ends with it.

mod files;
mod server;
mod source;
mod stick;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use licd_device::{Arrival, Device, Failure, Following, Intent, Survey};
use licd_fs::printable::reason;
use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::shared::{News, Published, Shared};
use crate::weight::yield_to_answers;

pub(crate) use files::FileQueues;
pub(crate) use source::{Access, Source};

/// Threads that read imports at one time: each takes some 100 KB. All files of one caller share a thread.
pub(crate) const AT_ONCE: usize = 16;
/// Removals and changes of settings at one time: they wait for the same lock. Imports without data
/// must not keep a removal by UMS away, so these have room of their own.
pub(crate) const WRITES: usize = 16;
/// Imports of one caller from pipes, servers and sticks at one time: a pipe without data keeps its place
/// for two minutes, and other callers must not wait for that.
pub(crate) const OF_ONE: usize = AT_ONCE / 2;
/// Files at one time: those that are imported together cost one round. A file takes up to three
/// descriptors, and less than 1 KB once it is read. The second half is for callers that have none yet.
pub(crate) const FILES: usize = 192;
/// Files of one caller at one time.
pub(crate) const FILES_OF_ONE: usize = 64;
/// How often the progress of an import is reported.
const PROGRESS: Duration = Duration::from_millis(250);

/// Numbers the imports of one run of the daemon.
pub(crate) type JobId = u32;

/// What a job imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobKind {
    /// Documents that exist.
    Import,
    /// The answer to the request of an activation.
    Activation,
}

impl JobKind {
    /// Its word on the bus.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Activation => "activation",
        }
    }
}

/// An import, as its callers see it.
pub(crate) struct Job {
    /// Its number.
    pub(crate) id: JobId,
    /// What it imports.
    pub(crate) kind: JobKind,
    /// The name of its source, fit to be shown.
    pub(crate) name: String,
    /// The caller's unique bus name; empty for an import of the daemon's own.
    pub(crate) owner: String,
    /// The features that were allowed when it began.
    pub(crate) allowed_before: Vec<String>,
    intent: Intent,
    done: AtomicU64,
    total: AtomicU64,
    finished: AtomicBool,
    /// It has ended and its request waits for the next attempt.
    kept: AtomicBool,
    cancelled: AtomicBool,
    /// A caller has cancelled it, and not the daemon.
    withdrawn: AtomicBool,
    cancel: EventFd,
}

impl Job {
    /// A job that is about to begin.
    ///
    /// # Errors
    /// The kernel's, if it has no descriptor left.
    pub(crate) fn new(
        id: JobId,
        kind: JobKind,
        name: String,
        owner: String,
        intent: Intent,
        allowed: &[&str],
    ) -> Result<Self, Errno> {
        let cancel = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
        let allowed_before = allowed.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self {
            id,
            kind,
            name,
            owner,
            allowed_before,
            intent,
            done: AtomicU64::default(),
            total: AtomicU64::default(),
            finished: AtomicBool::default(),
            kept: AtomicBool::default(),
            cancelled: AtomicBool::default(),
            withdrawn: AtomicBool::default(),
            cancel,
        })
    }

    /// Bytes read, and how many there are; 0 if that is not known.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Whether it changes nothing, whatever its verdict.
    pub(crate) fn is_check(&self) -> bool {
        self.intent == Intent::Check
    }

    /// Whether it has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }

    /// Marks it as ended.
    pub(crate) fn finish(&self) {
        self.finished.store(true, Ordering::Relaxed);
    }

    /// Whether it has ended and its request waits for the next attempt.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// Marks it as one whose request waits.
    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    /// Whether it is cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether a caller has cancelled it.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }

    /// Cancels it for a caller, who has the request of an activation removed as well.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
        self.cancel();
    }

    /// Ends the reading of its source. Documents that were read whole are still imported.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        // Fails only if the counter is full, and then the job is cancelled already.
        let _ = self.cancel.write(1);
    }
}

/// What a job has read.
pub(crate) struct Read {
    /// Its documents.
    pub(crate) arrivals: Vec<Arrival>,
    /// What to record about the download link that was followed.
    pub(crate) following: Option<Following>,
}

/// Runs `work` on a thread of its own, and reports its result to the loop, in the form that `tell`
/// gives it; `None` if it panicked.
///
/// # Errors
/// The system has no thread left; neither is called.
pub(crate) fn spawn<T>(
    shared: &Arc<Shared>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
    tell: impl FnOnce(Option<T>) -> News + Send + 'static,
) -> io::Result<()> {
    let shared = Arc::clone(shared);
    let run = move || {
        yield_to_answers();
        // The state that the work held is not used after a panic.
        let result = catch_unwind(AssertUnwindSafe(work));
        shared.report(tell(result.ok()));
    };
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

/// The message to log when [`spawn`] fails.
pub(crate) fn no_thread(name: &str, error: &io::Error) -> String {
    format!(
        "licd: no thread can be started for the {name} ({}); see what uses up the memory or the \
         tasks of the machine",
        reason(error)
    )
}

/// Starts to read the documents of a job, by what is known of the device.
///
/// # Errors
/// Those of [`spawn`].
pub(crate) fn read(
    shared: &Arc<Shared>,
    device: &Arc<Device>,
    job: &Arc<Job>,
    source: Source,
) -> io::Result<()> {
    let (own_shared, device, own_job) = (Arc::clone(shared), Arc::clone(device), Arc::clone(job));
    let job = Arc::clone(job);
    let work = move || {
        let known = Known::of(&device, own_shared.published());
        known.read(&own_shared, &device, &own_job, source)
    };
    spawn(shared, "import", work, |read| News::Read { job, read: read.map(Box::new) })
}

/// What is known of the device when a source is read.
struct Known {
    published: Arc<Published>,
    survey: Result<Survey, Failure>,
}

impl Known {
    fn of(device: &Device, published: Arc<Published>) -> Self {
        let survey = match published.whole {
            true => device.survey_to_read_by(&published.survey),
            false => device.survey_for_import(),
        };
        Self { published, survey }
    }

    /// Reads the documents of a source.
    fn read(&self, shared: &Shared, device: &Device, job: &Arc<Job>, source: Source) -> Read {
        match &self.survey {
            Ok(survey) => {
                let mut meter = Meter { job, shared, reported: Instant::now() };
                source.read(device, survey, &mut meter)
            }
            Err(failure) => Read::one(Arrival::unread(&job.name, failure.clone())),
        }
    }
}

impl Read {
    fn one(arrival: Arrival) -> Self {
        Self { arrivals: vec![arrival], following: None }
    }
}

/// Counts the bytes of an import, and reports them from time to time.
struct Meter<'a> {
    job: &'a Arc<Job>,
    shared: &'a Shared,
    reported: Instant,
}

impl Meter<'_> {
    /// Sets the bytes read, and how many there are; 0 if that is not known.
    fn set(&mut self, done: u64, total: u64) {
        self.job.done.store(done, Ordering::Relaxed);
        self.job.total.store(total, Ordering::Relaxed);
        if self.reported.elapsed() >= PROGRESS {
            self.reported = Instant::now();
            self.shared.report(News::Progress(Arc::clone(self.job)));
        }
    }
}

#[cfg(test)]
mod tests;
