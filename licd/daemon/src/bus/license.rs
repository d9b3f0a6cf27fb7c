//! `com.igel.License1.License`: one licence of this device.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{PoisonError, RwLock};

use licd_device::LicenseReport;
use license_format::OrderNumber;
use zbus::{Variant, interface};

use super::PATH;

/// A licence as an object.
pub(super) struct License(RwLock<LicenseReport>);

impl License {
    /// The object of a licence.
    pub(super) fn new(report: LicenseReport) -> Self {
        Self(RwLock::new(report))
    }

    /// What it shows now.
    pub(super) fn report(&self) -> LicenseReport {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows another report from now on, and returns the one before. For the announcer alone.
    pub(super) fn show(&self, report: LicenseReport) -> LicenseReport {
        mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), report)
    }
}

/// The properties of a licence.
pub(super) fn properties(report: &LicenseReport) -> [(&'static str, Variant<'_>); 11] {
    [
        ("Pack", report.pack.as_str().into()),
        ("Serial", report.serial.get().into()),
        ("Product", report.product.as_str().into()),
        ("Category", report.category.as_str().into()),
        ("Order", report.order.as_ref().map_or("", OrderNumber::as_str).into()),
        ("Term", report.term.as_str().into()),
        ("Issued", report.issued.to_string().into()),
        ("Starts", report.starts.to_string().into()),
        ("Expires", report.expires.to_string().into()),
        ("State", report.state.as_str().into()),
        ("File", report.file.as_str().into()),
    ]
}

/// The path of every one of these licences: `PACK_SERIAL`, with a number appended where two files would
/// share it.
pub(super) fn paths<'a>(
    licenses: impl IntoIterator<Item = &'a LicenseReport>,
) -> BTreeMap<String, &'a LicenseReport> {
    let mut paths = BTreeMap::new();
    for license in licenses {
        let name = format!(
            "{PATH}/license/{}_{}",
            license.pack.as_str().replace('-', "_"),
            license.serial
        );
        let mut path = name.clone();
        let mut number = 1;
        while paths.contains_key(&path) {
            number += 1;
            path = format!("{name}_{number}");
        }
        paths.insert(path, license);
    }
    paths
}

#[interface(name = "com.igel.License1.License", introspection_docs = false)]
impl License {
    #[zbus(property)]
    fn pack(&self) -> String {
        self.report().pack.to_string()
    }

    #[zbus(property)]
    fn serial(&self) -> u64 {
        self.report().serial.get()
    }

    #[zbus(property)]
    fn product(&self) -> String {
        self.report().product.to_string()
    }

    #[zbus(property)]
    fn category(&self) -> String {
        self.report().category.to_string()
    }

    #[zbus(property)]
    fn order(&self) -> String {
        self.report().order.map(|order| order.to_string()).unwrap_or_default()
    }

    #[zbus(property)]
    fn term(&self) -> String {
        self.report().term.to_string()
    }

    #[zbus(property)]
    fn issued(&self) -> String {
        self.report().issued.to_string()
    }

    #[zbus(property)]
    fn starts(&self) -> String {
        self.report().starts.to_string()
    }

    #[zbus(property)]
    fn expires(&self) -> String {
        self.report().expires.to_string()
    }

    #[zbus(property)]
    fn state(&self) -> String {
        self.report().state.to_string()
    }

    #[zbus(property)]
    fn file(&self) -> String {
        self.report().file
    }
}
