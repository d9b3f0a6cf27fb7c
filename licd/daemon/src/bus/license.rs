//! `com.igel.License1.License`: one licence of this device.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use licd_device::{LicenseReport, Report};
use zbus::{Variant, interface};

use super::PATH;

/// A licence as an object. Its content is shared with the outbox, which alone changes it.
#[derive(Clone)]
pub(super) struct License(Arc<RwLock<LicenseReport>>);

impl License {
    /// The object of a licence.
    pub(super) fn new(report: &LicenseReport) -> Self {
        Self(Arc::new(RwLock::new(report.clone())))
    }

    /// What it shows now.
    pub(super) fn report(&self) -> LicenseReport {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows something else from now on.
    pub(super) fn show(&self, report: &LicenseReport) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = report.clone();
    }
}

/// The properties of a licence.
pub(super) fn properties(report: &LicenseReport) -> [(&'static str, Variant<'_>); 11] {
    [
        ("Pack", report.pack.as_str().into()),
        ("Serial", report.serial.into()),
        ("Product", report.product.as_str().into()),
        ("Category", report.category.as_str().into()),
        ("Order", report.order.as_deref().unwrap_or_default().into()),
        ("Term", report.term.as_str().into()),
        ("Issued", report.issued.as_str().into()),
        ("Starts", report.starts.as_str().into()),
        ("Expires", report.expires.as_str().into()),
        ("State", report.state.as_str().into()),
        ("File", report.file.as_str().into()),
    ]
}

/// The path of every licence of a report: `PACK_SERIAL`, and a number behind it where two files
/// would share that.
pub(super) fn paths(report: &Report) -> BTreeMap<String, &LicenseReport> {
    let mut paths = BTreeMap::new();
    for license in &report.licenses {
        let name = format!("{PATH}/license/{}_{}", license.pack.replace('-', "_"), license.serial);
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
        self.report().pack
    }

    #[zbus(property)]
    fn serial(&self) -> u64 {
        self.report().serial
    }

    #[zbus(property)]
    fn product(&self) -> String {
        self.report().product
    }

    #[zbus(property)]
    fn category(&self) -> String {
        self.report().category
    }

    #[zbus(property)]
    fn order(&self) -> String {
        self.report().order.unwrap_or_default()
    }

    #[zbus(property)]
    fn term(&self) -> String {
        self.report().term
    }

    #[zbus(property)]
    fn issued(&self) -> String {
        self.report().issued
    }

    #[zbus(property)]
    fn starts(&self) -> String {
        self.report().starts
    }

    #[zbus(property)]
    fn expires(&self) -> String {
        self.report().expires
    }

    #[zbus(property)]
    fn state(&self) -> String {
        self.report().state
    }

    #[zbus(property)]
    fn file(&self) -> String {
        self.report().file
    }
}
