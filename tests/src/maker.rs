//! The vendor: keys from public seeds, licences and trust documents.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use license_format::{
    Category, Date, Expiry, KeyName, OrderNumber, PackId, Product, Serial, ServiceName, Slicer,
    Term, Terms, UnitId, UnixSeconds,
};
use license_issue::{self as issue, SigningKey, TrustKey};

/// The unit ID of the device of most worlds.
pub const UNIT: &str = "00E0C51C5087";
/// The same in the notation of a network interface.
pub const MAC: &str = "00:e0:c5:1c:50:87";
/// The unit ID of another device.
pub const OTHER: &str = "00E0C51C5088";

/// The service of the Workspace Edition.
pub const WE: &str = "SUB_SERVICE_SET_WORKSPACE_EDITION";
/// The service of the Enterprise Management Pack.
pub const EMP: &str = "SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK";
/// The service of the PowerTerm add-on.
pub const POWERTERM: &str = "SUB_SERVICE_SET_ADDON_POWERTERM";

/// A signing key from a seed.
#[must_use]
pub fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]).unwrap()
}

/// The root keys of the image; two of three have to sign a trust document.
#[must_use]
pub fn roots() -> [SigningKey; 3] {
    [key("igel-root-a", 1), key("igel-root-b", 2), key("igel-root-c", 3)]
}

/// The key that may sign every product.
#[must_use]
pub fn issuer() -> SigningKey {
    key("igel-issuer-2026", 9)
}

/// The key that may sign evaluations only.
#[must_use]
pub fn demo_issuer() -> SigningKey {
    key("igel-demo-2026", 10)
}

/// A key that no trust document names.
#[must_use]
pub fn stranger() -> SigningKey {
    key("somebody", 66)
}

/// A trust document of this version that names [`issuer`] and [`demo_issuer`] and withdraws these
/// serials, signed by the first two roots.
#[must_use]
pub fn trust(version: u64, withdrawn: &[(&str, u64)]) -> String {
    let [a, b, _] = roots();
    trust_signed_by(version, withdrawn, &[&a, &b])
}

/// Version 2 of the trust document, which names one more key, for all products.
#[must_use]
pub fn trust_in(key: &SigningKey) -> String {
    let newer = trust(2, &[]);
    let (head, _) = newer.split_once("key ").unwrap();
    let keys = [&issuer(), key].map(|key| format!("key {} *\n", key.verifier()));
    let [a, b, _] = roots();
    issue::sign(&format!("{head}{}", keys.concat()), &[&a, &b])
}

/// A trust document signed by these keys.
#[must_use]
pub fn trust_signed_by(version: u64, withdrawn: &[(&str, u64)], roots: &[&SigningKey]) -> String {
    let keys = [
        TrustKey { key: issuer().verifier().clone(), products: Vec::new() },
        TrustKey { key: demo_issuer().verifier().clone(), products: vec![product("WE-E")] },
    ];
    let withdrawn: Vec<_> = withdrawn
        .iter()
        .map(|(pack, serial)| (PackId::parse(pack).unwrap(), Serial::new(*serial).unwrap()))
        .collect();
    issue::trust_document(version, time("2026-01-01T00:00:00Z"), &keys, &withdrawn, roots)
}

/// A licence before signing.
#[derive(Debug, Clone)]
pub struct Draft {
    terms: Terms,
    units: BTreeSet<UnitId>,
    mass: bool,
}

/// A subscription of the Workspace Edition for [`UNIT`], in force whenever the tests run.
#[must_use]
pub fn licence() -> Draft {
    let terms = Terms {
        pack: PackId::parse("WE-7Q2KD").unwrap(),
        serial: Serial::new(183).unwrap(),
        product: product("WE"),
        term: Term::Subscription,
        category: Category::Subscription,
        subscription_key: PackId::parse("ERP-9QK2M"),
        order: OrderNumber::parse("69-3456677"),
        supersedes: Default::default(),
        services: [ServiceName::parse(WE).unwrap()].into_iter().collect(),
        issued: time("2020-01-01T08:30:00Z"),
        starts: day("2020-01-01"),
        expires: Expiry::On(day("2099-12-31")),
        grace_days: 28,
        warn_days: 10,
        roster_complete: false,
    };
    Draft { terms, units: [unit(UNIT)].into(), mass: false }
}

impl Draft {
    /// Sets the pack.
    #[must_use]
    pub fn pack(mut self, pack: &str) -> Self {
        self.terms.pack = PackId::parse(pack).unwrap();
        self
    }

    /// Sets the serial.
    #[must_use]
    pub fn serial(mut self, serial: u64) -> Self {
        self.terms.serial = Serial::new(serial).unwrap();
        self
    }

