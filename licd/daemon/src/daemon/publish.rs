//! Publishes the result of a refresh: to the bus, the journal and the service manager.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use licd_device::{Device, Report};
use licd_files::publish::Directory;
use licd_rules::Notice;
use licd_store::StoreState;
use sd_notify::NotifyState;

use super::imports::Outcome;
use super::{Daemon, Fatal, deployment, journal_events, notify};
use crate::bus::LicenseChanges;
use crate::dispatch::{Event, Facts, Lack, Scope};
use crate::journal;
use crate::shared::{Published, Refreshed};

/// What a report lacks, and what else does.
pub(super) fn lacks<const N: usize>(
    device: &Device,
    report: &Report,
    others: [(bool, Lack); N],
) -> BTreeSet<Lack> {
    let is_open = report.store.state == StoreState::Writable && device.is_left_open();
    let lacks = [
        (report.unit_id.is_none(), Lack::UnitId),
        (is_open, Lack::ClosedStore),
        (!device.unwatched().is_empty(), Lack::Watches),
    ];
    let lacks = lacks.into_iter().chain(others).filter(|(is_lacking, _)| *is_lacking);
    lacks.map(|(_, lack)| lack).collect()
}

impl Daemon {
    /// A refresh has ended; without a result, by a fault of this program.
    pub(super) fn refreshed(&mut self, refreshed: Option<Box<Refreshed>>) -> Result<(), Fatal> {
        let Some(mut refreshed) = refreshed else { return self.handle(Event::RefreshFailed) };
        let mut imported = Vec::new();
        for (job, own) in mem::take(&mut refreshed.imported) {
            let outcome = Outcome::of(&job, own, self.state.is_link(job.id));
            imported.push((job.id, outcome.code()));
            self.outcomes.insert(job.id, outcome);
        }
        let others = [(refreshed.again, Lack::Fact), (refreshed.unwritten, Lack::Record)];
        let facts = Facts {
            lacks: lacks(&self.device, &refreshed.published.report, others),
            left_open: refreshed.left_open,
            request_waits: refreshed.published.survey.waiting().is_some(),
            settings: refreshed.settings.take().map(Box::new),
            imported,
        };
        self.refreshed = Some(refreshed);
        self.handle(Event::Refreshed(facts))
    }

    /// Publishes the result of the refresh of this scope.
    pub(super) fn publish(&mut self, scope: Scope) {
        let Some(refreshed) = self.refreshed.take() else { return };
        let Refreshed { published, changes, due, complaints, .. } = *refreshed;
        let deployments = self.deployments(&published);
        deployments.iter().for_each(|name| self.deployed(name));
        self.publish_state(published, changes, !deployments.is_empty());
        due.into_iter().for_each(|notice| self.announce(notice));
        self.complain(complaints, scope > Scope::Time);
    }

    /// The deployments among the imports of the refresh that is being published.
    fn deployments(&self, now: &Published) -> Vec<String> {
        let ended =
            self.outcomes.iter().filter_map(|(id, outcome)| Some((self.jobs.get(id)?, outcome)));
        let deployed = ended.filter(|(job, outcome)| outcome.is_deployment(job, now));
        deployed.map(|(_, outcome)| deployment::name(&outcome.deployed, now)).collect()
    }

    fn publish_state(&mut self, mut new: Published, changes: LicenseChanges, deployed: bool) {
        let old = self.shared.published();
        if deployed && !new.report.restart_pending {
            new = new.with_restart_pending();
            let directory = Directory::new(self.device.root());
            if let Err(error) = directory.publish(&new.json, &new.allowed()) {
                self.complain(vec![format!("{error}; other programs see an old state")], false);
            }
        }
        let changed = new.report != old.report;
        let new = Arc::new(new);
        self.poller.set_alarm(self.device.next_turn(&new.time));
        self.shared.publish(Arc::clone(&new));
        if changed {
            journal_events::changed(&old.report, &new.report);
            notify(&[NotifyState::Status(&journal_events::status_line(&new.report))]);
            self.bus(|bus| bus.announce(&new.report, changes));
        }
    }

    /// Announces an end that is near or has come.
    fn announce(&self, notice: Notice) {
        journal_events::notice(&notice);
        self.bus(|bus| bus.expiry_notice(notice));
    }

    /// Logs the problems that were not logged before. `all`: whether nothing else is wrong any more.
    pub(super) fn complain(&mut self, complaints: Vec<String>, all: bool) {
        let is_new = |complaint: &&String| !self.complaints.contains(complaint);
        let new: Vec<String> = complaints.iter().filter(is_new).cloned().collect();
        for complaint in &new {
            log::warn!(MESSAGE_ID = journal::PROBLEM; "{complaint}");
        }
        if all {
            self.complaints = complaints;
        } else {
            self.complaints.extend(new);
        }
    }
}
