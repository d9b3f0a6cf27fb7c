//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};
use licd_fs::root::is_dir;
use licd_protocol::BusAddress;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
licd: keeps the licences of this device and answers for them as com.igel.License1

Usage: licd [OPTIONS]

Options:
      --root DIR                      take every path below DIR [default: /]
      --bus system|session|ADDRESS    the message bus to serve [default: system]
      --help                          print this help
      --version                       print the version
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Invocation {
    /// Serve.
    Run(Args),
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
}

/// Options of the daemon.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// The directory under which every path is taken.
    pub(crate) root: PathBuf,
    /// The bus.
    pub(crate) bus: BusAddress,
}

/// Reads the command line, program name excluded.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
    let mut args = Args { root: PathBuf::from("/"), bus: BusAddress::System };
    let mut parser = Parser::from_args(words);
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Invocation::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Invocation::Version),
            Arg::Long("root") => args.root = directory(&mut parser)?,
            Arg::Long("bus") => args.bus = bus(&mut parser)?,
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Invocation::Run(args))
}

fn directory(parser: &mut Parser) -> Result<PathBuf, String> {
    let dir = PathBuf::from(parser.value().map_err(|error| error.to_string())?);
    if is_dir(&dir) { Ok(dir) } else { Err(format!("--root: {} is no directory", dir.display())) }
}

fn bus(parser: &mut Parser) -> Result<BusAddress, String> {
    let word =
        parser.value().and_then(|value| value.string()).map_err(|error| error.to_string())?;
    word.parse::<BusAddress>().map_err(|error| format!("--bus: “{word}” {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Invocation, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn without_options_it_serves_the_system_bus_and_the_whole_machine() {
        let args = Args { root: "/".into(), bus: BusAddress::System };
        assert_eq!(read(&[]), Ok(Invocation::Run(args)));
    }

    #[test]
    fn options_are_taken_with_and_without_an_equals_sign() {
        let args = || Args { root: "/tmp".into(), bus: BusAddress::At("unix:path=/x".into()) };
        assert_eq!(read(&["--root=/tmp", "--bus=unix:path=/x"]), Ok(Invocation::Run(args())));
        assert_eq!(read(&["--root", "/tmp", "--bus", "unix:path=/x"]), Ok(Invocation::Run(args())));
        assert_eq!(read(&["--bus", "session", "--help"]), Ok(Invocation::Help));
        assert_eq!(read(&["--version"]), Ok(Invocation::Version));
    }

    #[test]
    fn anything_else_is_wrong_usage_and_named() {
        for (words, named) in [
            (&["--bus", "planet"][..], "planet"),
            (&["--bus"], "--bus"),
            (&["--root", "/no/such/place"], "/no/such/place"),
            (&["--verbose"], "--verbose"),
            (&["now"], "now"),
        ] {
            let error = read(words).unwrap_err();
            assert!(error.contains(named), "{words:?}: {error}");
        }
    }
}
