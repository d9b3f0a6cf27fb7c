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
mod tests;
