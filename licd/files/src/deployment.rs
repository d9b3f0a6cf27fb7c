//! The completed deployments, in `/var/lib/licd/deployment.toml`, so that a pending restart of the
//! device outlives a restart of the daemon:
//!
//! ```toml
//! schema = 1
//! boot = "5b1f1d0c-…"            # the boot in which they were completed
//! deployments = ["WE-7Q2KD/183"]
//! ```
//!
//! With another boot ID no restart is pending: the device has restarted.

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile::{Notice, Remembered, SaveError, StateFile};
use licd_rules::BootId;
use serde::{Deserialize, Serialize};

/// Limit of deployments, more than a device has packs. The newest are kept.
const REMEMBERED: usize = 64;

/// The keys of this version.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    boot: String,
    deployments: Vec<String>,
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/deployment.toml";
    const SCHEMA: i64 = 1;
    /// Several times the size of [`REMEMBERED`] entries.
    const FILE_BYTES: u64 = 64 * 1024;
    const WITHOUT: &str = "no restart of the device is pending";
}

impl Known {
    fn is_of(&self, boot: &BootId) -> bool {
        self.boot == boot.to_string()
    }
}

/// The completed deployments.
#[derive(Debug, Default)]
pub struct Deployments(Known);

impl Deployments {
    /// Reads them under this root. A damaged file comes with a notice.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Option<Notice>)> {
        let (file, notice) = StateFile::load(root)?;
        Ok((Self(file.known), notice))
    }

    /// Whether a deployment was completed in this boot.
    #[must_use]
    pub fn is_pending(&self, boot: &BootId) -> bool {
        self.0.is_of(boot) && !self.0.deployments.is_empty()
    }
}

/// Records that a deployment was completed in this boot.
///
/// # Errors
/// [`SaveError`]; the record does not outlive the daemon.
pub fn remember(root: &Root, boot: &BootId, deployment: &str) -> Result<(), SaveError> {
    StateFile::<Known>::update(root, |known| {
        if !known.is_of(boot) {
            *known = Known { boot: boot.to_string(), deployments: Vec::new() };
        }
        known.deployments.retain(|one| one != deployment);
        known.deployments.push(deployment.to_owned());
        let surplus = known.deployments.len().saturating_sub(REMEMBERED);
        known.deployments.drain(..surplus);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn boot(first: &str) -> BootId {
        BootId::parse(&format!("{first}-7a6f-4c3e-9d2b-0123456789ab")).unwrap()
    }

    #[test]
    fn a_deployment_is_pending_until_the_next_boot() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path());
        let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
        let is_pending = |boot| Deployments::load(&root).unwrap().0.is_pending(boot);
        assert!(!is_pending(&first));
        remember(&root, &first, "WE-7Q2KD/183").unwrap();
        assert!(is_pending(&first));
        assert!(!is_pending(&second));
        remember(&root, &second, "EMP-00001/1").unwrap();
        assert!(!is_pending(&first));
    }

    #[test]
    fn the_number_of_deployments_is_limited() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path());
        for number in 0..70 {
            remember(&root, &boot("5b1f1d0c"), &format!("WE-7Q2KD/{number}")).unwrap();
        }
        let file = StateFile::<Known>::load(&root).unwrap().0;
        assert_eq!(file.known.deployments.len(), REMEMBERED);
        assert_eq!(file.known.deployments.last().unwrap(), "WE-7Q2KD/69");
    }

    #[test]
    fn a_damaged_file_is_set_aside_with_a_notice() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path());
        fs::create_dir_all(dir.path().join("var/lib/licd")).unwrap();
        fs::write(root.path(Known::FILE), "nonsense").unwrap();
        let (deployments, notice) = Deployments::load(&root).unwrap();
        assert!(!deployments.is_pending(&boot("5b1f1d0c")));
        assert!(notice.unwrap().to_string().contains("no restart"));
    }
}
