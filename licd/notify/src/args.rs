//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
licd-notify: shows licd's notices of expiry in the user's session

Usage: licd-notify [OPTIONS]

Options:
      --root DIR                      the directory that licd's paths are under [default: /]
      --bus system|session|ADDRESS    the message bus of licd [default: system]
      --session-bus ADDRESS           the message bus of the desktop [default: the session's]
      --wait SECONDS                  how long to wait for a notification server [default: 120]
      --help                          print this help
      --version                       print the version
";

/// Default time to wait for a notification server: more than a slow desktop needs to start.
const WAIT: Duration = Duration::from_secs(120);

/// The task of the program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Show notices.
    Run(Args),
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
}

/// The options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// The directory that licd's paths are under.
    pub(crate) root: PathBuf,
    /// licd's bus.
    pub(crate) bus: Address,
    /// The desktop's bus.
    pub(crate) session_bus: Address,
    /// How long to wait for a notification server.
    pub(crate) wait: Duration,
}

impl Default for Args {
    fn default() -> Self {
        let (bus, session_bus) = (Address::System, Address::Session);
        Self { root: PathBuf::from("/"), bus, session_bus, wait: WAIT }
    }
}

/// A message bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// The system bus.
    System,
    /// The session bus.
    Session,
    /// The bus at this D-Bus address.
    At(String),
}

/// Parses the command line without the program name.
///
/// # Errors
/// The message for the user.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut args = Args::default();
    let mut parser = Parser::from_args(words);
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Request::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Request::Version),
            Arg::Long("root") => {
                args.root = PathBuf::from(parser.value().map_err(|error| error.to_string())?);
            }
            Arg::Long("bus") => args.bus = address(&mut parser, "--bus")?,
            Arg::Long("session-bus") => args.session_bus = address(&mut parser, "--session-bus")?,
            Arg::Long("wait") => {
                let seconds = parser.value().and_then(|value| value.parse::<u32>());
                args.wait = Duration::from_secs(seconds.map_err(|error| error.to_string())?.into());
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Request::Run(args))
}

fn address(parser: &mut Parser, option: &str) -> Result<Address, String> {
    let word =
        parser.value().and_then(|value| value.string()).map_err(|error| error.to_string())?;
    match word.as_str() {
        "system" => Ok(Address::System),
        "session" => Ok(Address::Session),
        address if address.contains(':') => Ok(Address::At(word)),
        _ => Err(format!("{option}: “{word}” is neither system nor session nor a D-Bus address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Request, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn without_options_the_system_bus_and_the_session_bus_are_used() {
        let args = Args {
            root: "/".into(),
            bus: Address::System,
            session_bus: Address::Session,
            wait: Duration::from_secs(120),
        };
        assert_eq!(read(&[]), Ok(Request::Run(args)));
    }

    #[test]
    fn buses_and_root_can_be_set() {
        let args = Args {
            root: "/tmp/device".into(),
            bus: Address::At("unix:path=/x".into()),
            session_bus: Address::At("unix:path=/y".into()),
            wait: Duration::from_secs(3),
        };
        let words = [
            "--root",
            "/tmp/device",
            "--bus=unix:path=/x",
            "--session-bus",
            "unix:path=/y",
            "--wait=3",
        ];
        assert_eq!(read(&words), Ok(Request::Run(args)));
    }

    #[test]
    fn wrong_usage_is_reported_with_the_argument() {
        for (words, named) in [
            (&["--bus", "planet"][..], "planet"),
            (&["--session-bus"], "--session-bus"),
            (&["--wait=soon"], "soon"),
            (&["now"], "now"),
        ] {
            let error = read(words).unwrap_err();
            assert!(error.contains(named), "{words:?}: {error}");
        }
    }
}
