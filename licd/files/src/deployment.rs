//! What is remembered of deployments, in `/var/lib/licd/deployment.toml`:
//!
//! ```toml
//! schema = 1
//! boot = "5b1f1d0c-…"            # the boot in which they were completed
//! deployments = ["WE-7Q2KD/183"]
//! plan = "later"                 # what was decided since: or "agreed", "refused", "cancelled", "restart"
//! again = 15400                  # of "later": the running time at which users are asked again
//!
//! [[ordered]]                    # a deployment, and the start in which it ordered a restart
//! deployment = "EMP-R9HXH/7"
//! boot = "77777777-…"
//! at = "2026-11-22T17:00:00Z"    # the wall clock then
//! ```
//!
//! With another start of the system nothing is pending: the device has restarted. What ordered a
//! restart in an earlier one never orders it again. Earlier versions wrote no `at`.

use std::time::Duration;

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile::{Remembered, SaveError, StateFile, Warning};
use licd_rules::{BootId, Plan};
use license_format::UnixSeconds;
use serde::{Deserialize, Serialize};

/// Deployments that are remembered, the newest: more than the packs of a device. Of those that have
/// ordered a restart, as many.
const REMEMBERED: usize = 64;

/// What is known of the deployments of this start of the system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentMemory {
    /// What has ended.
    pub deployments: Vec<String>,
    /// What is planned for the restart.
    pub plan: Plan,
    /// The deployments that ordered a restart in an earlier start.
    before: Vec<String>,
    /// When the last of them did, by the wall clock.
    last: Option<UnixSeconds>,
}

/// The keys that this version knows.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    boot: String,
    deployments: Vec<String>,
    plan: String,
    again: u64,
    ordered: Vec<Order>,
}

/// A restart that was ordered.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Order {
    deployment: String,
    boot: String,
    #[serde(default)]
    at: String,
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/deployment.toml";
    const SCHEMA: i64 = 1;
    /// Several times the size of [`REMEMBERED`] entries.
    const FILE_BYTES: u64 = 64 * 1024;
    const KEYS: &[&str] = &["boot", "deployments", "plan", "again", "ordered"];
    const WITHOUT: &str = "no restart of the device is pending";
    /// What ordered a restart must not do so again because of one damaged file.
    const COPY: Option<&str> = Some("/var/lib/licd/deployment.copy.toml");
}

impl Known {
    fn is_of(&self, boot: &BootId) -> bool {
        self.boot == boot.to_string()
    }

    /// Forgets what ended in another start of the system.
    fn begin(&mut self, boot: &BootId) {
        if !self.is_of(boot) {
            let ordered = std::mem::take(&mut self.ordered);
            *self = Self { boot: boot.to_string(), ordered, ..Self::default() };
        }
    }

    fn set_plan(&mut self, plan: Plan) {
        (self.plan, self.again) = match plan {
            // Asked, or announced, anew.
            Plan::Open | Plan::Asked(_) | Plan::Notice(_) | Plan::Deferred(_) => (String::new(), 0),
            Plan::Later(at) => (plan.as_str().to_owned(), at.as_secs()),
            Plan::Agreed | Plan::Refused(_) | Plan::Restart | Plan::Cancelled => {
                (plan.as_str().to_owned(), 0)
            }
        };
    }

    fn plan(&self) -> Plan {
        match self.plan.as_str() {
            "later" => Plan::Later(Duration::from_secs(self.again)),
            "agreed" => Plan::Agreed,
            "refused" => Plan::Refused(Duration::ZERO),
            "restart" => Plan::Restart,
            "cancelled" => Plan::Cancelled,
            _ => Plan::Open,
        }
    }
}

