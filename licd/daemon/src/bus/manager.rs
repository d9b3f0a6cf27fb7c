//! `com.igel.License1.Manager`: the device.

mod attend;

use std::sync::Arc;

use licd_device::{Failure, Intent};
use licd_fs::printable::escaped;
use licd_rules::{Code, Selector, Version};
use license_format::{Date, Expiry};
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, Fd, OwnedObjectPath, interface};

use super::authority::{Action, Authority};
use super::caller::sender;
use super::error::BusError;
use super::gate::{Entrance, Foreign};
use super::options::{Options, access, application, intent, more, no_options};
use super::shown::unit_id;
use super::{activation, job};
use crate::jobs::{JobId, Source};
use crate::shared::{ImportReply, Order, Published, Refusal, Reply, Shared};

pub(super) use attend::{Call, ask};

/// The interface.
pub(super) const INTERFACE: &str = "com.igel.License1.Manager";

/// The daemon's own object.
pub(super) struct Manager {
    shared: Arc<Shared>,
    authority: Arc<Authority>,
    entrance: Option<Entrance>,
}

impl Manager {
    pub(super) fn new(shared: Arc<Shared>, authority: Arc<Authority>) -> Self {
        Self { shared, authority, entrance: None }
    }

    /// The object behind this entrance, through which descriptors come.
    pub(super) fn behind(self, entrance: Entrance) -> Self {
        Self { entrance: Some(entrance), ..self }
    }

    /// The descriptor that came with a call.
    fn descriptor(&self, call: &Header<'_>) -> Result<Foreign, BusError> {
        let serial = call.primary().serial_num().get();
        let came = self.entrance.as_ref().and_then(|way| way.descriptor(&sender(call), serial));
        came.ok_or_else(|| BusError::arguments("no descriptor came with the call"))
    }

    /// Orders an import, and waits for what the reply states.
    async fn import_from<T: Send + 'static>(
        &self,
        (source, name): (Source, String),
        intent: Intent,
        header: &Header<'_>,
        reply: impl FnOnce(Reply<T>) -> ImportReply,
    ) -> Result<T, BusError> {
        let owner = sender(header);
        self.ask(|to| Order::Import { source, intent, name, owner, reply: reply(to) }).await
    }

    /// Whether a release may be installed, by what is published.
    fn judge_update(
        &self,
        release_date: &str,
        to: Option<Version>,
    ) -> Result<(bool, String), BusError> {
        let Some(released) = Date::parse(release_date) else {
            let date = escaped(release_date);
            return Err(BusError::arguments(format!("release date “{date}”: is no YYYY-MM-DD")));
        };
        let published = self.shared.published();
        if !published.whole {
            // There is no survey yet, and the report takes its place.
            return Err(Refusal::from(Failure::from(&published.missing)).into());
        }
        let verdict = published.survey.update(released, to, &published.time);
        Ok((verdict.reason.allows(), verdict.reason.to_string()))
    }
}

/// The object of a job that has begun.
fn job_object(id: JobId) -> Result<OwnedObjectPath, BusError> {
    OwnedObjectPath::try_from(job::path(id))
        .map_err(|error| Refusal::Fault(error.to_string()).into())
}

/// Whether a feature is allowed, why, and until when; `None` for one that is not known.
pub(super) fn feature(published: &Published, name: &str) -> Option<(bool, String, String)> {
    let feature = published.report.features.get(name)?;
    Some((feature.allowed, feature.reason.to_string(), last_day(feature.until)))
}

