//! `com.igel.License1.Deployment`: the restart that a deployment wants.

use std::sync::Arc;

use licd_fs::printable::escaped;
use licd_rules::Answer;
use zbus::message::Header;
use zbus::{Connection, interface};

use super::authority::{Action, Authority};
use super::error::BusError;
use super::manager::{Call, Manager};
use crate::shared::{Order, Shared};

/// The interface.
pub(super) const INTERFACE: &str = "com.igel.License1.Deployment";

/// The restart as an object; it asks the loop as the daemon's own object does.
pub(super) struct Deployment {
    shared: Arc<Shared>,
    manager: Manager,
}

impl Deployment {
    pub(super) fn new(shared: Arc<Shared>, authority: Arc<Authority>) -> Self {
        Self { shared: Arc::clone(&shared), manager: Manager::new(shared, authority) }
    }
}

#[interface(name = "com.igel.License1.Deployment", introspection_docs = false)]
impl Deployment {
    async fn answer(
        &self,
        answer: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), BusError> {
        let Some(answer) = Answer::parse(answer) else {
            let answer = escaped(answer);
            let message = format!("answer “{answer}”: is none of now, later and cancel");
            return Err(BusError::arguments(message));
        };
        let call = Call { connection, header: &header };
        let order = self.manager.ask(|reply| Order::Answer { answer, reply });
        self.manager.attend_authorised(call, Action::Deployment, order).await
    }

    #[zbus(property)]
    fn state(&self) -> String {
        self.shared.plan().to_owned()
    }
}
