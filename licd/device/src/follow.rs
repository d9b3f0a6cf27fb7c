//! Following a download link: fetch what it leads to and import it, unless it is here already.

use std::os::fd::BorrowedFd;

use licd_edge::downloads::{Download, Downloads};
use licd_edge::settings;
use licd_edge::store::Opened;
use licd_rules::Code;
use license_format::UnitId;
use sha2::{Digest as _, Sha256};

use crate::import::{Imported, Intent};
use crate::report::FileVerdict;
use crate::{Device, Failure, Fetch, Url, Version};

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
    /// readable; tells of progress as [`Device::fetch`] does.
    pub fn follow(
        &self,
        link: &Url,
        cancel: BorrowedFd<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Followed {
        let name = link.to_string();
        self.try_to_follow(link, &name, cancel, progress).unwrap_or_else(|failure| Followed {
            imported: Imported::unread(&name, failure),
            clock_ignored: false,
        })
    }

    /// Whether each of these links was followed before.
    #[must_use]
    pub fn has_followed(&self, links: &[String]) -> bool {
        let Ok((downloads, _)) = Downloads::load(self.root()) else { return false };
        links.iter().all(|link| downloads.of(&key(link)).is_some())
    }

    fn try_to_follow(
        &self,
        link: &Url,
        name: &str,
        cancel: BorrowedFd<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<Followed, Failure> {
        let (mut downloads, notice) = Downloads::load(self.root())?;
        if let Some(notice) = notice {
            log::warn!("{notice}");
        }
        let known =
            downloads.of(&key(&link.as_secret())).and_then(|known| self.still_there(name, known));
        let (unless, stands) = known.unzip();
        let order =
            Fetch { unless: unless.unwrap_or_default(), cancel: Some(cancel), ..Fetch::default() };
        let fetched = self.fetch(link, order, progress)?;
        let clock_ignored = fetched.clock_ignored;
        let unchanged = || Failure::new(Code::SourceRefused, "has nothing new, but was not asked");
        let imported = match fetched.file {
            None => Imported::unchanged(stands.ok_or_else(unchanged)?, None),
            Some(file) => {
                let imported = self.import(name, file, Intent::Automatic);
                let what = self.what_became(&imported);
                let Version { etag, last_modified } = fetched.version;
                let link = key(&link.as_secret());
                let links = settings::load(self.root())?.settings.system.remotemanager.license_urls;
                let links: Vec<String> = links.iter().map(|link| key(link)).collect();
                downloads.remember(Download { link, etag, last_modified, ..what }, &links);
                if let Err(error) = downloads.save(self.root()) {
                    log::warn!("{error}; the download links are asked for all of it again");
                }
                imported
            }
        };
        Ok(Followed { imported, clock_ignored })
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

/// By what a link is known where its password must not be, however it is written.
fn key(link: &str) -> String {
    let read = Url::parse(link).map(|url| url.as_secret());
    let digest = Sha256::digest(read.as_deref().unwrap_or(link));
    digest.iter().take(8).map(|byte| format!("{byte:02X}")).collect()
}
