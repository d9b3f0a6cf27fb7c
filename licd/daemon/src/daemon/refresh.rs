//! A refresh: reads the device, judges it, and publishes the result as files. It runs on a thread of
//! its own.

use std::io;
use std::sync::Arc;

use licd_device::{Device, Failure, Missing, Partial, Removed, Report, Survey};
use licd_files::publish;
use licd_files::settings::Settings;
use licd_fs::about::About as _;
use licd_rules::TimeVerdict;

use super::journal_events;
use crate::bus::LicenseChanges;
use crate::dispatch::Scope;
use crate::jobs::{Job, JobId, JobKind, Read};
use crate::journal;
use crate::notices::NoticePublisher;
use crate::shared::{ImportedJob, Published, Refreshed};

/// What a refresh begins with.
pub(super) enum Subject {
    /// Reading this much of the device.
    Device(Scope),
    /// Importing what these jobs have read.
    Imports(Vec<(Arc<Job>, Read)>),
}

impl Subject {
    /// The jobs whose documents it imports.
    pub(super) fn jobs(&self) -> Vec<JobId> {
        match self {
            Self::Device(_) => Vec::new(),
            Self::Imports(read) => read.iter().map(|(job, _)| job.id).collect(),
        }
    }
}

/// What became of the removal profile of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    /// It is carried out, or the settings name no profile.
    Done,
    /// It could not be carried out yet.
    Undone,
}

/// Surveys the device and publishes the result as files. `last` was published before.
pub(super) fn take(
    device: &Device,
    notices: &NoticePublisher,
    subject: Subject,
    last: &Published,
) -> Refreshed {
    match subject {
        Subject::Device(Scope::Time) => {
            let survey = Arc::clone(&last.survey);
            let look = Look { survey, missing: last.missing.clone(), whole: last.whole };
            publish_look(device, notices, look, false, Some(last))
        }
        Subject::Device(scope) => {
            publish_look(device, notices, Look::take(device, Some(last), scope), true, Some(last))
        }
        Subject::Imports(read) => {
            let Batch { imported, left_open, look } = import(device, read, last);
            let refreshed = publish_look(device, notices, look, true, Some(last));
            Refreshed { imported, left_open: refreshed.left_open | left_open, ..refreshed }
        }
    }
}

/// What the imports of several jobs came to.
struct Batch {
    imported: Vec<ImportedJob>,
    /// Whether another process keeps the store from being closed.
    left_open: bool,
    look: Look,
}

/// Imports the documents of several jobs in one batch, and surveys the device.
fn import(device: &Device, read: Vec<(Arc<Job>, Read)>, last: &Published) -> Batch {
    let (mut arrivals, mut parts) = (Vec::new(), Vec::new());
    for (job, read) in read {
        parts.push((job, read.arrivals.len(), read.following));
        arrivals.extend(read.arrivals);
    }
    let batch = device.import(&last.survey, arrivals);
    journal_events::cleaned(&batch.cleaned);
    let mut has_written = batch.has_written();
    let mut look = Look::of(device.survey_after(Some(&batch.survey)), Some(last));
    let (mut imported, mut ended) = (batch.imported.into_iter(), Vec::new());
    let (mut noted, mut concluded) = (false, false);
    for (job, count, following) in parts {
        let mut own: Vec<_> = imported.by_ref().take(count).collect();
        // The order of the caller that has cancelled it removes the request.
        if job.kind == JobKind::Activation && !job.is_withdrawn() {
            device.conclude_activation(&mut own);
            has_written = true;
            concluded = true;
        }
        if let (Some(following), [one]) = (following, own.as_slice()) {
            noted |= device.note_link(&look.survey, following, one);
        }
        ended.push((job, own));
    }
    if noted || concluded {
        look = Look::of(device.survey_after(Some(&look.survey)), Some(last));
    }
    // Every write closes the store at its end; if it is open now, that has failed.
    let left_open = has_written && device.is_left_open();
    Batch { imported: ended, left_open, look }
}

