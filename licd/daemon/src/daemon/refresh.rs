//! A refresh: read the device, judge it, publish what came out. One after the other, on a thread
//! of its own; what is asked for meanwhile is answered by the next one.

use std::sync::Arc;
use std::time::Instant;

use licd_device::{Device, Failure, Missing, Partial, Removed, Report, Survey};
use licd_files::publish;
use licd_files::settings::Settings;
use licd_rules::{Notice, TimeVerdict};
use licd_store::StoreState;
use sd_notify::NotifyState;

use super::imports::Arrived;
use super::{Daemon, chronicle, notify};
use crate::hub::{ImportedJob, News, Published, Refreshed};
use crate::jobs::{self, Job};
use crate::journal;
use crate::notices::Herald;

/// Callers that wait for the next refresh. Everybody may be one, and send up to 16 descriptors along
/// that stay open as long; a process may have 1024 by default.
pub(super) const WAITING: usize = 32;

/// The refresh that runs, and the next one if somebody wants it.
#[derive(Default)]
pub(super) struct Lane {
    running: Option<Round>,
    next: Option<Round>,
}

/// Why there is a refresh, and who waits for it.
#[derive(Default)]
struct Round {
    depth: Depth,
    /// Jobs whose documents are imported by it.
    jobs: Vec<Arc<Job>>,
    waiting: Vec<Waiting>,
}

/// How much of the device is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Nothing: what was read is judged again.
    #[default]
    Time,
    /// What has changed.
    Changes,
    /// Everything.
    All,
}

/// What there is a refresh of.
pub(super) enum Subject {
    /// The device, so deep.
    Device(Depth),
    /// The device, after these jobs were imported.
    Imports(Vec<Arrived>),
}

/// Somebody who is to be answered once the refresh is known to all.
pub(super) enum Waiting {
    /// The answer about something that is done, also if the refresh fails.
    Done(Answer),
    /// The answer that there was one.
    Refresh(Answer),
}

/// Answers a caller. Dropped, it tells him that nobody did.
pub(super) type Answer = Box<dyn FnOnce() + Send>;

impl Lane {
    /// Whether a refresh runs; that may include writing to the store.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.next.as_ref().map_or(0, |round| round.waiting.len())
    }
}

/// Looks at the device when the daemon starts, and carries out the removal profile. Whether that is
/// done.
pub(super) fn first(device: &Device, herald: &Herald) -> (Refreshed, bool) {
    let mut look = Look::take(device, None, Depth::All);
    let done = look.has_all_facts() && remove_profile(device, &look.survey);
    if look.survey.settings().licensing.remove.is_some() {
        look = Look::of(device.survey_after(Some(&look.survey)), None);
    }
    (publish_look(device, herald, look, true, None), done)
}

/// Refreshes what is known and publishes it as files. `last` is what was published before.
pub(super) fn take(
    device: &Device,
    herald: &Herald,
    subject: Subject,
    last: &Published,
) -> Refreshed {
    match subject {
        Subject::Device(Depth::Time) => {
            let survey = Arc::clone(&last.survey);
            let look = Look { survey, missing: last.missing.clone(), whole: last.whole };
            publish_look(device, herald, look, false, Some(last))
        }
        Subject::Device(depth) => {
            publish_look(device, herald, Look::take(device, Some(last), depth), true, Some(last))
        }
        Subject::Imports(arrived) => {
            let (imported, left_open, look) = import(device, arrived, last);
            let refreshed = publish_look(device, herald, look, true, Some(last));
            Refreshed { imported, left_open: refreshed.left_open | left_open, ..refreshed }
        }
    }
}

/// Imports what has arrived for several jobs in one go, and looks at the device. Whether the store
/// was left open.
fn import(
    device: &Device,
    arrived: Vec<Arrived>,
    last: &Published,
) -> (Vec<ImportedJob>, bool, Look) {
    let (mut arrivals, mut parts) = (Vec::new(), Vec::new());
    for Arrived { job, read } in arrived {
        parts.push((job, read.arrivals.len(), read.following));
        arrivals.extend(read.arrivals);
    }
    let batch = device.import(&last.survey, arrivals);
    // A write always closes the store behind itself; if it is open now, that has failed.
    let left_open = batch.has_written() && device.is_left_open();
    let mut look = Look::of(device.survey_after(Some(&batch.survey)), Some(last));
    let (mut imported, mut ended) = (batch.imported.into_iter(), Vec::new());
    let mut noted = false;
    for (job, count, following) in parts {
        let own: Vec<_> = imported.by_ref().take(count).collect();
        if let (Some(following), [one]) = (following, own.as_slice()) {
            noted |= device.note_link(&look.survey, following, one);
        }
        ended.push((job, own));
    }
    if noted {
        look = Look::of(device.survey_after(Some(&look.survey)), Some(last));
    }
    (ended, left_open, look)
}

