//! The text of a licence: its keys, their order and their values (LF §4).

use core::fmt;
use core::ops::Deref;

use heapless::Vec;

use crate::error::{Error, Flaw, Word, malformed};
use crate::merkle::Hash;
use crate::reader::{self, Bounds, Lines};
use crate::{Date, PublicKey, Unfit, UnitId, UnixSeconds, limits};

/// The first line, without the version.
pub(crate) const HEADER: &str = "igel.com/license/v";
/// Limits of a licence's text (LF §2).
pub(crate) const BOUNDS: Bounds = Bounds {
    text_bytes: limits::TEXT_BYTES,
    text_lines: limits::TEXT_LINES,
    line_bytes: limits::LINE_BYTES,
};

/// Every key of a licence, in the order in which they stand.
const KEYS: [&str; 17] = [
    "pack",
    "serial",
    "product",
    "term",
    "category",
    "subscription-key",
    "order",
    "supersedes",
    "service",
    "issued",
    "starts",
    "expires",
    "grace-days",
    "warn-days",
    "roster",
    "unit",
    "units",
];
/// Keys with this prefix may follow the last one and are passed over.
const EXTENSION: &str = "x-";

/// A short text of a restricted alphabet and length, as its `parse` says.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $max:literal, $form:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(heapless::String<$max>);

        impl $name {
            /// Reads the value exactly as a licence file spells it; `None` for any other text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let fits: fn(&str) -> bool = $form;
                heapless::String::try_from(text).ok().filter(|_| fits(text)).map(Self)
            }

            /// The value as the licence file spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn upper_or_digit(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

text_type!(
    /// The ID of a Product Pack or Subscription Key: upper-case groups joined by dashes, at least
    /// two, 4–24 bytes (`WE-7Q2KD`).
    PackId, 24, |text| text.len() >= 4
        && text.contains('-')
        && text.split('-').all(|group| !group.is_empty() && group.bytes().all(upper_or_digit))
);
text_type!(
    /// The code of a product: 2–12 of `[A-Z0-9-]` (`WE`, `WE-E`, `90M`).
    Product, 12, |text| text.len() >= 2 && text.bytes().all(|b| upper_or_digit(b) || b == b'-')
);
text_type!(
    /// The number of an order: 1–32 of `[A-Za-z0-9-]`.
    OrderNumber, 32, |text| !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
);
text_type!(
    /// The name of a service that a licence unlocks: 1–64 of `[A-Z0-9_]`.
    ServiceName, 64, |text| !text.is_empty() && text.bytes().all(|b| upper_or_digit(b) || b == b'_')
);

/// The serial number of an issue of a pack, 1 to 2^63−1; a later issue has a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(u64);

impl Serial {
    /// The lowest serial.
    pub const FIRST: Self = Self(1);

    /// A serial number; `None` outside 1 to 2^63−1.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        (1..=i64::MAX.unsigned_abs()).contains(&number).then_some(Self(number))
    }

    /// Reads the decimal spelling of a licence file.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        reader::decimal(text, u64::MAX).and_then(Self::new)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An enum whose variants are words of the format.
macro_rules! word_type {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Reads the word of a licence file.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The word of a licence file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

word_type!(
    /// What the end of a licence means.
    Term {
        /// The function stays after `expires`, which is the end of maintenance.
        Perpetual = "perpetual",
        /// The function ends.
        Subscription = "subscription",
        /// The function ends, without grace, and the device counts as never licensed.
        Evaluation = "evaluation"
    }
);
word_type!(
    /// The column of UMS that a licence is shown in.
    Category {
        /// Perpetual kinds with maintenance.
        Maintenance = "maintenance",
        /// Subscriptions.
        Subscription = "subscription",
        /// Add-ons.
        AddOn = "add-on"
    }
);

/// The last day of a licence. `Never` is later than every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expiry {
    /// The last day, inclusive.
    On(Date),
    /// Endless.
    Never,
}

impl Expiry {
    /// Reads `YYYY-MM-DD` or `never`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "never" { Some(Self::Never) } else { Date::parse(text).map(Self::On) }
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(date) => date.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}

/// The units as the text binds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Units {
    /// `unit` lines, in ascending order.
    Named(Vec<UnitId, { limits::UNITS }>),
    /// A `units` line: the number of units and their Merkle tree hash.
    Tree {
        /// 1 to [`limits::MASS_UNITS`].
        count: u32,
        /// RFC 6962 tree hash.
        root: Hash,
    },
}

