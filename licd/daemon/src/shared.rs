//! What the bus, the loop and the working threads share: the published state, orders and news.

use std::ops::Range;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TrySendError};
use std::sync::{Arc, PoisonError, RwLock};

use licd_device::{Failure, Imported, Intent, Missing, Problem, Removed, Report, Survey, to_json};
use licd_files::settings::Settings;
use licd_machine::clock;
use licd_rules::{Answer, Code, Notice, Selector, TimeVerdict};
use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::bus::{LicenseChanges, Licenses, Names};
use crate::jobs::{Job, JobId, Read, Source};

/// Orders of the bus that wait for the loop. It handles one in microseconds, so more than a few wait
/// only if the loop hangs.
const ORDERS: usize = 64;

/// The plan while no deployment wants a restart.
pub(crate) const NO_RESTART: &str = "none";

/// The state that the bus answers from. The loop replaces it as a whole.
pub(crate) struct Published {
    /// What the report rests on.
    pub(crate) survey: Arc<Survey>,
    /// The time it was judged at.
    pub(crate) time: TimeVerdict,
    /// What could not be looked at since; the report is that of the last whole survey.
    pub(crate) missing: Missing,
    /// Whether the survey itself has all facts. Otherwise it is the first since the daemon started,
    /// and the report is the one that was published before, if there is one.
    pub(crate) whole: bool,
    /// The report.
    pub(crate) report: Report,
    names: Names,
    /// The report as the files have it, of the moment it was made.
    pub(crate) json: String,
    /// The place of that moment in it.
    now: Range<usize>,
}

impl Published {
    /// The report as of now. It is not made anew for every call: a device may have a thousand licences,
    /// and any user may call.
    pub(crate) fn status(&self) -> String {
        let mut json = self.json.clone();
        json.replace_range(self.now.clone(), &clock::now().to_string());
        json
    }
    /// A report of this moment, and its JSON.
    pub(crate) fn new(
        survey: Arc<Survey>,
        time: TimeVerdict,
        missing: Missing,
        whole: bool,
    ) -> Self {
        let report = survey.report(&time);
        Self { whole, ..Self::of(survey, time, missing, report) }
    }

    /// A report of an earlier run, for want of a newer one.
    pub(crate) fn standing(
        survey: Arc<Survey>,
        time: TimeVerdict,
        missing: Missing,
        report: Report,
    ) -> Self {
        Self { whole: false, ..Self::of(survey, time, missing, report) }
    }

    fn of(survey: Arc<Survey>, time: TimeVerdict, missing: Missing, mut report: Report) -> Self {
        for problem in missing.problems() {
            // A report of an earlier run may name it already.
            if !report.problems.contains(&problem) {
                report.problems.push(problem);
            }
        }
        let (json, now) = written(&report);
        let names = Names::of(&report.licenses);
        Self { survey, time, missing, whole: true, report, names, json, now }
    }

    /// The same, with `restart_pending` set so.
    pub(crate) fn with_restart_pending(mut self, pending: bool) -> Self {
        self.report.restart_pending = pending;
        (self.json, self.now) = written(&self.report);
        self
    }

    /// The same, with these files that licd could not write as problems, in place of those before.
    pub(crate) fn with_unwritten(mut self, problems: &[Problem]) -> Self {
        let named = self.report.problems.iter();
        if named.filter(|one| matches!(one, Problem::Unwritten(_))).eq(problems) {
            return self;
        }
        self.report.problems.retain(|one| !matches!(one, Problem::Unwritten(_)));
        self.report.problems.extend_from_slice(problems);
        (self.json, self.now) = written(&self.report);
        self
    }

    /// The licences as objects.
    pub(crate) fn licenses(&self) -> Licenses<'_> {
        Licenses::new(&self.report.licenses, &self.names)
    }

    /// The names of the features that are allowed.
    pub(crate) fn allowed(&self) -> Vec<&str> {
        let features = self.report.features.iter();
        features.filter(|(_, feature)| feature.allowed).map(|(name, _)| name.as_str()).collect()
    }
}

/// The JSON of a report, and the place of its moment in it.
fn written(report: &Report) -> (String, Range<usize>) {
    let mut json = to_json(report);
    // It stays until the next report; the JSON of a thousand licences leaves room for as many.
    json.shrink_to_fit();
    // In a text of the report the quotation marks are escaped.
    let key = "\"now\":\"";
    let at = json.find(key).map_or(0, |at| at + key.len());
    (json, at..at + report.clock.now.to_string().len())
}

/// Why an order is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// For a reason that has a code.
    Verdict(Failure),
    /// The caller's arguments make no sense.
    Arguments(String),
    /// By a fault of this program.
    Fault(String),
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self::Verdict(Failure { code, message: message.into() })
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Verdict(Failure { message, .. })
            | Self::Arguments(message)
            | Self::Fault(message) => message,
        }
    }

    /// The answer to an order that is not carried out.
    pub(crate) fn unavailable() -> Self {
        Self::new(Code::Busy, "licd: is stopping or out of resources; try again later")
    }
}

