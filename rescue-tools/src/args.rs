//! The command line.

mod orders;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal as _, stdin, stdout};
use std::path::{Path, PathBuf};

use clap::builder::{NonEmptyStringValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{
    Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
};
use clap_complete::Shell;
use licd_device::{ApplicationError, Failure, Place};
use licd_fs::root::is_dir;
use licd_protocol::BusAddress;
use licd_rules::{Feature, Selector, Version};
use license_format::Date;

pub(crate) use orders::{Activate, Import};

/// Licences of this device: show, check, import, remove.
///
/// Works with and without the licence daemon, from scripts, UMS custom commands and the rescue shell.
/// Without a command, on a terminal, it opens a full-screen tool.
///
/// Exit codes: 0 yes or done, 1 no, 2 wrong usage, 3 not genuine, 4 for another device, 5 no longer
/// counts, 6 source cannot be read, 7 licence partition cannot be written, 8 not allowed, 9 busy.
#[derive(Parser)]
#[command(
    name = "licctl",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "To see what is wrong:     licctl doctor\n\
                  To import from a stick:   licctl import usb\n\
                  To import a file:         licctl import FILE"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) access: Access,
    /// Print JSON.
    #[arg(long, global = true, display_order = COMMON)]
    pub(crate) json: bool,
    /// What to do; `None` for the full-screen tool.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// The place of the options of all verbs in the help of each: after its own.
const COMMON: usize = 100;

/// The way to the device.
#[derive(clap::Args, Clone)]
pub(crate) struct Access {
    /// Use this root directory for all paths, and for hardware facts if it contains sys or proc.
    #[arg(
        long,
        global = true,
        display_order = COMMON,
        value_name = "DIR",
        default_value = "/",
        hide_default_value = true,
        value_parser = directory
    )]
    pub(crate) root: PathBuf,
    /// The bus of the daemon: system, session or an address. Default: the system bus, or no bus
    /// with another root directory.
    #[arg(long, global = true, display_order = COMMON, value_name = "BUS")]
    pub(crate) bus: Option<BusAddress>,
    /// Work on the device itself even if the daemon runs.
    #[arg(long, global = true, display_order = COMMON)]
    pub(crate) direct: bool,
}

impl Access {
    /// The bus of the daemon, if it is to be asked.
    pub(crate) fn daemon_bus(&self) -> Option<BusAddress> {
        match &self.bus {
            _ if self.direct => None,
            Some(bus) => Some(bus.clone()),
            // The daemon on the system bus serves the device, not another root directory.
            None => (self.root == Path::new("/")).then_some(BusAddress::System),
        }
    }
}

