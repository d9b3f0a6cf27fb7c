//! `com.igel.License1.Job`: one import that runs, or has just ended.

use std::sync::Arc;

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
    pub(super) job: Arc<Job>,
    pub(super) authority: Arc<Authority>,
    pub(super) shared: Arc<Shared>,
}

/// The path of a job.
pub(super) fn path(id: JobId) -> String {
    format!("{PATH}/job/{id}")
}

/// The state of a job as a word.
pub(super) fn state(job: &Job) -> &'static str {
    match (job.is_finished(), job.is_kept()) {
        (false, _) => "running",
        (true, true) => "waiting",
        (true, false) => "finished",
    }
}

/// The properties of a job, as [`JobObject`] has them.
pub(super) fn properties(job: &Job) -> [(&'static str, Variant<'_>); 4] {
    [
        ("Kind", job.kind.as_str().into()),
        ("Source", job.name.as_str().into()),
        ("State", state(job).into()),
        ("Progress", job.progress().into()),
    ]
}

#[interface(name = "com.igel.License1.Job", introspection_docs = false)]
impl JobObject {
    /// The caller that asked for the import may cancel it; others need the authority to ask for one.
    async fn cancel(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), BusError> {
        let caller = sender(&header);
        if caller.is_empty() || caller != self.job.owner {
            let action = match self.job.kind {
                JobKind::Import => Action::Import,
                JobKind::Activation => Action::Activate,
            };
            self.authority.check(connection, &header, action).await?;
        }
        let job = self.job.id;
        match (self.job.is_finished(), self.job.is_kept()) {
            (true, false) => return Ok(()),
            (true, true) => {}
            (false, _) => self.job.withdraw(),
        }
        match self.job.kind {
            JobKind::Import => Ok(()),
            JobKind::Activation => ask(&self.shared, |reply| Order::Withdraw { job, reply }).await,
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
        self.job.kind.as_str().to_owned()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn source(&self) -> String {
        self.job.name.clone()
    }

    #[zbus(property)]
    fn state(&self) -> String {
        state(&self.job).to_owned()
    }

    #[zbus(property)]
    fn progress(&self) -> (u64, u64) {
        self.job.progress()
    }
}
