//! Who may change something: root and the user that the daemon runs as, others if polkit allows
//! it. Whatever goes wrong on the way to an answer means no.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use licd_rules::Code;
use nix::unistd::geteuid;
use zbus::message::{Flags, Header};
use zbus::{Connection, Variant};
use zruntime::SharedRuntime;

use super::error::{self, BusError};
use crate::journal;

/// How long the bus may take to say who somebody is, and polkit to answer without asking anybody.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a person may take to type a password.
const PERSON: Duration = Duration::from_secs(120);
/// Descriptors that may come with a call: no method takes more. They stay open until it is answered,
/// each twice, and by the rules of the system bus there might be 16; a process may have 1024 by
/// default.
const DESCRIPTORS: u32 = 1;
/// Callers of whom the bus is asked at one time who they are. Whoever they are, it answers at once,
/// so there are more of them only if somebody calls without end.
const UNKNOWN: usize = 128;
/// Callers that wait for polkit at one time, each perhaps for a person. Those who need not ask it
/// are not among them: nobody is to be kept waiting for a password that others do not type.
const WAITING: usize = 16;

/// Something that needs authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Import,
    Remove,
    Settings,
}

impl Action {
    /// The action of polkit.
    fn id(self) -> &'static str {
        match self {
            Self::Import => "com.igel.license1.import",
            Self::Remove => "com.igel.license1.remove",
            Self::Settings => "com.igel.license1.settings",
        }
    }
}

/// Asks for authority.
#[derive(Default)]
pub(super) struct Authority {
    unknown: AtomicUsize,
    waiting: AtomicUsize,
}

/// The unique name of the caller; empty if the bus does not tell.
pub(super) fn sender(header: &Header<'_>) -> String {
    header.sender().map(ToString::to_string).unwrap_or_default()
}

impl Authority {
    /// Goes on only if the caller may do this.
    ///
    /// # Errors
    /// [`Code::NotAuthorized`], or [`Code::Busy`] if too many wait for an answer; an error of
    /// arguments for descriptors that have no use.
    pub(super) async fn check(
        &self,
        connection: &Connection,
        header: &Header<'_>,
        action: Action,
    ) -> Result<(), BusError> {
        let id = action.id();
        few_descriptors(id, header.unix_fds())?;
        let caller = sender(header);
        let known = {
            let _place = Place::take(&self.unknown, UNKNOWN, id)?;
            user(connection, &caller).await
        };
        let (uid, denial) = match known {
            Ok(uid) if uid == 0 || uid == geteuid().as_raw() => return Ok(()),
            Ok(uid) => {
                let _place = Place::take(&self.waiting, WAITING, id)?;
                match ask(connection, header, &caller, action).await {
                    Ok(()) => return Ok(()),
                    Err(denial) => (uid.to_string(), denial),
                }
            }
            Err(denial) => ("unknown".to_owned(), denial),
        };
        log::warn!(
            MESSAGE_ID = journal::NOT_AUTHORIZED,
            LICD_CODE = Code::NotAuthorized.as_str(),
            LICD_ACTION = id,
            LICD_UID = uid;
            "{id}: refused to user {uid} ({caller}): {denial}"
        );
        Err(BusError::verdict(Code::NotAuthorized, format!("{id}: {denial}")))
    }
}

fn few_descriptors(id: &str, count: Option<u32>) -> Result<(), BusError> {
    match count.unwrap_or_default() {
        ..=DESCRIPTORS => Ok(()),
        count => Err(BusError::arguments(format!(
            "{id}: {count} descriptors came with the call; send at most {DESCRIPTORS}"
        ))),
    }
}

/// A place among those who wait, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    /// # Errors
    /// [`Code::Busy`] if `most` have one already.
    fn take(waiting: &'a AtomicUsize, most: usize, id: &str) -> Result<Self, BusError> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < most {
            return Ok(place);
        }
        let message = format!("{id}: {most} others ask already; try again later");
        Err(BusError::verdict(Code::Busy, message))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The user that the caller runs as.
async fn user(connection: &Connection, caller: &str) -> Result<u32, String> {
    let bus = Some("org.freedesktop.DBus");
    let call =
        connection.call_method(bus, "/org/freedesktop/DBus", bus, "GetConnectionUnixUser", &caller);
    let reply = within(ANSWER, call).await.and_then(|reply| reply.body().deserialize());
    reply.map_err(|error| format!("the bus does not tell the user: {}", error::reason(&error)))
}

/// Asks polkit (`org.freedesktop.PolicyKit1.Authority`), which may ask a person if the caller said
/// that it waits for one.
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
async fn within<T>(
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
    fn only_so_many_wait_at_one_time() {
        let waiting = AtomicUsize::new(0);
        let take = || Place::take(&waiting, 3, "x");
        let mut places: Vec<_> = (0..3).map(|_| take().unwrap()).collect();
        assert!(take().is_err());
        places.pop();
        assert!(take().is_ok());
        drop(places);
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn no_descriptors_are_kept_that_nobody_reads() {
        assert!(few_descriptors("x", None).is_ok() && few_descriptors("x", Some(1)).is_ok());
        assert!(few_descriptors("x", Some(2)).is_err());
    }

    #[test]
    fn every_action_is_in_the_policy_that_is_installed() {
        let policy = include_str!("../../../packaging/com.igel.license1.policy");
        for action in [Action::Import, Action::Remove, Action::Settings] {
            assert!(policy.contains(&format!("<action id=\"{}\">", action.id())), "{action:?}");
        }
    }
}
