//! The command line.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use license_format::{
    Category, Date, Expiry, KeyName, OrderNumber, PackId, Product, Serial, ServiceName, Term,
    UnitId, UnixSeconds,
};

/// Makes keys, trust documents, licences and slices
#[derive(Parser)]
#[command(name = "licissue", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Root directory of a device's image, for the keys that `inspect` takes from it; the other
    /// verbs have no path of their own
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
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
    /// Issue the next licence of a pack
    Issue(Issue),
    /// Show what a file holds
    Inspect(Inspect),
    /// Cut one unit's slice out of a mass licence; needs no key
    Slice(Slice),
    /// Merge packs into one, and issue it
    Merge(Merge),
    /// Renew a pack, or some of its units under a new pack ID
    Renew(Renew),
}

#[derive(Args)]
pub(crate) struct Keygen {
    /// Name of the key, as it stands in signature lines
    #[arg(value_parser = parser(file_safe_name, "a name without blanks, `+` and `/`"))]
    pub(crate) name: KeyName,
    /// Where the two files go
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct Trust {
    /// Higher than that of every trust document before
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

/// How every document is signed, dated and delivered.
#[derive(Args)]
pub(crate) struct Signing {
    /// Private key that signs; may be repeated
    #[arg(long, value_name = "KEYFILE", required = true)]
    pub(crate) sign: Vec<PathBuf>,
    /// Time of issue, for files that come out the same again [default: now]
    #[arg(long, value_name = "TIME", value_parser = parser(UnixSeconds::parse, TIME))]
    pub(crate) issued: Option<UnixSeconds>,
    /// Where the document goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Units by argument or list.
#[derive(Args)]
pub(crate) struct Units {
    /// Unit ID: a MAC address, or `#` and the serial of a UD Pocket; may be repeated
    #[arg(long, value_name = "ID", value_parser = parser(unit, UNIT))]
    pub(crate) unit: Vec<UnitId>,
    /// List of unit IDs as the portal exchanges it, `-` for standard input; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Issue {
    /// File that keeps the pack between issues
    #[arg(long, value_name = "PACK.toml")]
    pub(crate) pack_file: PathBuf,
    #[command(flatten)]
    pub(crate) signing: Signing,
    #[command(flatten)]
    pub(crate) units: Units,
    /// Take this unit out of the pack; may be repeated
    #[arg(long, value_name = "ID", value_parser = parser(unit, UNIT))]
    pub(crate) remove: Vec<UnitId>,
    /// Write a mass licence however few units there are
    #[arg(long)]
    pub(crate) mass: bool,
    #[command(flatten)]
    pub(crate) new: NewPack,
}

/// What a pack is made of when its file does not exist yet.
#[derive(Args)]
#[command(next_help_heading = "If PACK.toml does not exist yet")]
pub(crate) struct NewPack {
    /// Pack ID
    #[arg(long, value_name = "ID", value_parser = parser(PackId::parse, PACK))]
    pub(crate) pack: Option<PackId>,
    /// Product code
    #[arg(long, value_name = "CODE", value_parser = parser(Product::parse, "a product code"))]
    pub(crate) product: Option<Product>,
    /// What the end means: perpetual, subscription or evaluation
    #[arg(long, value_parser = parser(Term::parse, TERM))]
    pub(crate) term: Option<Term>,
    /// Column of UMS: maintenance, subscription or add-on
    #[arg(long, value_parser = parser(Category::parse, "maintenance, subscription or add-on"))]
    pub(crate) category: Option<Category>,
    /// Service that is unlocked; may be repeated
    #[arg(long, value_name = "NAME", value_parser = parser(ServiceName::parse, "a service name"))]
    pub(crate) service: Vec<ServiceName>,
    /// First day [default: today]
    #[arg(long, value_name = "DAY", value_parser = parser(Date::parse, DAY))]
    pub(crate) starts: Option<Date>,
    /// Last day, or `never`
    #[arg(long, value_name = "DAY", value_parser = parser(Expiry::parse, EXPIRY))]
    pub(crate) expires: Option<Expiry>,
    /// Days of grace, 0–90 [default: 0]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u8).range(0..=90))]
    pub(crate) grace_days: Option<u8>,
    /// Days of warning, 0–120 [default: 10]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u8).range(0..=120))]
    pub(crate) warn_days: Option<u8>,
    /// Subscription Key
    #[arg(long, value_name = "KEY", value_parser = parser(PackId::parse, PACK))]
    pub(crate) subscription_key: Option<PackId>,
    /// Order number
    #[arg(long, value_name = "ORDER", value_parser = parser(OrderNumber::parse, ORDER))]
    pub(crate) order: Option<OrderNumber>,
    /// State that the licences name every unit of the pack, so that a unit removed loses it
    #[arg(long)]
    pub(crate) roster_complete: bool,
}

impl NewPack {
    /// Whether any of the flags was given.
    pub(crate) fn is_given(&self) -> bool {
        let Self { pack, product, term, category, service, starts, expires, .. } = self;
        let days = self.grace_days.is_some() || self.warn_days.is_some();
        pack.is_some()
            || product.is_some()
            || term.is_some()
            || category.is_some()
            || !service.is_empty()
            || starts.is_some()
            || expires.is_some()
            || days
            || self.subscription_key.is_some()
            || self.order.is_some()
            || self.roster_complete
    }
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
    /// Root key that a trust document is verified with; may be repeated
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
    pub(crate) unit: UnitId,
    /// Where the slice goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Merge {
    /// Pack file that takes the others in
    #[arg(long, value_name = "PACK.toml")]
    pub(crate) into: PathBuf,
    /// Pack files that are merged into it, and issued no more
    #[arg(value_name = "PACK.toml", required = true)]
    pub(crate) others: Vec<PathBuf>,
    /// What the end means [default: as it was]
    #[arg(long, value_parser = parser(Term::parse, TERM))]
    pub(crate) term: Option<Term>,
    /// First day [default: as it was]
    #[arg(long, value_name = "DAY", value_parser = parser(Date::parse, DAY))]
    pub(crate) starts: Option<Date>,
    /// Last day, or `never` [default: as it was]
    #[arg(long, value_name = "DAY", value_parser = parser(Expiry::parse, EXPIRY))]
    pub(crate) expires: Option<Expiry>,
    /// Subscription Key [default: as it was]
    #[arg(long, value_name = "KEY", value_parser = parser(PackId::parse, PACK))]
    pub(crate) subscription_key: Option<PackId>,
    /// Order number [default: as it was]
    #[arg(long, value_name = "ORDER", value_parser = parser(OrderNumber::parse, ORDER))]
    pub(crate) order: Option<OrderNumber>,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

#[derive(Args)]
pub(crate) struct Renew {
    /// File of the pack
    #[arg(long, value_name = "PACK.toml")]
    pub(crate) pack_file: PathBuf,
    /// Last day, or `never`; not before the present one
    #[arg(long, value_name = "DAY", value_parser = parser(Expiry::parse, EXPIRY))]
    pub(crate) expires: Expiry,
    /// First day [default: as it was]
    #[arg(long, value_name = "DAY", value_parser = parser(Date::parse, DAY))]
    pub(crate) starts: Option<Date>,
    /// Order number of the renewal [default: as it was]
    #[arg(long, value_name = "ORDER", value_parser = parser(OrderNumber::parse, ORDER))]
    pub(crate) order: Option<OrderNumber>,
    #[command(flatten)]
    pub(crate) units: Units,
    /// Renew only the units given, and move them to this pack, which has no Subscription Key
    #[arg(long, value_name = "ID", value_parser = parser(PackId::parse, PACK))]
    pub(crate) new_pack: Option<PackId>,
    /// File of the new pack [default: ID.toml beside PACK.toml]
    #[arg(long, value_name = "FILE", requires = "new_pack")]
    pub(crate) new_pack_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

const PACK: &str = "an ID like WE-7Q2KD";
const DAY: &str = "a day like 2026-11-22";
const EXPIRY: &str = "a day like 2027-11-21, or never";
const TIME: &str = "a time like 2026-11-22T16:48:10Z";
const TERM: &str = "perpetual, subscription or evaluation";
const NUMBER: &str = "a number from 1 to 2^63-1";
const ORDER: &str = "an order number";
const UNIT: &str = "a MAC address, or # and the serial of a UD Pocket";

/// What an argument should have been.
#[derive(Debug)]
struct NotOfForm(&'static str);

impl fmt::Display for NotOfForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it must be {}", self.0)
    }
}

impl std::error::Error for NotOfForm {}

fn parser<T>(
    parse: fn(&str) -> Option<T>,
    form: &'static str,
) -> impl Fn(&str) -> Result<T, NotOfForm> + Clone + Send + Sync {
    move |text| parse(text).ok_or(NotOfForm(form))
}

fn unit(text: &str) -> Option<UnitId> {
    UnitId::parse_human(text).or_else(|| UnitId::parse(text))
}

/// Key names become file names here.
fn file_safe_name(text: &str) -> Option<KeyName> {
    KeyName::parse(text).filter(|_| !text.contains('/') && !text.starts_with('.'))
}

fn withdrawal(text: &str) -> Option<(PackId, Serial)> {
    let (pack, serial) = text.split_once(':')?;
    Some((PackId::parse(pack)?, Serial::parse(serial)?))
}
