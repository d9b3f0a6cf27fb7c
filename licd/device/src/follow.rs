//! Following a download link: fetch what it leads to and import it, unless it is here already.

use std::os::fd::BorrowedFd;

use licd_files::downloads::{Download, Downloads};
use licd_files::settings::{self, Settings};
use licd_fs::look::Looked;
use licd_fs::statefile::Notice;
use licd_machine::clock;
use licd_rules::Code;
use licd_store::Opened;
use license_format::{UnitId, UnixSeconds};
use sha2::{Digest as _, Sha256};

use crate::import::{Imported, Intent};
use crate::report::{FileVerdict, LinkReport};
use crate::{Device, Failure, Fetch, Survey, Url, Version};

/// Seconds within which the same answer is noted once: everybody may have the links asked, and is not
/// to make the device write as often.
const SAME_MINUTE: i64 = 60;

/// What came of following a link.
#[must_use]
pub struct Followed {
    /// What became of the file.
    pub imported: Imported,
    /// The server's certificate has dates that do not fit the clock, which is not believed either.
    pub clock_ignored: bool,
}

impl Device {
    /// Fetches what a download link leads to and imports it. Of a file that is in the store already,
    /// or that was for another device, only whether it has changed is asked. Ends when `cancel` is
    /// readable; tells of progress as [`Device::fetch`] does. What came of it is remembered for the
    /// status report.
    pub fn follow(
        &self,
        link: &Url,
        cancel: BorrowedFd<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Followed {
        let name = link.to_string();
        let known = match Downloads::load(self.root()) {
            Ok((downloads, notice)) => {
                notice.iter().for_each(|notice| log::warn!("{notice}"));
                downloads.of(&key(&link.as_secret())).cloned()
            }
            Err(unavailable) => return Followed::failed(&name, unavailable.into()),
        };
        let (mut followed, brought) =
            self.try_to_follow(link, known.as_ref(), cancel, progress).unwrap_or_else(|failure| {
                (Followed::failed(&name, failure), known.clone().unwrap_or_default())
            });
        let now = note(link, known.as_ref(), brought, &followed.imported.verdict);
        if known.as_ref() != Some(&now) {
            followed.imported.noted = self.remember_link(now);
        }
        followed
    }

    /// Whether each of these links was followed before and has brought something.
    #[must_use]
    pub fn has_followed(&self, links: &[String]) -> bool {
        let Ok((downloads, _)) = Downloads::load(self.root()) else { return false };
        let has_brought = |link: &Download| link.file.is_some() || link.unit.is_some();
        links.iter().all(|link| downloads.of(&key(link)).is_some_and(has_brought))
    }

    /// Forgets the links that are not in the settings any more.
    pub fn forget_links(&self, survey: &Survey) {
        let Ok((mut downloads, _)) = Downloads::load(self.root()) else { return };
        let links = keys(&survey.settings().system.remotemanager.license_urls);
        if downloads.keep_only(&links) {
            let forgotten = Downloads::update(self.root(), |file| {
                file.keep_only(&links);
            });
            // They are forgotten the next time, or not used.
            forgotten.unwrap_or_else(|error| log::warn!("{error}"));
        }
    }

    /// Notes that the links of the settings were there when licences were removed by hand.
    pub(crate) fn settle_links(&self, survey: &Survey) {
        let links = keys(&survey.settings().system.remotemanager.license_urls);
        if links.is_empty() {
            return;
        }
        if let Err(error) = Downloads::update(self.root(), |file| file.settle(&links)) {
            log::warn!("{error}; a download link may bring back what is removed");
        }
    }

    /// What came of the links of these settings when they were asked last, in their order.
    pub(crate) fn link_reports(
        &self,
        settings: &Settings,
    ) -> Looked<(Vec<LinkReport>, Option<Notice>)> {
        let (downloads, notice) = Downloads::load(self.root())?;
        let report = |link: &String| {
            let Download { code, message, asked, .. } = downloads.of(&key(link))?.clone();
            let url = Url::parse(link).ok()?.without_userinfo();
            let (code, asked) = (Code::parse(&code?)?, UnixSeconds::parse(&asked?)?);
            Some(LinkReport { url, code, message: message?, asked })
        };
        let links = &settings.system.remotemanager.license_urls;
        Ok((links.iter().filter_map(report).collect(), notice))
    }

    /// Also returns what is to be remembered of the version that was brought.
    fn try_to_follow(
        &self,
        link: &Url,
        known: Option<&Download>,
        cancel: BorrowedFd<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<(Followed, Download), Failure> {
        let name = link.to_string();
        let there = known.and_then(|known| self.still_there(&name, known));
        let (unless, stands) = there.unzip();
        let order =
            Fetch { unless: unless.unwrap_or_default(), cancel: Some(cancel), ..Fetch::default() };
        let fetched = self.fetch(link, order, progress)?;
        let clock_ignored = fetched.clock_ignored;
        let unchanged = || Failure::new(Code::SourceRefused, "has nothing new, but was not asked");
        let (imported, brought) = match fetched.file {
            None => {
                let imported = Imported::unchanged(stands.ok_or_else(unchanged)?, None);
                (imported, known.cloned().unwrap_or_default())
            }
            Some(file) => {
                let intent = if is_new(known) { Intent::Deployed } else { Intent::Automatic };
                let imported = self.import(&name, file, intent);
                let what = self.what_became(&imported);
                let Version { etag, last_modified } = fetched.version;
                (imported, Download { etag, last_modified, ..what })
            }
        };
        Ok((Followed { imported, clock_ignored }, brought))
    }

    /// Whether what came of a link could be remembered.
    fn remember_link(&self, now: Download) -> bool {
        let links = match settings::load(self.root()) {
            Ok(loaded) => keys(&loaded.settings.system.remotemanager.license_urls),
            Err(unavailable) => {
                log::warn!("{unavailable}");
                return false;
            }
        };
        let remembered = Downloads::update(self.root(), |file| file.remember(now, &links));
        if let Err(error) = &remembered {
            log::warn!("{error}; the download links are asked for all of it again");
        }
        remembered.is_ok()
    }

    /// Which version is here, and the verdict on it as of now; `None` if it is not here any more.
    fn still_there(&self, name: &str, known: &Download) -> Option<(Version, FileVerdict)> {
        let version =
            Version { etag: known.etag.clone(), last_modified: known.last_modified.clone() };
        if version == Version::default() {
            return None;
        }
        let mut verdict = match (&known.file, &known.unit) {
            (Some(file), _) => self.stored(name, file)?,
            (None, Some(unit)) if self.own_unit().as_ref() == Some(unit) => {
                let message = format!("is not for this device ({unit})");
                FileVerdict::unread(name, Failure::new(Code::WrongDevice, message))
            }
            _ => return None,
        };
        verdict.message.push_str("; not changed since it was fetched");
        Some((version, verdict))
    }

    /// The verdict on a file of the store.
    fn stored(&self, name: &str, file: &str) -> Option<FileVerdict> {
        let listing = self.store().licenses().ok()?;
        let entry = listing.entries.iter().find(|entry| entry.name.as_os_str() == file)?;
        match listing.open(entry).ok()? {
            // One that is damaged is fetched once more.
            Opened::File { file, .. } => {
                Some(self.check(name, file).0).filter(|verdict| verdict.pack.is_some())
            }
            Opened::Gone | Opened::NotRegular => None,
        }
    }

    /// What there is to be remembered of a file that was imported, or not.
    fn what_became(&self, imported: &Imported) -> Download {
        if imported.verdict.code == Code::WrongDevice {
            return Download { unit: self.own_unit(), ..Download::default() };
        }
        // It was judged just now; whether it is there is all that is left to ask.
        let listing = self.store().licenses().ok();
        let stored = imported.content_name.as_ref().filter(|name| {
            listing.is_some_and(|listing| listing.entries.iter().any(|entry| entry.name == **name))
        });
        Download { file: stored.map(ToString::to_string), ..Download::default() }
    }

    fn own_unit(&self) -> Option<String> {
        let survey = self.survey().ok()?;
        let time = self.time(&survey).ok()?;
        survey.unit(None, &time).map(UnitId::to_string)
    }
}

impl Followed {
    fn failed(name: &str, failure: Failure) -> Self {
        Self { imported: Imported::unread(name, failure), clock_ignored: false }
    }
}

/// Whether a link was written to the settings after licences were removed by hand, and has brought
/// nothing yet.
fn is_new(known: Option<&Download>) -> bool {
    known.is_none_or(|known| known.new)
}

/// What is to be remembered of a link that was asked just now.
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

/// By what these links are known.
fn keys(links: &[String]) -> Vec<String> {
    links.iter().map(|link| key(link)).collect()
}

/// By what a link is known where its password must not be, however it is written.
fn key(link: &str) -> String {
    let read = Url::parse(link).map(|url| url.as_secret());
    let digest = Sha256::digest(read.as_deref().unwrap_or(link));
    digest.iter().take(8).map(|byte| format!("{byte:02X}")).collect()
}
