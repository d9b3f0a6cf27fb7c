//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};
use licd_protocol::BusAddress;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
licd-notify: shows licd's notices about licences in a user's session

Usage: licd-notify [OPTIONS]

Options:
      --root DIR                      take every path of licd below DIR [default: /]
      --bus system|session|ADDRESS    the message bus of licd [default: system]
      --session-bus ADDRESS           the message bus of the desktop [default: the session's]
      --wait SECONDS                  wait so long for the notification server of the desktop
                                      [default: 120]
      --help                          print this help
      --version                       print the version
";

/// The default wait for a notification server: a desktop that starts slowly takes less.
const WAIT: Duration = Duration::from_secs(120);

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Invocation {
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
    /// The directory under which licd's paths are taken.
    pub(crate) root: PathBuf,
    /// licd's bus.
    pub(crate) bus: BusAddress,
    /// The bus of the desktop.
    pub(crate) session_bus: BusAddress,
    /// How long to wait for a notification server.
    pub(crate) wait: Duration,
}

impl Default for Args {
    fn default() -> Self {
        let (bus, session_bus) = (BusAddress::System, BusAddress::Session);
        Self { root: PathBuf::from("/"), bus, session_bus, wait: WAIT }
    }
}

/// Reads the command line, program name excluded.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
    let mut args = Args::default();
    let mut parser = Parser::from_args(words);
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Invocation::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Invocation::Version),
            Arg::Long("root") => {
                args.root = PathBuf::from(parser.value().map_err(|error| error.to_string())?);
            }
            Arg::Long("bus") => args.bus = bus(&mut parser, "--bus")?,
            Arg::Long("session-bus") => args.session_bus = bus(&mut parser, "--session-bus")?,
            Arg::Long("wait") => {
                let seconds = parser.value().and_then(|value| value.parse::<u32>());
                args.wait = Duration::from_secs(seconds.map_err(|error| error.to_string())?.into());
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Invocation::Run(args))
}

fn bus(parser: &mut Parser, option: &str) -> Result<BusAddress, String> {
    let word =
        parser.value().and_then(|value| value.string()).map_err(|error| error.to_string())?;
    word.parse::<BusAddress>().map_err(|error| format!("{option}: “{word}” {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Invocation, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn without_options_it_uses_the_system_bus_and_the_session_bus() {
        let args = Args {
            root: "/".into(),
            bus: BusAddress::System,
            session_bus: BusAddress::Session,
            wait: Duration::from_secs(120),
        };
        assert_eq!(read(&[]), Ok(Invocation::Run(args)));
    }

    #[test]
    fn options_name_other_buses_and_another_root() {
        let args = Args {
            root: "/tmp/device".into(),
            bus: BusAddress::At("unix:path=/x".into()),
            session_bus: BusAddress::At("unix:path=/y".into()),
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
        assert_eq!(read(&words), Ok(Invocation::Run(args)));
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
