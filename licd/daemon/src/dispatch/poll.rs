//! The download links of the settings: when they are polled, one after the other.

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use licd_device::Url;
use licd_files::settings::{RemoteManager, Settings};
use licd_rules::Code;

use super::{Action, Origin, State, Ticket};
use crate::jobs::JobId;

/// How long a caller waits for the end of a poll: less than D-Bus does.
const ANSWER: Duration = Duration::from_secs(20);
/// The least time between two polls. Any user may ask for one, and a server is not to suffer.
const PAUSE: Duration = Duration::from_secs(2);

/// When the regular poll comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextPoll {
    /// Soon after the start of the daemon; later if nothing is wanted.
    AfterStart,
    /// Soon after the links have changed.
    AfterChange,
    /// One interval after the last poll, or earlier after so many failures in a row.
    Again { hours: u16, failures: u32 },
    /// After this time.
    After(Duration),
}

/// The links, and where the poll of them is.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// The settings; `None` until they were read.
    settings: Option<Settings>,
    /// Links that this poll has still to follow.
    queue: VecDeque<Url>,
    /// The link that is being followed, and the import of it.
    running: Option<(JobId, Url)>,
    /// Links whose licences were signed by an unknown key: a later link of this poll may lead to the
    /// trust document with that key.
    unproven: Vec<Url>,
    /// Whether a link of this poll could not be followed.
    failed: bool,
    /// Polls in a row for which that holds.
    failures: u32,
    /// When the last poll ended.
    ended: Option<Instant>,
    /// When a poll begins that a caller asked for and that has to wait for the pause.
    asked: Option<Instant>,
    /// Whether the poll is the regular one. The failure of a poll that a caller asked for does not
    /// put off the regular one: any user may ask.
    is_regular: bool,
    /// Polls so far.
    polls: u64,
    /// Callers that wait for the end of a poll.
    waiting: Vec<Waiter>,
    /// Whether the links changed after the poll had begun.
    again: bool,
}

/// A caller that waits for a poll that began after its call.
#[derive(Debug)]
struct Waiter {
    /// The number of that poll.
    poll: u64,
    until: Instant,
    ticket: Ticket,
}

impl Polling {
    /// Whether a poll runs.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether this is the import of a link.
    pub(super) fn is_link(&self, job: JobId) -> bool {
        self.running.as_ref().is_some_and(|(running, _)| *running == job)
    }

    /// How many callers wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// When the next caller is to be answered, or a poll begins that one asked for.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiter| waiter.until).chain(self.asked).min()
    }

    /// Follows no further link, and returns the callers that wait.
    pub(super) fn stop(&mut self) -> Vec<Ticket> {
        let settings = self.settings.take();
        let stopped = mem::replace(self, Self { settings, ..Self::default() });
        stopped.waiting.into_iter().map(|waiter| waiter.ticket).collect()
    }

    fn remote(&self) -> Option<&RemoteManager> {
        Some(&self.settings.as_ref()?.system.remotemanager)
    }

    /// How long the servers are still to be left alone.
    fn pause(&self, now: Instant) -> Duration {
        let since = |ended| now.saturating_duration_since(ended);
        self.ended.map_or(Duration::ZERO, |ended| PAUSE.saturating_sub(since(ended)))
    }

    /// When the next poll comes after these settings; `None` if they change nothing.
    fn next_after(&self, settings: &Settings) -> Option<NextPoll> {
        let Some(before) = &self.settings else { return Some(NextPoll::AfterStart) };
        let (old, new) = (&before.system.remotemanager, &settings.system.remotemanager);
        // Another removal profile may let licences come back.
        if before.licensing != settings.licensing || old.license_urls != new.license_urls {
            return Some(NextPoll::AfterChange);
        }
        let (hours, failures) = (new.license_poll_hours, self.failures);
        (old.license_poll_hours != hours).then_some(NextPoll::Again { hours, failures })
    }
}

impl State {
    /// Follows the links of settings that were just read.
    pub(super) fn settings_read(&mut self, settings: Settings) {
        let Some(next) = self.polling.next_after(&settings) else { return };
        let has_links = !settings.system.remotemanager.license_urls.is_empty();
        self.polling.settings = Some(settings);
        if self.polling.is_running() {
            self.polling.again = true;
            self.polling.is_regular = true;
        } else if has_links {
            self.push(Action::SetPoll(next));
        }
    }

