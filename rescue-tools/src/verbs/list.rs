//! `licctl list`

use std::cmp::Reverse;
use std::collections::BTreeSet;

use licd_device::{LicenseReport, Rejected, Report};
use licd_rules::{Code, LicenseState, titles};
use license_format::{Date, Expiry};
use serde::Serialize;

use crate::backend::Backend;
use crate::layout::{Cell, Page, Tone};
use crate::output::{Answer, Output, Verdict};
use crate::words::english;

/// The column headings.
const HEADING: [&str; 7] = ["PACK", "SERIAL", "PRODUCT", "TERM", "STARTS", "EXPIRES", "STATE"];
/// The maximum column widths. A longer pack or serial gets its own line.
const CAPS: [usize; 6] = [9, 6, 8, 12, 10, 10];
/// The column width of a verdict.
const CODE: [usize; 1] = [17];

#[derive(Serialize)]
struct List<'a> {
    schema: u32,
    licenses: &'a [LicenseReport],
    rejected: &'a [Rejected],
}

pub(crate) fn run(backend: &Backend, out: &mut Output) -> Answer {
    let report = backend.report()?;
    if out.is_json() {
        let (licenses, rejected) = (&report.licenses, &report.rejected);
        out.value(&List { schema: 1, licenses, rejected })?;
        return Ok(Verdict::Yes);
    }
    out.page(|page| lay_out(&report, page))?;
    Ok(Verdict::Yes)
}

pub(super) fn lay_out(report: &Report, page: &mut Page) {
    let today = report.judged_on();
    let mut licenses: Vec<_> = report.licenses.iter().collect();
    licenses.sort_by_key(|license| (license.pack.as_str(), Reverse(license.serial)));
    if licenses.is_empty() && report.rejected.is_empty() {
        page.row(&[], &["The store is empty.".into()]);
    }
    if !licenses.is_empty() {
        let rows = licenses.iter().map(|license| row(license, today));
        let rows: Vec<_> = std::iter::once(HEADING.map(Cell::from).into()).chain(rows).collect();
        page.table(&CAPS, &rows);
        page.gap();
        products(&licenses, page);
    }
    rejected(&report.rejected, page);
    if !licenses.is_empty() {
        page.gap();
        page.row(&[], &["To see a licence and its file: licctl show PACK".into()]);
    }
}

/// The row of a licence.
fn row(license: &LicenseReport, today: Option<Date>) -> Vec<Cell> {
    vec![
        license.pack.as_str().into(),
        license.serial.to_string().into(),
        license.product.as_str().into(),
        license.term.as_str().into(),
        license.starts.to_string().into(),
        license.expires.to_string().into(),
        Cell::new(state(license, today), tone(license.state)),
    ]
}

/// The state of a licence, or the days left while it is in force.
pub(super) fn state(license: &LicenseReport, today: Option<Date>) -> String {
    match (license.state, license.expires, today) {
        (LicenseState::Valid | LicenseState::Warning, Expiry::On(day), Some(today)) => {
            english::left(day.days_since(today))
        }
        (state, ..) => english::license(state).to_owned(),
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

/// Explains the product codes of these licences.
fn products(licenses: &[&LicenseReport], page: &mut Page) {
    let codes: BTreeSet<_> = licenses.iter().map(|license| license.product.as_str()).collect();
    let named = codes.into_iter().filter_map(|code| Some((code, titles::product(code)?)));
    for (code, name) in named {
        page.row(&[CAPS[2]], &[code.into(), name.into()]);
    }
}

/// Lists the rejected files, each with the reason and the cure.
fn rejected(files: &[Rejected], page: &mut Page) {
    if files.is_empty() {
        return;
    }
    page.gap();
    page.row(&[], &[format!("Not used: {}", english::count(files.len(), "file")).into()]);
    let mut files: Vec<_> = files.iter().collect();
    files.sort_by_key(|file| file.code.as_str());
    for Rejected { file, code, message } in files {
        let cure = match code {
            Code::WrongDevice => "; ask for a licence that names this device",
            _ => "",
        };
        let code = Cell::new(code.as_str(), Tone::Bad);
        page.row(&CODE, &[code, format!("{message}{cure}").into()]);
        page.text_at(CODE[0] + 2, file);
    }
}
