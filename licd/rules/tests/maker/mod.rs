//! Licences for tests: written, signed and verified like any other.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test crate uses a part of it; a failed unwrap fails the test"
)]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use licd_rules::{License, *};
use license_format::{Terms, *};
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

/// The key of this name.
pub fn key(name: &str) -> SigningKey {
    let bytes = name.bytes().chain([7; 32]).take(32).collect::<Vec<_>>();
    let seed = bytes.try_into().unwrap();
    SigningKey::from_seed(KeyName::parse(name).unwrap(), &seed).unwrap()
}

/// Who signs with it.
pub fn signer(name: &str) -> PublicKey {
    key(name).verifier().public_key()
}

/// A trust document that lets the issuer of [`pack`] sign everything.
pub fn trust(withdrawals: &[(&str, u64)]) -> TrustDocument {
    trust_in(&[("issuer", &[])], withdrawals)
}

/// A trust document that lets these keys sign these products, all of them if none is named.
pub fn trust_in(keys: &[(&str, &[&str])], withdrawals: &[(&str, u64)]) -> TrustDocument {
    let root = key("root");
    let withdrawals: Vec<_> = withdrawals
        .iter()
        .map(|(pack, serial)| (PackId::parse(pack).unwrap(), Serial::new(*serial).unwrap()))
        .collect();
    let keys: Vec<_> = keys
        .iter()
        .map(|(name, products)| TrustKey {
            key: key(name).verifier().clone(),
            products: products.iter().map(|code| Product::parse(code).unwrap()).collect(),
        })
        .collect();
    let document = issue::trust_document(1, UnixSeconds(0), &keys, &withdrawals, &[&root]);
    let roots = [root.verifier().clone()];
    TrustDocument::verify(document.as_bytes(), &roots, NonZeroUsize::MIN).unwrap()
}

/// A licence in the making; the default is a subscription of WE for [`unit`], 2026-01-01 to
/// 2026-12-31.
#[derive(Debug, Clone)]
pub struct Maker {
    terms: Terms,
    units: BTreeSet<UnitId>,
    signers: Vec<String>,
    is_of_product: bool,
}

/// Products, the last of them one that may carry everything since nothing is known of it.
const PRODUCTS: [&str; 7] = ["WE", "WE-E", "EMP", "PAS", "PWT", "ADDON", "UNKNOWN"];

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
        signers: vec!["issuer".into()],
        is_of_product: false,
    }
}

impl Maker {
    pub fn serial(mut self, serial: u64) -> Self {
        self.terms.serial = Serial::new(serial).unwrap();
        self
    }
    /// Of this product, instead of the first one that carries the services.
    pub fn product(mut self, code: &str) -> Self {
        self.terms.product = Product::parse(code).unwrap();
        self.is_of_product = true;
        self
    }
    pub fn term(mut self, term: Term) -> Self {
        self.terms.term = term;
        self
    }
    pub fn signed_by(mut self, names: &[&str]) -> Self {
        self.signers = names.iter().map(|name| (*name).to_owned()).collect();
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
        // Nothing is issued after its end.
        self.terms.issued = self.terms.issued.min(self.terms.starts.start());
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
    /// Verified by a trust document that lets its signers sign everything.
    pub fn verified(&self) -> License {
        let names: Vec<(&str, &[&str])> =
            self.signers.iter().map(|name| (name.as_str(), &[][..])).collect();
        self.verified_by(&trust_in(&names, &[])).unwrap()
    }
    pub fn verified_by(&self, trust: &TrustDocument) -> Result<License, DocumentError> {
        self.verified_for(trust, &[unit()])
    }
    /// As a file.
    pub fn file(&self) -> String {
        let keys: Vec<SigningKey> = self.signers.iter().map(|name| key(name)).collect();
        let keys: Vec<&SigningKey> = keys.iter().collect();
        let mut terms = self.terms.clone();
        for code in PRODUCTS.iter().filter(|_| !self.is_of_product) {
            terms.product = Product::parse(code).unwrap();
            if terms.product_mismatch().is_none() {
                break;
            }
        }
        issue::license(&terms, &self.units, &keys)
    }
    /// Verified on a device with these candidates for its unit ID.
    pub fn verified_for(
        &self,
        trust: &TrustDocument,
        wanted: &[UnitId],
    ) -> Result<License, DocumentError> {
        let file = self.file();
        let mut verifier = Verifier::new(trust, wanted);
        verifier.update(file.as_bytes())?;
        Ok((&verifier.finish()?.license).into())
    }
}

/// A device with some licences at some time.
pub struct Device {
    pub licenses: Vec<License>,
    pub past: Past,
    pub trust: TrustDocument,
    pub generation: Generation,
    pub version: Option<Version>,
    pub starter: Option<Starter>,
    pub now: UnixSeconds,
}

pub fn device(now: UnixSeconds, makers: &[Maker]) -> Device {
    Device {
        licenses: makers.iter().map(Maker::verified).collect(),
        past: Past::default(),
        trust: trust(&[]),
        generation: Generation::Os12,
        version: None,
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
            trust: &self.trust,
            unit: Some(&unit),
            now: self.now,
            generation: self.generation,
            version: self.version,
            starter: self.starter,
        })
    }

    pub fn with<T>(&self, ask: impl FnOnce(&Judgement<'_>) -> T) -> T {
        self.case(|case| ask(&Judgement::of(case)))
    }

    pub fn upkeep(&self) -> Vec<Upkeep> {
        self.upkeep_as_of(self.now)
    }

    /// If of its signers alone this time is known to have come.
    pub fn upkeep_as_of(&self, certain: UnixSeconds) -> Vec<Upkeep> {
        self.case(|case| upkeep(case, |_| certain, |_| false))
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
        self.with(|j| j.update(date(released), None).reason.allows())
    }

    /// The reason for the answer about an update to this version.
    pub fn update_to(&self, version: &str, released: &str) -> &'static str {
        let version = Some(Version::parse(version).unwrap());
        self.with(|j| j.update(date(released), version).reason.as_str())
    }

    pub fn os_version(self, version: &str) -> Self {
        let version = Some(Version::parse(version).unwrap());
        Self { version, ..self }
    }
}
