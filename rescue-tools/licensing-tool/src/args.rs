//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};
use licd_protocol::{BusAddress, BusAddressError};

use crate::state::Mode;

/// The text of `--help`.
pub(crate) const HELP: &str = "\
licensing-tool: shows the licences of this device, imports and removes them

Usage: licensing-tool [OPTIONS]

Options:
      --activate                      the page of the Setup Assistant; exits with 0 once the
                                      device is activated, and with 1 if it is not
      --root DIR                      take every path of the device below DIR [default: /]
      --bus system|session|ADDRESS    the message bus of licd [default: system]
  -h, --help                          print this help
  -V, --version                       print the version
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Invocation {
    /// The window.
    Run(Args),
    /// [`HELP`].
    Help,
    /// The version.
    Version,
}

/// The arguments of the window.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) mode: Mode,
    /// The directory that the paths of the device are taken under.
    pub(crate) root: PathBuf,
    pub(crate) bus: BusAddress,
}

/// Reads the command line, program name excluded.
///
/// # Errors
/// The fault, for people.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
    let mut args = Args { mode: Mode::Tool, root: "/".into(), bus: BusAddress::System };
    let mut parser = Parser::from_args(words);
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Invocation::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Invocation::Version),
            Arg::Long("activate") => args.mode = Mode::Activation,
            Arg::Long("root") => {
                args.root = parser.value().map_err(|error| error.to_string())?.into();
            }
            Arg::Long("bus") => args.bus = bus(&mut parser)?,
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Invocation::Run(args))
}

fn bus(parser: &mut Parser) -> Result<BusAddress, String> {
    let word = parser.value().and_then(|value| value.string()).map_err(|e| e.to_string())?;
    word.parse().map_err(|error: BusAddressError| format!("--bus: “{word}” {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Invocation, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn without_options_the_tool_opens_on_the_system_bus() {
        let args = Args { mode: Mode::Tool, root: "/".into(), bus: BusAddress::System };
        assert_eq!(read(&[]), Ok(Invocation::Run(args)));
    }

    #[test]
    fn mode_root_and_bus_can_be_chosen() {
        let bus = BusAddress::At("unix:path=/x".to_owned());
        let args = Args { mode: Mode::Activation, root: "/tmp/device".into(), bus };
        let words = ["--activate", "--root=/tmp/device", "--bus", "unix:path=/x"];
        assert_eq!(read(&words), Ok(Invocation::Run(args)));
    }

    #[test]
    fn anything_else_is_wrong_usage_and_named() {
        for (words, named) in
            [(&["--bus", "planet"][..], "planet"), (&["--root"], "--root"), (&["now"], "now")]
        {
            let error = read(words).unwrap_err();
            assert!(error.contains(named), "{words:?}: {error}");
        }
    }
}
