//! The rules that forbid a verb.

use std::fmt;

use license_format::{Expiry, PackId, Product, ServiceName, Term, UnitId};

use crate::lists::SerialNumber;
use crate::pack::{PackError, Status};

/// A rule forbids the verb, and nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The pack that the rule concerns.
    pub pack: PackId,
    /// The rule.
    pub rule: Rule,
}

/// A rule of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The pack would have more units than seats.
    OverSeats {
        /// The units it would have.
        units: usize,
        /// Its seats.
        seats: u32,
    },
    /// A licence needs at least one unit.
    NoUnits,
    /// The term has not started, and the caller asks for no early licence.
    NotStarted(license_format::Date),
    /// The term has ended, and no licence is issued after its last day.
    Ended(Expiry),
    /// The pack was merged, converted or stopped.
    Closed(Status, Option<PackId>),
    /// Units may leave a pack only while it is in force.
    NotInForce(Status),
    /// The unit is not in the pack.
    NotInPack(UnitId),
    /// The verb needs a number of seats.
    SeatsNotCounted,
    /// A split must leave at least one seat on either side.
    PartOfSeats {
        /// The seats to split off.
        part: u32,
        /// The seats of the pack.
        seats: u32,
    },
    /// Packs of the Cloud Gateway are split in tens.
    NotInTens(u32),
    /// The pack has fewer units than are to leave it.
    TooFewUnits {
        /// The units to leave.
        asked: usize,
        /// The units of the pack.
        units: usize,
    },
    /// The pack has no Subscription Key, or lost it in a renewal.
    NoKey,
    /// The packs differ in a value that both must share.
    Different {
        /// The key of the value in the pack file.
        key: &'static str,
        /// The other pack.
        other: PackId,
    },
    /// The caller names a pack twice.
    NamedTwice,
    /// A new pack needs an unused ID.
    IdUsed(PackId),
    /// A renewal must end later than the pack.
    NotLater {
        /// The current last day.
        ends: Expiry,
        /// The requested last day.
        asked: Expiry,
    },
    /// The caller chooses a pack without naming its file.
    NotNamed,
    /// A pack that never ends has no date to share.
    NeverEnds,
    /// All packs share key and date already.
    AlreadyAligned,
    /// This product has no conversion.
    NoConversion(Product),
    /// This product is the target of conversions.
    ConversionTarget(Product),
    /// Only a trade-up converts this upgrade.
    TradeUpOnly(Product),
    /// The pack is no Platform Access Subscription.
    NotPlatformAccess(Product, Term),
    /// The pack already has its Enterprise Management Pack.
    EmpExists(PackId),
    /// The pack is not bundled with hardware.
    NotBundled,
    /// The pack is bundled with hardware and not redeemed.
    NotRedeemed,
    /// The table has no unit for this serial number.
    UnknownSerial(SerialNumber),
    /// Devices refuse this service in this product.
    WrongService(Product, ServiceName),
    /// Devices refuse this term for this product.
    WrongTerm(Product, Term),
    /// The pack is invalid.
    InvalidPack(PackError),
    /// The pack has used the highest serial.
    OutOfSerials,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.pack, self.rule, self.rule.remedy())
    }
}

impl std::error::Error for RuleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.rule {
            Rule::InvalidPack(error) => Some(error),
            _ => None,
        }
    }
}

