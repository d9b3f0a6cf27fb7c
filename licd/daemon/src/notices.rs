//! Notices of expiry: licd publishes their texts for the sessions of users, and announces
//! them when they are due.
//!
//! `/run/licd/notices.json` holds the messages that users see:
//!
//! ```json
//! {"schema":1,"day":"2026-11-22","notices":[{"service":"SUB_SERVICE_SET_WORKSPACE_EDITION",
//!  "state":"warning","expires":"2026-11-30","stops":true,
//!  "en":{"title":"…","body":"…"},"de":{"title":"…","body":"…"}}]}
//! ```
//!
//! One notice stands for all services that end on the same day; `service` is the Workspace Edition if
//! that is among them. `day` is that of the time which licences are judged at, so that no other
//! program has to know that time. A body is plain text, a paragraph a line.

mod restart;

use std::sync::{Mutex, MutexGuard, PoisonError};

use licd_device::{Device, Survey, to_json};
use licd_files::notices::{NoticeMemory, record_until_boot, since_boot};
use licd_files::publish::Directory;
use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_machine::clock;
use licd_rules::{BootId, EnterpriseManagement, Language, Notice, Selection, TimeVerdict, select};
use license_format::Date;
use licensing_words::notices::{ExpiryText, expiry};
use serde::Serialize;

pub(crate) use restart::restart;

/// The version of the file.
const SCHEMA: u32 = 1;

/// Publishes notices of expiry.
#[derive(Default)]
pub(crate) struct NoticePublisher(Mutex<Option<Opened>>);

/// Facts for notices that the survey does not have, read when the first are due.
struct Opened {
    /// As the settings had it when the system started.
    management: EnterpriseManagement,
    /// This boot, until that is recorded.
    unrecorded: Option<BootId>,
    memory: NoticeMemory,
    /// The flaw of the memory, if it has one.
    flaw: Option<String>,
}

/// `/run/licd/notices.json`
#[derive(Serialize)]
struct NoticesFile<'a> {
    schema: u32,
    day: String,
    notices: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    service: &'a str,
    state: &'static str,
    expires: String,
    /// Whether anything stops, altogether or in part.
    stops: bool,
    en: ExpiryText,
    de: ExpiryText,
}

impl<'a> Entry<'a> {
    fn of(notice: &'a Notice) -> Self {
        Self {
            service: &notice.service,
            state: notice.stage.as_str(),
            expires: notice.expires.to_string(),
            stops: notice.stops_something(),
            en: expiry(notice, Language::English),
            de: expiry(notice, Language::German),
        }
    }
}

impl Opened {
    /// Reads it.
    fn read(root: &Root, survey: &Survey, time: &TimeVerdict) -> Looked<Self> {
        let set = &survey.settings().userinterface.license_notification;
        let set = match set.enable_enterprise_management_notification {
            true => EnterpriseManagement::Notified,
            false => EnterpriseManagement::Silenced,
        };
        let (memory, warning) = NoticeMemory::load(root)?;
        let boot = match time.marks.at.boot {
            None => clock::reading(root)?.at.boot,
            known => known,
        };
        let known = match &boot {
            Some(boot) => since_boot(root, boot)?,
            None => None,
        };
        Ok(Self {
            management: known.unwrap_or(set),
            unrecorded: boot.filter(|_| known.is_none()),
            memory,
            flaw: warning.map(|warning| warning.to_string()),
        })
    }

    /// Records the setting of this boot.
    fn record(&mut self, root: &Root) {
        if let Some(boot) = self.unrecorded.take() {
            record_until_boot(root, &boot, self.management);
        }
    }
}

impl NoticePublisher {
    /// Publishes the current notices, and returns them with those to announce. Without the record of the
    /// announced ones it announces none: twice is worse than later.
    pub(crate) fn publish(
        &self,
        device: &Device,
        directory: &Directory,
        (survey, time): (&Survey, &TimeVerdict),
        complaints: &mut Vec<String>,
    ) -> Option<Selection> {
        let mut opened = self.opened();
        if opened.is_none() {
            match Opened::read(device.root(), survey, time) {
                Ok(read) => *opened = Some(read),
                Err(unavailable) => {
                    complaints.push(format!("{unavailable}; users see old notices"))
                }
            }
        }
        let Opened { management, memory, flaw, .. } = opened.as_ref()?;
        complaints.extend(flaw.clone());
        let notices = survey.notices(*management, time);
        let selected = select(notices, memory.announced(), Date::of(time.now));
        let text = file_text(&selected.current, Date::of(time.now));
        if let Err(error) = directory.publish_notices(&text) {
            complaints.push(format!("{error}; users see old notices"));
        }
        Some(selected)
    }

    /// Records what the first call after a boot has found, and the notices as announced; returns those to
    /// announce: twice is worse than not at all.
    pub(crate) fn due(
        &self,
        device: &Device,
        Selection { due, announced, .. }: Selection,
        complaints: &mut Vec<String>,
    ) -> Vec<Notice> {
        let mut opened = self.opened();
        let Some(opened) = opened.as_mut() else { return due };
        opened.record(device.root());
        if !due.is_empty()
            && let Err(error) = opened.memory.remember(device.root(), announced)
        {
            complaints.push(format!("{error}; notices of expiry may come again after a restart"));
        }
        due
    }

    fn opened(&self) -> MutexGuard<'_, Option<Opened>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file.
fn file_text(notices: &[Notice], today: Date) -> String {
    let notices = notices.iter().map(Entry::of).collect();
    to_json(&NoticesFile { schema: SCHEMA, day: today.to_string(), notices })
}

#[cfg(test)]
mod tests {
    use licd_rules::{Fate, Feature, Stage};
    use license_format::Term;

    use super::*;

    #[test]
    fn the_file_is_json_with_a_day_and_both_languages() {
        let date = |text| Date::parse(text).unwrap();
        let notice = Notice {
            service: licd_rules::services::WORKSPACE_EDITION.into(),
            others: Vec::new(),
            stage: Stage::Warning,
            term: Some(Term::Subscription),
            expires: date("2026-11-30"),
            last: date("2026-12-28"),
            days_left: 8,
            features: vec![(Feature::named("app-install").unwrap(), Fate::Stops)],
        };
        let text = file_text(&[notice], date("2026-11-22"));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&json["schema"], &json["day"]), (&1.into(), &"2026-11-22".into()));
        let entry = &json["notices"][0];
        assert_eq!(entry["state"], "warning");
        assert_eq!(entry["stops"], true);
        assert!(entry["en"]["body"].as_str().unwrap().contains("is running"));
        assert!(entry["de"]["body"].as_str().unwrap().contains("läuft"));
    }
}