fn publish_look(
    device: &Device,
    herald: &Herald,
    mut look: Look,
    is_fresh: bool,
    last: Option<&Published>,
) -> Refreshed {
    let (mut complaints, mut links) = (Vec::new(), None);
    if is_fresh && look.has_all_facts() {
        links = Some(keep_settings(device, &look.survey, &mut complaints));
    }
    let (mut left_open, mut unwritten) = (false, false);
    // Before the name is owned nothing waits for a disk; what is to be written is written next. And
    // nothing is remembered by a survey that lacks facts.
    if last.is_some() && look.has_all_facts() {
        match look.keep(device, &mut complaints) {
            Ok(open) => left_open = open,
            Err(failure) => {
                complaints.push(failure.message);
                unwritten = true;
            }
        }
    }
    let mut published = look.published(device, last);
    if let Some(last) = last {
        // A deployment that could not be written down is known until the daemon restarts.
        if last.report.restart_pending && !published.report.restart_pending {
            published = published.with_restart_pending(true);
        }
        if last.report == published.report {
            // Only time has passed; whoever watches the file is not to be woken for that.
            published.json.clone_from(&last.json);
        }
    }
    let root = device.root();
    let mut again = !published.missing.is_empty();
    if let Err(error) = publish::publish(root, &published.json, &published.allowed()) {
        complaints.push(format!("{error}; other programs see an old state"));
        again = true;
    }
    let mut due = Vec::new();
    if published.whole {
        let told = herald.publish(device, &published.survey, &published.time, &mut complaints);
        again |= told.is_none();
        // Before the name is owned no program would hear them.
        if let Some(told) = told.filter(|_| last.is_some()) {
            due = herald.due(device, told, &mut complaints);
        }
    }
    let imported = Vec::new();
    Refreshed { published, imported, due, complaints, links, left_open, again, unwritten }
}

/// What a look at the device has brought.
struct Look {
    survey: Arc<Survey>,
    missing: Missing,
    /// Whether the survey has all facts.
    whole: bool,
}

impl Look {
    /// Reads the device.
    fn take(device: &Device, last: Option<&Published>, depth: Depth) -> Self {
        let known = last.filter(|last| last.whole).map(|last| &*last.survey);
        let looked = match depth {
            Depth::All => device.survey_anew(known),
            Depth::Time | Depth::Changes => device.survey_after(known),
        };
        Self::of(looked, last)
    }

    /// If a fact could not be looked at, the last survey that had all of them stands.
    fn of(looked: Result<Survey, Box<Partial>>, last: Option<&Published>) -> Self {
        match looked {
            Ok(survey) => {
                Self { survey: Arc::new(survey), missing: Missing::default(), whole: true }
            }
            Err(partial) => {
                let Partial { survey, missing } = *partial;
                let last = last.filter(|last| last.whole && !missing.is_files_only());
                match last {
                    Some(last) => Self { survey: Arc::clone(&last.survey), missing, whole: true },
                    None => {
                        let whole = missing.is_files_only();
                        Self { survey: Arc::new(survey), missing, whole }
                    }
                }
            }
        }
    }

    /// Whether the survey is of now and lacks nothing but files of the store.
    fn has_all_facts(&self) -> bool {
        self.whole && self.missing.is_files_only()
    }

    /// Writes down what has to be remembered of the survey, and cleans up the store. Whether that has
    /// left the store open.
    fn keep(&mut self, device: &Device, complaints: &mut Vec<String>) -> Result<bool, Failure> {
        let (survey, time) = keep_time(device, Arc::clone(&self.survey), complaints)?;
        self.survey = survey;
        device.keep_past(&self.survey, &time)?;
        let cleaned = device.clean_up(&self.survey, &time)?;
        if cleaned.is_empty() {
            return Ok(false);
        }
        chronicle::cleaned(&cleaned);
        self.survey = look_once_more(device, &self.survey)?;
        Ok(device.is_left_open())
    }

    /// What is to be published.
    fn published(mut self, device: &Device, last: Option<&Published>) -> Published {
        let time = device.time(&self.survey).unwrap_or_else(|unavailable| {
            self.missing.add(unavailable);
            last.map_or_else(|| device.provisional_time(&self.survey), |last| last.time)
        });
        // The first since the daemon started: what an earlier run has published stands.
        let before = match self.whole {
            true => None,
            false => publish::published(device.root()).and_then(|json| Report::from_json(&json)),
        };
        match before {
            Some(report) => Published::standing(self.survey, time, self.missing, report),
            None => Published::new(self.survey, time, self.missing, self.whole),
        }
    }
}

