//! What logind knows of sessions and inhibitors, and the restart that it carries out
//! (org.freedesktop.login1(5)).

use std::collections::HashMap;
use std::time::Duration;

use licd_fs::printable::escaped;
use zbus::names::ErrorName;
use zbus::{Connection, DBusError as _, DynamicType, Message, OwnedObjectPath, OwnedVariant};

use super::authority::within;
use super::error::reason;
use crate::shared::LogindState;

const LOGIND: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const UNKNOWN_METHOD: &str = "org.freedesktop.DBus.Error.UnknownMethod";

/// How long logind may take for all questions together, or for beginning a restart.
const ANSWER: Duration = Duration::from_secs(20);
/// `SD_LOGIND_ROOT_CHECK_INHIBITORS`: before systemd 257 logind lets root pass all inhibitors without it.
const CHECK_INHIBITORS: u64 = 1;
/// Sessions that are looked at: many times those that one device has.
const SESSIONS: usize = 64;
/// Characters that are shown of what any user may tell logind of himself.
const SHOWN: usize = 100;

/// ID, user, name, seat and object of a session.
type Session = (String, u32, String, String, OwnedObjectPath);
/// What is blocked, who does, why, mode, user and process.
type Inhibitor = (String, String, String, String, u32, u32);

/// Asks for sessions and inhibitors.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn look(connection: &Connection) -> Result<LogindState, String> {
    let state = async {
        let inhibitors: Vec<Inhibitor> =
            call(connection, PATH, MANAGER, "ListInhibitors", &()).await?.body().deserialize()?;
        let inhibitor = inhibitors.iter().find(|inhibitor| blocks_restart(inhibitor)).map(shown);
        Ok(LogindState { session: is_attended(connection).await?, inhibitor })
    };
    within(ANSWER, state).await.map_err(|error| reason(&error))
}

/// Restarts the device, unless an inhibitor blocks that.
///
/// # Errors
/// Why not.
pub(super) async fn restart(connection: &Connection) -> Result<(), String> {
    let restart = async {
        match call(connection, PATH, MANAGER, "RebootWithFlags", &CHECK_INHIBITORS).await {
            // Before systemd 247. Inhibitors were asked for a moment ago.
            Err(error) if is_unknown_method(&error) => {
                call(connection, PATH, MANAGER, "Reboot", &false).await
            }
            outcome => outcome,
        }
    };
    within(ANSWER, restart).await.map(drop).map_err(|error| reason(&error))
}

/// Whether a user has a session at a seat of the device.
async fn is_attended(connection: &Connection) -> zbus::Result<bool> {
    let sessions: Vec<Session> =
        call(connection, PATH, MANAGER, "ListSessions", &()).await?.body().deserialize()?;
    let at_seat = sessions.iter().filter(|(_, _, _, seat, _)| !seat.is_empty());
    for (_, _, _, _, path) in at_seat.take(SESSIONS) {
        match call(connection, path.as_str(), PROPERTIES, "GetAll", &SESSION).await {
            Ok(properties) if is_users(&properties.body().deserialize()?) => return Ok(true),
            Ok(_) => {}
            // It has ended since.
            Err(error) if error_name(&error).is_some() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Whether a session is that of a user, not of a greeter, and not about to end. Since systemd 256 root
/// has the class `user-early`, and later versions know more such classes (pam_systemd(8)).
fn is_users(properties: &HashMap<String, OwnedVariant>) -> bool {
    let text = |name: &str| properties.get(name).and_then(|value| <&str>::try_from(&**value).ok());
    text("Class").is_some_and(|class| class == "user" || class.starts_with("user-"))
        && matches!(text("State"), Some("active" | "online"))
}

/// A weak inhibitor does not bind root, but what takes one is at work all the same.
fn blocks_restart((what, _, _, mode, ..): &Inhibitor) -> bool {
    mode.starts_with("block") && what.split(':').any(|what| what == "shutdown")
}

fn shown((_, who, why, ..): &Inhibitor) -> String {
    let shown = |text: &str| escaped(&text.chars().take(SHOWN).collect::<String>());
    format!("{} ({})", shown(who), shown(why))
}

async fn call<B: serde::Serialize + DynamicType>(
    connection: &Connection,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
) -> zbus::Result<Message> {
    connection.call_method(Some(LOGIND), path, Some(interface), method, body).await
}

fn is_unknown_method(error: &zbus::Error) -> bool {
    error_name(error).is_some_and(|name| name == UNKNOWN_METHOD)
}

/// The name of an error that was answered.
fn error_name(error: &zbus::Error) -> Option<ErrorName<'_>> {
    match error {
        zbus::Error::MethodError(name, ..) => Some(name.as_ref()),
        zbus::Error::FDO(error) => Some(error.name()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inhibitor(what: &str, mode: &str) -> Inhibitor {
        (what.into(), "apt\u{1b}".into(), "x".repeat(1000), mode.into(), 0, 7)
    }

    #[test]
    fn what_blocks_a_restart_is_named_in_few_words() {
        for (what, mode, blocks) in [
            ("shutdown", "block", true),
            ("sleep:shutdown:idle", "block", true),
            ("shutdown", "block-weak", true),
            ("shutdown", "delay", false),
            ("sleep", "block", false),
        ] {
            assert_eq!(blocks_restart(&inhibitor(what, mode)), blocks, "{what} {mode}");
        }
        let shown = shown(&inhibitor("shutdown", "block"));
        assert!(shown.starts_with("apt\\u{1b} (xxx") && shown.len() < 150, "{shown}");
    }

    #[test]
    fn a_session_is_a_users_or_none() {
        for (class, state, users) in [
            ("user", "active", true),
            ("user", "online", true),
            ("user", "closing", false),
            ("user-early", "active", true),
            ("user-light", "online", true),
            ("user-early", "closing", false),
            ("greeter", "active", false),
            ("manager", "active", false),
        ] {
            let value = |text: &str| OwnedVariant::try_from(zbus::Variant::from(text)).unwrap();
            let properties =
                HashMap::from([("Class".into(), value(class)), ("State".into(), value(state))]);
            assert_eq!(is_users(&properties), users, "{class} {state}");
        }
        assert!(!is_users(&HashMap::new()));
    }
}
