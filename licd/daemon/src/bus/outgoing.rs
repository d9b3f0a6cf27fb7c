//! Signals and replies of the loop, sent in its order.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use licd_device::Report;
use licd_rules::Notice;
use zbus::fdo::Properties;
use zbus::object_server::{Interface, SignalEmitter};
use zbus::{Connection, Variant};
use zruntime::mpmc::Receiver;

use super::authority::Authority;
use super::changes::LicenseChanges;
use super::deployment::Deployment;
use super::error::reason;
use super::gate::Signals;
use super::job::{self, JobObject};
use super::license::{self, License};
use super::manager::{Manager, Shown};
use super::{NAME, PATH};
use crate::jobs::{Job, JobId};
use crate::shared::{News, Shared};

/// Something to send.
pub(super) enum Outgoing {
    Announce(Shown, LicenseChanges),
    ExpiryNotice(Notice),
    PlanChanged,
    JobBegan(Arc<Job>),
    JobWentOn(Arc<Job>),
    JobEnded { job: Arc<Job>, verdict: &'static str, message: String },
    JobForgotten(JobId),
    Then(Box<dyn FnOnce() + Send>),
    Stop,
}

/// Sends it, and knows which state was announced last.
pub(super) struct Announcer {
    shared: Arc<Shared>,
    authority: Arc<Authority>,
    announced: Shown,
    signals: Signals,
}

impl Announcer {
    /// `report`: the one that the objects show.
    pub(super) fn new(
        shared: Arc<Shared>,
        authority: Arc<Authority>,
        report: &Report,
        signals: Signals,
    ) -> Self {
        Self { shared, authority, announced: Shown::of(report), signals }
    }

    /// Sends what comes until [`Outgoing::Stop`], or until the connection is gone.
    pub(super) async fn run(mut self, connection: Connection, queue: Receiver<Outgoing>) {
        let mut gone = pin!(connection.closed());
        loop {
            let mut next = pin!(queue.recv());
            let outgoing = std::future::poll_fn(|context| {
                if gone.as_mut().poll(context).is_ready() {
                    return Poll::Ready(None);
                }
                next.as_mut().poll(context).map(Result::ok)
            });
            let Some(outgoing) = outgoing.await else { break };
            let stop = matches!(outgoing, Outgoing::Stop);
            if let Err(error) = self.send(&connection, outgoing).await
                && !connection.is_closed()
            {
                log::warn!("{NAME}: an announcement on the bus failed: {}", reason(&error));
            }
            if stop {
                return;
            }
            self.signals.give_way().await;
        }
        if connection.is_closed() {
            self.shared.report(News::BusGone);
        }
    }

    async fn send(&mut self, connection: &Connection, outgoing: Outgoing) -> zbus::Result<()> {
        let objects = connection.object_server();
        match outgoing {
            Outgoing::Announce(shown, licenses) => self.announce(connection, shown, licenses).await,
            Outgoing::ExpiryNotice(notice) => {
                let Notice { service, stage, expires, days_left, .. } = notice;
                let (state, expires) = (stage.as_str(), expires.to_string());
                let emitter = SignalEmitter::new(connection, PATH)?;
                Manager::expiry_notice(&emitter, &service, state, &expires, days_left).await
            }
            Outgoing::PlanChanged => {
                let changed = [("State", self.shared.plan().into())];
                properties_changed::<Deployment>(connection, PATH, changed).await
            }
            Outgoing::JobBegan(job) => {
                let path = job::path(job.id);
                let (authority, shared) = (Arc::clone(&self.authority), Arc::clone(&self.shared));
                let object = JobObject { job, authority, shared };
                objects.at(path, object).await.map(drop)
            }
            Outgoing::JobWentOn(job) => {
                let changed = [("Progress", job.progress().into())];
                properties_changed::<JobObject>(connection, &job::path(job.id), changed).await
            }
            Outgoing::JobEnded { job, verdict, message } => {
                let path = job::path(job.id);
                let changed =
                    [("Progress", job.progress().into()), ("State", job::state(&job).into())];
                properties_changed::<JobObject>(connection, &path, changed).await?;
                JobObject::finished(&SignalEmitter::new(connection, path)?, verdict, &message).await
            }
            Outgoing::JobForgotten(id) => {
                objects.remove::<JobObject, _>(job::path(id)).await.map(drop)
            }
            Outgoing::Then(act) => {
                act();
                Ok(())
            }
            Outgoing::Stop => connection.release_name(NAME).await.map(drop),
        }
    }

    /// Announces a report that differs from the one before.
    async fn announce(
        &mut self,
        connection: &Connection,
        shown: Shown,
        licenses: LicenseChanges,
    ) -> zbus::Result<()> {
        let before = mem::replace(&mut self.announced, shown);
        self.announce_licenses(connection, licenses).await?;
        let changed = different(before.properties(), self.announced.properties());
        properties_changed::<Manager>(connection, PATH, changed).await?;
        Manager::changed(&SignalEmitter::new(connection, PATH)?).await
    }

    async fn announce_licenses(
        &self,
        connection: &Connection,
        changes: LicenseChanges,
    ) -> zbus::Result<()> {
        let objects = connection.object_server();
        for path in changes.gone {
            objects.remove::<License, _>(path).await?;
            self.signals.give_way().await;
        }
        for (path, report) in changes.shown {
            self.signals.give_way().await;
            let before = match objects.interface::<_, License>(&*path).await {
                Ok(license) => license.get().await.show(report.clone()),
                Err(_) => {
                    objects.at(path, License::new(report)).await?;
                    continue;
                }
            };
            let changed = different(license::properties(&before), license::properties(&report));
            properties_changed::<License>(connection, &path, changed).await?;
        }
        Ok(())
    }
}

/// The properties that have changed.
fn different<'a, const N: usize>(
    before: [(&'static str, Variant<'_>); N],
    now: [(&'static str, Variant<'a>); N],
) -> Vec<(&'static str, Variant<'a>)> {
    now.into_iter().zip(before).filter(|(now, before)| now != before).map(|(now, _)| now).collect()
}

/// Announces several properties by one signal; sends none without any.
async fn properties_changed<I: Interface>(
    connection: &Connection,
    path: &str,
    changed: impl IntoIterator<Item = (&'static str, Variant<'_>)>,
) -> zbus::Result<()> {
    let changed: HashMap<&str, Variant<'_>> = changed.into_iter().collect();
    if changed.is_empty() {
        return Ok(());
    }
    let emitter = SignalEmitter::new(connection, path)?;
    Properties::properties_changed(&emitter, I::name(), changed, Cow::Borrowed(&[])).await
}
