//! What runs: one order at a time.

use std::collections::VecDeque;
use std::path::PathBuf;

use licd_device::Failure;
use licd_rules::Code;

use super::actions::Action;
use super::events::{JobPath, Purpose, Question, Verdict};
use super::form::Field;
use super::notice::{Notice, Outcome};
use super::{State, Way};

/// Ended jobs that are remembered until their order is answered: more than the daemon shows at once.
const REMEMBERED: usize = 64;

/// An order that the daemon works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) stage: Stage,
    /// The job, once the daemon has answered.
    pub(crate) job: Option<JobPath>,
    /// Bytes read, and their number, 0 if unknown.
    pub(crate) progress: (u64, u64),
}

impl Work {
    /// Whether cancelling is possible, and was not done yet. What removes takes only a moment.
    pub(crate) fn can_be_cancelled(&self) -> bool {
        let removes = matches!(self.kind, Kind::Removal | Kind::Withdrawal);
        !removes && self.stage == Stage::Running
    }
}

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An import or a check of one source.
    Source(Purpose),
    /// An import or a check of files.
    Files(Purpose),
    Activation,
    /// Cancelling the request that waits.
    Withdrawal,
    Removal,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Running,
    Cancelling,
}

/// Jobs that have ended before the answer named them.
#[derive(Debug, Default)]
pub(super) struct Ended(VecDeque<(JobPath, Verdict)>);

impl Ended {
    fn remember(&mut self, job: JobPath, verdict: Verdict) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((job, verdict));
    }

    /// Takes the verdict of a job, and forgets all others.
    fn take(&mut self, job: &str) -> Option<Verdict> {
        std::mem::take(&mut self.0).into_iter().find(|(path, _)| path == job).map(|(_, end)| end)
    }
}

impl State {
    /// Starts what the page is for, unless something is missing.
    pub(super) fn start(&mut self, purpose: Purpose) -> Vec<Action> {
        if !self.is_free() {
            return Vec::new();
        }
        let order = match self.way {
            Way::Evaluation => match self.form.person() {
                Ok(person) => return self.begin(Kind::Activation, Action::Activate(person)),
                Err(complaint) => Err(complaint),
            },
            Way::Url => self.form.url_order(purpose),
            Way::Ftp => self.form.ftp_order(purpose),
            Way::File => self.form.stick_order(purpose),
        };
        match order {
            Ok(order) => self.begin(Kind::Source(purpose), Action::Import(order)),
            Err(complaint) => self.complain(complaint),
        }
    }

    /// Whether a request for a licence waits that the work that runs, if any, does not send.
    pub(crate) fn has_request(&self) -> bool {
        let sends = self.work.as_ref().is_some_and(|work| work.kind == Kind::Activation);
        !sends && self.report.as_ref().is_some_and(|report| report.request_waits())
    }

    /// Cancels the request that waits.
    pub(super) fn withdraw(&mut self) -> Vec<Action> {
        match self.is_free() && self.has_request() {
            true => self.begin(Kind::Withdrawal, Action::Withdraw),
            false => Vec::new(),
        }
    }

    pub(super) fn start_files(&mut self, files: Vec<PathBuf>, purpose: Purpose) -> Vec<Action> {
        if !self.is_free() || files.is_empty() {
            return Vec::new();
        }
        self.begin(Kind::Files(purpose), Action::ImportFiles(files, purpose))
    }

    /// Removes the licences that the window has asked about.
    pub(super) fn confirm(&mut self) -> Vec<Action> {
        match self.question.take() {
            Some(Question::Licenses(selector)) if self.is_free() => {
                self.begin(Kind::Removal, Action::Remove(selector))
            }
            question => {
                self.question = question;
                Vec::new()
            }
        }
    }

    fn begin(&mut self, kind: Kind, action: Action) -> Vec<Action> {
        self.notice = None;
        self.ended = Ended::default();
        self.work = Some(Work { kind, stage: Stage::Running, job: None, progress: (0, 0) });
        vec![action]
    }

