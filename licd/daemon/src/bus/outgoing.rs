//! Signals and replies of the loop, sent in its order.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use licd_device::Report;
use licd_rules::Notice;
use zbus::fdo::{ObjectManager, Properties};
use zbus::names::InterfaceName;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, ObjectPath, Variant};
use zruntime::mpmc::Receiver;

use super::changes::{Changed, LicenseChanges};
use super::connected::release_name;
use super::error::reason;
use super::gate::Entrance;
use super::job::{self, JobObject, ShownJob};
use super::license;
use super::manager::Manager;
use super::objects::Objects;
use super::shown::Shown;
use super::{NAME, PATH, deployment, manager};
use crate::jobs::JobId;
use crate::shared::News;

/// Something to send.
pub(super) enum Outgoing {
    Announce(Shown, LicenseChanges),
    ExpiryNotice(Notice),
    PlanChanged,
    JobBegan(ShownJob),
    JobWentOn(JobId),
    JobEnded { id: JobId, verdict: &'static str, message: String },
    JobForgotten(JobId),
    Then(Box<dyn FnOnce() + Send>),
    Stop,
}

/// Sends it, and knows which state was announced last.
pub(super) struct Announcer {
    objects: Arc<Objects>,
    announced: Shown,
    entrance: Entrance,
}

impl Announcer {
    /// `report`: the one that the objects show.
    pub(super) fn new(objects: Arc<Objects>, report: &Report, entrance: Entrance) -> Self {
        Self { objects, announced: Shown::of(report), entrance }
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
            self.entrance.give_way().await;
        }
        if connection.is_closed() {
            self.objects.shared.report(News::BusGone);
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
                let changed = [("State", self.objects.shared.plan().into())];
                properties_changed(connection, PATH, deployment::INTERFACE, changed).await
            }
            Outgoing::JobBegan(shown) => {
                let id = shown.job.id;
                let shown = Arc::new(shown);
                self.objects.jobs().insert(id, Arc::clone(&shown));
                let Objects { authority, shared, .. } = &*self.objects;
                let (authority, shared) = (Arc::clone(authority), Arc::clone(shared));
                let object = JobObject { shown, authority, shared };
                objects.at(job::path(id), object).await.map(drop)
            }
            Outgoing::JobWentOn(id) => self.announce_job(connection, id).await,
            Outgoing::JobEnded { id, verdict, message } => {
                self.announce_job(connection, id).await?;
                let path = job::path(id);
                JobObject::finished(&SignalEmitter::new(connection, path)?, verdict, &message).await
            }
            Outgoing::JobForgotten(id) => {
                self.objects.jobs().remove(&id);
                objects.remove::<JobObject, _>(job::path(id)).await.map(drop)
            }
            Outgoing::Then(act) => {
                act();
                Ok(())
            }
            Outgoing::Stop => release_name(connection).await,
        }
    }

    /// Announces what a job has reached.
    async fn announce_job(&self, connection: &Connection, id: JobId) -> zbus::Result<()> {
        let shown = self.objects.jobs().get(&id).cloned();
        let Some([before, now]) = shown.map(|shown| shown.update()) else { return Ok(()) };
        let changed = different(before, now);
        properties_changed(connection, &job::path(id), job::INTERFACE, changed).await
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
        properties_changed(connection, PATH, manager::INTERFACE, changed).await?;
        Manager::changed(&SignalEmitter::new(connection, PATH)?).await
    }

    async fn announce_licenses(
        &self,
        connection: &Connection,
        changes: LicenseChanges,
    ) -> zbus::Result<()> {
        let LicenseChanges { gone, new, changed } = changes;
        let manager = SignalEmitter::new(connection, PATH)?;
        let interface = InterfaceName::from_static_str_unchecked(license::INTERFACE);
        for path in gone {
            let interfaces = Cow::Borrowed(std::slice::from_ref(&interface));
            ObjectManager::interfaces_removed(&manager, ObjectPath::try_from(path)?, interfaces)
                .await?;
            self.entrance.give_way().await;
        }
        for (path, report) in &new {
            self.entrance.give_way().await;
            let properties = license::properties(report).into();
            let interfaces = [(interface.clone(), properties)].into();
            ObjectManager::interfaces_added(&manager, ObjectPath::try_from(&**path)?, interfaces)
                .await?;
        }
        for Changed { path, before, now } in &changed {
            self.entrance.give_way().await;
            let changed = different(license::properties(before), license::properties(now));
            properties_changed(connection, path, license::INTERFACE, changed).await?;
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
async fn properties_changed(
    connection: &Connection,
    path: &str,
    interface: &'static str,
    changed: impl IntoIterator<Item = (&'static str, Variant<'_>)>,
) -> zbus::Result<()> {
    let changed: HashMap<&str, Variant<'_>> = changed.into_iter().collect();
    if changed.is_empty() {
        return Ok(());
    }
    let emitter = SignalEmitter::new(connection, path)?;
    let interface = InterfaceName::from_static_str_unchecked(interface);
    Properties::properties_changed(&emitter, interface, changed, Cow::Borrowed(&[])).await
}