pub(super) fn publish_look(
    device: &Device,
    notices: &NoticePublisher,
    mut look: Look,
    is_fresh: bool,
    last: Option<&Published>,
) -> Refreshed {
    let (mut complaints, mut settings) = (Vec::new(), None);
    if is_fresh && look.has_all_facts() {
        settings = Some(keep_settings(device, &look.survey, &mut complaints));
    }
    let (mut left_open, mut unwritten) = (false, false);
    // Before the daemon owns its name it waits for no disk: the next refresh writes the records. A
    // survey that lacks facts is no base for any.
    if last.is_some() && look.has_all_facts() {
        match look.keep(device, &mut complaints) {
            Ok(CleanUp::Nothing) => {}
            Ok(CleanUp::Removed) => left_open = device.is_left_open(),
            Err(failure) => {
                complaints.push(failure.message);
                unwritten = true;
            }
        }
    }
    let mut published = look.published(device, last).with_unwritten(&device.unwritten());
    if let Some(last) = last {
        // A deployment that could not be written down is known until the daemon restarts.
        if last.report.restart_pending && !published.report.restart_pending {
            published = published.with_restart_pending(true);
        }
        if last.report == published.report {
            // Only time has passed: programs that watch the file must not wake up for that.
            published.json.clone_from(&last.json);
        }
        if last.whole && last.missing.is_empty() {
            complaints.extend(end_answered_requests(device, &published, last));
        }
    }
    let mut again = !published.missing.is_empty();
    let (published, outcome) = publish_files(device, published);
    again |= outcome.is_err();
    let mut due = Vec::new();
    if published.whole {
        let published_on =
            notices.publish(device, &published.survey, &published.time, &mut complaints);
        again |= published_on.is_none();
        // Before the daemon owns its name no program receives them.
        if let Some(day) = published_on.filter(|_| last.is_some()) {
            due = notices.due(device, day, &mut complaints);
        }
    }
    let problems = device.unwritten();
    unwritten |= !problems.is_empty();
    // The report names these files.
    complaints.retain(|text| !problems.iter().any(|one| text.starts_with(&one.subject())));
    let changes = last.map(|last| LicenseChanges::between(last.licenses(), published.licenses()));
    let (changes, imported) = (changes.unwrap_or_default(), Vec::new());
    Refreshed {
        published,
        changes,
        imported,
        due,
        complaints,
        settings,
        left_open,
        again,
        unwritten,
    }
}

/// Publishes the report as files. If one cannot be written, the report says so, on the bus and, if it can
/// be written itself, in its file.
fn publish_files(device: &Device, published: Published) -> (Published, io::Result<()>) {
    let write = |published: &Published| {
        publish::publish(device.root(), &published.json, &published.allowed())
    };
    let outcome = write(&published);
    device.note_published(&outcome);
    let before = published.report.problems.clone();
    let published = published.with_unwritten(&device.unwritten());
    if before == published.report.problems {
        return (published, outcome);
    }
    let again = write(&published);
    (published, outcome.and(again))
}

/// What the clean-up of the store found.
enum CleanUp {
    /// No file to remove.
    Nothing,
    /// Files, which it removed.
    Removed,
}

/// Removes the requests for a licence if a person has copied one into the store since. Returns why that
/// failed.
fn end_answered_requests(device: &Device, now: &Published, last: &Published) -> Option<String> {
    let is_answered = now.report.has_gained(&last.report);
    let ended = is_answered.then(|| device.end_requests())?;
    ended.err().map(|failure| failure.message)
}

/// A survey, and what it lacks.
pub(super) struct Look {
    pub(super) survey: Arc<Survey>,
    missing: Missing,
    /// Whether the survey has all facts.
    whole: bool,
}

