//! Calls that wait: for the loop, for authority, and no longer than their caller is on the bus.

use std::num::NonZeroUsize;
use std::pin::Pin;

use zbus::Connection;
use zbus::message::Header;
use zruntime::mpmc;

use super::Manager;
use crate::bus::authority::{Action, Guest};
use crate::bus::caller::{sender, while_there};
use crate::bus::error::BusError;
use crate::shared::{News, Order, Refusal, Reply, Shared};

/// A call as it was received.
#[derive(Clone, Copy)]
pub(in crate::bus) struct Call<'a> {
    pub(in crate::bus) connection: &'a Connection,
    pub(in crate::bus) header: &'a Header<'a>,
}

/// What a call waits for, in a box: every function that hands it on would have room for it again, and each
/// call that waits would take 19 kB.
type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, BusError>> + Send + 'a>>;

impl Manager {
    /// Gives the loop an order and waits for its answer.
    pub(in crate::bus) async fn ask<T: Send + 'static>(
        &self,
        order: impl FnOnce(Reply<T>) -> Order,
    ) -> Result<T, BusError> {
        ask(&self.shared, order).await
    }

    /// Runs work that may take long, as long as the caller is on the bus.
    async fn attend<T: Send>(&self, call: Call<'_>, work: Work<'_, T>) -> Result<T, BusError> {
        let caller = sender(call.header);
        let Some(outcome) = while_there(call.connection, &caller, work).await else {
            self.shared.report(News::CallerGone(caller));
            return Err(Refusal::unavailable().into());
        };
        outcome
    }

    /// The same for work that needs authority.
    pub(in crate::bus) async fn attend_authorised<T: Send>(
        &self,
        call: Call<'_>,
        action: Action,
        work: impl Future<Output = Result<T, BusError>> + Send,
    ) -> Result<T, BusError> {
        let check = self.authority.check(call.connection, call.header, action);
        self.attend_admitted(call, check, work).await
    }

    /// The same for work that any user may ask for.
    pub(super) async fn attend_any<T: Send>(
        &self,
        call: Call<'_>,
        what: &str,
        work: impl Future<Output = Result<T, BusError>> + Send,
    ) -> Result<T, BusError> {
        let receive = self.authority.receive(call.connection, call.header, what);
        self.attend_admitted(call, receive, work).await
    }

    /// Runs work once the caller is admitted, and counts the caller as a guest until it is done.
    async fn attend_admitted<T: Send>(
        &self,
        call: Call<'_>,
        admission: impl Future<Output = Result<Guest<'_>, BusError>> + Send,
        work: impl Future<Output = Result<T, BusError>> + Send,
    ) -> Result<T, BusError> {
        let (admission, work): (_, Work<'_, T>) = (Box::pin(admission), Box::pin(work));
        let work = async {
            let _guest = admission.await?;
            work.await
        };
        self.attend(call, Box::pin(work)).await
    }
}

/// Gives the loop an order and waits for its answer.
pub(in crate::bus) async fn ask<T: Send + 'static>(
    shared: &Shared,
    order: impl FnOnce(Reply<T>) -> Order,
) -> Result<T, BusError> {
    let (sender, receiver) = mpmc::bounded(NonZeroUsize::MIN);
    // Sending fails only if the caller is gone.
    let reply: Reply<T> = Box::new(move |answer| drop(sender.try_send(answer)));
    shared.order(order(reply))?;
    receiver.recv().await.unwrap_or_else(|_| Err(Refusal::unavailable())).map_err(BusError::from)
}
