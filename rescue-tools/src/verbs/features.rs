//! `licctl features`

use licd_device::Report;
use licensing_words::{self as words, Column, Feature, Words};

use crate::backend::Backend;
use crate::layout::{Cell, Page};
use crate::output::{Output, VerbResult, Verdict};

/// The column widths of name and answer.
const CAPS: [usize; 2] = [20, 7];
/// The column headings.
const HEADING: [Column; 3] = [Column::Feature, Column::Allowed, Column::Why];

pub(crate) fn run(backend: &Backend, out: &mut Output) -> VerbResult {
    let mut report = backend.report()?;
    if backend.missing().is_some() {
        // A licence that cannot be read may allow the others.
        report.features.retain(|_, answer| answer.allowed);
    }
    if out.is_json() {
        out.value(&report.features_only())?;
        return Ok(Verdict::Yes);
    }
    out.page(|page| lay_out(&report, words::of_user(), page))?;
    Ok(Verdict::Yes)
}

/// Prints each feature with its code, which commands and administrators use.
pub(super) fn lay_out(report: &Report, words: &dyn Words, page: &mut Page) {
    let heading = HEADING.map(|column| Cell::from(words.column(column)));
    let row = |feature: Feature<'_>| {
        let answer = Cell::new(words.allowed(feature.allowed), feature.tone);
        vec![feature.code.into(), answer, with_code(&feature.why, feature.reason).into()]
    };
    let rows = words::features(report, words).into_iter().map(row);
    page.table(&CAPS, &std::iter::once(heading.into()).chain(rows).collect::<Vec<_>>());
}

/// A reason, followed by its JSON code.
pub(super) fn with_code(why: &str, reason: licd_rules::Reason) -> String {
    format!("{why} ({reason})")
}
