//! Authority to change something: root and the user that the daemon runs as have it, others if polkit
//! allows it. An error on the way to the answer means no.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use licd_rules::Code;
use zbus::message::{Flags, Header};
use zbus::{Connection, Variant};
use zruntime::SharedRuntime;

use super::caller::{Slot, Slots, ask_bus, is_trusted, sender};
use super::error::{self, BusError};
use super::refusals::{Logged, Refusals};
use crate::journal;

/// How long the bus may take to identify a caller, and polkit to answer without asking a user.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a user may take to type a password.
const PERSON: Duration = Duration::from_secs(120);
/// Callers that the bus identifies at one time. It answers at once, so there are more of them only in
/// a flood of calls.
const UNKNOWN: usize = 128;
/// Calls of ordinary users that may wait long, for one user and in all: whatever one user sends, half
/// of what the loop lets wait is left.
const OF_ONE_USER: usize = 16;
const IN_ALL: usize = 64;
/// Callers that wait for polkit, of one user and in all, each perhaps for a password. Callers that need
/// no polkit are not among them: they must not wait for passwords of others.
const ASKING: usize = 8;
const ASKING_IN_ALL: usize = 16;

/// Something that needs authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Import,
    Remove,
    Settings,
    Deployment,
    Activate,
}

impl Action {
    /// The action of polkit.
    fn id(self) -> &'static str {
        match self {
            Self::Import => "com.igel.license1.import",
            Self::Remove => "com.igel.license1.remove",
            Self::Settings => "com.igel.license1.settings",
            Self::Deployment => "com.igel.license1.deployment",
            Self::Activate => "com.igel.license1.activate",
        }
    }
}

/// Identifies callers, and asks polkit for their authority.
pub(super) struct Authority {
    unknown: AtomicUsize,
    callers: Slots,
    asking: Slots,
    refusals: Refusals,
}

impl Default for Authority {
    fn default() -> Self {
        Self {
            unknown: AtomicUsize::new(0),
            callers: Slots::new(OF_ONE_USER, IN_ALL),
            asking: Slots::new(ASKING, ASKING_IN_ALL),
            refusals: Refusals::default(),
        }
    }
}

/// An identified caller, with its slot while the call waits.
pub(super) struct Guest<'a> {
    user: Result<u32, String>,
    _slot: Option<Slot<'a>>,
}

impl Authority {
    /// Identifies the caller. Root and the daemon's own user need no slot.
    ///
    /// # Errors
    /// [`Code::Busy`] if too many calls wait.
    pub(super) async fn receive(
        &self,
        connection: &Connection,
        header: &Header<'_>,
        what: &str,
    ) -> Result<Guest<'_>, BusError> {
        let user = {
            let _counted = Counted::new(&self.unknown, what)?;
            user(connection, &sender(header)).await
        };
        let slot = match &user {
            Ok(user) if !is_trusted(*user) => Some(self.callers.take(*user, what)?),
            Ok(_) | Err(_) => None,
        };
        Ok(Guest { user, _slot: slot })
    }

    /// Succeeds only if the caller may do this.
    ///
    /// # Errors
    /// [`Code::NotAuthorized`], or [`Code::Busy`] if too many wait for an answer.
    pub(super) async fn check(
        &self,
        connection: &Connection,
        header: &Header<'_>,
        action: Action,
    ) -> Result<Guest<'_>, BusError> {
        let (id, caller) = (action.id(), sender(header));
        let guest = self.receive(connection, header, id).await?;
        let (user, denial) = match &guest.user {
            Ok(user) if is_trusted(*user) => return Ok(guest),
            Ok(user) => {
                let _slot = self.asking.take(*user, id)?;
                match ask(connection, header, &caller, action).await {
                    Ok(()) => return Ok(guest),
                    Err(denial) => (Some(*user), denial),
                }
            }
            Err(denial) => (None, denial.clone()),
        };
        if let Logged::After(others) = self.refusals.count(user, Instant::now()) {
            log_refusal(id, user, &format!("({caller}): {denial}"), others);
        }
        Err(BusError::verdict(Code::NotAuthorized, format!("{id}: {denial}")))
    }
}

fn log_refusal(id: &str, user: Option<u32>, why: &str, others: u64) {
    let uid = user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
    let others = match others {
        0 => String::new(),
        others => format!("; {others} further refusals were not logged"),
    };
    log::warn!(
        MESSAGE_ID = journal::NOT_AUTHORIZED,
        LICD_CODE = Code::NotAuthorized.as_str(),
        LICD_ACTION = id,
        LICD_UID = uid;
        "{id}: refused to user {uid} {why}{others}"
    );
}

/// A slot among the callers that the bus is identifying.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    /// # Errors
    /// [`Code::Busy`] if there are [`UNKNOWN`] already.
    fn new(count: &'a AtomicUsize, what: &str) -> Result<Self, BusError> {
        let counted = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) < UNKNOWN {
            return Ok(counted);
        }
        let message = format!("{what}: {UNKNOWN} others ask already; try again later");
        Err(BusError::verdict(Code::Busy, message))
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The user that the caller runs as.
async fn user(connection: &Connection, caller: &str) -> Result<u32, String> {
    let call = ask_bus(connection, "GetConnectionUnixUser", &caller);
    let reply = within(ANSWER, call).await.and_then(|reply| reply.body().deserialize());
    reply.map_err(|error| format!("the bus does not tell the user: {}", error::reason(&error)))
}

/// Asks polkit (`org.freedesktop.PolicyKit1.Authority`), which may ask for a password if the
/// caller allows that.
async fn ask(
    connection: &Connection,
    header: &Header<'_>,
    caller: &str,
    action: Action,
) -> Result<(), String> {
    let interactive = header.primary().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH);
    let subject = ("system-bus-name", HashMap::from([("name", Variant::from(caller))]));
    let details: HashMap<&str, &str> = HashMap::new();
    let body = (subject, action.id(), details, u32::from(interactive), "");
    let call = connection.call_method(
        Some("org.freedesktop.PolicyKit1"),
        "/org/freedesktop/PolicyKit1/Authority",
        Some("org.freedesktop.PolicyKit1.Authority"),
        "CheckAuthorization",
        &body,
    );
    let reply = within(if interactive { PERSON } else { ANSWER }, call).await;
    // One structure as the only result: the outer pair of brackets is the body.
    let answer = reply
        .and_then(|reply| reply.body().deserialize::<((bool, bool, HashMap<String, String>),)>());
    match answer {
        Ok(((true, _, _),)) => Ok(()),
        Ok(((_, true, _),)) => {
            Err("needs a password; call as root, or allow interactive authorisation".to_owned())
        }
        Ok(_) => Err("not authorised by polkit; call as root".to_owned()),
        Err(error) => {
            Err(format!("polkit does not answer ({}); call as root", error::reason(&error)))
        }
    }
}

/// The outcome of a call, an error if it takes too long.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = zbus::Result<T>>,
) -> zbus::Result<T> {
    let late = |_| {
        let message = format!("no answer within {} seconds", limit.as_secs());
        zbus::Error::from(io::Error::new(io::ErrorKind::TimedOut, message))
    };
    SharedRuntime::current()?.timeout(limit, call).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_in_the_policy_that_is_installed() {
        let policy = include_str!("../../../../packaging/com.igel.license1.policy");
        let change = [Action::Import, Action::Remove, Action::Settings];
        for action in change.into_iter().chain([Action::Deployment, Action::Activate]) {
            assert!(policy.contains(&format!("<action id=\"{}\">", action.id())), "{action:?}");
        }
    }
}
