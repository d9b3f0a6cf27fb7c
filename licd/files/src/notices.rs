//! The state of the notices of expiry. `/var/lib/licd/notices.toml` lists the notices already announced:
//!
//! ```toml
//! schema = 1
//!
//! [[announced]]
//! service = "SUB_SERVICE_SET_WORKSPACE_EDITION"
//! stage = "warning"          # or "grace", "expired"
//! expires = "2026-11-30"
//! first = "2026-11-20"       # the day on which this notice was first announced …
//! last = "2026-11-22"        # … and last
//! ```
//!
//! `/run/licd/notices.boot` records until the next boot whether users get notices about the Enterprise
//! Management Pack.

use licd_fs::atomic::{self, Durability};
use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile::{Remembered, SaveError, StateFile, Warning};
use licd_fs::textfile;
use licd_rules::{Announced, BootId, EnterpriseManagement, Stage};
use license_format::Date;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// The setting at boot: the boot ID and a word.
const BOOT: &str = "/run/licd/notices.boot";
/// Limit of that file in bytes: several times its size.
const BOOT_BYTES: u64 = 256;
/// Limit of services: several times as many as exist.
const SERVICES: usize = 64;

/// The notices already announced.
#[derive(Debug, Clone, Default)]
pub struct NoticeMemory(StateFile<Known>);

/// The keys of this version.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    #[serde(with = "entries")]
    announced: Vec<Announced>,
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/notices.toml";
    const SCHEMA: i64 = 1;
    /// Several times the size of [`SERVICES`] entries.
    const FILE_BYTES: u64 = 64 * 1024;
    const KEYS: &[&str] = &["announced"];
    const WITHOUT: &str = "a notice of expiry may be shown once more today";
}

impl NoticeMemory {
    /// Reads them under this root. A damaged file counts as empty and comes with a warning.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Option<Warning>)> {
        let (file, warning) = StateFile::load(root)?;
        Ok((Self(file), warning))
    }

    /// The notice last announced for each service.
    #[must_use]
    pub fn announced(&self) -> &[Announced] {
        &self.0.known.announced
    }

    /// Replaces the notices. If the file cannot be written, they last as long as the process.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn remember(
        &mut self,
        root: &Root,
        mut announced: Vec<Announced>,
    ) -> Result<(), SaveError> {
        announced.truncate(SERVICES);
        self.0.known.announced = announced;
        self.0.save(root)
    }
}

/// Whether users get notices about the Enterprise Management Pack in this boot, if that is recorded.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn since_boot(root: &Root, boot: &BootId) -> Looked<Option<EnterpriseManagement>> {
    let kept = textfile::read_text(&root.path(BOOT), BOOT_BYTES)?.ok().flatten();
    Ok(kept.and_then(|kept| {
        let both = [EnterpriseManagement::Notified, EnterpriseManagement::Silenced];
        both.into_iter().find(|how| line(boot, *how) == kept)
    }))
}

/// Records that until the next boot. Without the record a restart of licd takes the setting of its time.
pub fn record_until_boot(root: &Root, boot: &BootId, how: EnterpriseManagement) {
    let (file, text) = (root.path(BOOT), line(boot, how));
    let record = || atomic::replace(&file, text.as_bytes(), atomic::PUBLIC, Durability::Volatile);
    if record() == Err(Errno::ENOENT.into()) {
        // Without its directory the record fails once more.
        let _ = file.parent().map(atomic::create_dir);
        let _ = record();
    }
}

/// The record.
fn line(boot: &BootId, how: EnterpriseManagement) -> String {
    format!("{boot} {}\n", word(how))
}

fn word(how: EnterpriseManagement) -> &'static str {
    match how {
        EnterpriseManagement::Notified => "notified",
        EnterpriseManagement::Silenced => "silenced",
    }
}

/// The TOML form of a notice.
#[derive(Serialize, Deserialize)]
struct Entry {
    service: String,
    stage: String,
    expires: String,
    first: String,
    last: String,
}

