//! Carries out the actions that the state decides on.

use std::sync::Arc;
use std::time::Duration;

use licd_device::{Intent, Url};
use licd_fs::printable;
use licd_machine::links;
use licd_rules::{ServiceState, poll_after_change, poll_after_start, poll_again};
use sd_notify::NotifyState;

use super::imports::Outcome;
use super::orders::out_of_room;
use super::refresh::{Removal, Subject, remove_profile, take};
use super::{Daemon, Fatal, notify, settle};
use crate::bus::Bus;
use crate::dispatch::{Action, Event, NextPoll, Refused, Scope, Unreachable, Work};
use crate::jobs::{self, Job, JobId, JobKind, Read, Source};
use crate::journal;
use crate::shared::{News, Refusal, Unsettled};

/// How long the loop waits for one attempt to connect. The bus answers in milliseconds or is not
/// there.
const ATTEMPT: Duration = Duration::from_secs(2);

impl Daemon {
    /// Carries out an action. Returns the event that this causes at once, if it does.
    ///
    /// # Errors
    /// [`Fatal::BusGone`] for [`Action::GiveUp`].
    pub(super) fn carry_out(&mut self, action: Action) -> Result<Option<Event>, Fatal> {
        match action {
            Action::Refresh(scope) => return Ok(self.refresh(Subject::Device(scope))),
            Action::Import(jobs, scope) => {
                let subject = Subject::Imports(self.documents_of(&jobs), scope);
                return Ok(self.refresh(subject));
            }
            Action::ListLinks => {
                let links = links::list(self.device.root()).ok().and_then(Result::ok);
                return Ok(Some(Event::LinksListed(links)));
            }
            Action::FollowLink(job, link) => return Ok(self.follow(job, link)),
            Action::StartImport(job, ticket) => return Ok(self.start_import(job, ticket)),
            Action::AskAgain(job) => return Ok(self.ask_again(job)),
            Action::PlanActivation(next) => {
                return Ok(Some(Event::ActivationPlanned(self.time_to(next))));
            }
            Action::KeepJob(job) => self.jobs.get(&job).into_iter().for_each(|job| job.keep()),
            Action::ShowRequest(job) => self.show_request(job),
            Action::StartWrite(ticket) => return Ok(self.start_write(ticket)),
            Action::Settle(left) => return Ok(self.settle(left)),
            Action::Rejoin => return Ok(Some(self.rejoin())),
            Action::GiveUp => return Err(self.give_up()),
            Action::Publish(scope) => self.publish(scope),
            Action::SetPoll(next) => self.poller.set_poll(self.time_to(next)),
            Action::SkipLink(link) => skipped(&out_of_room(Refused::Full, &link.to_string())),
            Action::Cancel(job) => self.jobs.get(&job).into_iter().for_each(|job| job.cancel()),
            Action::ShowJob(job) => self.show_job(job),
            Action::EndImport(job, caller) => self.end_import(job, caller),
            Action::ForgetJob(job) => self.bus(|bus| bus.forget_job(job)),
            Action::Answer(ticket) => self.answer(ticket),
            Action::TakeAnswer(ticket) => self.take_answer(ticket),
            Action::Refuse(ticket, why) => self.refuse(ticket, why),
            // The reply answers by being dropped.
            Action::Drop(ticket) => drop(self.pending.remove(&ticket)),
            Action::Watchdog => notify(&[NotifyState::Watchdog]),
            Action::Disconnect => self.disconnect(),
        }
        Ok(None)
    }

    fn refresh(&mut self, subject: Subject) -> Option<Event> {
        if subject.scope() > Scope::Time {
            if self.poller.try_again() {
                self.queue.push_back(Event::LinksChanged);
            }
            self.poller.forget_files();
        }
        self.device.note_unwatched(self.poller.unwatched());
        let (device, notices) = (Arc::clone(&self.device), Arc::clone(&self.notices));
        let last = self.shared.published();
        let imports = subject.jobs();
        let work = move || take(&device, &notices, subject, &last);
        let started = jobs::spawn(&self.shared, "survey", work, |refreshed| {
            News::Refreshed(refreshed.map(Box::new))
        });
        let error = started.err()?;
        log::error!("{}; the state shown may be old", jobs::no_thread("survey", &error));
        for job in imports {
            self.outcomes.insert(job, Outcome::out_of_resources(&error));
        }
        Some(Event::RefreshFailed)
    }