    /// Sets the product.
    #[must_use]
    pub fn product(mut self, code: &str) -> Self {
        self.terms.product = product(code);
        self
    }

    /// Sets the term. An evaluation has no grace and its own product.
    #[must_use]
    pub fn term(mut self, term: &str) -> Self {
        self.terms.term = Term::parse(term).unwrap();
        if self.terms.term == Term::Evaluation {
            self.terms.grace_days = 0;
        }
        self.fitting()
    }

    /// Sets the services, and a product that includes them.
    #[must_use]
    pub fn services(mut self, names: &[&str]) -> Self {
        let names: BTreeSet<_> = names.iter().map(|n| ServiceName::parse(n).unwrap()).collect();
        self.terms.services = names.into_iter().collect();
        self.fitting()
    }

    /// Sets the first known product that fits the other fields, unless its product fits or is
    /// unknown.
    fn fitting(mut self) -> Self {
        for code in ["WE", "WE-E", "EMP", "PAS", "PWT", "ADDON", "FUTURE"] {
            if self.terms.product_mismatch().is_none() {
                break;
            }
            self.terms.product = product(code);
        }
        self
    }

    /// Sets the packs that it supersedes.
    #[must_use]
    pub fn supersedes(mut self, packs: &[&str]) -> Self {
        let packs: BTreeSet<_> = packs.iter().map(|pack| PackId::parse(pack).unwrap()).collect();
        self.terms.supersedes = packs.into_iter().collect();
        self
    }

    /// Sets the time of issue.
    #[must_use]
    pub fn issued(mut self, at: &str) -> Self {
        self.terms.issued = time(at);
        self
    }

    /// Sets the first day.
    #[must_use]
    pub fn starts(mut self, day: impl Into<Day>) -> Self {
        self.terms.starts = day.into().0;
        self
    }

    /// Sets the last day.
    #[must_use]
    pub fn expires(mut self, day: impl Into<Day>) -> Self {
        self.terms.expires = Expiry::On(day.into().0);
        self
    }

    /// Removes the last day.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.terms.expires = Expiry::Never;
        self
    }

    /// Sets the days of grace.
    #[must_use]
    pub fn grace(mut self, days: u8) -> Self {
        self.terms.grace_days = days;
        self
    }

    /// Marks the roster as complete.
    #[must_use]
    pub fn roster(mut self) -> Self {
        self.terms.roster_complete = true;
        self
    }

    /// Sets the units.
    #[must_use]
    pub fn units(mut self, units: &[&str]) -> Self {
        self.units = units.iter().map(|text| unit(text)).collect();
        self
    }

    /// Makes it a mass licence for its units and `count` others.
    #[must_use]
    pub fn mass(mut self, count: u32) -> Self {
        self.units.extend((0..count).map(|number| {
            let [a, b, c, d] = number.to_be_bytes();
            UnitId::from_mac([2, 0, a, b, c, d])
        }));
        self.mass = true;
        self
    }

    /// The unsigned text.
    #[must_use]
    pub fn text(&self) -> String {
        issue::text_of(&self.terms, &self.units)
    }

    /// The licence signed by [`issuer`].
    #[must_use]
    pub fn sign(&self) -> String {
        self.signed_by(&[&issuer()])
    }

    /// The licence signed by these keys.
    #[must_use]
    pub fn signed_by(&self, keys: &[&SigningKey]) -> String {
        match self.mass {
            true => issue::mass_license(&self.terms, &self.units, keys),
            false => issue::license(&self.terms, &self.units, keys),
        }
    }
}

/// Any text, signed by [`issuer`].
#[must_use]
pub fn sign(text: &str) -> String {
    issue::sign(text, &[&issuer()])
}

/// Cuts the slice of a unit out of a mass licence.
#[must_use]
pub fn slice(mass: &str, of: &str) -> String {
    let unit = unit(of);
    let mut slicer = Slicer::new(&unit);
    slicer.update(mass.as_bytes()).unwrap();
    slicer.finish().unwrap().unwrap().to_string()
}

/// A day of the calendar, or one counted from today (UTC).
#[derive(Debug, Clone, Copy)]
pub struct Day(Date);

impl From<&str> for Day {
    fn from(text: &str) -> Self {
        Self(day(text))
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

/// The day this many days after today, or before it.
#[must_use]
pub fn today_plus(days: i64) -> Date {
    const DAY: i64 = 24 * 60 * 60;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Date::of(UnixSeconds(i64::try_from(now).unwrap() + days * DAY))
}

/// Parses a unit.
#[must_use]
pub fn unit(text: &str) -> UnitId {
    UnitId::parse_human(text).unwrap()
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn time(text: &str) -> UnixSeconds {
    UnixSeconds::parse(text).unwrap()
}

fn product(code: &str) -> Product {
    Product::parse(code).unwrap()
}
