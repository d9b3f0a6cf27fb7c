//! `licctl features`

use licd_device::{FeatureReport, Report};
use licd_rules::{Feature, Generation};

use crate::backend::Backend;
use crate::layout::{Cell, Page, Tone};
use crate::output::{Answer, Output, Verdict};
use crate::words::english;

/// The column widths of name and answer.
const CAPS: [usize; 2] = [20, 7];

pub(crate) fn run(backend: &Backend, out: &mut Output) -> Answer {
    let report = backend.report()?;
    if out.is_json() {
        out.value(&report.features_only())?;
        return Ok(Verdict::Yes);
    }
    out.page(|page| lay_out(&report, page))?;
    Ok(Verdict::Yes)
}

/// Prints refused features first; each group is sorted by name.
pub(super) fn lay_out(report: &Report, page: &mut Page) {
    let heading = ["FEATURE", "ALLOWED", "WHY"].map(Cell::from);
    let mut features: Vec<_> = report.features.iter().collect();
    features.sort_by_key(|(_, answer)| answer.allowed);
    let row = |(name, answer): (&String, &FeatureReport)| {
        let (word, tone) = match answer.allowed {
            true => ("yes", Tone::Good),
            false => ("no", Tone::Bad),
        };
        let why = why(Feature::named(name), report.os.generation, answer);
        vec![name.into(), Cell::new(word, tone), why.into()]
    };
    let rows = features.into_iter().map(row);
    page.table(&CAPS, &std::iter::once(heading.into()).chain(rows).collect::<Vec<_>>());
}

/// Why a feature is or is not allowed; a daemon of another version may have features of its own.
pub(super) fn why(
    feature: Option<&Feature>,
    generation: Generation,
    answer: &FeatureReport,
) -> String {
    let services = feature.into_iter().flat_map(|feature| feature.services(generation));
    english::reason(answer.reason, answer.until, services)
}
