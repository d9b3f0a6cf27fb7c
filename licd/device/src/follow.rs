//! Following a download link: fetch its file and import it unless the store already has it.

use std::os::fd::BorrowedFd;

use licd_files::downloads::{Download, Downloads};
use licd_files::settings::Settings;
use licd_fs::look::Looked;
use licd_machine::clock;
use licd_rules::Code;
use licd_store::Opened;
use license_format::{UnitId, UnixSeconds};
use sha2::{Digest as _, Sha256};

use crate::arrival::Arrival;
use crate::import::{Imported, Intent};
use crate::problem::LinkProblem;
use crate::report::{FileVerdict, LinkReport};
use crate::{Device, Failure, Fetch, Problem, Survey, Url, Version};

/// Seconds during which an unchanged answer is recorded once: any user may trigger a poll, which
/// must not wear the disk.
const SAME_MINUTE: i64 = 60;
/// The verdict on “not modified” in answer to an unconditional request.
const NOTHING_NEW: &str = "answers “not modified” to an unconditional request; check the server";

/// Whether there are records of links that left the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StaleLinks {
    None,
    Some,
}

/// The result of following a link.
#[must_use]
pub struct Followed {
    /// The document at the link.
    pub arrival: Arrival,
    /// The dates of the server's certificate do not fit an untrusted clock, and licd ignored them.
    pub clock_ignored: bool,
    /// The record to complete after the import.
    pub following: Following,
}

/// A followed link whose result is not recorded yet.
pub struct Following {
    link: Url,
    known: Option<Download>,
    /// The fetched version; `None` if the previous record stands.
    brought: Option<Version>,
}