impl DeploymentMemory {
    /// Reads what is known of this start of the system.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root, boot: &BootId) -> Looked<Self> {
        let mut known = StateFile::<Known>::peek(root)?.known;
        known.begin(boot);
        let plan = known.plan();
        let mut earlier = known.ordered;
        earlier.retain(|order| order.boot != known.boot);
        let last = earlier.iter().filter_map(|order| UnixSeconds::parse(&order.at)).next_back();
        let before = earlier.into_iter().map(|order| order.deployment).collect();
        Ok(Self { deployments: known.deployments, plan, before, last })
    }

    /// Whether a deployment of this start may still order a restart.
    #[must_use]
    pub fn may_order(&self) -> bool {
        self.deployments.iter().any(|one| !self.before.contains(one))
    }

    /// The time since a deployment last ordered an earlier start; zero if the clock was set back.
    #[must_use]
    pub fn since_restart(&self, now: UnixSeconds) -> Option<Duration> {
        let seconds = now.0.saturating_sub(self.last?.0);
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
    }
}

/// The completed deployments.
#[derive(Debug, Default)]
pub struct Deployments(Known);

impl Deployments {
    /// Reads them under this root. A damaged file comes with a warning.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Option<Warning>)> {
        let (file, warning) = StateFile::load(root)?;
        Ok((Self(file.known), warning))
    }

    /// Whether no deployment is recorded, of this boot or an earlier one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.deployments.is_empty()
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
        known.begin(boot);
        known.deployments.retain(|one| one != deployment);
        known.deployments.push(deployment.to_owned());
        let surplus = known.deployments.len().saturating_sub(REMEMBERED);
        known.deployments.drain(..surplus);
    })
}

/// Remembers what is planned in this start of the system.
///
/// # Errors
/// [`SaveError`]; a restart of the daemon asks users again.
pub fn keep(root: &Root, boot: &BootId, plan: Plan) -> Result<(), SaveError> {
    StateFile::<Known>::update(root, |known| {
        known.begin(boot);
        known.set_plan(plan);
    })
}

