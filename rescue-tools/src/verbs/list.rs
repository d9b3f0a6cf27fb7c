//! `licctl list`

use licd_device::{LicenseReport, Rejected};
use serde::Serialize;

use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

#[derive(Serialize)]
struct List<'a> {
    schema: u32,
    licenses: &'a [LicenseReport],
    rejected: &'a [Rejected],
}

pub(crate) fn run(desk: &Desk, out: &mut Out) -> Answer {
    let report = desk.report()?;
    if out.is_json() {
        let (licenses, rejected) = (&report.licenses, &report.rejected);
        out.value(&List { schema: 1, licenses, rejected })?;
        return Ok(Verdict::Yes);
    }
    if report.licenses.is_empty() && report.rejected.is_empty() {
        out.line(format_args!("The store is empty."))?;
    }
    for license in &report.licenses {
        out.line(format_args!("{}", line(license)))?;
    }
    for file in &report.rejected {
        out.line(format_args!("{}: {}: {}", file.file, file.code, file.message))?;
    }
    Ok(Verdict::Yes)
}

/// One licence on one line.
pub(crate) fn line(license: &LicenseReport) -> String {
    format!(
        "{}: {} serial {}, {} {}, {} to {}: {}",
        license.file,
        license.pack,
        license.serial,
        license.product,
        license.term,
        license.starts,
        license.expires,
        license.state
    )
}
