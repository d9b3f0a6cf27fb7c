//! The status report for JSON and the bus.

mod files;
mod machine;

use std::collections::BTreeMap;

use licd_rules::{
    Code, FeatureVerdict, LicenseState, Reason, ServiceState, ServiceStatus, ServiceVerdict, Terms,
    services,
};
use licd_store::StoreState;
use license_format::{
    Category, Date, Expiry, OrderNumber, PackId, Product, Serial, Term, UnitId, UnixSeconds,
};
use serde::{Deserialize, Serialize};

use crate::Problem;

pub use files::{FileVerdict, Files};
pub use machine::{Clock, Hardware, HardwareKind, Mac, Os};

/// The version of the report's schema.
const SCHEMA: u32 = 1;

/// The licensing state of the device. Its JSON Schema is `packaging/status.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    schema: u32,
    /// The state of the Workspace Edition.
    #[serde(with = "crate::json")]
    pub state: ServiceState,
    /// `None` if the device has no hardware to bind a licence to.
    #[serde(with = "crate::json")]
    pub unit_id: Option<UnitId>,
    /// The hardware that the unit ID comes from.
    pub hardware: Hardware,
    /// The operating system.
    pub os: Os,
    /// The clock.
    pub clock: Clock,
    /// The licence partition.
    pub store: StoreReport,
    /// The state of every service, by name.
    pub services: Vec<ServiceReport>,
    /// The licences of this device, by file name.
    pub licenses: Vec<LicenseReport>,
    /// Files of the store that do not count, by name, with the reason.
    pub rejected: Vec<Rejected>,
    /// Every feature.
    pub features: BTreeMap<String, FeatureReport>,
    /// The download links of the settings that licd has polled, in their order.
    pub links: Vec<LinkReport>,
    /// Whether a deployment has changed the rights of the device and the device has not restarted
    /// since.
    pub restart_pending: bool,
    /// Problems for the administrator to repair.
    pub problems: Vec<Problem>,
}

/// The licence partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreReport {
    /// Its state.
    #[serde(with = "crate::json")]
    pub state: StoreState,
    /// The number of licences for this device.
    pub licenses: usize,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceReport {
    /// Its name.
    pub service: String,
    /// The state as UMS shows it.
    #[serde(with = "crate::json")]
    pub status: ServiceStatus,
    /// The state.
    #[serde(with = "crate::json")]
    pub state: ServiceState,
    /// The last day.
    #[serde(with = "crate::json")]
    pub expires: Option<Expiry>,
    /// Days until then, negative once it has passed.
    pub days_left: Option<i32>,
    /// The pack of the best licence.
    #[serde(with = "crate::json")]
    pub pack: Option<PackId>,
}

/// One licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LicenseReport {
    /// Pack ID.
    #[serde(with = "crate::json")]
    pub pack: PackId,
    /// Serial of the issue.
    #[serde(with = "crate::json")]
    pub serial: Serial,
    /// Product code.
    #[serde(with = "crate::json")]
    pub product: Product,
    /// UMS's column.
    #[serde(with = "crate::json")]
    pub category: Category,
    /// Order number.
    #[serde(with = "crate::json")]
    pub order: Option<OrderNumber>,
    /// Its term, which decides what its end means.
    #[serde(with = "crate::json")]
    pub term: Term,
    /// When it was issued.
    #[serde(with = "crate::json")]
    pub issued: UnixSeconds,
    /// First day.
    #[serde(with = "crate::json")]
    pub starts: Date,
    /// Last day.
    #[serde(with = "crate::json")]
    pub expires: Expiry,
    /// The state.
    #[serde(with = "crate::json")]
    pub state: LicenseState,
    /// The file's name in the store.
    pub file: Box<str>,
}

/// A file that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Its name.
    pub file: String,
    /// The verdict.
    #[serde(with = "crate::json")]
    pub code: Code,
    /// The reason, for people.
    pub message: String,
}

