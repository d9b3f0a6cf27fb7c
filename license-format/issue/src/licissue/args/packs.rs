//! The verbs that change Product Packs.

mod terms;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use license_format::{Expiry, OrderNumber, PackId, UnitId, UnixSeconds};
use license_issue::SerialNumber;

use super::value::{EXPIRY, ORDER, PACK, SERIAL, TIME, UNIT, parser, unit};

pub(crate) use terms::NewPackTerms;

/// The verbs of the portal.
#[derive(Subcommand)]
pub(crate) enum PackVerb {
    /// Issue the next licence of a pack
    Issue(Issue),
    /// Assign units to a pack
    Add(PackAndUnits),
    /// Remove units from a pack, which must be in force
    Remove(PackAndUnits),
    /// Move units from one pack to another of the same product
    Move(Move),
    /// Split a pack into two of the same Subscription Key
    Split(Split),
    /// Merge packs of one Subscription Key and product into the first
    Merge(Merge),
    /// Move packs to the Subscription Key that ends last, and have them end with it
    Coterm(Coterm),
    /// Renew packs of a Subscription Key; those not chosen lose the key
    Renew(Renew),
    /// Convert a pack of OS 10 into a current one
    Convert(Convert),
    /// Make the Enterprise Management Pack of a Platform Access Subscription
    CreateEmp(CreateEmp),
    /// Leave each unit in one pack of a product
    Cleanup(Cleanup),
    /// Redeem licences that come with hardware
    Redeem(Redeem),
}

