//! `licctl list`

use std::collections::BTreeMap;

use licd_device::{LicenseReport, Rejected, Report};
use licensing_words::{self as words, Caption, Column, License, Named, Refusal, Tone, Words};
use serde::Serialize;

use crate::backend::Backend;
use crate::layout::{Cell, Page};
use crate::output::{Output, VerbResult, Verdict};

/// The column headings.
const HEADING: [Column; 7] = [
    Column::Pack,
    Column::Serial,
    Column::Product,
    Column::Term,
    Column::Starts,
    Column::Expires,
    Column::State,
];
/// The maximum column widths. A longer pack or serial gets its own line.
const CAPS: [usize; 6] = [9, 7, 8, 12, 10, 10];
/// The column width of a verdict.
const CODE: [usize; 1] = [17];

#[derive(Serialize)]
struct List<'a> {
    schema: u32,
    licenses: &'a [LicenseReport],
    rejected: &'a [Rejected],
}

pub(crate) fn run(backend: &Backend, out: &mut Output) -> VerbResult {
    let report = backend.report()?;
    if out.is_json() {
        let (licenses, rejected) = (&report.licenses, &report.rejected);
        out.value(&List { schema: 1, licenses, rejected })?;
        return Ok(Verdict::Yes);
    }
    out.page(|page| lay_out(&report, words::of_user(), page))?;
    Ok(Verdict::Yes)
}

pub(super) fn lay_out(report: &Report, words: &dyn Words, page: &mut Page) {
    let licenses = words::licenses(report, words);
    let refusals = words::refusals(report, words);
    if licenses.is_empty() && refusals.is_empty() {
        page.row(&[], &[words.caption(Caption::StoreEmpty).into()]);
    }
    if !licenses.is_empty() {
        let heading = HEADING.map(|column| Cell::from(words.column(column))).into();
        let rows = licenses.iter().map(|license| row(license, words));
        page.table(&CAPS, &std::iter::once(heading).chain(rows).collect::<Vec<_>>());
        page.gap();
        products(&licenses, page);
    }
    not_used(&refusals, words, page);
    if !licenses.is_empty() {
        page.gap();
        page.row(&[], &[words.caption(Caption::ShowHint).into()]);
    }
}

/// The row of a licence.
fn row(License { report, state, tone, .. }: &License<'_>, words: &dyn Words) -> Vec<Cell> {
    vec![
        report.pack.as_str().into(),
        report.serial.to_string().into(),
        report.product.as_str().into(),
        words.term(report.term).into(),
        report.starts.to_string().into(),
        words.named(Named::LastDay(report.expires)).into(),
        Cell::new(state, *tone),
    ]
}

/// Explains the product codes of these licences.
fn products(licenses: &[License<'_>], page: &mut Page) {
    let titled =
        licenses.iter().filter_map(|one| Some((one.report.product.as_str(), one.product?)));
    for (code, title) in titled.collect::<BTreeMap<_, _>>() {
        page.row(&[CAPS[2]], &[code.into(), title.into()]);
    }
}

/// Lists the refused files, each with the reason and the cure.
fn not_used(refusals: &[Refusal<'_>], words: &dyn Words, page: &mut Page) {
    if refusals.is_empty() {
        return;
    }
    page.gap();
    page.row(&[], &[words.not_used(refusals.len()).into()]);
    for Refusal { file, code, message } in refusals {
        page.row(&CODE, &[Cell::new(code.as_str(), Tone::Bad), message.into()]);
        page.text_at(CODE[0] + 2, file);
    }
}