/// The last result of a download link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkReport {
    /// The address, without user and password.
    pub url: String,
    /// The verdict.
    #[serde(with = "crate::json")]
    pub code: Code,
    /// The verdict, for people.
    pub message: String,
    /// The time of that result.
    #[serde(with = "crate::json")]
    pub asked: UnixSeconds,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureReport {
    /// Yes or no.
    pub allowed: bool,
    /// Why.
    #[serde(with = "crate::json")]
    pub reason: Reason,
    /// The last day of the licence that allows it, or did.
    #[serde(with = "crate::json")]
    pub until: Option<Expiry>,
}

/// `{"schema":1,"features":{…}}`.
#[derive(Debug, Serialize)]
struct Features<'a> {
    schema: u32,
    features: &'a BTreeMap<String, FeatureReport>,
}

/// The parts of a report.
pub(crate) struct Parts {
    pub(crate) unit_id: Option<UnitId>,
    pub(crate) hardware: Hardware,
    pub(crate) os: Os,
    pub(crate) clock: Clock,
    pub(crate) store: StoreReport,
    pub(crate) services: Vec<ServiceReport>,
    pub(crate) licenses: Vec<LicenseReport>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) features: BTreeMap<String, FeatureReport>,
    pub(crate) links: Vec<LinkReport>,
    pub(crate) restart_pending: bool,
    pub(crate) problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn new(parts: Parts) -> Self {
        let base = parts.services.iter().find(|s| s.service == services::WORKSPACE_EDITION);
        Self {
            schema: SCHEMA,
            state: base.map_or(ServiceState::None, |service| service.state),
            unit_id: parts.unit_id,
            hardware: parts.hardware,
            os: parts.os,
            clock: parts.clock,
            store: parts.store,
            services: parts.services,
            licenses: parts.licenses,
            rejected: parts.rejected,
            features: parts.features,
            links: parts.links,
            restart_pending: parts.restart_pending,
            problems: parts.problems,
        }
    }

    /// The report in this JSON; `None` for other content.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The day of the judgement, which differs from the clock's while the clock is not trusted;
    /// `None` if no service here has an end to count from.
    #[must_use]
    pub fn judged_on(&self) -> Option<Date> {
        self.services.iter().find_map(|service| {
            let Some(Expiry::On(last)) = service.expires else { return None };
            Some(last.plus_days(service.days_left?.checked_neg()?))
        })
    }

    /// The answer of `licctl features --json`.
    #[must_use]
    pub fn features_only(&self) -> impl Serialize {
        Features { schema: SCHEMA, features: &self.features }
    }
}

impl From<&ServiceVerdict> for ServiceReport {
    fn from(verdict: &ServiceVerdict) -> Self {
        Self {
            service: verdict.service.clone(),
            status: verdict.state.status(),
            state: verdict.state,
            expires: verdict.expires,
            days_left: verdict.days_left,
            pack: verdict.pack.clone(),
        }
    }
}

impl From<FeatureVerdict> for FeatureReport {
    fn from(verdict: FeatureVerdict) -> Self {
        Self { allowed: verdict.reason.allows(), reason: verdict.reason, until: verdict.until }
    }
}

impl LicenseReport {
    pub(crate) fn new(terms: &Terms, state: LicenseState, file: Box<str>) -> Self {
        Self {
            pack: terms.pack.clone(),
            serial: terms.serial,
            product: terms.product.clone(),
            category: terms.category,
            order: terms.order.clone(),
            term: terms.term,
            issued: terms.issued,
            starts: terms.starts,
            expires: terms.expires,
            state,
            file,
        }
    }
}

/// One line of JSON, without line feed.
#[must_use]
pub fn to_json(value: &impl Serialize) -> String {
    // Strings, numbers and maps with string keys always serialise.
    serde_json::to_string(value).unwrap_or_default()
}