/// Remembers that these deployments order a restart at this time of the wall clock, before they do.
/// Until [`keep`] says that it comes, a restart of the daemon orders it again.
///
/// # Errors
/// [`SaveError`]; a restart would not be the last one.
pub fn order(
    root: &Root,
    boot: &BootId,
    deployments: &[String],
    at: UnixSeconds,
) -> Result<(), SaveError> {
    StateFile::<Known>::update(root, |known| {
        known.begin(boot);
        known.set_plan(Plan::Refused(Duration::ZERO));
        for deployment in deployments {
            known.ordered.retain(|order| order.deployment != *deployment);
            let (deployment, boot) = (deployment.clone(), boot.to_string());
            known.ordered.push(Order { deployment, boot, at: at.to_string() });
        }
        let surplus = known.ordered.len().saturating_sub(REMEMBERED);
        known.ordered.drain(..surplus);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const WE: &str = "WE-7Q2KD/183";
    const NOON: UnixSeconds = UnixSeconds(1_795_348_800);

    fn boot(first: &str) -> BootId {
        BootId::parse(&format!("{first}-7a6f-4c3e-9d2b-0123456789ab")).unwrap()
    }

    fn root() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path());
        (dir, root)
    }

    #[test]
    fn a_deployment_is_pending_until_the_system_starts_again() {
        let (_dir, root) = root();
        let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
        let recorded = || Deployments::load(&root).unwrap().0;
        let is_pending = |boot| recorded().is_pending(boot);
        assert!(recorded().is_empty() && !is_pending(&first));
        remember(&root, &first, WE).unwrap();
        assert!(is_pending(&first));
        assert!(!is_pending(&second) && !recorded().is_empty());
        remember(&root, &second, "EMP-00001/1").unwrap();
        assert!(!is_pending(&first));
    }

    #[test]
    fn what_users_decided_counts_until_the_system_starts_again() {
        let later = Plan::Later(Duration::from_secs(15_400));
        let again = Plan::Refused(Duration::ZERO);
        for (plan, kept) in [
            (later, later),
            (Plan::Agreed, Plan::Agreed),
            (Plan::Refused(Duration::from_secs(7)), again),
            (Plan::Cancelled, Plan::Cancelled),
            (Plan::Restart, Plan::Restart),
            (Plan::Asked(Duration::from_secs(7)), Plan::Open),
            (Plan::Notice(Duration::from_secs(7)), Plan::Open),
            (Plan::Open, Plan::Open),
        ] {
            let (_dir, root) = root();
            let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
            remember(&root, &first, WE).unwrap();
            keep(&root, &first, plan).unwrap();
            assert_eq!(DeploymentMemory::load(&root, &first).unwrap().plan, kept, "{plan:?}");
            assert_eq!(
                DeploymentMemory::load(&root, &second).unwrap(),
                DeploymentMemory::default()
            );
        }
    }

    #[test]
    fn what_ordered_a_restart_never_orders_one_in_another_start() {
        let (_dir, root) = root();
        let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
        let may_order = |boot: &BootId| DeploymentMemory::load(&root, boot).unwrap().may_order();
        assert!(!may_order(&first));
        remember(&root, &first, WE).unwrap();
        assert!(may_order(&first));
        order(&root, &first, &[WE.to_owned()], NOON).unwrap();
        // Refused, it is tried again; it is the same order.
        assert!(may_order(&first));
        remember(&root, &second, WE).unwrap();
        assert!(!may_order(&second));
        remember(&root, &second, "WE-7Q2KD/184").unwrap();
        assert!(may_order(&second));
    }

    #[test]
    fn the_time_of_the_last_restart_is_known_in_later_starts() {
        let (_dir, root) = root();
        let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
        let since = |boot: &BootId, seconds| {
            DeploymentMemory::load(&root, boot).unwrap().since_restart(NOON.plus(seconds))
        };
        assert_eq!(since(&second, 60), None);
        order(&root, &first, &["EMP-R9HXH/7".to_owned()], NOON.plus(-3600)).unwrap();
        order(&root, &first, &[WE.to_owned()], NOON).unwrap();
        assert_eq!(since(&first, 60), None);
        assert_eq!(since(&second, 60), Some(Duration::from_secs(60)));
        assert_eq!(since(&second, -60), Some(Duration::ZERO));
    }

    #[test]
    fn the_memory_does_not_grow_without_end() {
        let (_dir, root) = root();
        for number in 0..70 {
            let name = format!("WE-7Q2KD/{number}");
            remember(&root, &boot("5b1f1d0c"), &name).unwrap();
            order(&root, &boot("5b1f1d0c"), &[name], NOON).unwrap();
        }
        let known = StateFile::<Known>::load(&root).unwrap().0.known;
        assert_eq!((known.deployments.len(), known.ordered.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(known.deployments.last().unwrap(), "WE-7Q2KD/69");
        assert_eq!(known.ordered.last().unwrap().deployment, "WE-7Q2KD/69");
    }

    #[test]
    fn a_damaged_memory_is_set_aside_with_a_word() {
        let (dir, root) = root();
        fs::create_dir_all(dir.path().join("var/lib/licd")).unwrap();
        fs::write(root.path(Known::FILE), "nonsense").unwrap();
        let (deployments, warning) = Deployments::load(&root).unwrap();
        assert!(!deployments.is_pending(&boot("5b1f1d0c")));
        assert!(warning.unwrap().to_string().contains("no restart"));
    }

    #[test]
    fn one_damaged_file_brings_no_second_restart() {
        let (_dir, root) = root();
        let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
        remember(&root, &first, WE).unwrap();
        order(&root, &first, &[WE.to_owned()], NOON).unwrap();
        fs::write(root.path(Known::FILE), "nonsense").unwrap();
        remember(&root, &second, WE).unwrap();
        assert!(!DeploymentMemory::load(&root, &second).unwrap().may_order());
    }
}
