//! Licences for tests: written, signed and verified like any other.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test crate uses a part of it; a failed unwrap fails the test"
)]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use licd_rules::*;
use license_format::*;
use license_issue::{self as issue, SigningKey, TrustKey};

pub const WE: &str = services::WORKSPACE_EDITION;
pub const EMP: &str = services::ENTERPRISE_MANAGEMENT;

pub fn unit() -> UnitId {
    UnitId::from_mac([0x00, 0xE0, 0xC5, 0x1C, 0x50, 0x87])
}

pub fn stranger() -> UnitId {
    UnitId::from_mac([0x00, 0xE0, 0xC5, 0, 0, 1])
}

pub fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

pub fn at(text: &str) -> UnixSeconds {
    UnixSeconds::parse(text).unwrap()
}

pub fn noon(day: &str) -> UnixSeconds {
    date(day).start().plus(12 * 3600)
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]).unwrap()
}

pub fn trust(withdrawals: &[(&str, u64)]) -> TrustDocument {
    let root = key("root", 1);
    let withdrawals: Vec<_> = withdrawals
        .iter()
        .map(|(pack, serial)| (PackId::parse(pack).unwrap(), Serial::new(*serial).unwrap()))
        .collect();
    let issuer = TrustKey { key: key("issuer", 2).verifier().clone(), products: vec![] };
    let document = issue::trust_document(1, UnixSeconds(0), &[issuer], &withdrawals, &[&root]);
    let roots = [root.verifier().clone()];
    TrustDocument::verify(document.as_bytes(), &roots, NonZeroUsize::MIN).unwrap()
}

/// A licence in the making; the default is a subscription of WE for [`unit`], 2026-01-01 to
/// 2026-12-31.
#[derive(Debug, Clone)]
pub struct Maker {
    terms: Terms,
    units: BTreeSet<UnitId>,
}

pub fn pack(id: &str) -> Maker {
    Maker {
        terms: Terms {
            pack: PackId::parse(id).unwrap(),
            serial: Serial::FIRST,
            product: Product::parse("WE").unwrap(),
            term: Term::Subscription,
            category: Category::Subscription,
            subscription_key: None,
            order: None,
            supersedes: Default::default(),
            services: [ServiceName::parse(WE).unwrap()].into_iter().collect(),
            issued: at("2026-01-01T00:00:00Z"),
            starts: date("2026-01-01"),
            expires: Expiry::On(date("2026-12-31")),
            grace_days: 0,
            warn_days: 10,
            roster_complete: false,
        },
        units: [unit()].into(),
    }
}

impl Maker {
    pub fn serial(mut self, serial: u64) -> Self {
        self.terms.serial = Serial::new(serial).unwrap();
        self
    }
    pub fn term(mut self, term: Term) -> Self {
        self.terms.term = term;
        self
    }
    pub fn services(mut self, names: &[&str]) -> Self {
        let names: BTreeSet<_> = names.iter().map(|n| ServiceName::parse(n).unwrap()).collect();
        self.terms.services = names.into_iter().collect();
        self
    }
    pub fn between(mut self, starts: &str, expires: &str) -> Self {
        self.terms.starts = date(starts);
        self.terms.expires = Expiry::parse(expires).unwrap();
        self
    }
    pub fn issued(mut self, time: &str) -> Self {
        self.terms.issued = at(time);
        self
    }
    pub fn grace(mut self, days: u8) -> Self {
        self.terms.grace_days = days;
        self
    }
    pub fn warn(mut self, days: u8) -> Self {
        self.terms.warn_days = days;
        self
    }
    pub fn supersedes(mut self, packs: &[&str]) -> Self {
        let packs: BTreeSet<_> = packs.iter().map(|p| PackId::parse(p).unwrap()).collect();
        self.terms.supersedes = packs.into_iter().collect();
        self
    }
    pub fn roster(mut self) -> Self {
        self.terms.roster_complete = true;
        self
    }
    pub fn units(mut self, units: &[UnitId]) -> Self {
        self.units = units.iter().cloned().collect();
        self
    }
    pub fn verified(&self) -> License {
        let file = issue::license(&self.terms, &self.units, &[&key("issuer", 2)]);
        let (trust, wanted) = (trust(&[]), [unit()]);
        let mut verifier = Verifier::new(&trust, &wanted);
        verifier.update(file.as_bytes()).unwrap();
        verifier.finish().unwrap().license
    }
}

/// A device with some licences at some time.
pub struct Device {
    pub licenses: Vec<License>,
    pub past: Past,
    pub trust: Option<TrustDocument>,
    pub generation: Generation,
    pub starter: Option<Starter>,
    pub now: UnixSeconds,
}

pub fn device(now: UnixSeconds, makers: &[Maker]) -> Device {
    Device {
        licenses: makers.iter().map(Maker::verified).collect(),
        past: Past::default(),
        trust: None,
        generation: Generation::Os12,
        starter: None,
        now,
    }
}

impl Device {
    pub fn os11(mut self) -> Self {
        self.generation = Generation::Os11;
        self
    }

    fn case<T>(&self, ask: impl FnOnce(Case<'_>) -> T) -> T {
        let licenses: Vec<_> = self.licenses.iter().collect();
        let unit = unit();
        ask(Case {
            licenses: &licenses,
            past: &self.past,
            trust: self.trust.as_ref(),
            unit: Some(&unit),
            now: self.now,
            generation: self.generation,
            starter: self.starter,
        })
    }

    pub fn with<T>(&self, ask: impl FnOnce(&Judgement<'_>) -> T) -> T {
        self.case(|case| ask(&Judgement::of(case)))
    }

    pub fn upkeep(&self) -> Vec<Upkeep> {
        self.case(|case| upkeep(case, |_| false))
    }

    pub fn states(&self) -> Vec<Option<&'static str>> {
        self.with(|j| j.states().iter().map(|s| s.map(LicenseState::as_str)).collect())
    }

    pub fn service(&self, name: &str) -> (&'static str, Option<String>) {
        self.with(|j| {
            let service = j.service(name);
            (service.state.as_str(), service.expires.map(|e| e.to_string()))
        })
    }

    pub fn allows(&self, feature: &str) -> bool {
        self.feature(feature).reason.allows()
    }

    pub fn feature(&self, feature: &str) -> FeatureVerdict {
        self.with(|j| j.feature(Feature::named(feature).unwrap()))
    }

    pub fn update(&self, released: &str) -> bool {
        self.with(|j| j.update(date(released)).reason.allows())
    }
}
