//! `licctl show`

use std::fs::File;
use std::path::Path;

use licd_device::{Device, Failure, FileVerdict, LicenseReport};
use licd_rules::{License, titles};
use license_format::{Date, PackId};
use licensing_words::english::count;
use licensing_words::{self as words, English};
use serde::Serialize;

use super::source;
use crate::backend::Backend;
use crate::document::Document;
use crate::output::{Output, VerbResult, Verdict};

/// A file, its verdict and its content.
#[derive(Serialize)]
struct Shown<'a> {
    schema: u32,
    #[serde(flatten)]
    verdict: &'a FileVerdict,
    license: Option<Details>,
}

/// The fields of a licence that the verdict does not hold.
#[derive(Serialize)]
struct Details {
    serial: u64,
    product: String,
    term: &'static str,
    category: &'static str,
    subscription_key: Option<String>,
    order: Option<String>,
    supersedes: Vec<String>,
    services: Vec<String>,
    issued: String,
    starts: String,
    expires: String,
    grace_days: u8,
    warn_days: u8,
    roster_complete: bool,
}

#[derive(Serialize)]
struct Pack<'a> {
    schema: u32,
    licenses: Vec<&'a LicenseReport>,
}

/// A label and its value.
type Fact = (&'static str, String);

pub(crate) fn run(backend: &Backend, what: &str, out: &mut Output) -> VerbResult {
    match PackId::parse(&what.to_ascii_uppercase()).filter(|_| !Path::new(what).exists()) {
        Some(pack) => show_pack(backend, &pack, out),
        None => show_file(backend, what, out),
    }
}

fn show_pack(backend: &Backend, pack: &PackId, out: &mut Output) -> VerbResult {
    let report = backend.report()?;
    let licenses: Vec<_> = report.licenses.iter().filter(|l| l.pack == *pack).collect();
    let found = Verdict::of(!licenses.is_empty());
    let found = if licenses.is_empty() { backend.certain(found)? } else { found };
    if out.is_json() {
        out.value(&Pack { schema: 1, licenses })?;
        return Ok(found);
    }
    if licenses.is_empty() {
        out.line(format_args!("{pack}: the store has no licence of this pack for this device"))?;
    }
    out.page(|page| {
        for license in licenses {
            page.gap();
            page.facts(&facts_of_installed(license, report.judged_on()));
        }
    })?;
    Ok(found)
}

fn show_file(backend: &Backend, what: &str, out: &mut Output) -> VerbResult {
    let name = source::name(Path::new(what));
    let (verdict, genuine) = backend.check(Document::opened(name, open(backend, what)));
    let license = genuine.as_ref().map(|genuine| &genuine.license);
    if out.is_json() {
        out.value(&Shown { schema: 1, verdict: &verdict, license: license.map(Details::of) })?;
    } else {
        out.page(|page| page.facts(&facts(&verdict, license)))?;
    }
    Ok(Verdict::Code(verdict.code))
}

/// Opens the file, or the file with that name in the store.
fn open(backend: &Backend, what: &str) -> Result<File, Failure> {
    let path = Path::new(what);
    if path.exists() || what.contains('/') || what == "-" {
        return source::open(path);
    }
    Device::open(&backend.device().root().path("/license/dsa/licenses").join(what))
}

impl Details {
    fn of(license: &License) -> Self {
        Self {
            serial: license.serial.get(),
            product: license.product.to_string(),
            term: license.term.as_str(),
            category: license.category.as_str(),
            subscription_key: license.subscription_key.as_ref().map(ToString::to_string),
            order: license.order.as_ref().map(ToString::to_string),
            supersedes: license.supersedes.iter().map(ToString::to_string).collect(),
            services: license.services.iter().map(ToString::to_string).collect(),
            issued: license.issued.to_string(),
            starts: license.starts.to_string(),
            expires: license.expires.to_string(),
            grace_days: license.grace_days,
            warn_days: license.warn_days,
            roster_complete: license.roster_complete,
        }
    }
}

/// The facts about an installed licence in the report.
fn facts_of_installed(license: &LicenseReport, today: Option<Date>) -> Vec<Fact> {
    vec![
        ("State:", words::state(license, today, &English)),
        ("Pack:", format!("{}, serial {}", license.pack, license.serial)),
        ("Product:", product(license.product.as_str())),
        ("Term:", license.term.to_string()),
        ("Category:", license.category.to_string()),
        ("Order:", license.order.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("Issued:", words::time(license.issued)),
        ("Starts:", license.starts.to_string()),
        ("Expires:", license.expires.to_string()),
        ("File:", license.file.to_string()),
    ]
}

/// The facts about a file, including its content if it is a genuine licence.
fn facts(verdict: &FileVerdict, license: Option<&License>) -> Vec<Fact> {
    let mut facts = vec![("Verdict:", format!("{}: {}", verdict.code, verdict.message))];
    if let Some(license) = license {
        facts.extend(of_license(license));
        let units: Vec<_> = verdict.units.iter().map(ToString::to_string).collect();
        facts.push(("Units:", units.join(", ")));
    }
    facts.push(("File:", verdict.file.clone()));
    facts
}

fn of_license(license: &License) -> Vec<Fact> {
    let optional = |value: Option<String>| value.unwrap_or_default();
    let supersedes: Vec<_> = license.supersedes.iter().map(PackId::as_str).collect();
    let mut facts = vec![
        ("Pack:", format!("{}, serial {}", license.pack, license.serial)),
        ("Product:", product(license.product.as_str())),
        ("Term:", license.term.to_string()),
        ("Category:", license.category.to_string()),
        ("Subscription key:", optional(license.subscription_key.as_ref().map(|k| k.to_string()))),
        ("Order:", optional(license.order.as_ref().map(|order| order.to_string()))),
        ("Supersedes:", supersedes.join(", ")),
    ];
    for (at, code) in license.services.iter().enumerate() {
        let label = if at == 0 { "Services:" } else { "" };
        facts.push((label, named(code.as_str(), titles::service)));
    }
    facts.extend([
        ("Issued:", words::time(license.issued)),
        ("Starts:", license.starts.to_string()),
        ("Expires:", license.expires.to_string()),
        ("Grace:", count(license.grace_days.into(), "day")),
        ("Warning:", format!("{} before the end", count(license.warn_days.into(), "day"))),
        ("Complete roster:", if license.roster_complete { "yes" } else { "no" }.to_owned()),
    ]);
    facts
}

fn product(code: &str) -> String {
    named(code, titles::product)
}

/// A code with its product or service name.
fn named(code: &str, name: fn(&str) -> Option<&'static str>) -> String {
    name(code).map_or_else(|| code.to_owned(), |name| format!("{name} ({code})"))
}
