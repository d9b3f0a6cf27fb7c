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
    /// A licence names at least one service.
    NoServices,
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

/// The sentences of the rules: what is wrong, after the pack, and the remedy.
macro_rules! sentences {
    ($($rule:pat => $problem:literal, $remedy:literal;)+) => {
        /// The rest of a sentence that begins with the pack.
        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $($rule => write!(f, $problem),)+
                }
            }
        }

        impl Rule {
            /// The remedy.
            #[must_use]
            #[allow(unused_variables, reason = "the problem names them")]
            pub fn remedy(&self) -> &'static str {
                match self {
                    $($rule => $remedy,)+
                }
            }
        }
    };
}

sentences! {
    Self::OverSeats { units, seats } =>
        "has {seats} seats, and {units} units need one each",
        "use another pack for the rest, or remove units first";
    Self::NoUnits =>
        "has no units, and a licence is for at least one",
        "add units first";
    Self::NoServices =>
        "has no services, and a licence unlocks at least one",
        "convert the pack first";
    Self::NotStarted(day) =>
        "is NOT_ACTIVATED_YET and starts on {day}",
        "wait for the day, or ask for an early licence";
    Self::Ended(day) =>
        "ended on {day}, and no licence is issued after the last day",
        "renew the pack first";
    Self::Closed(status, Some(into)) =>
        "is {status} and was replaced by {into}",
        "name that pack instead";
    Self::Closed(status, None) =>
        "is {status}",
        "name another pack";
    Self::NotInForce(status) =>
        "is {status}, and units leave a pack only while it is in force",
        "renew the pack first, or wait until it starts";
    Self::NotInPack(unit) =>
        "{unit} is not in the pack",
        "check the unit ID";
    Self::SeatsNotCounted =>
        "states no seats, and this divides or adds them",
        "write “seats” into its file";
    Self::PartOfSeats { part, seats } =>
        "has {seats} seats, and {part} cannot be split off",
        "leave at least one seat on either side";
    Self::NotInTens(seats) =>
        "{seats} seats are not a multiple of ten, and ICG packs are split in tens",
        "give another number of seats";
    Self::TooFewUnits { asked, units } =>
        "has {units} units, and {asked} cannot leave it",
        "give a smaller number";
    Self::NoKey =>
        "has no Subscription Key, and a pack without one is neither renewed, divided nor joined \
         with others",
        "order a new pack for its units";
    Self::Different { key, other } =>
        "differs from {other} in “{key}”",
        "name packs that share it";
    Self::NamedTwice =>
        "is named twice",
        "name it once";
    Self::IdUsed(id) =>
        "the ID {id} was used before",
        "give another ID";
    Self::NotLater { ends, asked } =>
        "ends on {ends}, and {asked} is no later day",
        "give a later day";
    Self::NotNamed =>
        "was chosen, but its file was not named",
        "check the ID, or name its file";
    Self::NeverEnds =>
        "never ends and has no date to share",
        "leave it out";
    Self::AlreadyAligned =>
        "shares key and date with the others already",
        "name a pack of another key";
    Self::NoConversion(product) =>
        "there is no conversion from {product}",
        "convert UDP, UDC3, SAM, UDC2UPGR, IZUPGR or ICG packs";
    Self::ConversionTarget(product) =>
        "is {product}, what others are converted into, and never back",
        "leave it as it is";
    Self::TradeUpOnly(product) =>
        "is {product}, which is converted in the course of a trade-up only",
        "say that it is a trade-up";
    Self::NotPlatformAccess(product, term) =>
        "is {product} with the term {term}, not a Workspace Edition that was bought as a \
         Platform Access Subscription",
        "order an EMP pack";
    Self::EmpExists(emp) =>
        "has its Enterprise Management Pack, {emp}",
        "use that pack";
    Self::NotBundled =>
        "was not bought with hardware: no “latest-activation”",
        "add its units by their IDs";
    Self::NotRedeemed =>
        "is NOT_ACTIVATED_YET: bought with hardware and not redeemed",
        "redeem serial numbers first";
    Self::UnknownSerial(serial) =>
        "no unit is known for serial number {serial}",
        "complete the table of serial numbers and units";
    Self::WrongService(product, service) =>
        "devices refuse {service} in product {product}",
        "correct “services” or “product”";
    Self::WrongTerm(product, term) =>
        "devices refuse the term {term} for product {product}",
        "use “evaluation” for WE-E, and for no other";
    Self::InvalidPack(error) =>
        "{error}",
        "correct the pack";
    Self::OutOfSerials =>
        "has used the highest serial",
        "use another pack";
}