/// The rest of a sentence that begins with the pack.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverSeats { units, seats } => {
                write!(f, "has {seats} seats, and {units} units need one each")
            }
            Self::NoUnits => f.write_str("has no units, and a licence is for at least one"),
            Self::NotStarted(day) => {
                write!(f, "is {} and starts on {day}", Status::NotActivatedYet)
            }
            Self::Ended(day) => {
                write!(f, "ended on {day}, and no licence is issued after the last day")
            }
            Self::Closed(status, Some(into)) => {
                write!(f, "is {status} and was replaced by {into}")
            }
            Self::Closed(status, None) => write!(f, "is {status}"),
            Self::NotInForce(status) => {
                write!(f, "is {status}, and units leave a pack only while it is in force")
            }
            Self::NotInPack(unit) => write!(f, "{unit} is not in the pack"),
            Self::SeatsNotCounted => f.write_str("states no seats, and this divides or adds them"),
            Self::PartOfSeats { part, seats } => {
                write!(f, "has {seats} seats, and {part} cannot be split off")
            }
            Self::NotInTens(seats) => {
                write!(
                    f,
                    "{seats} seats are not a multiple of ten, and ICG packs are split in tens"
                )
            }
            Self::TooFewUnits { asked, units } => {
                write!(f, "has {units} units, and {asked} cannot leave it")
            }
            Self::NoKey => f.write_str(
                "has no Subscription Key, and a pack without one is neither renewed, divided nor \
                 joined with others",
            ),
            Self::Different { key, other } => write!(f, "differs from {other} in “{key}”"),
            Self::NamedTwice => f.write_str("is named twice"),
            Self::IdUsed(id) => write!(f, "the ID {id} was used before"),
            Self::NotLater { ends, asked } => {
                write!(f, "ends on {ends}, and {asked} is no later day")
            }
            Self::NotNamed => f.write_str("was chosen, but its file was not named"),
            Self::NeverEnds => f.write_str("never ends and has no date to share"),
            Self::AlreadyAligned => f.write_str("shares key and date with the others already"),
            Self::NoConversion(product) => write!(f, "there is no conversion from {product}"),
            Self::ConversionTarget(product) => {
                write!(f, "is {product}, what others are converted into, and never back")
            }
            Self::TradeUpOnly(product) => {
                write!(f, "is {product}, which is converted in the course of a trade-up only")
            }
            Self::NotPlatformAccess(product, term) => write!(
                f,
                "is {product} with the term {term}, not a Workspace Edition that was bought as a \
                 Platform Access Subscription"
            ),
            Self::EmpExists(emp) => write!(f, "has its Enterprise Management Pack, {emp}"),
            Self::NotBundled => f.write_str("was not bought with hardware: no “latest-activation”"),
            Self::NotRedeemed => {
                write!(f, "is {}: bought with hardware and not redeemed", Status::NotActivatedYet)
            }
            Self::UnknownSerial(serial) => write!(f, "no unit is known for serial number {serial}"),
            Self::WrongService(product, service) => {
                write!(f, "devices refuse {service} in product {product}")
            }
            Self::WrongTerm(product, term) => {
                write!(f, "devices refuse the term {term} for product {product}")
            }
            Self::InvalidPack(error) => error.fmt(f),
            Self::OutOfSerials => f.write_str("has used the highest serial"),
        }
    }
}

impl Rule {
    /// The cure.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::OverSeats { .. } => "use another pack for the rest, or remove units first",
            Self::NoUnits => "add units first",
            Self::NotStarted(_) => "wait for the day, or ask for an early licence",
            Self::Ended(_) => "renew the pack first",
            Self::Closed(_, Some(_)) => "name that pack instead",
            Self::Closed(_, None) => "name another pack",
            Self::NotInForce(_) => "renew the pack first, or wait until it starts",
            Self::NotInPack(_) => "check the unit ID",
            Self::SeatsNotCounted => "write “seats” into its file",
            Self::PartOfSeats { .. } => "leave at least one seat on either side",
            Self::NotInTens(_) => "give another number of seats",
            Self::TooFewUnits { .. } => "give a smaller number",
            Self::NoKey => "order a new pack for its units",
            Self::Different { .. } => "name packs that share it",
            Self::NamedTwice => "name it once",
            Self::IdUsed(_) => "give another ID",
            Self::NotLater { .. } => "give a later day",
            Self::NotNamed => "check the ID, or name its file",
            Self::NeverEnds => "leave it out",
            Self::AlreadyAligned => "name a pack of another key",
            Self::NoConversion(_) => "convert UDP, UDC3, SAM, UDC2UPGR, IZUPGR or ICG packs",
            Self::ConversionTarget(_) => "leave it as it is",
            Self::TradeUpOnly(_) => "say that it is a trade-up",
            Self::NotPlatformAccess(..) => "order an EMP pack",
            Self::EmpExists(_) => "use that pack",
            Self::NotBundled => "add its units by their IDs",
            Self::NotRedeemed => "redeem serial numbers first",
            Self::UnknownSerial(_) => "complete the table of serial numbers and units",
            Self::WrongService(..) => "correct “services” or “product”",
            Self::WrongTerm(..) => "use “evaluation” for WE-E, and for no other",
            Self::InvalidPack(_) => "correct the pack",
            Self::OutOfSerials => "use another pack",
        }
    }
}