    /// Cancels what runs.
    pub(super) fn cancel(&mut self) -> Vec<Action> {
        let Some(work) = self.work.as_mut().filter(|work| work.can_be_cancelled()) else {
            return Vec::new();
        };
        work.stage = Stage::Cancelling;
        match (&work.job, work.kind) {
            (_, Kind::Files(_)) => vec![Action::CancelFiles],
            (Some(job), _) => vec![Action::CancelJob(job.clone())],
            // The answer names the job.
            (None, _) => Vec::new(),
        }
    }

    pub(super) fn begun(&mut self, job: JobPath) -> Vec<Action> {
        let Some(work) = &mut self.work else { return Vec::new() };
        work.job = Some(job.clone());
        if let Some(verdict) = self.ended.take(&job) {
            return self.ended(job, verdict);
        }
        match work.stage {
            Stage::Running => Vec::new(),
            Stage::Cancelling => vec![Action::CancelJob(job)],
        }
    }

    pub(super) fn progressed(&mut self, job: &str, done: u64, total: u64) -> Vec<Action> {
        if let Some(work) = self.work.as_mut().filter(|work| work.job.as_deref() == Some(job)) {
            work.progress = (done, total);
        }
        Vec::new()
    }

    pub(super) fn ended(&mut self, job: JobPath, verdict: Verdict) -> Vec<Action> {
        match &self.work {
            Some(work) if work.job.as_ref() == Some(&job) => {
                let outcome = outcome(work, verdict.code);
                self.end_work(outcome, lines(&verdict.message))
            }
            Some(Work { job: None, .. }) => {
                self.ended.remember(job, verdict);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn files_done(&mut self, verdicts: Vec<Verdict>) -> Vec<Action> {
        let Some(work) = &self.work else { return Vec::new() };
        let outcome = outcome(work, Code::of_all(verdicts.iter().filter_map(|one| one.code)));
        self.end_work(outcome, verdicts.iter().flat_map(|one| lines(&one.message)).collect())
    }

    pub(super) fn refused(&mut self, failure: Failure) -> Vec<Action> {
        match &self.work {
            Some(Work { stage: Stage::Cancelling, .. }) => {
                self.end_work(Outcome::Cancelled, Vec::new())
            }
            Some(_) => self.end_work(Outcome::Refused(failure.code), lines(&failure.message)),
            None => Vec::new(),
        }
    }

    /// What runs goes on.
    pub(super) fn not_refreshed(&mut self, failure: Failure) -> Vec<Action> {
        let (outcome, lines) = (Outcome::Refused(failure.code), lines(&failure.message));
        self.notice = Some(Notice { outcome, lines });
        Vec::new()
    }

    pub(super) fn end_work(&mut self, outcome: Outcome, lines: Vec<String>) -> Vec<Action> {
        if self.work.take().is_none() {
            return Vec::new();
        }
        // One order has used the password.
        let forget = (outcome == Outcome::Imported).then_some(Action::ClearField(Field::Password));
        self.notice = Some(Notice { outcome, lines });
        self.finish_activation();
        forget.into_iter().collect()
    }
}

/// What the verdict on an order comes to.
fn outcome(work: &Work, code: Option<Code>) -> Outcome {
    let check = matches!(work.kind, Kind::Source(Purpose::Check) | Kind::Files(Purpose::Check));
    match code {
        Some(code) if code.is_accepted() && check => Outcome::CheckedGood,
        // What was read whole before a cancel is imported.
        Some(code) if code.is_accepted() => Outcome::Imported,
        _ if work.stage == Stage::Cancelling => Outcome::Cancelled,
        Some(code) => Outcome::Rejected(code),
        None => Outcome::Failed,
    }
}

fn lines(message: &str) -> Vec<String> {
    message.lines().map(str::to_owned).collect()
}