/// The time to judge at. Writes down what has to be remembered of it, and when the starter period
/// begins.
fn keep_time(
    device: &Device,
    mut survey: Arc<Survey>,
    complaints: &mut Vec<String>,
) -> Result<(Arc<Survey>, TimeVerdict), Failure> {
    let time = device.time(&survey)?;
    complaints.extend(device.keep_time().err().map(|failure| failure.message));
    match device.keep_starter(&survey, &time) {
        Ok(true) => survey = look_once_more(device, &survey)?,
        Ok(false) => {}
        Err(failure) => complaints.push(failure.message),
    }
    Ok((survey, time))
}

/// A survey after something was written.
fn look_once_more(device: &Device, last: &Survey) -> Result<Arc<Survey>, Failure> {
    match device.survey_after(Some(last)) {
        Ok(survey) => Ok(Arc::new(survey)),
        Err(partial) => Err(Failure::from(&partial.missing)),
    }
}

/// Carries out the removal profile of the settings, as at every start while it is set. Whether that
/// is done; else it is tried again, seldom at last.
pub(super) fn remove_profile(device: &Device, survey: &Survey) -> bool {
    let Some(selector) = &survey.settings().licensing.remove else { return true };
    match device.remove_by_profile(survey, selector) {
        Ok(Removed { count, left }) => {
            log::info!(
                MESSAGE_ID = journal::REMOVED, LICD_SELECTOR = selector.to_string();
                "{selector}: removed by the settings: {count}"
            );
            chronicle::left(&left);
            true
        }
        Err(failure) => {
            log::warn!(
                MESSAGE_ID = journal::STORE_PROBLEM, LICD_CODE = failure.code.as_str();
                "removal of {selector}: {}", failure.message
            );
            false
        }
    }
}

/// Keeps settings that are whole for the day when they are not, and returns them.
fn keep_settings(device: &Device, survey: &Survey, complaints: &mut Vec<String>) -> Settings {
    let loaded = survey.loaded_settings();
    let unknown = loaded.unknown.iter();
    complaints.extend(unknown.map(|key| format!("settings: {key}: is not known, and is ignored")));
    complaints.extend(loaded.keep(device.root()).err().map(|problem| problem.to_string()));
    device.forget_links(survey);
    loaded.settings.clone()
}

impl Daemon {
    /// Looks at what has changed of the device.
    pub(super) fn look_again(&mut self) {
        self.refresh(Depth::Changes, None);
    }

    /// Judges again what was read.
    pub(super) fn judge_again(&mut self) {
        self.refresh(Depth::Time, None);
    }

    /// Looks at what has changed for somebody who waits for it.
    pub(super) fn look_again_for(&mut self, waiting: Waiting) {
        self.refresh(Depth::Changes, Some(waiting));
    }

    pub(super) fn refresh(&mut self, depth: Depth, waiting: Option<Waiting>) {
        let next = self.lane.next.get_or_insert_default();
        next.depth = next.depth.max(depth);
        next.waiting.extend(waiting);
        self.next_refresh();
    }

    /// Begins the next refresh unless one runs, and imports with it what has arrived. What
    /// was to be read anew then waits for the one after.
    fn next_refresh(&mut self) {
        if self.lane.running.is_some() {
            return;
        }
        let Some(mut round) = self.lane.next.take() else { return };
        let subject = match self.take_arrived() {
            arrived if arrived.is_empty() || round.depth == Depth::All => {
                self.put_back(arrived);
                Subject::Device(round.depth)
            }
            arrived => {
                round.depth = Depth::Changes;
                round.jobs = arrived.iter().map(|one| Arc::clone(&one.job)).collect();
                Subject::Imports(arrived)
            }
        };
        let last = self.hub.published();
        if round.depth > Depth::Time {
            self.events.forget_files();
            self.timers.files.clear();
        }
        self.lane.running = Some(round);
        let (device, herald) = (Arc::clone(&self.device), Arc::clone(&self.herald));
        let work = move || take(&device, &herald, subject, &last);
        if let Err(error) = jobs::spawn(&self.hub, "survey", work, |refreshed| {
            News::Refreshed(refreshed.map(Box::new))
        }) {
            log::error!("{}; the state shown may be old", jobs::no_thread("survey", &error));
            self.refreshed(None);
        }
    }

