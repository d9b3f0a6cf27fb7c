//! `licctl status`

use licensing_words::{self as words, Line, Overview, Service, Surface, Tone, Words};

use crate::backend::Backend;
use crate::layout::{Cell, Page};
use crate::output::{Output, VerbResult, Verdict};

/// The column widths of a service's name and state.
const SERVICE: [usize; 2] = ["Enterprise Management Pack".len(), "UNLICENSED".len()];

pub(crate) fn run(backend: &Backend, out: &mut Output) -> VerbResult {
    if out.is_json() {
        out.line(format_args!("{}", backend.status_json()?))?;
        return Ok(Verdict::Yes);
    }
    let report = backend.status()?;
    // The plan is optional: the status is complete without it.
    let plan = backend.device().published_restart().ok().flatten();
    let plan = plan.as_ref().map(|plan| plan.plan.as_str());
    let words = words::of_user();
    let overview = Overview::of(&report, plan, words, Surface::CommandLine);
    out.page(|page| lay_out(&overview, words, page))?;
    Ok(Verdict::Yes)
}

/// Prints problems first, then services, other facts and the next steps.
pub(crate) fn lay_out(overview: &Overview, words: &dyn Words, page: &mut Page) {
    let Overview { wrong, services, well, next } = overview;
    let labels = [wrong, well, next].into_iter().flatten().filter_map(|line| line.label);
    let width = labels.map(|label| words.label(label).chars().count()).max().unwrap_or_default();
    let print = |lines: &[Line], tone: Tone, page: &mut Page| {
        page.gap();
        for Line { label, text } in lines {
            let label = label.map_or("", |label| words.label(label));
            page.row(&[width], &[Cell::new(label, tone), text.into()]);
        }
    };
    if !wrong.is_empty() {
        print(wrong, Tone::Bad, page);
    }
    page.gap();
    services.iter().for_each(|licensed| service(licensed, page));
    print(well, Tone::Plain, page);
    print(next, Tone::Plain, page);
}

fn service(Service { name, details, status, tone, lasts }: &Service, page: &mut Page) {
    page.row(&SERVICE, &[name.into(), Cell::new(status.as_str(), *tone), lasts.into()]);
    if !details.is_empty() {
        page.text_at(2, details.join(", "));
    }
}
