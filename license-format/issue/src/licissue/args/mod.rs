//! The command line.

mod packs;
mod value;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use license_format::{KeyName, PackId, Serial, UnitId, UnixSeconds};

use crate::error::CommandError;

pub(crate) use packs::{
    Cleanup, Convert, Coterm, CreateEmp, Issue, IssueOptions, Merge, Move, NewPackFile,
    NewPackTerms, PackAndUnits, PackVerb, Redeem, Renew, Split, Units,
};
use value::{NUMBER, TIME, UNIT, file_safe_name, parser, unit, withdrawal};

/// The place of the options of all verbs in the help of each: after its own.
const COMMON: usize = 100;

/// Makes keys, trust documents, licences and slices, and keeps Product Packs by the portal's rules
#[derive(Parser)]
#[command(name = "licissue", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Root directory of a device's image, whose keys `inspect` uses; the other verbs ignore it
    #[arg(long, global = true, display_order = COMMON, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true, display_order = COMMON)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Make a key pair: NAME.key (private, keep it secret) and NAME.vkey
    Keygen(Keygen),
    /// Make a trust document
    Trust(Trust),
    /// Show the contents of a licence or a trust document
    Inspect(Inspect),
    /// Cut one unit's slice out of a mass licence; needs no key
    Slice(Slice),
    #[command(flatten)]
    Pack(PackVerb),
}

#[derive(Args)]
pub(crate) struct Keygen {
    /// Name of the key, as it stands in signature lines
    #[arg(value_parser = parser(file_safe_name, "a name without blanks, `+` and `/`"))]
    pub(crate) name: KeyName,
    /// Folder for the two files
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct Trust {
    /// Version, higher than that of every earlier trust document
    #[arg(long = "version", value_name = "N", value_parser = parser(Serial::parse, NUMBER))]
    pub(crate) version: Serial,
    /// Verifier key, and the products it may sign licences of (`WE,WE-E`; all without `=`)
    #[arg(long, value_name = "VKEYFILE[=PRODUCTS]", required = true)]
    pub(crate) key: Vec<String>,
    /// Withdraw this pack's serials up to and including this one
    #[arg(long, value_name = "PACK:SERIAL", value_parser = parser(withdrawal, "PACK:SERIAL"))]
    pub(crate) withdraw: Vec<(PackId, Serial)>,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// The signers, the time of issue and the destination of a trust document.
#[derive(Args)]
pub(crate) struct Signing {
    /// Private key that signs; may be repeated
    #[arg(long, value_name = "KEYFILE", required = true)]
    pub(crate) sign: Vec<PathBuf>,
    /// Time of issue, for reproducible files [default: now]
    #[arg(long, value_name = "TIME", value_parser = parser(UnixSeconds::parse, TIME))]
    pub(crate) issued: Option<UnixSeconds>,
    /// File for the document [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Inspect {
    /// Licence, mass licence, slice or trust document; `-` for standard input
    pub(crate) file: PathBuf,
    /// Verify with this verifier key; may be repeated
    #[arg(long, value_name = "VKEYFILE", conflicts_with_all = ["trust", "root_key"])]
    pub(crate) vkey: Vec<PathBuf>,
    /// Verify a licence with this trust document
    #[arg(long, value_name = "FILE", requires = "root_key")]
    pub(crate) trust: Option<PathBuf>,
    /// Verify a trust document with this root key; may be repeated
    #[arg(long, value_name = "VKEYFILE")]
    pub(crate) root_key: Vec<PathBuf>,
    /// Distinct root keys that must have signed a trust document
    #[arg(long, value_name = "N", default_value = "2")]
    pub(crate) threshold: std::num::NonZeroUsize,
}

#[derive(Args)]
pub(crate) struct Slice {
    /// Mass licence; `-` for standard input
    pub(crate) mass: PathBuf,
    /// Unit ID
    #[arg(value_parser = parser(unit, UNIT))]
    unit: Option<UnitId>,
    /// The same, in the form of the other verbs
    #[arg(long = "unit", value_name = "ID", value_parser = parser(unit, UNIT), conflicts_with = "unit")]
    flagged: Option<UnitId>,
    /// File for the slice [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl Slice {
    /// The unit of the slice.
    pub(crate) fn unit(&self) -> Result<&UnitId, CommandError> {
        let missing = || CommandError::usage("unit ID", "is missing", "name one after the file");
        self.unit.as_ref().or(self.flagged.as_ref()).ok_or_else(missing)
    }
}
