//! The features, the licences and the refused files of a device for people.

use licd_device::{FeatureReport, LicenseReport, Report};
use licd_rules::{Code, Generation, LicenseState, Reason, sort_by, titles};
use license_format::{Date, Expiry};

use crate::{Tone, Words};

/// A feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature<'a> {
    /// Its code.
    pub code: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether it is allowed.
    pub allowed: bool,
    /// The severity of that.
    pub tone: Tone,
    /// Why it is allowed or not.
    pub why: String,
    /// The code of that.
    pub reason: Reason,
}

/// A licence.
#[derive(Debug, Clone, PartialEq)]
pub struct License<'a> {
    /// Its facts.
    pub report: &'a LicenseReport,
    /// The title of its product.
    pub product: Option<&'static str>,
    /// Its state, or the days left while it is in force.
    pub state: String,
    /// The severity of that.
    pub tone: Tone,
}

/// A file that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// Its name.
    pub file: &'a str,
    /// The verdict.
    pub code: Code,
    /// The reason and the cure.
    pub message: String,
}

/// The features, those that are not allowed first; each group is sorted by code.
#[must_use]
pub fn features<'a>(report: &'a Report, words: &dyn Words) -> Vec<Feature<'a>> {
    let feature = |(code, answer): (&'a String, &FeatureReport)| Feature {
        code,
        name: words.feature(code),
        allowed: answer.allowed,
        tone: if answer.allowed { Tone::Good } else { Tone::Bad },
        why: why(report.os.generation, code, answer, words),
        reason: answer.reason,
    };
    let mut features: Vec<_> = report.features.iter().map(feature).collect();
    sort_by(&mut features, |a, b| a.allowed.cmp(&b.allowed));
    features
}

/// Why a feature is or is not allowed on a system of this generation.
#[must_use]
pub fn why(
    generation: Generation,
    code: &str,
    answer: &FeatureReport,
    words: &dyn Words,
) -> String {
    let feature = licd_rules::Feature::named(code).into_iter();
    let services: Vec<_> = feature.flat_map(|feature| feature.services(generation)).collect();
    words.reason(answer.reason, answer.until, &services)
}

/// The licences by pack, the newest issue of each first.
#[must_use]
pub fn licenses<'a>(report: &'a Report, words: &dyn Words) -> Vec<License<'a>> {
    let today = report.judged_on();
    let mut licenses: Vec<_> = report.licenses.iter().collect();
    sort_by(&mut licenses, |a, b| (a.pack.as_str(), b.serial).cmp(&(b.pack.as_str(), a.serial)));
    let license = |report: &'a LicenseReport| License {
        report,
        product: titles::product(report.product.as_str()),
        state: state(report, today, words),
        tone: tone(report.state),
    };
    licenses.into_iter().map(license).collect()
}

/// The state of a licence, or the days left while it is in force.
#[must_use]
pub fn state(license: &LicenseReport, today: Option<Date>, words: &dyn Words) -> String {
    match (license.state, license.expires, today) {
        (LicenseState::Valid | LicenseState::Warning, Expiry::On(day), Some(today)) => {
            words.left(day.days_since(today))
        }
        (state, ..) => words.license_state(state).to_owned(),
    }
}

fn tone(state: LicenseState) -> Tone {
    match state {
        LicenseState::Valid => Tone::Good,
        LicenseState::Warning | LicenseState::Grace => Tone::Caution,
        LicenseState::Expired => Tone::Bad,
        LicenseState::Pending | LicenseState::Superseded | LicenseState::Withdrawn => Tone::Plain,
    }
}

/// The files that are not used, by verdict.
#[must_use]
pub fn refusals<'a>(report: &'a Report, words: &dyn Words) -> Vec<Refusal<'a>> {
    let mut files: Vec<_> = report.rejected.iter().collect();
    sort_by(&mut files, |a, b| a.code.as_str().cmp(b.code.as_str()));
    let refusal = |file: &'a licd_device::Rejected| {
        let cure = match file.code {
            Code::WrongDevice => words.foreign_cure(),
            _ => "",
        };
        Refusal {
            file: &file.file,
            code: file.code,
            message: words.message(file.code, &file.message) + cure,
        }
    };
    files.into_iter().map(refusal).collect()
}