    /// A refresh has ended: everybody is told, then those who wait for it are answered.
    pub(super) fn refreshed(&mut self, refreshed: Option<Box<Refreshed>>) {
        let Round { depth, jobs, waiting } = self.lane.running.take().unwrap_or_default();
        let taken = refreshed.is_some();
        self.mind_shortage(
            refreshed.as_ref().is_none_or(|refreshed| refreshed.again),
            Instant::now(),
        );
        let mut ended = Vec::new();
        if let Some(refreshed) = refreshed {
            let Refreshed {
                published, imported, due, complaints, links, left_open, unwritten, ..
            } = *refreshed;
            self.mind_unwritten(unwritten, Instant::now());
            self.mind_open_store(left_open);
            ended.extend(imported.into_iter().map(|(job, own)| self.imported(job, Some(own))));
            let deployments: Vec<_> =
                ended.iter().filter_map(|one| one.deployment(&published)).collect();
            deployments.iter().for_each(|name| self.deployed(name));
            self.publish(published, !deployments.is_empty());
            due.into_iter().for_each(|notice| self.announce(notice));
            self.complain(complaints, depth > Depth::Time);
            links.into_iter().for_each(|links| self.heed_links(links));
        } else {
            ended.extend(jobs.into_iter().map(|job| self.imported(job, None)));
        }
        ended.into_iter().for_each(|one| self.import_ended(one));
        waiting.into_iter().for_each(|one| self.answer(one, taken));
        self.mind_what_is_amiss(Instant::now());
        self.begin_imports();
        self.next_refresh();
    }

    /// Answers those who wait for a refresh that does not come any more.
    pub(super) fn answer_without_refresh(&mut self) {
        let rounds = [self.lane.running.take(), self.lane.next.take()];
        let waiting = rounds.into_iter().flatten().flat_map(|round| round.waiting);
        waiting.for_each(|one| self.answer(one, false));
    }

    fn answer(&mut self, one: Waiting, taken: bool) {
        match one {
            Waiting::Refresh(_) if !taken => {}
            Waiting::Done(answer) | Waiting::Refresh(answer) => self.bus(|bus| bus.then(answer)),
        }
    }

    fn publish(&mut self, mut new: Published, deployed: bool) {
        let old = self.hub.published();
        if deployed && !new.report.restart_pending {
            new = new.with_restart_pending(true);
            if let Err(error) = publish::publish(self.device.root(), &new.json, &new.allowed()) {
                self.complain(vec![format!("{error}; other programs see an old state")], false);
            }
        }
        let changed = new.report != old.report;
        let new = Arc::new(new);
        self.events.set_alarm(self.device.next_turn(&new.time));
        self.hub.publish(Arc::clone(&new));
        if changed {
            chronicle::changed(&old.report, &new.report);
            notify(&[NotifyState::Status(&chronicle::status_line(&new.report))]);
        }
        if changed {
            self.bus(|bus| bus.announce(new));
        }
    }

    /// Tells of an end that is near or has come.
    fn announce(&self, notice: Notice) {
        chronicle::notice(&notice);
        self.bus(|bus| bus.expiry_notice(notice));
    }

    /// Logs what was not complained of before. `all`: whether nothing else is wrong any more.
    pub(super) fn complain(&mut self, complaints: Vec<String>, all: bool) {
        let is_new = |complaint: &&String| !self.complaints.contains(complaint);
        let new: Vec<String> = complaints.iter().filter(is_new).cloned().collect();
        for complaint in &new {
            log::warn!(MESSAGE_ID = journal::PROBLEM; "{complaint}");
        }
        if all {
            self.complaints = complaints;
        } else {
            self.complaints.extend(new);
        }
    }

    /// Looks again soon if something could not be looked at or published.
    pub(super) fn mind_shortage(&mut self, again: bool, now: Instant) {
        if again {
            self.timers.shortage.begin(now);
        } else {
            self.timers.shortage.end();
        }
    }

    /// Looks again from time to time if something could not be written down, for a while: a medium
    /// that stays read-only must not keep the device awake.
    fn mind_unwritten(&mut self, unwritten: bool, now: Instant) {
        if unwritten {
            self.timers.unwritten.begin(now);
        } else {
            self.timers.unwritten.end();
        }
    }

    /// While no unit ID is known, looks for one from time to time.
    pub(super) fn mind_what_is_amiss(&mut self, now: Instant) {
        match self.hub.published().report.unit_id {
            Some(_) => self.timers.relook.end(),
            None => self.timers.relook.begin(now),
        }
        let is_open = self.hub.published().report.store.state == StoreState::Writable;
        if is_open && self.device.is_left_open() {
            self.timers.reclosed.begin(now);
        } else {
            self.timers.reclosed.end();
        }
    }
}
