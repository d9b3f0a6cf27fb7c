//! The imports that run and the room for more work.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::{Refused, Ticket};
use crate::jobs::{AT_ONCE, FILES, FILES_OF_ONE, JobId, OF_ONE, WRITES};

/// How long an ended job stays on the bus, for callers that ask late.
const LINGER: Duration = Duration::from_secs(10);
/// Ended jobs on the bus. Each keeps a descriptor open, so beyond this number the oldest go earlier.
const LINGERING: usize = 64;

/// Where an import reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A file, which is read without waiting for its writer.
    File,
    /// A server, a stick or a stream.
    Other,
}

/// How long a file waits for the next one that its caller has promised. The caller sends them in one go.
const MORE_WITHIN: Duration = Duration::from_secs(5);

/// Whether the caller of a file sends another one to import together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// It does.
    Follows,
    /// It does not, or not that licd knew.
    Nothing,
}

/// A file that is imported together with others of its caller.
#[derive(Debug)]
struct Joint {
    /// Until when the next one must come; `None` once it has.
    more_until: Option<Instant>,
}

/// An import that runs.
#[derive(Debug)]
struct Job {
    /// The caller's unique name; the daemon's own imports have none.
    owner: String,
    origin: Origin,
    /// The caller that waits for the verdict.
    caller: Option<Ticket>,
    stage: Stage,
    joint: Option<Joint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Reading,
    Read,
    Importing,
}

impl Job {
    fn owner(&self) -> &str {
        &self.owner
    }

    fn more_until(&self) -> Option<Instant> {
        self.joint.as_ref()?.more_until
    }

    /// Whether those that it is imported with have to wait.
    fn holds_up_others(&self) -> bool {
        self.joint.is_some() && (self.stage == Stage::Reading || self.more_until().is_some())
    }

    /// Whether it is a file that is still to be read.
    fn is_unread_file(&self) -> bool {
        self.origin == Origin::File && self.stage == Stage::Reading
    }
}

/// The imports, and how much other work runs.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    running: BTreeMap<JobId, Job>,
    last: JobId,
    /// Removals, changes of settings and attempts to settle that run.
    pub(super) writes: usize,
    /// Jobs that have ended and are still shown, until when.
    ended: VecDeque<(Instant, JobId)>,
}

impl Jobs {
    /// Whether one more removal or change of settings may run.
    pub(super) fn has_room_to_write(&self) -> bool {
        self.writes < WRITES
    }

    /// Whether one more thread may read an import.
    fn has_room(&self) -> bool {
        let others = self.running.values().filter(|job| job.origin == Origin::Other);
        let others = others.filter(|job| job.stage != Stage::Importing).count();
        let readers: BTreeSet<&str> =
            self.running.values().filter(|job| job.is_unread_file()).map(Job::owner).collect();
        others + readers.len() < AT_ONCE
    }

    /// Whether there is room for an import of this owner.
    fn room_for(&self, owner: &str, origin: Origin) -> Result<(), Refused> {
        let mut own = self.running.values().filter(|job| job.owner == owner);
        let has_thread = origin == Origin::File && own.clone().any(Job::is_unread_file);
        if !has_thread && !self.has_room() {
            return Err(Refused::Full);
        }
        let own = own.by_ref().filter(|job| job.origin == origin).count();
        match origin {
            Origin::Other if !owner.is_empty() && own >= OF_ONE => Err(Refused::CallerFull),
            Origin::Other => Ok(()),
            Origin::File if own >= FILES_OF_ONE => Err(Refused::CallerFiles),
            Origin::File => {
                let all = self.running.values().filter(|job| job.origin == origin).count();
                let most = if own == 0 { FILES } else { FILES / 2 };
                if all < most { Ok(()) } else { Err(Refused::Files) }
            }
        }
    }

    /// Whether work runs or waits to be imported.
    pub(super) fn are_running(&self) -> bool {
        self.writes > 0 || self.running.values().any(|job| job.stage != Stage::Importing)
    }

    /// Whether there are imports or other work at all.
    pub(super) fn exist(&self) -> bool {
        self.writes > 0 || !self.running.is_empty()
    }

    /// Takes the next number for an import of this owner.
    pub(super) fn begin(
        &mut self,
        owner: String,
        origin: Origin,
        caller: Option<Ticket>,
    ) -> Result<JobId, Refused> {
        self.room_for(&owner, origin)?;
        let job = Job { owner, origin, caller, stage: Stage::Reading, joint: None };
        let id = self.take_number();
        self.running.insert(id, job);
        Ok(id)
    }

