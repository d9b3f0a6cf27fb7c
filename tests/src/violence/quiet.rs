//! What must be true at the end of a round, when nothing goes on.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::actor::Stage;
use super::watch::TRUST;
use crate::client::Client;
use crate::state::{self, claims};
use crate::wait;

/// The time in which licd finishes what follows from the last change, such as the clean-up.
const SOON: Duration = Duration::from_secs(30);

/// Whether a killed program may have left something that the next start or writer clears away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remains {
    None,
    Possible,
}

impl Stage<'_> {
    /// What is not as it must be.
    pub(super) fn differences(&self, client: &Client, remains: Remains) -> Vec<String> {
        let mut wrong = Vec::new();
        let settled = wait::within(SOON, || {
            wrong = self.look(client, remains);
            wrong.is_empty().then_some(())
        });
        if settled.is_none() {
            return wrong;
        }
        let damaged = state::set_aside(self.world);
        damaged.iter().map(|file| format!("{} was set aside", file.display())).collect()
    }

    fn look(&self, client: &Client, remains: Remains) -> Vec<String> {
        let report: Value = match client.manager::<String>("GetStatus", &()) {
            Ok(text) => serde_json::from_str(&text).unwrap(),
            Err(refusal) => return vec![format!("GetStatus answers {refusal:?}")],
        };
        let mut wrong = self.packs.differences(&report);
        wrong.extend(self.published(&report));
        wrong.extend(self.trusted());
        if report["rejected"].as_array().is_none_or(|rejected| !rejected.is_empty()) {
            wrong.push(format!("files of the store are rejected: {}", report["rejected"]));
        }
        if remains == Remains::None {
            wrong.extend(self.closed());
        }
        wrong
    }

    /// licd publishes what licctl makes of the store, and a file for every feature that is allowed.
    fn published(&self, report: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let direct = self.world.licctl(["--direct", "status", "--json"]).with_code(0).json();
        let text = fs::read_to_string(self.world.path("/run/licd/status.json")).unwrap();
        let file = serde_json::from_str(&text).unwrap();
        for (whose, other) in [("licctl", direct), ("status.json", file)] {
            if claims(report) != claims(&other) {
                let what = state::difference(&claims(report), &claims(&other));
                wrong.push(format!("licd publishes other than {whose}: {what}"));
            }
        }
        let features = report["features"].as_object().unwrap();
        let allowed = features.iter().filter(|(_, feature)| feature["allowed"] == true);
        let allowed: BTreeSet<_> = allowed.map(|(name, _)| name.clone()).collect();
        let files = fs::read_dir(self.world.path("/run/licd/features")).unwrap();
        let files: BTreeSet<_> =
            files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        if files != allowed {
            wrong.push(format!("there are files for {files:?}; allowed are {allowed:?}"));
        }
        wrong
    }

    /// The newest trust document that was acknowledged is in force and remembered.
    fn trusted(&self) -> Vec<String> {
        let acknowledged = self.trust.acknowledged();
        let versions = TRUST.map(|file| state::trust_version(&self.world.path(file)).unwrap_or(0));
        let is_right = versions[0] == versions[1] && versions[0] >= acknowledged;
        let wrong = format!("trust {acknowledged} was acknowledged; there are {versions:?}");
        (acknowledged > 0 && !is_right).then_some(wrong).into_iter().collect()
    }

    /// The partition is read-only, and no program has left a temporary file.
    fn closed(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.world.file_system().is_some_and(|partition| !partition.is_read_only()) {
            wrong.push("the partition is writable".to_owned());
        }
        let temporary: Vec<PathBuf> = state::temporary(self.world);
        wrong.extend(temporary.iter().map(|file| format!("{} is left", file.display())));
        wrong
    }
}