impl Look {
    /// Reads the device.
    fn take(device: &Device, last: Option<&Published>, scope: Scope) -> Self {
        let known = last.filter(|last| last.whole).map(|last| &*last.survey);
        let looked = match scope {
            Scope::All => device.survey_anew(known),
            Scope::Time | Scope::Changes => device.survey_after(known),
        };
        Self::of(looked, last)
    }

    /// If a fact could not be looked at, the last survey with all facts stands.
    pub(super) fn of(looked: Result<Survey, Box<Partial>>, last: Option<&Published>) -> Self {
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

    /// Whether the survey is a new one and lacks nothing but files of the store.
    pub(super) fn has_all_facts(&self) -> bool {
        self.whole && self.missing.is_files_only()
    }

    /// Begins the starter period of a new device before the first report: programs that ask at once are
    /// right. The next refresh reports why that fails, and tries again.
    pub(super) fn begin_starter(&mut self, device: &Device) {
        // Without a period the time decides nothing.
        if self.survey.config().starter.days == 0 {
            return;
        }
        let begun = device.time(&self.survey).map_err(Failure::from);
        let begun = begun.and_then(|time| device.keep_starter(&self.survey, &time));
        if begun == Ok(true)
            && let Ok(survey) = look_once_more(device, &self.survey)
        {
            self.survey = survey;
        }
    }

    /// Writes the records that the survey calls for, and cleans up the store.
    fn keep(&mut self, device: &Device, complaints: &mut Vec<String>) -> Result<CleanUp, Failure> {
        let (survey, time) = keep_time(device, Arc::clone(&self.survey), complaints)?;
        self.survey = survey;
        device.keep_past(&self.survey, &time)?;
        let cleaned = device.clean_up(&self.survey, &time)?;
        if cleaned.is_empty() {
            return Ok(CleanUp::Nothing);
        }
        journal_events::cleaned(&cleaned);
        self.survey = look_once_more(device, &self.survey)?;
        Ok(CleanUp::Removed)
    }

    /// What is to be published.
    fn published(mut self, device: &Device, last: Option<&Published>) -> Published {
        let time = device.time(&self.survey).unwrap_or_else(|unavailable| {
            self.missing.add(unavailable);
            last.map_or_else(|| device.provisional_time(&self.survey), |last| last.time)
        });
        // The first since the daemon started: the report of an earlier run stands.
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

/// The time to judge at. Writes the records of the time and of the beginning of the starter period.
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

/// A survey after a write.
fn look_once_more(device: &Device, last: &Survey) -> Result<Arc<Survey>, Failure> {
    match device.survey_after(Some(last)) {
        Ok(survey) => Ok(Arc::new(survey)),
        Err(partial) => Err(Failure::from(&partial.missing)),
    }
}

/// Carries out the removal profile of the settings, as at every start while it is set.
pub(super) fn remove_profile(device: &Device, survey: &Survey) -> Removal {
    let Some(selector) = &survey.settings().licensing.remove else { return Removal::Done };
    match device.remove_by_profile(survey, selector) {
        Ok(Removed { count, left }) => {
            log::info!(
                MESSAGE_ID = journal::REMOVED, LICD_SELECTOR = selector.to_string();
                "{selector}: removed by the settings: {count}"
            );
            journal_events::left(&left);
            Removal::Done
        }
        Err(failure) => {
            log::warn!(
                MESSAGE_ID = journal::STORE_PROBLEM, LICD_CODE = failure.code.as_str();
                "removal of {selector}: {}", failure.message
            );
            Removal::Undone
        }
    }
}

/// Keeps a copy of settings without errors, for the time when they have some, and returns them.
fn keep_settings(device: &Device, survey: &Survey, complaints: &mut Vec<String>) -> Settings {
    let loaded = survey.loaded_settings();
    let unknown = loaded.unknown.iter();
    complaints.extend(unknown.map(|key| format!("settings: {key}: is not known, and is ignored")));
    complaints.extend(loaded.keep(device.root()).err().map(|problem| problem.to_string()));
    device.forget_links(survey);
    loaded.settings.clone()
}
