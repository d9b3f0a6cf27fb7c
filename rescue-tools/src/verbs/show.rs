//! `licctl show`

use std::path::{Path, PathBuf};

use licd_device::{FileVerdict, LicenseReport};
use license_format::{License, PackId};
use serde::Serialize;

use super::{list, source};
use crate::desk::{Desk, Document};
use crate::out::{Answer, Out, Verdict};

/// A file with everything it says.
#[derive(Serialize)]
struct Shown<'a> {
    schema: u32,
    #[serde(flatten)]
    verdict: &'a FileVerdict,
    license: Option<Details>,
}

/// What a licence says beyond what the status report has of it.
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

pub(crate) fn run(desk: &Desk, what: &str, out: &mut Out) -> Answer {
    match PackId::parse(what).filter(|_| !Path::new(what).exists()) {
        Some(pack) => show_pack(desk, &pack, out),
        None => show_file(desk, what, out),
    }
}

fn show_pack(desk: &Desk, pack: &PackId, out: &mut Out) -> Answer {
    let report = desk.report()?;
    let licenses: Vec<_> = report.licenses.iter().filter(|l| l.pack == *pack).collect();
    let found = Verdict::of(!licenses.is_empty());
    if out.is_json() {
        out.value(&Pack { schema: 1, licenses })?;
        return Ok(found);
    }
    if licenses.is_empty() {
        out.line(format_args!("{pack}: the store has no licence of this pack for this device"))?;
    }
    for license in licenses {
        out.line(format_args!("{}", list::line(license)))?;
    }
    Ok(found)
}

fn show_file(desk: &Desk, what: &str, out: &mut Out) -> Answer {
    let path = locate(desk, what);
    let name = source::name(Path::new(what));
    let (verdict, verified) = desk.check(Document { name, file: source::open(&path) });
    let license = verified.as_ref().map(|verified| Details::of(&verified.license));
    if out.is_json() {
        out.value(&Shown { schema: 1, verdict: &verdict, license })?;
    } else {
        source::print(std::slice::from_ref(&verdict), out)?;
        if let Some(details) = license {
            print(&verdict, &details, out)?;
        }
    }
    Ok(Verdict::Code(verdict.code))
}

/// The file itself, or the one of that name in the store.
fn locate(desk: &Desk, what: &str) -> PathBuf {
    let path = PathBuf::from(what);
    if path.exists() || what.contains('/') || what == "-" {
        return path;
    }
    desk.device().root().path("/license/dsa/licenses").join(what)
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

fn print(
    verdict: &FileVerdict,
    details: &Details,
    out: &mut Out,
) -> Result<(), licd_device::Failure> {
    let mut row = |key: &str, value: &str| match value {
        "" => Ok(()),
        value => out.line(format_args!("  {key:<17} {value}")),
    };
    row("pack", verdict.pack.as_ref().map_or("", PackId::as_str))?;
    row("serial", &details.serial.to_string())?;
    row("product", &details.product)?;
    row("term", details.term)?;
    row("category", details.category)?;
    row("subscription key", details.subscription_key.as_deref().unwrap_or_default())?;
    row("order", details.order.as_deref().unwrap_or_default())?;
    row("supersedes", &details.supersedes.join(", "))?;
    row("services", &details.services.join(", "))?;
    row("issued", &details.issued)?;
    row("starts", &details.starts)?;
    row("expires", &details.expires)?;
    row("grace days", &details.grace_days.to_string())?;
    row("warn days", &details.warn_days.to_string())?;
    row("complete roster", if details.roster_complete { "yes" } else { "no" })?;
    let units: Vec<_> = verdict.units.iter().map(ToString::to_string).collect();
    row("units", &units.join(", "))
}
