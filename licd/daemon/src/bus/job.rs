//! `com.igel.License1.Job`: one import that runs, or has just ended.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, Variant, interface};

use super::PATH;
use super::authority::{Action, Authority};
use super::caller::sender;
use super::error::BusError;
use super::manager::ask;
use crate::jobs::{Job, JobId, JobKind};
use crate::shared::{Order, Shared};

/// The interface.
pub(super) const INTERFACE: &str = "com.igel.License1.Job";

/// A job as an object.
pub(super) struct JobObject {
    pub(super) shown: Arc<ShownJob>,
    pub(super) authority: Arc<Authority>,
    pub(super) shared: Arc<Shared>,
}

/// The path of a job.
pub(super) fn path(id: JobId) -> String {
    format!("{PATH}/job/{id}")
}

/// A job as it was last announced. Its object shows this, not what the job has reached since, so that
/// each signal tells a change and none repeats what is known.
pub(super) struct ShownJob {
    pub(super) job: Arc<Job>,
    announced: Mutex<Stage>,
}

impl ShownJob {
    /// A job as it now is.
    pub(super) fn new(job: Arc<Job>) -> Self {
        let announced = Mutex::new(Stage::of(&job));
        Self { job, announced }
    }

    /// Shows what the job has reached, and returns what was shown before and what is now.
    pub(super) fn update(&self) -> [[(&'static str, Variant<'static>); 2]; 2] {
        let now = Stage::of(&self.job);
        [mem::replace(&mut *self.announced(), now), now].map(Stage::properties)
    }

    /// The properties, as [`JobObject`] has them.
    pub(super) fn properties(&self) -> [(&'static str, Variant<'_>); 4] {
        let [kind, source] =
            [("Kind", self.job.kind.as_str().into()), ("Source", self.job.name.as_str().into())];
        let [state, progress] = self.announced().properties();
        [kind, source, state, progress]
    }

    fn announced(&self) -> MutexGuard<'_, Stage> {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What changes of a job.
#[derive(Clone, Copy)]
struct Stage {
    state: &'static str,
    progress: (u64, u64),
}

impl Stage {
    fn of(job: &Job) -> Self {
        let state = match (job.is_finished(), job.is_kept()) {
            (false, _) => "running",
            (true, true) => "waiting",
            (true, false) => "finished",
        };
        Self { state, progress: job.progress() }
    }

    fn properties(self) -> [(&'static str, Variant<'static>); 2] {
        [("State", self.state.into()), ("Progress", self.progress.into())]
    }
}

#[interface(name = "com.igel.License1.Job", introspection_docs = false)]
impl JobObject {
    /// The caller that asked for the import may cancel it; others need the authority to ask for one.
    async fn cancel(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), BusError> {
        let (caller, job) = (sender(&header), &self.shown.job);
        if caller.is_empty() || caller != job.owner {
            let action = match job.kind {
                JobKind::Import => Action::Import,
                JobKind::Activation => Action::Activate,
            };
            self.authority.check(connection, &header, action).await?;
        }
        match (job.is_finished(), job.is_kept()) {
            (true, false) => return Ok(()),
            (true, true) => {}
            (false, _) => job.withdraw(),
        }
        match job.kind {
            JobKind::Import => Ok(()),
            JobKind::Activation => {
                ask(&self.shared, |reply| Order::Withdraw { job: job.id, reply }).await
            }
        }
    }

    #[zbus(signal)]
    pub(super) async fn finished(
        emitter: &SignalEmitter<'_>,
        verdict: &str,
        message: &str,
    ) -> zbus::Result<()>;

    #[zbus(property(emits_changed_signal = "const"))]
    fn kind(&self) -> String {
        self.shown.job.kind.as_str().to_owned()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn source(&self) -> String {
        self.shown.job.name.clone()
    }

    #[zbus(property)]
    fn state(&self) -> String {
        self.shown.announced().state.to_owned()
    }

    #[zbus(property)]
    fn progress(&self) -> (u64, u64) {
        self.shown.announced().progress
    }
}

#[cfg(test)]
mod tests {
    use licd_device::Intent;

    use super::*;

    fn job() -> Arc<Job> {
        let (kind, intent) = (JobKind::Activation, Intent::Explicit);
        Arc::new(Job::new(1, kind, "a.lic".to_owned(), String::new(), intent, &[]).unwrap())
    }

    fn state(shown: &ShownJob) -> Variant<'_> {
        let [_, _, (name, state), _] = shown.properties();
        assert_eq!(name, "State");
        state
    }

    #[test]
    fn a_job_is_shown_as_it_was_last_announced() {
        let shown = ShownJob::new(job());
        shown.job.finish();
        assert_eq!(state(&shown), "running".into());
        let [before, now] = shown.update();
        assert_eq!(
            [&before[0], &now[0]].map(|(_, state)| state),
            [&"running".into(), &"finished".into()]
        );
        assert_eq!(before[1], now[1]);
        assert_eq!(state(&shown), "finished".into());
    }

    #[test]
    fn a_request_that_waits_is_shown_as_waiting_from_the_beginning() {
        let job = job();
        job.finish();
        job.keep();
        assert_eq!(state(&ShownJob::new(job)), "waiting".into());
    }
}