/// Answers a caller. Dropped, it answers [`Refusal::unavailable`].
pub(crate) type Reply<T> = Box<dyn FnOnce(Result<T, Refusal>) + Send>;

/// What a caller, authorised where needed, asks of the loop.
pub(crate) enum Order {
    Import {
        source: Source,
        intent: Intent,
        name: String,
        owner: String,
        reply: ImportReply,
    },
    Remove {
        selector: Selector,
        reply: Reply<u32>,
    },
    Apply {
        settings: String,
        reply: Reply<()>,
    },
    /// To give up the activation whose request waits for its answer.
    Withdraw {
        /// Its attempt that runs, or ran last.
        job: JobId,
        reply: Reply<()>,
    },
    Answer {
        answer: Answer,
        reply: Reply<()>,
    },
    Refresh {
        reply: Reply<()>,
    },
    Poll {
        reply: Reply<()>,
    },
}

/// When the caller of an import is answered.
pub(crate) enum ImportReply {
    /// As soon as there is a job, by its object's name.
    Begun(Reply<JobId>),
    /// By the verdict.
    Verdict(Reply<Code>),
}

impl ImportReply {
    /// Answers that there is no import.
    pub(crate) fn refuse(self, why: Refusal) {
        match self {
            Self::Begun(reply) => reply(Err(why)),
            Self::Verdict(reply) => reply(Err(why)),
        }
    }
}

/// What a working thread or the bus reports to the loop.
pub(crate) enum News {
    /// The device was read, or judged again. `None`: a fault of this program.
    Refreshed(Option<Box<Refreshed>>),
    /// An import went on.
    Progress(Arc<Job>),
    /// What is to be imported was read. `None`: a fault of this program.
    Read { job: Arc<Job>, read: Option<Box<Read>> },
    /// A removal ended.
    Removed { selector: Selector, outcome: Result<Written<Removed>, Refusal>, reply: Reply<u32> },
    /// A change of settings ended.
    Applied { outcome: Result<(), Refusal>, reply: Reply<()> },
    /// An attempt to settle ended.
    Settled { left: Unsettled },
    /// The caller with this unique name has left the bus.
    CallerGone(String),
    /// What logind answered, or why it did not.
    Logind(Result<LogindState, String>),
    /// Whether logind has begun to restart the device, or why not.
    Restarting(Result<(), String>),
    /// The connection to the bus is gone.
    BusGone,
}

/// What logind knows that a restart depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogindState {
    /// Whether a user sits at the device.
    pub(crate) session: bool,
    /// The program that blocks a restart, and why.
    pub(crate) inhibitor: Option<String>,
}

/// A job, and what became of its documents.
pub(crate) type ImportedJob = (Arc<Job>, Vec<Imported>);

/// The result of a refresh.
pub(crate) struct Refreshed {
    pub(crate) published: Published,
    /// How its licences differ from those that were published before.
    pub(crate) changes: LicenseChanges,
    /// What became of the documents of each job that was imported.
    pub(crate) imported: Vec<ImportedJob>,
    /// Notices of expiry that are to be announced.
    pub(crate) due: Vec<Notice>,
    /// Problems on the way that the report does not name.
    pub(crate) complaints: Vec<String>,
    /// The settings, if they were read.
    pub(crate) settings: Option<Settings>,
    /// Whether another process keeps the store from being closed.
    pub(crate) left_open: bool,
    /// Whether to refresh again soon: a fact could not be looked at, or the state not published.
    pub(crate) again: bool,
    /// Whether a record could not be written.
    pub(crate) unwritten: bool,
}

/// What a start or a crash has left to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Unsettled {
    /// The store is not closed, or a removal not finished.
    pub(crate) store: bool,
    /// The removal profile could not be carried out yet.
    pub(crate) profile: bool,
}

/// The result of a write to the store.
pub(crate) struct Written<T> {
    pub(crate) value: T,
    /// Whether another process keeps the store from being closed.
    pub(crate) left_open: bool,
}

/// The side of the bus and of the working threads.
pub(crate) struct Shared {
    published: RwLock<Arc<Published>>,
    /// What is planned for the restart that a deployment wants, as a word.
    plan: RwLock<&'static str>,
    orders: SyncSender<Order>,
    news: Sender<News>,
    wake: Arc<EventFd>,
}

/// The side of the loop.
pub(crate) struct Inbox {
    orders: Receiver<Order>,
    news: Receiver<News>,
    /// Readable when there is something.
    pub(crate) wake: Arc<EventFd>,
}