/// The last day; empty without one.
fn last_day(day: Option<Expiry>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// The name that messages give a descriptor.
fn shown_name(name: &str) -> String {
    if name.is_empty() { "the descriptor".to_owned() } else { escaped(name) }
}

#[interface(name = "com.igel.License1.Manager", introspection_docs = false)]
impl Manager {
    #[zbus(out_args("status"))]
    fn get_status(&self) -> String {
        self.shared.published().status()
    }

    #[zbus(out_args("job"))]
    async fn import(
        &self,
        source: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<OwnedObjectPath, BusError> {
        let mut options = options;
        let intent = intent(&mut options)?;
        let access = access(options)?;
        let call = Call { connection, header: &header };
        let begin = async {
            let source = Source::parse(&source, access)?;
            let name = source.name();
            self.import_from((source, name), intent, &header, ImportReply::Begun).await
        };
        job_object(self.attend_authorised(call, Action::Import, begin).await?)
    }

    #[zbus(out_args("verdict"))]
    async fn import_fd(
        &self,
        fd: Fd<'_>,
        name: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<String, BusError> {
        let mut options = options;
        // In the place of the caller's, which zbus does not get.
        drop(fd);
        let (intent, more) = (intent(&mut options)?, more(&mut options)?);
        no_options(&options)?;
        let call = Call { connection, header: &header };
        let source = (Source::Descriptor(self.descriptor(&header)?, more), shown_name(&name));
        let verdict = self.import_from(source, intent, &header, ImportReply::Verdict);
        let code: Code = self.attend_authorised(call, Action::Import, verdict).await?;
        Ok(code.as_str().to_owned())
    }

    #[zbus(out_args("removed"))]
    async fn remove(
        &self,
        selector: &str,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<u32, BusError> {
        no_options(&options)?;
        let Some(selector) = Selector::parse(selector) else {
            let (selector, forms) = (escaped(selector), Selector::FORMS);
            return Err(BusError::arguments(format!("selector “{selector}”: is none of {forms}")));
        };
        let call = Call { connection, header: &header };
        let remove = self.ask(|reply| Order::Remove { selector, reply });
        self.attend_authorised(call, Action::Remove, remove).await
    }

    async fn refresh(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), BusError> {
        let call = Call { connection, header: &header };
        self.attend_any(call, "Refresh", self.ask(|reply| Order::Refresh { reply })).await
    }

    #[zbus(out_args("allowed", "reason", "until"))]
    pub(super) fn check_feature(&self, name: &str) -> Result<(bool, String, String), BusError> {
        feature(&self.shared.published(), name).ok_or_else(|| {
            let name = escaped(name);
            BusError::arguments(format!("feature “{name}”: is not known"))
        })
    }

    #[zbus(out_args("allowed", "reason"))]
    fn check_update(&self, release_date: &str) -> Result<(bool, String), BusError> {
        self.judge_update(release_date, None)
    }

    #[zbus(out_args("allowed", "reason"))]
    fn check_update_to(
        &self,
        version: &str,
        release_date: &str,
    ) -> Result<(bool, String), BusError> {
        let Some(to) = Version::parse(version) else {
            let version = escaped(version);
            let message = format!("version “{version}”: is not one such as 12.4.0");
            return Err(BusError::arguments(message));
        };
        self.judge_update(release_date, Some(to))
    }

    #[zbus(out_args("services"))]
    fn list_services(&self) -> Vec<(String, String, String, String)> {
        let published = self.shared.published();
        let services = published.report.services.iter();
        services
            .map(|service| {
                let (status, state) = (service.status.to_string(), service.state.to_string());
                (service.service.clone(), status, state, last_day(service.expires))
            })
            .collect()
    }

    async fn apply_settings(
        &self,
        toml: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), BusError> {
        let call = Call { connection, header: &header };
        let apply = self.ask(|reply| Order::Apply { settings: toml, reply });
        self.attend_authorised(call, Action::Settings, apply).await
    }

    #[zbus(out_args("job"))]
    async fn activate(
        &self,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<OwnedObjectPath, BusError> {
        let application = application(options)?;
        let call = Call { connection, header: &header };
        let begin = async {
            let (name, request) = activation::request(&self.shared.published(), &application)?;
            let source = (Source::Activation(Some(request)), name);
            self.import_from(source, Intent::Explicit, &header, ImportReply::Begun).await
        };
        job_object(self.attend_authorised(call, Action::Activate, begin).await?)
    }

    async fn poll(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), BusError> {
        let call = Call { connection, header: &header };
        self.attend_any(call, "Poll", self.ask(|reply| Order::Poll { reply })).await
    }

    #[zbus(signal)]
    pub(super) async fn changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    #[zbus(signal)]
    pub(super) async fn expiry_notice(
        emitter: &SignalEmitter<'_>,
        service: &str,
        state: &str,
        expires: &str,
        days_left: i32,
    ) -> zbus::Result<()>;

    #[zbus(property(emits_changed_signal = "const"))]
    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    #[zbus(property)]
    fn state(&self) -> String {
        self.shared.published().report.state.to_string()
    }

    #[zbus(property)]
    fn unit_id(&self) -> String {
        unit_id(&self.shared.published().report)
    }

    #[zbus(property)]
    fn clock_state(&self) -> String {
        self.shared.published().report.clock.state.to_string()
    }

    #[zbus(property)]
    fn store_state(&self) -> String {
        self.shared.published().report.store.state.to_string()
    }

    #[zbus(property)]
    fn restart_pending(&self) -> bool {
        self.shared.published().report.restart_pending
    }
}
