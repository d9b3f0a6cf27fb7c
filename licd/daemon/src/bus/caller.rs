//! Callers whose calls may wait: whether they are still on the bus, and how many calls they have.

use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use licd_rules::Code;
use nix::unistd::geteuid;
use zbus::export::futures_core::Stream as _;
use zbus::message::{Header, Type};
use zbus::{Connection, MatchRule, MessageStream};
use zruntime::SharedRuntime;

use super::error::BusError;

/// The name of the bus itself, and of its interface.
pub(super) const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// How long a call runs before its caller is watched: most are done by then, and a watch costs the bus
/// three calls.
const SHORT: Duration = Duration::from_secs(1);
/// Signals that a caller has left; there is one.
const SIGNALS: NonZeroUsize = NonZeroUsize::MIN;

/// Calls a method of the bus itself.
pub(super) async fn ask_bus(
    connection: &Connection,
    method: &'static str,
    body: &(impl serde::Serialize + zbus::wire::DynamicType),
) -> zbus::Result<zbus::Message> {
    connection.call_method(Some(BUS), BUS_PATH, Some(BUS), method, body).await
}

/// The unique name of the caller; empty if the message has none.
pub(super) fn sender(header: &Header<'_>) -> String {
    header.sender().map(ToString::to_string).unwrap_or_default()
}

/// Whether this user needs no authority: root, and the user that the daemon runs as.
pub(super) fn is_trusted(user: u32) -> bool {
    user == 0 || user == geteuid().as_raw()
}

/// Does `work` as long as the caller is on the bus; `None` if it ends before its work does.
pub(super) async fn while_there<T>(
    connection: &Connection,
    caller: &str,
    work: impl Future<Output = T>,
) -> Option<T> {
    let (mut work, mut left) = (pin!(work), pin!(left(connection, caller)));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => left.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Waits until the caller has left. A caller that cannot be watched counts as present: its call ends
/// by its own limit.
async fn left(connection: &Connection, caller: &str) {
    if watch(connection, caller).await.is_err() {
        pending::<()>().await;
    }
}

async fn watch(connection: &Connection, caller: &str) -> zbus::Result<()> {
    SharedRuntime::current()?.sleep(SHORT).await;
    // In a box that most calls never need.
    Box::pin(watch_now(connection, caller)).await
}

async fn watch_now(connection: &Connection, caller: &str) -> zbus::Result<()> {
    let rule = MatchRule::builder().msg_type(Type::Signal).sender(BUS).interface(BUS);
    let rule = rule.member("NameOwnerChanged").arg(0, caller).build()?;
    let mut signals = MessageStream::for_match_rule(rule, connection, Some(SIGNALS)).await?;
    // The bus does not announce a caller that left before.
    let call = ask_bus(connection, "NameHasOwner", &caller).await?;
    if call.body().deserialize()? {
        poll_fn(|context| Pin::new(&mut signals).poll_next(context)).await;
    }
    Ok(())
}

/// Slots for calls that wait, limited per user and in all.
pub(super) struct Slots {
    of_one: usize,
    in_all: usize,
    taken: Mutex<HashMap<u32, usize>>,
}

impl Slots {
    pub(super) fn new(of_one: usize, in_all: usize) -> Self {
        Self { of_one, in_all, taken: Mutex::default() }
    }

    /// # Errors
    /// [`Code::Busy`] if this user, or all together, have their slots already.
    pub(super) fn take(&self, user: u32, what: &str) -> Result<Slot<'_>, BusError> {
        let mut taken = self.taken();
        let own = taken.get(&user).copied().unwrap_or_default();
        let refused = |whose: &str, most: usize| {
            let message = format!("{what}: {most} calls {whose} wait already; try again later");
            Err(BusError::verdict(Code::Busy, message))
        };
        if own >= self.of_one {
            return refused("of this user", self.of_one);
        }
        if taken.values().sum::<usize>() >= self.in_all {
            return refused("of others", self.in_all);
        }
        taken.insert(user, own + 1);
        Ok(Slot { slots: self, user })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u32, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for a call that waits, given back when dropped.
pub(super) struct Slot<'a> {
    slots: &'a Slots,
    user: u32,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        if let Some(own) = taken.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_places_and_leaves_some_to_others() {
        let slots = Slots::new(2, 3);
        let mut own: Vec<_> = (0..2).map(|_| slots.take(7, "x").unwrap()).collect();
        assert!(slots.take(7, "x").is_err());
        let other = slots.take(8, "x").unwrap();
        assert!(slots.take(9, "x").is_err());
        own.pop();
        assert!(slots.take(9, "x").is_ok());
        drop((own, other));
        assert!(slots.taken().is_empty());
    }
}