/// What a licence grants, to which pack, from when to when. Values as in LF §4. Holding `Terms`
/// says nothing about who wrote them; only a [`License`] has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The Product Pack.
    pub pack: PackId,
    /// Which issue of the pack this is.
    pub serial: Serial,
    /// The product code.
    pub product: Product,
    /// What the end means.
    pub term: Term,
    /// UMS's column.
    pub category: Category,
    /// The Subscription Key; a decoupled pack has none.
    pub subscription_key: Option<PackId>,
    /// The order number.
    pub order: Option<OrderNumber>,
    /// Packs merged or converted into this one, ascending.
    pub supersedes: Vec<PackId, { limits::SUPERSEDES }>,
    /// What is unlocked, ascending; at least one.
    pub services: Vec<ServiceName, { limits::SERVICES }>,
    /// When this file was issued.
    pub issued: UnixSeconds,
    /// First day, from 00:00 UTC.
    pub starts: Date,
    /// Last day, until 12:00 UTC of the next.
    pub expires: Expiry,
    /// Days after `expires` during which everything stays as before, 0–90.
    pub grace_days: u8,
    /// Days before `expires` from which people are warned, 0–120.
    pub warn_days: u8,
    /// Whether this file names every unit of the pack as of `serial`.
    pub roster_complete: bool,
}

impl Terms {
    /// The number of the line that says this in a file of these terms.
    pub(crate) fn line_of(&self, unfit: &Unfit) -> u32 {
        // The first line, `pack`, `serial` and `product` stand before `term`, then `category`.
        let before = match unfit {
            Unfit::Term(_) => 4,
            Unfit::Service(name) => {
                let optional = [self.subscription_key.is_some(), self.order.is_some()];
                let place = self.services.iter().take_while(|service| *service != name).count();
                6 + optional.into_iter().filter(|there| *there).count()
                    + self.supersedes.len()
                    + place
            }
        };
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }
}

/// The default of `warn-days` (LF §4).
pub const WARN_DAYS: u8 = 10;
/// The most that `warn-days` may say (LF §4).
pub const MAX_WARN_DAYS: u8 = 120;
/// The most that `grace-days` may say (LF §4).
pub const MAX_GRACE_DAYS: u8 = 90;

/// The keys whose signatures under a text are good, each once, in ascending order.
pub(crate) type Signers = Vec<PublicKey, { limits::SIGNATURES }>;

/// A verified licence: signed by a key that may sign this product, with every unit it is asked
/// about proved to be named or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    terms: Terms,
    signers: Signers,
    named: Vec<UnitId, { limits::UNITS }>,
    whole: bool,
}

impl License {
    /// Only for the verifier, once everything holds.
    pub(crate) fn new(
        terms: Terms,
        signers: Signers,
        named: Vec<UnitId, { limits::UNITS }>,
        whole: bool,
    ) -> Self {
        Self { terms, signers, named, whole }
    }

    /// Who signed it: of the keys that the trust document named when it was verified those whose
    /// signature is good, each once, in ascending order. At least one of them may sign this product.
    #[must_use]
    pub fn signers(&self) -> &[PublicKey] {
        &self.signers
    }

    /// Whether the licence names this unit. Of a mass licence the answer is only right for units
    /// that the [`crate::Verifier`] was asked about.
    #[must_use]
    pub fn names(&self, unit: &UnitId) -> bool {
        self.named.contains(unit)
    }

    /// The units named, ascending: of a mass licence of more than 16 those of them that the
    /// [`crate::Verifier`] was asked about, of a slice its one.
    #[must_use]
    pub fn named(&self) -> &[UnitId] {
        &self.named
    }

    /// Whether the file states every unit that it is for.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether the file states every unit of the pack and this one is not among them, so that it
    /// takes lower serials of the pack away from the unit (LF §4.3). A slice never does: it shows
    /// one unit only.
    #[must_use]
    pub fn roster_excludes(&self, unit: &UnitId) -> bool {
        self.terms.roster_complete && self.whole && !self.names(unit)
    }
}