/// Makes the two sides.
///
/// # Errors
/// The kernel's, if it has no descriptor left.
pub(crate) fn open(first: Published) -> Result<(Arc<Shared>, Inbox), Errno> {
    let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?);
    let (orders, ordered) = mpsc::sync_channel(ORDERS);
    let (news, reported) = mpsc::channel();
    let published = RwLock::new(Arc::new(first));
    let plan = RwLock::new(NO_RESTART);
    let shared = Shared { published, plan, orders, news, wake: Arc::clone(&wake) };
    Ok((Arc::new(shared), Inbox { orders: ordered, news: reported, wake }))
}

impl Shared {
    /// What is published now.
    pub(crate) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the published state. For the loop alone.
    pub(crate) fn publish(&self, new: Arc<Published>) {
        let replace = || {
            let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *published, new)
        };
        // Without the lock: freeing the report of thousands of licences would keep callers waiting.
        drop(replace());
    }

    /// What is planned for the restart that a deployment wants.
    pub(crate) fn plan(&self) -> &'static str {
        *self.plan.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the plan. For the loop alone.
    pub(crate) fn set_plan(&self, plan: &'static str) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Hands an order to the loop; never waits.
    ///
    /// # Errors
    /// [`Code::Busy`] if too many wait already or the daemon is stopping. The order's reply is then
    /// dropped.
    pub(crate) fn order(&self, order: Order) -> Result<(), Refusal> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::new(
                Code::Busy,
                format!("licd: {ORDERS} orders wait already; try again later"),
            ),
            TrySendError::Disconnected(_) => Refusal::unavailable(),
        })?;
        self.wake();
        Ok(())
    }

    /// Reports to the loop; without effect after its end.
    pub(crate) fn report(&self, news: News) {
        if self.news.send(news).is_ok() {
            self.wake();
        }
    }

    fn wake(&self) {
        // Fails only if the counter is full, and then it is readable already.
        let _ = self.wake.write(1);
    }
}

impl Inbox {
    /// What has come in.
    pub(crate) fn take(&self) -> (Vec<News>, Vec<Order>) {
        let _ = self.wake.read();
        (self.news.try_iter().collect(), self.orders.try_iter().take(ORDERS).collect())
    }

    /// The news that has come in; orders stay, and are refused when the channel is dropped.
    pub(crate) fn take_news(&self) -> Vec<News> {
        let _ = self.wake.read();
        self.news.try_iter().collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use licd_device::Device;
    use licd_fs::root::Root;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd as _;

    /// The shared state of an empty device.
    pub(crate) fn shared() -> (tempfile::TempDir, Arc<Shared>, Inbox) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sys")).unwrap();
        let device = Device::at(Root::new(dir.path()));
        let survey = device.survey().unwrap();
        let time = device.time(&survey).unwrap();
        let missing = Missing::default();
        let (shared, inbox) = open(Published::new(Arc::new(survey), time, missing, true)).unwrap();
        (dir, shared, inbox)
    }

    impl Inbox {
        /// Waits for news.
        pub(crate) fn wait(&self) -> Vec<News> {
            let mut fds = [PollFd::new(self.wake.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::NONE).unwrap();
            self.take_news()
        }
    }

    fn order(answers: &Sender<Result<(), Refusal>>) -> Order {
        let answers = answers.clone();
        Order::Refresh { reply: Box::new(move |answer| answers.send(answer).unwrap()) }
    }

    #[test]
    fn a_report_of_another_moment_is_the_same_report() {
        let (_dir, shared, _inbox) = shared();
        let first = shared.published();
        let later = TimeVerdict { now: first.time.now.plus(1), ..first.time };
        let second = Published::new(Arc::clone(&first.survey), later, Missing::default(), true);
        assert_eq!(first.report, second.report);
        let mut third = second.report.clone();
        third.clock.now = third.clock.now.plus(1);
        assert_eq!(first.report, third);
        assert!(first.json.contains("\"now\":\"2"));
        assert_eq!(first.status().len(), first.json.len());
        assert!(first.status().contains("\"now\":\"2"));
    }

    #[test]
    fn orders_beyond_those_that_wait_are_refused_as_busy() {
        let (_dir, shared, inbox) = shared();
        let (reply, _answers) = mpsc::channel();
        for _ in 0..ORDERS {
            shared.order(order(&reply)).unwrap();
        }
        let Err(Refusal::Verdict(failure)) = shared.order(order(&reply)) else { panic!("taken") };
        assert_eq!(failure.code, Code::Busy);
        assert_eq!(inbox.take().1.len(), ORDERS);
        shared.order(order(&reply)).unwrap();
    }

    #[test]
    fn an_order_that_is_dropped_drops_its_reply() {
        let (_dir, shared, inbox) = shared();
        let (reply, answers) = mpsc::channel();
        shared.order(order(&reply)).unwrap();
        drop((reply, inbox));
        assert!(answers.recv().is_err());
        let (reply, _answers) = mpsc::channel();
        assert_eq!(shared.order(order(&reply)), Err(Refusal::unavailable()));
    }
}
