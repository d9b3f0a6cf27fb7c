//! The status report, as JSON and as what the bus objects show.

use std::collections::BTreeMap;

use licd_rules::{Code, FeatureVerdict, LicenseState, ServiceState, ServiceVerdict, services};
use license_format::{Date, Terms};
use serde::{Deserialize, Serialize};

use crate::{Failure, Problem};

/// The version of the report's schema.
const SCHEMA: u32 = 1;

/// Everything the device has to say about its licences. Its JSON Schema is
/// `packaging/status.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    schema: u32,
    /// The state of the Workspace Edition.
    pub state: String,
    /// As people write it; `None` if the device has no hardware to bind a licence to.
    pub unit_id: Option<String>,
    /// What the unit ID comes from.
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
    /// The download links of the settings that were asked, in their order.
    pub links: Vec<LinkReport>,
    /// Whether a deployment has changed what is allowed and the device has not restarted since.
    pub restart_pending: bool,
    /// What an administrator should know and repair.
    pub problems: Vec<Problem>,
}

/// What the unit ID comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hardware {
    /// `mac`, `udp` or `none`.
    pub kind: String,
    /// The MAC address, with colons.
    pub mac: Option<String>,
    /// The serial number of the chassis.
    pub serial: Option<String>,
}

/// The operating system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Os {
    /// 12, 11, or that of an older system, which is judged as 11.
    pub generation: u8,
    /// As `os-release` or the configuration spells it.
    pub version: Option<String>,
    /// `YYYY-MM-DD`.
    pub released: Option<String>,
}

/// The clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// `ok`, `unsynchronized` or `behind`.
    pub state: String,
    /// RFC 3339, UTC.
    pub now: String,
}

/// The licence partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreReport {
    /// `read-only`, `writable`, `damaged` or `missing`.
    pub state: String,
    /// How many licences of this device it holds.
    pub licenses: usize,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceReport {
    /// Its name.
    pub service: String,
    /// UMS's word.
    pub status: String,
    /// The state.
    pub state: String,
    /// Last day or `never`.
    pub expires: Option<String>,
    /// Days until then, negative once it has passed.
    pub days_left: Option<i32>,
    /// The pack of the best licence.
    pub pack: Option<String>,
}

/// One licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LicenseReport {
    /// Pack ID.
    pub pack: String,
    /// Serial of the issue.
    pub serial: u64,
    /// Product code.
    pub product: String,
    /// UMS's column.
    pub category: String,
    /// Order number.
    pub order: Option<String>,
    /// `perpetual`, `subscription` or `evaluation`.
    pub term: String,
    /// RFC 3339, UTC.
    pub issued: String,
    /// First day.
    pub starts: String,
    /// Last day or `never`.
    pub expires: String,
    /// The state.
    pub state: String,
    /// The file's name in the store.
    pub file: String,
}

/// A file that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Its name.
    pub file: String,
    /// The verdict's word.
    pub code: String,
    /// The reason, for people.
    pub message: String,
}

/// What came of a download link when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkReport {
    /// The address, without user and password.
    pub url: String,
    /// The verdict's word.
    pub code: String,
    /// The verdict, for people.
    pub message: String,
    /// RFC 3339, UTC.
    pub asked: String,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureReport {
    /// Yes or no.
    pub allowed: bool,
    /// Why.
    pub reason: String,
    /// The last day of what allows it (or did), or `never`.
    pub until: Option<String>,
}

/// What became of one file of `verify` or `import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileVerdict {
    /// The file as it was named.
    pub file: String,
    /// The verdict.
    #[serde(serialize_with = "code_word")]
    pub code: Code,
    /// The verdict in words, without the file's name.
    pub message: String,
    /// The pack of a genuine licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// The units that a genuine licence names, at most 16.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
}

impl FileVerdict {
    /// The verdict on a file that could not even be read.
    #[must_use]
    pub fn unread(file: &str, failure: Failure) -> Self {
        let Failure { code, message } = failure;
        Self { file: file.to_owned(), code, message, pack: None, units: Vec::new() }
    }
}

fn code_word<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

/// `{"schema":1,"files":[…]}`.
#[derive(Debug, Serialize)]
pub struct Files<'a> {
    schema: u32,
    files: &'a [FileVerdict],
}

impl<'a> Files<'a> {
    /// The answer of `verify` and `import`.
    #[must_use]
    pub fn new(files: &'a [FileVerdict]) -> Self {
        Self { schema: SCHEMA, files }
    }
}

/// `{"schema":1,"features":{…}}`.
#[derive(Debug, Serialize)]
struct Features<'a> {
    schema: u32,
    features: &'a BTreeMap<String, FeatureReport>,
}

/// What a report is made of.
pub(crate) struct Parts {
    pub(crate) unit_id: Option<String>,
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
            state: base.map_or_else(
                || ServiceState::None.as_str().into(),
                |service| service.state.clone(),
            ),
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

    /// The report that this JSON is; `None` for anything else.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The day that licences were judged at, which is not the clock's while that is not believed;
    /// `None` if nothing here has an end to count from.
    #[must_use]
    pub fn judged_on(&self) -> Option<Date> {
        self.services.iter().find_map(|service| {
            let last = Date::parse(service.expires.as_deref()?)?;
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
            status: verdict.state.status().as_str().into(),
            state: verdict.state.as_str().into(),
            expires: verdict.expires.map(|day| day.to_string()),
            days_left: verdict.days_left,
            pack: verdict.pack.as_ref().map(ToString::to_string),
        }
    }
}

impl From<FeatureVerdict> for FeatureReport {
    fn from(verdict: FeatureVerdict) -> Self {
        Self {
            allowed: verdict.reason.allows(),
            reason: verdict.reason.as_str().into(),
            until: verdict.until.map(|day| day.to_string()),
        }
    }
}

impl LicenseReport {
    pub(crate) fn new(terms: &Terms, state: LicenseState, file: String) -> Self {
        Self {
            pack: terms.pack.to_string(),
            serial: terms.serial.get(),
            product: terms.product.to_string(),
            category: terms.category.as_str().into(),
            order: terms.order.as_ref().map(ToString::to_string),
            term: terms.term.as_str().into(),
            issued: terms.issued.to_string(),
            starts: terms.starts.to_string(),
            expires: terms.expires.to_string(),
            state: state.as_str().into(),
            file,
        }
    }
}

/// One line of JSON, without line feed.
#[must_use]
pub fn to_json(value: &impl Serialize) -> String {
    // Strings, numbers and maps with string keys: nothing that could fail to be written.
    serde_json::to_string(value).unwrap_or_default()
}
