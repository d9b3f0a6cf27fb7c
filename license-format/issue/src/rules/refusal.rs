//! Why a verb is refused.

use std::fmt;

use license_format::{Expiry, PackId, Product, ServiceName, Term, UnitId};

use crate::{PackError, SerialNumber, Status};

/// A verb that a rule forbids. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The pack that the rule speaks of.
    pub pack: PackId,
    /// The rule.
    pub rule: Rule,
}

/// Why the portal says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The pack would have more units than seats.
    OverSeats {
        /// The units.
        units: usize,
        /// The seats.
        seats: u32,
    },
    /// A licence is for at least one unit.
    NoUnits,
    /// The term has not started, and the licence is not asked for early.
    NotStarted(license_format::Date),
    /// The term is over, and no licence is issued after its last day.
    Ended(Expiry),
    /// The pack was merged, converted or stopped.
    Closed(Status, Option<PackId>),
    /// Units leave a pack only while it is in force.
    NotInForce(Status),
    /// The unit is not in the pack.
    NotInPack(UnitId),
    /// The verb needs to know how many seats there are.
    SeatsNotCounted,
    /// A part of a pack has at least one seat and leaves at least one.
    PartOfSeats {
        /// The seats of the part.
        part: u32,
        /// The seats of the whole.
        seats: u32,
    },
    /// Packs of the Cloud Gateway are divided in tens.
    NotInTens(u32),
    /// The pack does not have as many units as are to leave it.
    TooFewUnits {
        /// How many are to leave.
        asked: usize,
        /// How many there are.
        units: usize,
    },
    /// The pack has no Subscription Key: it never had one, or was left out of a renewal.
    NoKey,
    /// The pack differs from another in what both must share.
    Unlike {
        /// The key of the pack file.
        key: &'static str,
        /// The other pack.
        other: PackId,
    },
    /// The same pack is named twice.
    NamedTwice,
    /// An ID that was used before cannot be that of a new pack.
    IdUsed(PackId),
    /// A renewal ends later than what it renews.
    NotLater {
        /// When the pack ends now.
        ends: Expiry,
        /// When it would end.
        asked: Expiry,
    },
    /// A pack was chosen that is not among those at hand.
    NotNamed,
    /// A pack that never ends has no date to share.
    NeverEnds,
    /// All packs have this key and this date already.
    TogetherAlready,
    /// There is no conversion from this product.
    NoConversion(Product),
    /// Conversion goes one way.
    NeverBack(Product),
    /// This upgrade is converted in the course of a trade-up only.
    TradeUpOnly(Product),
    /// The pack was not bought as a Platform Access Subscription.
    NotPlatformAccess(Product, Term),
    /// The pack has its Enterprise Management Pack.
    EmpExists(PackId),
    /// The pack was not bought with hardware.
    NotBundled,
    /// The pack was bought with hardware and not redeemed yet.
    NotRedeemed,
    /// No unit is known for this serial number.
    UnknownSerial(SerialNumber),
    /// Devices refuse this service in this product.
    WrongService(Product, ServiceName),
    /// Devices refuse this term for this product.
    WrongTerm(Product, Term),
    /// No licence can express the pack.
    Form(PackError),
    /// The highest serial was used.
    OutOfSerials,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.pack, self.rule, self.rule.remedy())
    }
}

impl std::error::Error for Refusal {}

/// What is wrong, as the rest of a sentence that begins with the pack.
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
            Self::Unlike { key, other } => write!(f, "differs from {other} in “{key}”"),
            Self::NamedTwice => f.write_str("is named twice"),
            Self::IdUsed(id) => write!(f, "the ID {id} was used before"),
            Self::NotLater { ends, asked } => {
                write!(f, "ends on {ends}, and {asked} is no later day")
            }
            Self::NotNamed => f.write_str("was chosen, but its file was not named"),
            Self::NeverEnds => f.write_str("never ends and has no date to share"),
            Self::TogetherAlready => f.write_str("shares key and date with the others already"),
            Self::NoConversion(product) => write!(f, "there is no conversion from {product}"),
            Self::NeverBack(product) => {
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
            Self::Form(error) => error.fmt(f),
            Self::OutOfSerials => f.write_str("has used the highest serial"),
        }
    }
}

impl Rule {
    /// What to do instead.
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
            Self::Unlike { .. } => "name packs that share it",
            Self::NamedTwice => "name it once",
            Self::IdUsed(_) => "give another ID",
            Self::NotLater { .. } => "give a later day",
            Self::NotNamed => "check the ID, or name its file",
            Self::NeverEnds => "leave it out",
            Self::TogetherAlready => "name a pack of another key",
            Self::NoConversion(_) => "convert UDP, UDC3, SAM, UDC2UPGR, IZUPGR or ICG packs",
            Self::NeverBack(_) => "leave it as it is",
            Self::TradeUpOnly(_) => "say that it is a trade-up",
            Self::NotPlatformAccess(..) => "order an EMP pack",
            Self::EmpExists(_) => "use that pack",
            Self::NotBundled => "add its units by their IDs",
            Self::NotRedeemed => "redeem serial numbers first",
            Self::UnknownSerial(_) => "complete the table of serial numbers and units",
            Self::WrongService(..) => "correct “services” or “product”",
            Self::WrongTerm(..) => "use “evaluation” for WE-E, and for no other",
            Self::Form(_) => "correct the pack",
            Self::OutOfSerials => "use another pack",
        }
    }
}