impl TryFrom<Entry> for Announced {
    type Error = &'static str;

    fn try_from(entry: Entry) -> Result<Self, Self::Error> {
        Ok(Self {
            service: entry.service,
            stage: Stage::parse(&entry.stage).ok_or("“stage” is not a stage")?,
            expires: Date::parse(&entry.expires).ok_or("“expires” is not a date")?,
            first: Date::parse(&entry.first).ok_or("“first” is not a date")?,
            last: Date::parse(&entry.last).ok_or("“last” is not a date")?,
        })
    }
}

impl From<&Announced> for Entry {
    fn from(announced: &Announced) -> Self {
        Self {
            service: announced.service.clone(),
            stage: announced.stage.as_str().to_owned(),
            expires: announced.expires.to_string(),
            first: announced.first.to_string(),
            last: announced.last.to_string(),
        }
    }
}

/// The serde form of the notices.
mod entries {
    use licd_rules::Announced;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::Entry;

    pub(super) fn serialize<S: Serializer>(
        announced: &[Announced],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(announced.iter().map(Entry::from))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Announced>, D::Error> {
        let entries = Vec::<Entry>::deserialize(from)?;
        entries.into_iter().map(|entry| entry.try_into().map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EnterpriseManagement::{Notified, Silenced};
    use std::fs;

    fn root() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path()).unwrap();
        (dir, root)
    }

    fn announced(service: &str) -> Announced {
        let [expires, first, last] =
            ["2026-11-30", "2026-11-20", "2026-11-22"].map(|day| Date::parse(day).unwrap());
        Announced { service: service.into(), stage: Stage::Grace, expires, first, last }
    }

    #[test]
    fn shown_notices_are_known_after_a_restart() {
        let (_dir, root) = root();
        let (mut memory, warning) = NoticeMemory::load(&root).unwrap();
        assert!(memory.announced().is_empty() && warning.is_none());
        memory.remember(&root, vec![announced("A"), announced("B")]).unwrap();
        let (again, warning) = NoticeMemory::load(&root).unwrap();
        assert_eq!(again.announced(), [announced("A"), announced("B")]);
        assert!(warning.is_none());
    }

    #[test]
    fn a_damaged_file_is_set_aside_with_a_warning() {
        for text in ["nonsense", "schema = 2\n", "schema = 1\n[[announced]]\nservice = \"A\"\n"] {
            let (dir, root) = root();
            fs::create_dir_all(dir.path().join("var/lib/licd")).unwrap();
            fs::write(root.path(Known::FILE), text).unwrap();
            let (memory, warning) = NoticeMemory::load(&root).unwrap();
            assert!(memory.announced().is_empty());
            assert!(warning.unwrap().to_string().contains("shown once more"), "{text}");
            assert!(!root.path(Known::FILE).exists());
        }
    }

    #[test]
    fn the_record_holds_for_its_boot() {
        let (_dir, root) = root();
        let [first, second] = ["5b1f1d0c", "77777777"]
            .map(|start| BootId::parse(&format!("{start}-7a6f-4c3e-9d2b-0123456789ab")).unwrap());
        assert_eq!(since_boot(&root, &first), Ok(None));
        for (boot, how, other) in [(&first, Notified, &second), (&second, Silenced, &first)] {
            record_until_boot(&root, boot, how);
            assert_eq!(since_boot(&root, boot), Ok(Some(how)));
            assert_eq!(since_boot(&root, other), Ok(None));
        }
        fs::write(root.path(BOOT), "nonsense").unwrap();
        assert_eq!(since_boot(&root, &second), Ok(None));
        // The record cannot be written.
        fs::remove_file(root.path(BOOT)).unwrap();
        fs::create_dir(root.path(BOOT)).unwrap();
        record_until_boot(&root, &second, Silenced);
        assert_eq!(since_boot(&root, &second), Ok(None));
    }
}