    /// Takes the next number.
    pub(super) fn take_number(&mut self) -> JobId {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    pub(super) fn numbers(&self) -> Vec<JobId> {
        self.running.keys().copied().collect()
    }

    /// Removes a job, and returns the caller that waits for its verdict.
    pub(super) fn remove(&mut self, job: JobId) -> Option<Ticket> {
        self.running.remove(&job)?.caller
    }

    pub(super) fn is_any_being_read(&self) -> bool {
        self.running.values().any(|job| job.stage == Stage::Reading)
    }

    pub(super) fn is_any_ready(&self) -> bool {
        self.running.iter().any(|(id, job)| self.is_ready(*id, job))
    }

    /// Takes the jobs that are to be imported now, in their order.
    pub(super) fn take_ready(&mut self) -> Vec<JobId> {
        let running = self.running.iter();
        let ready: Vec<_> =
            running.filter(|(id, job)| self.is_ready(**id, job)).map(|(id, _)| *id).collect();
        for id in &ready {
            self.set_stage(*id, Stage::Importing);
        }
        ready
    }

    /// Files of one caller are imported in the order in which it named them: none before an earlier
    /// one that is still being read, and those of one import together.
    fn is_ready(&self, id: JobId, job: &Job) -> bool {
        let is_own_file = |earlier: &Job| earlier.owner == job.owner && earlier.is_unread_file();
        let holds_up = |other: &Job| other.owner == job.owner && other.holds_up_others();
        job.stage == Stage::Read
            && !self.running.range(..id).any(|(_, job)| is_own_file(job))
            && !(job.joint.is_some() && self.running.values().any(holds_up))
    }

    /// Joins a job to the one before it of the same caller, if that waits for more, and to the next one,
    /// if that follows.
    pub(super) fn join(&mut self, id: JobId, more: More, now: Instant) {
        let Some(owner) = self.running.get(&id).map(|job| job.owner.clone()) else { return };
        let is_awaited = self.expect_no_more_of(&owner);
        if let Some(job) = self.running.get_mut(&id).filter(|_| is_awaited || more == More::Follows)
        {
            let more_until = (more == More::Follows).then(|| now + MORE_WITHIN);
            job.joint = Some(Joint { more_until });
        }
    }

    /// Lets no job wait for more.
    pub(super) fn expect_no_more(&mut self) {
        self.expect_no_more_where(|_| true);
    }

    /// Lets the jobs of this owner wait for no more; whether one did.
    pub(super) fn expect_no_more_of(&mut self, owner: &str) -> bool {
        self.expect_no_more_where(|job| job.owner == owner)
    }

    /// Lets these jobs wait for no more; whether one did.
    fn expect_no_more_where(&mut self, these: impl Fn(&Job) -> bool) -> bool {
        let jobs = self.running.values_mut().filter(|job| these(job));
        let waiting = jobs.filter_map(|job| job.joint.as_mut()?.more_until.take());
        waiting.count() > 0
    }

    /// Lets jobs wait no longer whose time for that is over.
    pub(super) fn expect_no_more_by(&mut self, now: Instant) -> bool {
        self.expect_no_more_where(|job| job.more_until().is_some_and(|until| until <= now))
    }

    /// Notes that the documents of a job have been read.
    pub(super) fn read(&mut self, job: JobId) {
        self.set_stage(job, Stage::Read);
    }

    fn set_stage(&mut self, job: JobId, stage: Stage) {
        if let Some(job) = self.running.get_mut(&job) {
            job.stage = stage;
        }
    }

    /// When the next ended job is to be forgotten, or a job is to wait for no more.
    pub(super) fn due(&self) -> Option<Instant> {
        let ended = self.ended.front().map(|(at, _)| *at);
        self.running.values().filter_map(Job::more_until).chain(ended).min()
    }

    /// Takes an ended job whose time on the bus is over.
    pub(super) fn take_expired(&mut self, now: Instant) -> Option<JobId> {
        self.ended.pop_front_if(|(at, _)| *at <= now).map(|(_, id)| id)
    }

    /// Leaves an ended job on the bus for a while. Returns the one that has to go for it.
    pub(super) fn let_linger(&mut self, job: JobId, now: Instant) -> Option<JobId> {
        self.ended.push_back((now + LINGER, job));
        if self.ended.len() <= LINGERING {
            return None;
        }
        self.ended.pop_front().map(|(_, oldest)| oldest)
    }

    /// The imports whose verdict this caller waits for.
    pub(super) fn awaited_by(&self, caller: &str) -> impl Iterator<Item = JobId> {
        let running = self.running.iter();
        running
            .filter(move |(_, job)| job.owner == caller && job.caller.is_some())
            .map(|(id, _)| *id)
    }

    pub(super) fn forget_ended(&mut self) {
        self.ended.clear();
    }
}