impl Device {
    /// Fetches the file at a download link. If the store has the file, or it was for another
    /// device, the request is conditional. Ends when `cancel` becomes readable; reports progress
    /// like [`Device::fetch`].
    pub fn follow(
        &self,
        survey: &Survey,
        link: &Url,
        cancel: BorrowedFd<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Followed {
        let name = link.to_string();
        let mut followed = Followed {
            arrival: Arrival::unread(&name, Failure::new(Code::SourceRefused, NOTHING_NEW)),
            clock_ignored: false,
            following: Following { link: link.clone(), known: None, brought: None },
        };
        let done = self.known_of(link).and_then(|known| {
            followed.following.known.clone_from(&known);
            self.try_to_follow(survey, &mut followed, cancel, progress)
        });
        if let Err(failure) = done {
            followed.arrival = Arrival::unread(&name, failure);
        }
        followed
    }

    /// Records the result of a link for the status report; returns whether the record changed.
    pub fn note_link(&self, survey: &Survey, following: Following, imported: &Imported) -> bool {
        let Following { link, known, brought } = following;
        let brought = match brought {
            None => known.clone().unwrap_or_default(),
            Some(Version { etag, last_modified }) => {
                Download { etag, last_modified, ..self.what_became(survey, imported) }
            }
        };
        let now = note(&link, known.as_ref(), brought, &imported.verdict);
        if known.as_ref() == Some(&now) {
            return false;
        }
        let links = keys(&survey.settings().system.remotemanager.license_urls);
        let remembered = Downloads::update(self.root(), |file| file.remember(now, &links));
        if let Err(error) = &remembered {
            log::warn!("{error}; the next poll fetches the whole file again");
        }
        remembered.is_ok()
    }

    /// The record of a link.
    fn known_of(&self, link: &Url) -> Result<Option<Download>, Failure> {
        let (downloads, warning) = Downloads::load(self.root())?;
        warning.iter().for_each(|warning| log::warn!("{warning}"));
        Ok(downloads.of(&key(&link.as_secret())).cloned())
    }

    /// Whether licd has followed each of these links and received a document.
    #[must_use]
    pub fn has_followed(&self, links: &[String]) -> bool {
        let Ok((downloads, _)) = Downloads::load(self.root()) else { return false };
        let has_brought = |link: &Download| link.file.is_some() || link.unit.is_some();
        links.iter().all(|link| downloads.of(&key(link)).is_some_and(has_brought))
    }

    /// Drops the records of links that left the settings, if the survey, of a report, has found any.
    pub fn forget_links(&self, survey: &Survey) {
        if survey.stale_links() == StaleLinks::None {
            return;
        }
        let links = keys(&survey.settings().system.remotemanager.license_urls);
        let forgotten = Downloads::update(self.root(), |file| {
            file.keep_only(&links);
        });
        // A stale record is unused, and dropped the next time.
        forgotten.unwrap_or_else(|error| log::warn!("{error}"));
    }

    /// Marks the links of the settings as older than this removal by hand.
    pub(crate) fn settle_links(&self, survey: &Survey) {
        let links = keys(&survey.settings().system.remotemanager.license_urls);
        if links.is_empty() {
            return;
        }
        if let Err(error) = Downloads::update(self.root(), |file| file.settle(&links)) {
            log::warn!("{error}; a download link may bring the licences back");
        }
    }

    /// The last results of the links in these settings, in their order, and whether there are records of
    /// others. Adds a problem for each link that is no address.
    pub(crate) fn link_reports(
        &self,
        settings: &Settings,
        problems: &mut Vec<Problem>,
    ) -> Looked<(Vec<LinkReport>, StaleLinks)> {
        let mut links = Vec::new();
        for link in &settings.system.remotemanager.license_urls {
            match Url::parse(link) {
                Ok(url) => links.push((key(link), url.without_userinfo())),
                Err(error) => problems.push(LinkProblem::new(link, error).into()),
            }
        }
        let (mut downloads, warning) = Downloads::load(self.root())?;
        problems.extend(warning.map(Problem::from));
        let stale = match downloads.keep_only(&keys(&settings.system.remotemanager.license_urls)) {
            true => StaleLinks::Some,
            false => StaleLinks::None,
        };
        let report = |(key, url): (String, String)| {
            let Download { code, message, asked, .. } = downloads.of(&key)?.clone();
            let (code, asked) = (Code::parse(&code?)?, UnixSeconds::parse(&asked?)?);
            Some(LinkReport { url, code, message: message?, asked })
        };
        Ok((links.into_iter().filter_map(report).collect(), stale))
    }

    fn try_to_follow(
        &self,
        survey: &Survey,
        followed: &mut Followed,
        cancel: BorrowedFd<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<(), Failure> {
        let Following { link, known, .. } = &followed.following;
        let name = link.to_string();
        let there = known.as_ref().and_then(|known| self.still_there(survey, &name, known));
        let (unless, stands) = there.unzip();
        let order =
            Fetch { unless: unless.unwrap_or_default(), cancel: Some(cancel), ..Fetch::default() };
        let fetched = self.fetch(survey, link, order, progress)?;
        let intent = if is_new(known.as_ref()) { Intent::Deployed } else { Intent::Automatic };
        followed.clock_ignored = fetched.clock_ignored;
        match (fetched.file, stands) {
            (Some(file), _) => {
                followed.arrival = survey.read(&name, file, intent);
                followed.following.brought = Some(fetched.version);
            }
            (None, Some(stands)) => followed.arrival = Arrival::judged(stands),
            (None, None) => {}
        }
        Ok(())
    }

    /// The version in the store with its current verdict; `None` if the store no longer has it.
    fn still_there(
        &self,
        survey: &Survey,
        name: &str,
        known: &Download,
    ) -> Option<(Version, FileVerdict)> {
        let version =
            Version { etag: known.etag.clone(), last_modified: known.last_modified.clone() };
        if version == Version::default() {
            return None;
        }
        let mut verdict = match (&known.file, &known.unit) {
            (Some(file), _) => self.stored(survey, name, file)?,
            (None, Some(unit)) if self.own_unit(survey).as_ref() == Some(unit) => {
                let message = format!("is not for this device ({unit})");
                FileVerdict::unread(name, Failure::new(Code::WrongDevice, message))
            }
            _ => return None,
        };
        verdict.message.push_str("; not changed since it was fetched");
        Some((version, verdict))
    }

    /// The verdict on a file of the store.
    fn stored(&self, survey: &Survey, name: &str, file: &str) -> Option<FileVerdict> {
        let listing = self.store().licenses().ok()?;
        let entry = listing.entries.iter().find(|entry| entry.name.as_os_str() == file)?;
        match listing.open(entry).ok()? {
            // A damaged file is fetched again.
            Opened::File { file, .. } => {
                let arrival = survey.read(name, file, Intent::Explicit);
                Some(self.check(survey, arrival).0).filter(|verdict| verdict.pack.is_some())
            }
            Opened::Gone | Opened::NotRegular => None,
        }
    }

    /// The record of a file after its import.
    fn what_became(&self, survey: &Survey, imported: &Imported) -> Download {
        if imported.verdict.code == Code::WrongDevice {
            return Download { unit: self.own_unit(survey), ..Download::default() };
        }
        // The import has just judged it; only its presence is open.
        let stored = imported.content_name.as_ref().filter(|name| survey.held(name).is_some());
        Download { file: stored.map(ToString::to_string), ..Download::default() }
    }

    fn own_unit(&self, survey: &Survey) -> Option<String> {
        let time = self.time(survey).ok()?;
        survey.unit(None, &time).map(UnitId::to_string)
    }
}

/// Whether a link was added to the settings after the last removal by hand and has delivered
/// nothing yet.
fn is_new(known: Option<&Download>) -> bool {
    known.is_none_or(|known| known.new)
}

/// The record of a link after a poll.
fn note(
    link: &Url,
    known: Option<&Download>,
    brought: Download,
    verdict: &FileVerdict,
) -> Download {
    let asked = clock::now();
    let now = Download {
        link: key(&link.as_secret()),
        new: is_new(known) && !verdict.code.is_accepted(),
        code: Some(verdict.code.to_string()),
        message: Some(verdict.message.clone()),
        asked: known.and_then(|known| known.asked.clone()),
        ..brought
    };
    let last = now.asked.as_deref().and_then(UnixSeconds::parse);
    let is_recent = last.is_some_and(|last| last <= asked && asked < last.plus(SAME_MINUTE));
    match is_recent && known == Some(&now) {
        true => now,
        false => Download { asked: Some(asked.to_string()), ..now },
    }
}

/// The keys of these links.
fn keys(links: &[String]) -> Vec<String> {
    links.iter().map(|link| key(link)).collect()
}

/// The key of a link in records, which must not hold its password; independent of its spelling.
fn key(link: &str) -> String {
    let read = Url::parse(link).map(|url| url.as_secret());
    let digest = Sha256::digest(read.as_deref().unwrap_or(link));
    digest.iter().take(8).map(|byte| format!("{byte:02X}")).collect()
}
