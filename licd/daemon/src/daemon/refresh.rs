//! A refresh: reads the device, judges it, and publishes the result as files. It runs on a thread of
//! its own.

use std::io;
use std::sync::Arc;

use licd_device::{Device, Removed, Survey};
use licd_files::publish::Directory;
use licd_files::settings::Settings;
use licd_fs::about::About as _;

use super::journal_events;
use super::look::{Basis, CleanUp, Look};
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
    /// Importing what these jobs have read, and reading this much of the device.
    Imports(Vec<(Arc<Job>, Read)>, Scope),
}

impl Subject {
    /// The jobs whose documents it imports.
    pub(super) fn jobs(&self) -> Vec<JobId> {
        match self {
            Self::Device(_) => Vec::new(),
            Self::Imports(read, _) => read.iter().map(|(job, _)| job.id).collect(),
        }
    }

    /// How much of the device it reads.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Device(scope) | Self::Imports(_, scope) => *scope,
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
        Subject::Device(Scope::Time) => publish_look(device, notices, Look::at(last), Some(last)),
        Subject::Device(scope) => {
            publish_look(device, notices, Look::take(device, Some(last), scope), Some(last))
        }
        Subject::Imports(read, scope) => {
            let Ended { imported, left_open, look } = import(device, read, last, scope);
            let refreshed = publish_look(device, notices, look, Some(last));
            Refreshed { imported, left_open: refreshed.left_open | left_open, ..refreshed }
        }
    }
}

/// What the imports of several jobs came to.
struct Ended {
    imported: Vec<ImportedJob>,
    /// Whether another process keeps the store from being closed.
    left_open: bool,
    look: Look,
}

/// Imports the documents of several jobs in one batch. Surveys the device after that if the scope is larger
/// than the import, or the batch does not show all of its effects.
fn import(device: &Device, read: Vec<(Arc<Job>, Read)>, last: &Published, scope: Scope) -> Ended {
    let (mut arrivals, mut parts) = (Vec::new(), Vec::new());
    for (job, read) in read {
        parts.push((job, read.arrivals.len(), read.following));
        arrivals.extend(read.arrivals);
    }
    let batch = device.import(&last.survey, arrivals);
    journal_events::cleaned(&batch.cleaned);
    let mut has_written = batch.has_written();
    let is_shown = scope == Scope::Time && batch.shows_device() && last.lacks_nothing();
    let mut look = match is_shown {
        true => Look::after(batch.survey, last),
        false => Look::of(device.survey_after(Some(&batch.survey)), Some(last)),
    };
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
    let left_open = has_written && look.basis == Basis::Device && device.is_left_open();
    Ended { imported: ended, left_open, look }
}

pub(super) fn publish_look(
    device: &Device,
    notices: &NoticePublisher,
    mut look: Look,
    last: Option<&Published>,
) -> Refreshed {
    let (mut complaints, mut settings) = (Vec::new(), None);
    if look.basis == Basis::Device && look.has_all_facts() {
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
    let published = look.published(device, last).with_unwritten(&device.unwritten());
    let mut published = published.with_unwatched(&device.unwatched());
    if let Some(last) = last {
        // A deployment that could not be written down is known until the daemon restarts.
        if last.report.restart_pending && !published.report.restart_pending {
            published = published.with_restart_pending();
        }
        if last.report == published.report {
            // Only time has passed: programs that watch the file must not wake up for that.
            published.json.clone_from(&last.json);
        }
        if last.lacks_nothing() {
            complaints.extend(end_answered_requests(device, &published, last));
        }
    }
    let mut again = !published.missing.is_empty();
    let directory = Directory::new(device.root());
    let (published, outcome) = publish_files(device, &directory, published);
    again |= outcome.is_err();
    let mut due = Vec::new();
    if published.whole {
        let judged = (&*published.survey, &published.time);
        let published_on = notices.publish(device, &directory, judged, &mut complaints);
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
fn publish_files(
    device: &Device,
    directory: &Directory,
    published: Published,
) -> (Published, io::Result<()>) {
    let write = |published: &Published| directory.publish(&published.json, &published.allowed());
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

/// Removes the requests for a licence if a person has copied one into the store since. Returns why that
/// failed.
fn end_answered_requests(device: &Device, now: &Published, last: &Published) -> Option<String> {
    let is_answered = now.report.has_gained(&last.report);
    let ended = is_answered.then(|| device.end_requests())?;
    ended.err().map(|failure| failure.message)
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
