//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
licd-notify: shows the notices of expiry that licd has for users of this device

Usage: licd-notify [OPTIONS]

Options:
      --root DIR                      take every path of licd below DIR [default: /]
      --bus system|session|ADDRESS    the message bus of licd [default: system]
      --session-bus ADDRESS           the message bus of the desktop [default: the session's]
      --wait SECONDS                  wait so long for somebody who shows notifications
                                      [default: 120]
      --help                          print this help
      --version                       print the version
";

/// How long somebody who shows notifications is waited for: a desktop that starts slowly takes less.
const WAIT: Duration = Duration::from_secs(120);

/// What is asked of the program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// To show notices.
    Run(Args),
    /// To print [`HELP`].
    Help,
    /// To print the version.
    Version,
}

/// Where to show notices, and whose.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// The directory that licd's paths are taken under.
    pub(crate) root: PathBuf,
    /// licd's bus.
    pub(crate) bus: Address,
    /// The desktop's.
    pub(crate) session_bus: Address,
    /// How long somebody who shows notifications is waited for.
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
    /// The machine's.
    System,
    /// The user's.
    Session,
    /// The one at this D-Bus address.
    At(String),
}

/// Reads the command line, program name excluded.
///
/// # Errors
/// What is wrong with it, in words.
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
    fn without_options_it_speaks_to_the_machine_and_the_users_session() {
        let args = Args {
            root: "/".into(),
            bus: Address::System,
            session_bus: Address::Session,
            wait: Duration::from_secs(120),
        };
        assert_eq!(read(&[]), Ok(Request::Run(args)));
    }

    #[test]
    fn buses_and_root_can_be_others() {
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
    fn anything_else_is_wrong_usage_and_named() {
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