impl Deref for License {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

/// Reads the text of a licence. Private, because a parsed text is not a verified one.
pub(crate) fn parse(text: &[u8]) -> Result<(Terms, Units), Error> {
    let mut fields = Fields::after_header(text);
    let pack_form = "a pack ID like WE-7Q2KD";
    let pack = fields.one("pack", pack_form, PackId::parse)?;
    let serial = fields.one("serial", "a number from 1 to 2^63-1", Serial::parse)?;
    let product = fields.one("product", "a product code", Product::parse)?;
    let term = fields.one("term", "perpetual, subscription or evaluation", Term::parse)?;
    let category =
        fields.one("category", "maintenance, subscription or add-on", Category::parse)?;
    let subscription_key = fields.optional("subscription-key", pack_form, PackId::parse)?;
    let order = fields.optional("order", "an order number", OrderNumber::parse)?;
    // A pack that superseded itself would stand in the way of its own higher serials.
    let supersedes = fields.ascending("supersedes", "the ID of another pack", |v| {
        PackId::parse(v).filter(|other| *other != pack)
    })?;
    let services = fields.ascending("service", "a service name", ServiceName::parse)?;
    if services.is_empty() {
        return fields.missing("service");
    }
    let issued = fields.one("issued", "a time like 2026-11-22T16:48:10Z", UnixSeconds::parse)?;
    let starts = fields.one("starts", "a day like 2026-11-22", Date::parse)?;
    let expires = fields.one("expires", "a day like 2027-11-21, or never", Expiry::parse)?;
    if expires < Expiry::On(starts) {
        return fields.flaw("expires", Flaw::ExpiresBeforeStart);
    }
    if expires < Expiry::On(Date::of(issued)) {
        return fields.flaw("expires", Flaw::ExpiresBeforeIssue);
    }
    let grace_days =
        fields.optional("grace-days", "a number from 0 to 90", |v| days(v, MAX_GRACE_DAYS))?;
    if term == Term::Evaluation && grace_days.is_some() {
        return fields.flaw("grace-days", Flaw::GraceOfEvaluation);
    }
    let warn_days =
        fields.optional("warn-days", "a number from 0 to 120", |v| days(v, MAX_WARN_DAYS))?;
    let roster = fields.optional("roster", "complete", |v| (v == "complete").then_some(()))?;
    let units = fields.ascending("unit", "a unit like mac:00E0C51C5087", UnitId::parse)?;
    let units = if units.is_empty() {
        let (count, root) = fields.one("units", "a count and a base64 tree hash", tree)?;
        Units::Tree { count, root }
    } else {
        Units::Named(units)
    };
    fields.finish()?;
    let terms = Terms {
        pack,
        serial,
        product,
        term,
        category,
        subscription_key,
        order,
        supersedes,
        services,
        issued,
        starts,
        expires,
        grace_days: grace_days.unwrap_or(0),
        warn_days: warn_days.unwrap_or(WARN_DAYS),
        roster_complete: roster.is_some(),
    };
    Ok((terms, units))
}

fn days(value: &str, max: u8) -> Option<u8> {
    reader::decimal(value, max.into())?.try_into().ok()
}

/// The value of `units`.
fn tree(value: &str) -> Option<(u32, Hash)> {
    let (count, root) = value.split_once(' ')?;
    let count = u32::try_from(reader::decimal(count, limits::MASS_UNITS.into())?).ok()?;
    Some((count, reader::base64(root)?)).filter(|_| count > 0)
}

/// The fields of a text, taken in the order of [`KEYS`].
struct Fields<'a> {
    lines: Lines<'a>,
}

impl<'a> Fields<'a> {
    fn after_header(text: &'a [u8]) -> Self {
        let mut lines = Lines::new(text, 1);
        lines.next();
        Self { lines }
    }

    /// The next line's number, key and value, not yet taken.
    fn peek(&self) -> Result<Option<(u32, &'a str, &'a str)>, Error> {
        let Some(line) = self.lines.clone().next() else { return Ok(None) };
        let (key, value) = reader::field(line.number, line.text(limits::LINE_BYTES)?)?;
        Ok(Some((line.number, key, value)))
    }

    /// The value of the next line, if that line is of this key.
    fn optional<T>(
        &mut self,
        key: &'static str,
        form: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        match self.peek()? {
            Some((line, found, value)) if found == key => {
                self.lines.next();
                match parse(value) {
                    Some(value) => Ok(Some(value)),
                    None => malformed(line, key, Flaw::Value(form)),
                }
            }
            _ => Ok(None),
        }
    }

    fn one<T>(
        &mut self,
        key: &'static str,
        form: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Error> {
        match self.optional(key, form, parse)? {
            Some(value) => Ok(value),
            None => self.missing(key),
        }
    }

    /// The values of all lines of this key that follow, strictly ascending.
    fn ascending<T: Ord, const N: usize>(
        &mut self,
        key: &'static str,
        form: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T, N>, Error> {
        let mut values = Vec::<T, N>::new();
        while let Some(value) = self.optional(key, form, &parse)? {
            if values.last().is_some_and(|last| *last >= value) {
                return self.flaw(key, Flaw::NotAscending);
            }
            if values.push(value).is_err() {
                return self.flaw(key, Flaw::TooMany(N));
            }
        }
        Ok(values)
    }

    /// Only extensions may be left.
    fn finish(mut self) -> Result<(), Error> {
        while let Some((line, key, _)) = self.peek()? {
            if !key.starts_with(EXTENSION) {
                return Err(stranger(line, key));
            }
            self.lines.next();
        }
        Ok(())
    }

    /// The key that had to come next did not: because an unknown one stands there, or one whose
    /// place has passed, or none of these.
    fn missing<T>(&self, key: &'static str) -> Result<T, Error> {
        if let Some((line, found, _)) = self.peek()? {
            let passed =
                KEYS.iter().take_while(|known| **known != key).any(|known| *known == found);
            let unknown = !KEYS.contains(&found) && !found.starts_with(EXTENSION);
            if passed || unknown {
                return Err(stranger(line, found));
            }
        }
        malformed(self.lines.number(), key, Flaw::Missing)
    }

    /// A flaw of the line taken last.
    fn flaw<T>(&self, key: &'static str, flaw: Flaw) -> Result<T, Error> {
        malformed(self.lines.number() - 1, key, flaw)
    }
}

/// A key that may not stand on this line.
fn stranger(line: u32, key: &str) -> Error {
    match KEYS.iter().find(|known| **known == key) {
        Some(key) => Error::Malformed { line, key, flaw: Flaw::OutOfPlace },
        None => Error::Unsupported { line, word: Word::of(key) },
    }
}