/// The common options of the verbs that change packs: the time, and the issue of due licences.
#[derive(Args)]
pub(crate) struct IssueOptions {
    /// Private key: sign and issue the licences that are due; may be repeated
    #[arg(long, value_name = "KEYFILE")]
    pub(crate) sign: Vec<PathBuf>,
    /// File for the licence; in a folder PACK-SERIAL.lic [default: standard output]
    #[arg(short, long, value_name = "FILE", requires = "sign")]
    pub(crate) output: Option<PathBuf>,
    /// Write a mass licence for any number of units
    #[arg(long, requires = "sign")]
    pub(crate) mass: bool,
    /// Also issue licences of packs that have not started
    #[arg(long)]
    pub(crate) early: bool,
    /// Time for the rules and the licences [default: now]
    #[arg(long, value_name = "TIME", value_parser = parser(UnixSeconds::parse, TIME))]
    pub(crate) issued: Option<UnixSeconds>,
    /// Report the changes without making them
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Units from arguments and lists.
#[derive(Args)]
pub(crate) struct Units {
    /// Unit ID: a MAC address, or `#` and the serial of a UD Pocket; may be repeated
    #[arg(long, value_name = "ID", value_parser = parser(unit, UNIT))]
    pub(crate) unit: Vec<UnitId>,
    /// List of unit IDs in a form of the portal or UMS, `-` for standard input; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Vec<PathBuf>,
    /// Refuse a list that has an invalid entry, instead of using the valid ones
    #[arg(long)]
    pub(crate) strict: bool,
}

/// The pack that a verb creates, and its file.
#[derive(Args)]
pub(crate) struct NewPackFile {
    /// File of the new pack [default: ID.toml next to PACK.toml]
    #[arg(id = "new_file", value_name = "NEW.toml")]
    pub(crate) file: Option<PathBuf>,
    /// ID of the new pack [default: the name of NEW.toml if it is an ID, else a random one]
    #[arg(long, value_name = "ID", value_parser = parser(PackId::parse, PACK))]
    pub(crate) pack: Option<PackId>,
}

#[derive(Args)]
pub(crate) struct Issue {
    /// File that keeps the pack between issues
    #[arg(value_name = "PACK.toml", required_unless_present = "named")]
    file: Option<PathBuf>,
    /// The flag of earlier versions
    #[arg(long = "pack-file", value_name = "PACK.toml", hide = true, conflicts_with = "file")]
    named: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
    #[command(flatten)]
    pub(crate) units: Units,
    /// Licence request of a device, which licctl request or activate has written; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Vec<PathBuf>,
    /// Remove this unit first from the pack, which must be in force; may be repeated
    #[arg(long, value_name = "ID", value_parser = parser(unit, UNIT))]
    pub(crate) remove: Vec<UnitId>,
    #[command(flatten)]
    pub(crate) new: NewPackTerms,
}

impl Issue {
    /// The pack file.
    pub(crate) fn file(&self) -> &Path {
        // clap requires one of the two.
        self.file.as_deref().or(self.named.as_deref()).unwrap_or(Path::new(""))
    }
}

#[derive(Args)]
pub(crate) struct PackAndUnits {
    /// File of the pack
    #[arg(value_name = "PACK.toml")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) units: Units,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Move {
    /// File of the pack that has the units, and must be in force
    #[arg(value_name = "FROM.toml")]
    pub(crate) from: PathBuf,
    /// File of the pack that gets them
    #[arg(value_name = "TO.toml")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) units: Units,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Split {
    /// File of the pack
    #[arg(value_name = "PACK.toml")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) new: NewPackFile,
    /// Seats of the new pack; of an ICG pack a multiple of ten
    #[arg(long, value_name = "N")]
    pub(crate) seats: u32,
    /// Number of units that go to the new pack [default: those without a seat]
    #[arg(long, value_name = "N", conflicts_with_all = ["unit", "csv"])]
    pub(crate) count: Option<usize>,
    #[command(flatten)]
    pub(crate) units: Units,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Merge {
    /// Files of the packs; the first one takes over the others
    #[arg(value_name = "PACK.toml", required = true, num_args = 2..)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Coterm {
    /// Files of the packs
    #[arg(value_name = "PACK.toml", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Renew {
    /// Files of all packs of the Subscription Key
    #[arg(value_name = "PACK.toml", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// New last day, or `never`
    #[arg(long, value_name = "DAY", value_parser = parser(Expiry::parse, EXPIRY))]
    pub(crate) expires: Expiry,
    /// Pack to renew; the others lose the Subscription Key; may be repeated [default: all]
    #[arg(long, value_name = "ID", value_parser = parser(PackId::parse, PACK))]
    pub(crate) choose: Vec<PackId>,
    /// Order number of the renewal [default: as it was]
    #[arg(long, value_name = "ORDER", value_parser = parser(OrderNumber::parse, ORDER))]
    pub(crate) order: Option<OrderNumber>,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Convert {
    /// File of a UDP, UDC3, SAM, UDC2UPGR, IZUPGR or ICG pack
    #[arg(value_name = "PACK.toml")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) new: NewPackFile,
    /// The conversion is part of a trade-up, which IZUPGR packs need
    #[arg(long)]
    pub(crate) trade_up: bool,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct CreateEmp {
    /// File of a WE pack whose term is a subscription
    #[arg(value_name = "PACK.toml")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) new: NewPackFile,
    #[command(flatten)]
    pub(crate) units: Units,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Cleanup {
    /// Files of the packs
    #[arg(value_name = "PACK.toml", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Pack that keeps its hardware, instead of the one that ends last; may be repeated
    #[arg(long, value_name = "ID", value_parser = parser(PackId::parse, PACK))]
    pub(crate) keep: Vec<PackId>,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}

#[derive(Args)]
pub(crate) struct Redeem {
    /// File of a pack that has `latest-activation`
    #[arg(value_name = "PACK.toml")]
    pub(crate) file: PathBuf,
    /// Serial number of a device; may be repeated
    #[arg(long, value_name = "NUMBER", value_parser = parser(SerialNumber::parse, SERIAL))]
    pub(crate) serial: Vec<SerialNumber>,
    /// List of serial numbers, `-` for standard input; may be repeated
    #[arg(long, value_name = "FILE", required_unless_present = "serial")]
    pub(crate) csv: Vec<PathBuf>,
    /// Table of serial numbers and unit IDs
    #[arg(long, value_name = "FILE")]
    pub(crate) hardware: PathBuf,
    /// Refuse a list or table that has an invalid entry, instead of using the valid ones
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) licences: IssueOptions,
}