// Only the options of the verb that is given are built; its own description then takes the place of the
// one here.
#[derive(Subcommand)]
#[command(defer = true)]
pub(crate) enum Verb {
    /// Show the state of the device and its services.
    Status,
    /// List the licences in the store, and the files that do not count.
    List,
    /// Show everything about one licence, or the licences of a pack.
    Show {
        /// A file, the name of a file in the store, or a pack ID.
        #[arg(value_name = "FILE|PACK", value_parser = NonEmptyStringValueParser::new())]
        what: String,
    },
    /// Judge each file as its import would, and change nothing.
    Verify {
        /// Licence files, mass licences, slices or trust documents; - for standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Import licences and trust documents from files, sticks and servers.
    Import(Import),
    /// Ask the licensing service for a licence of this device.
    Activate(Activate),
    /// Remove licences.
    Remove {
        /// Which: all, evaluation, workspace-edition, enterprise-management-pack, powerterm,
        /// 90meter, teradici or pack:ID.
        #[arg(value_parser = Offering(selector, Selector::words().collect()), hide_possible_values = true)]
        selector: Selector,
    },
    /// Print the unit ID, to which licences for this device are bound.
    UnitId,
    /// Write a licence request for this device.
    Request {
        /// The output file; - for standard output. Default: /license/fetch.json.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Tell whether a feature is allowed: exit code 0 or 1.
    Feature {
        /// The feature; “licctl features” lists them.
        #[arg(value_parser = Offering(feature, names_of_features()), hide_possible_values = true)]
        name: &'static Feature,
        /// Print nothing.
        #[arg(short, long)]
        quiet: bool,
    },
    /// List every feature, and why it is allowed or not.
    Features,
    /// Tell whether a release of the operating system may be installed: exit code 0 or 1.
    UpdateAllowed {
        /// The day of the release, YYYY-MM-DD.
        #[arg(value_name = "DATE", value_parser = date)]
        released: Date,
        /// The version of the release, such as 12.4.0: one of a newer generation needs a licence in
        /// force, whatever its day.
        #[arg(long, value_name = "VERSION", value_parser = version)]
        version: Option<String>,
    },
    /// Cut this device's slice out of a mass licence.
    Slice {
        /// The mass licence; - for standard input.
        mass: PathBuf,
        /// The output file. Default: standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Find what is wrong, and say what to do.
    Doctor,
    /// Print a completion script.
    Completions {
        /// For this shell.
        shell: Shell,
    },
}

impl Verb {
    /// Whether the daemon has part in the answer. A verdict on a file is the same without it.
    pub(crate) fn asks_the_daemon(&self) -> bool {
        !matches!(self, Self::Verify { .. } | Self::Slice { .. } | Self::Completions { .. })
    }

    /// Whether its answer is incomplete without some files of the store. The other verbs answer only
    /// what those could not change.
    pub(crate) fn shows_the_store(&self) -> bool {
        match self {
            Self::Status | Self::List | Self::Show { .. } | Self::Features | Self::Doctor => true,
            Self::Verify { .. }
            | Self::Import(_)
            | Self::Activate(_)
            | Self::Remove { .. }
            | Self::UnitId
            | Self::Request { .. }
            | Self::Feature { .. }
            | Self::UpdateAllowed { .. }
            | Self::Slice { .. }
            | Self::Completions { .. } => false,
        }
    }
}

/// Something to import from.
#[derive(Clone)]
pub(crate) struct NamedSource {
    /// The user's spelling.
    pub(crate) text: OsString,
    /// The place it names, or the failure to report if it names none.
    pub(crate) place: Result<Place, Failure>,
}

impl Args {
    /// Reads the command line. It needs a verb unless there is a person at a terminal.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let words: Vec<OsString> = env::args_os().collect();
        let mut command = Self::command();
        let matches = match of_one_verb(&command, &words) {
            Some(matches) => matches,
            None => {
                if stdin().is_terminal() && stdout().is_terminal() {
                    command = command.subcommand_required(false).arg_required_else_help(false);
                }
                command.try_get_matches_from_mut(words)?
            }
        };
        let args = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        if args.json && args.verb.is_none() {
            let message = "--json: the full-screen tool prints none; name a verb, such as status";
            return Err(command.error(ErrorKind::MissingSubcommand, message));
        }
        if let Some(Verb::Import(order)) = &args.verb {
            // Checked after parsing: clap's parse errors would repeat the password.
            let with_password = order.sources.iter().find_map(|source| match &source.place {
                Ok(Place::Url(url)) if url.has_password() => Some(url),
                _ => None,
            });
            if let Some(url) = with_password {
                let message = format!(
                    "{url}: a password on the command line can be read by every user of this \
                     machine; leave it out and use --user and --password-file"
                );
                return Err(Self::command().error(ErrorKind::ValueValidation, message));
            }
            // RFC 7617 §2: the server takes the part after the colon for the password; it may be one.
            if order.user.as_ref().is_some_and(|user| user.contains(':')) {
                let message = "--user: a name cannot hold a colon; if a password follows it, leave \
                               it out and use --password-file";
                return Err(Self::command().error(ErrorKind::ValueValidation, message));
            }
        }
        if let Some(Verb::Activate(order)) = &args.verb
            && let Some(wrong) = order.wrong_proxy()
        {
            return Err(Self::command().error(ErrorKind::ValueValidation, wrong));
        }
        if let Some(Verb::Activate(order)) = &args.verb
            && let Err(wrong) = order.check(args.json)
        {
            let message = match wrong {
                ApplicationError::TermsOpen => format!("{wrong} with --accept-terms"),
                wrong => format!("--{wrong}"),
            };
            return Err(Self::command().error(ErrorKind::ValueValidation, message));
        }
        Ok(args)
    }
}

impl NamedSource {
    fn of(path: PathBuf) -> Self {
        let text = path.into_os_string();
        let place = Place::parse(&text);
        Self { text, place }
    }
}

/// The command line as the verb in it reads it alone; `None` if that fails, or the verb is another word. With
/// all verbs, clap gives each a copy of every common option: a fifteenth of the instructions of an import.
fn of_one_verb(command: &Command, words: &[OsString]) -> Option<ArgMatches> {
    let verb = words.iter().skip(1).find_map(|word| command.find_subcommand(word))?;
    let alone = Command::new("licctl").subcommand(verb.clone());
    let mut alone = alone.args(command.get_arguments().cloned());
    let matches = alone.try_get_matches_from_mut(words).ok()?;
    (matches.subcommand_name() == Some(verb.get_name())).then_some(matches)
}

fn directory(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    if is_dir(&path) { Ok(path) } else { Err("is not a directory") }
}

fn selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).ok_or_else(|| format!("is not {}", Selector::FORMS))
}

/// A parser whose values completions offer, or those of them that are known here.
#[derive(Clone)]
struct Offering<P>(P, Vec<&'static str>);

impl<P: TypedValueParser> TypedValueParser for Offering<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<P::Value, clap::Error> {
        self.0.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.1.iter().map(PossibleValue::new)))
    }
}

fn date(text: &str) -> Result<Date, &'static str> {
    Date::parse(text).ok_or("is not a day like 2026-11-22")
}

/// Checks a version and keeps the user's spelling for display.
fn version(text: &str) -> Result<String, &'static str> {
    Version::parse(text).map(|_| text.to_owned()).ok_or("is not a version like 12.4.0")
}

fn feature(text: &str) -> Result<&'static Feature, String> {
    Feature::named(text).ok_or_else(|| format!("is not one of {}", names_of_features().join(", ")))
}

fn names_of_features() -> Vec<&'static str> {
    Feature::ALL.iter().map(|feature| feature.name).collect()
}