    /// Polls as soon as the pause allows, for a caller that waits for it.
    pub(super) fn poll_for(&mut self, ticket: Ticket) {
        let (poll, until) = (self.polling.polls + 1, self.now + ANSWER);
        self.polling.waiting.push(Waiter { poll, until, ticket });
        self.poll_when_asked();
    }

    pub(super) fn regular_poll_due(&mut self) {
        self.polling.is_regular = true;
        if self.polling.is_running() {
            return;
        }
        match self.polling.pause(self.now) {
            Duration::ZERO => self.poll(),
            pause => self.push(Action::SetPoll(NextPoll::After(pause))),
        }
    }

    /// Polls for callers, unless a poll runs. The alarm of the regular poll stays as it is.
    fn poll_when_asked(&mut self) {
        if self.polling.is_running() {
            return;
        }
        match self.polling.pause(self.now) {
            Duration::ZERO => self.poll(),
            pause => self.polling.asked = Some(self.now + pause),
        }
    }

    /// Begins to follow every link.
    fn poll(&mut self) {
        let links = self.polling.remote().into_iter().flat_map(|remote| &remote.license_urls);
        // The report names a link that is no address.
        self.polling.queue = links.filter_map(|link| Url::parse(link).ok()).collect();
        self.polling.unproven.clear();
        self.polling.failed = false;
        self.polling.again = false;
        self.polling.asked = None;
        self.polling.polls += 1;
        self.follow_next_link();
    }

    fn follow_next_link(&mut self) {
        while let Some(link) = self.polling.queue.pop_front() {
            if let Ok(job) = self.jobs.begin(String::new(), Origin::Other, None) {
                self.push(Action::FollowLink(job, link.clone()));
                self.polling.running = Some((job, link));
                return;
            }
            self.push(Action::SkipLink(link));
            self.polling.failed = true;
        }
        self.polled();
    }

    /// An import has ended; if it was that of a link, follows the next one.
    pub(super) fn link_followed(&mut self, job: JobId, code: Option<Code>) {
        let polling = &mut self.polling;
        let Some((_, link)) = polling.running.take_if(|(running, _)| *running == job) else {
            return;
        };
        match code {
            Some(Code::UnknownKey | Code::UntrustedProduct) => polling.unproven.push(link),
            // Each of a finite number of links is followed once more for each that is accepted.
            Some(Code::Valid) => polling.queue.extend(polling.unproven.drain(..)),
            Some(
                Code::SourceUnreachable
                | Code::SourceRefused
                | Code::SourceTooLarge
                | Code::StoreFull
                | Code::StoreUnwritable
                | Code::Busy,
            )
            | None => polling.failed = true,
            Some(_) => {}
        }
        self.follow_next_link();
    }

    /// All links were followed.
    fn polled(&mut self) {
        let polling = &mut self.polling;
        polling.ended = Some(self.now);
        if !polling.failed {
            polling.failures = 0;
            polling.is_regular = true;
        } else if polling.is_regular {
            polling.failures = polling.failures.saturating_add(1);
        }
        let polls = polling.polls;
        if polling.again {
            polling.asked = Some(self.now + PAUSE);
        } else if mem::take(&mut polling.is_regular) {
            self.set_next_poll();
        }
        self.answer_pollers(|waiter| waiter.poll <= polls);
        if self.polling.waiting() > 0 {
            self.poll_when_asked();
        }
    }

    fn set_next_poll(&mut self) {
        let failures = self.polling.failures;
        if let Some(remote) = self.polling.remote().filter(|s| !s.license_urls.is_empty()) {
            let hours = remote.license_poll_hours;
            self.push(Action::SetPoll(NextPoll::Again { hours, failures }));
        }
    }

    /// Answers callers that have waited long enough: the poll goes on without them. Begins the poll
    /// that a caller asked for, if its time has come.
    pub(super) fn poll_time_passed(&mut self) {
        let now = self.now;
        self.answer_pollers(|waiter| waiter.until <= now);
        if self.polling.asked.take_if(|at| *at <= now).is_some() {
            self.poll_when_asked();
        }
    }

    fn answer_pollers(&mut self, is_due: impl Fn(&Waiter) -> bool) {
        let due = self.polling.waiting.extract_if(.., |waiter| is_due(waiter));
        self.actions.extend(due.map(|waiter| Action::Answer(waiter.ticket)));
    }
}