    fn documents_of(&mut self, jobs: &[JobId]) -> Vec<(Arc<Job>, Read)> {
        let read = jobs.iter().filter_map(|id| {
            let job = Arc::clone(self.jobs.get(id)?);
            Some((job, self.read.remove(id)?))
        });
        read.collect()
    }

    fn follow(&mut self, job: JobId, link: Url) -> Option<Event> {
        let name = link.to_string();
        let source = Source::Link(link);
        match self.start_reading(job, source, Intent::Automatic, name, String::new()) {
            Ok(()) => None,
            Err(refusal) => {
                skipped(&refusal);
                Some(Event::NotStarted(Work::Import(job)))
            }
        }
    }

    /// Sends the stored request of an activation again.
    fn ask_again(&mut self, job: JobId) -> Option<Event> {
        let name = self.shared.published().survey.activation_name();
        let source = Source::Activation(None);
        match self.start_reading(job, source, Intent::Explicit, name, String::new()) {
            Ok(()) => None,
            Err(refusal) => {
                log::warn!(MESSAGE_ID = journal::PROBLEM; "activation: {}", refusal.message());
                Some(Event::NotStarted(Work::Import(job)))
            }
        }
    }

    /// Shows the stored request as a job between two attempts.
    fn show_request(&self, id: JobId) {
        let published = self.shared.published();
        let name = published.survey.activation_name();
        let (kind, intent) = (JobKind::Activation, Intent::Explicit);
        match Job::new(id, kind, name, String::new(), intent, &published.allowed()) {
            Ok(job) => {
                job.finish();
                job.keep();
                self.bus(|bus| bus.job_began(Arc::new(job)));
            }
            Err(error) => {
                let why = printable::reason(&error.into());
                log::warn!(MESSAGE_ID = journal::PROBLEM; "activation: is not shown ({why})");
            }
        }
    }

    fn settle(&self, left: Unsettled) -> Option<Event> {
        let (device, known) = (Arc::clone(&self.device), self.shared.published());
        let work = move || Unsettled {
            store: settle(&device),
            profile: left.profile
                && !(known.whole && remove_profile(&device, &known.survey) == Removal::Done),
        };
        let tell = move |now: Option<Unsettled>| News::Settled { left: now.unwrap_or(left) };
        self.spawn("settle", work, tell, Work::Settle)
    }

    /// Starts work that may write.
    pub(super) fn spawn<T>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
        tell: impl FnOnce(Option<T>) -> News + Send + 'static,
        kind: Work,
    ) -> Option<Event> {
        let error = jobs::spawn(&self.shared, name, work, tell).err()?;
        log::error!("{}", jobs::no_thread(name, &error));
        Some(Event::NotStarted(kind))
    }

    fn time_to(&self, next: NextPoll) -> Duration {
        match next {
            NextPoll::AfterStart => {
                let published = self.shared.published();
                let urls = &published.survey.settings().system.remotemanager.license_urls;
                let is_licensed = published.report.state == ServiceState::Valid;
                let is_wanting = !(is_licensed && self.device.has_followed(urls));
                poll_after_start(is_wanting, chance())
            }
            NextPoll::AfterChange => poll_after_change(chance()),
            NextPoll::Again { hours, failures } => poll_again(hours, failures, chance()),
            NextPoll::After(time) => time,
        }
    }

    fn disconnect(&mut self) {
        log::warn!(
            MESSAGE_ID = journal::PROBLEM;
            "bus: the connection was closed; licd connects again"
        );
        self.bus = None;
    }

    fn rejoin(&mut self) -> Event {
        match Bus::start(&self.address, &self.shared, ATTEMPT) {
            Ok(bus) => {
                self.bus = Some(bus);
                log::info!("bus: connected again");
                Event::BusJoined
            }
            Err(error) => {
                let is_absent = error.is_absence();
                self.bus_error = Some(error);
                Event::BusUnreachable(match is_absent {
                    true => Unreachable::Absent,
                    false => Unreachable::Silent,
                })
            }
        }
    }

    fn give_up(&mut self) -> Fatal {
        if let Some(error) = self.bus_error.take() {
            log::error!("{error}");
        }
        Fatal::BusGone
    }
}

fn skipped(why: &Refusal) {
    log::warn!(MESSAGE_ID = journal::PROBLEM; "download links: {}", why.message());
}

/// A random number. Without one the polls are not spread, which only a fleet would notice.
fn chance() -> u32 {
    getrandom::u32().unwrap_or_default()
}
