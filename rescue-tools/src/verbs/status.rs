//! `licctl status`

use std::iter;

use licd_device::{Rejected, Report, ServiceReport, StoreState};
use licd_rules::{ClockState, Code, ServiceState, ServiceStatus, titles};

use crate::backend::Backend;
use crate::layout::{Cell, Page, Tone};
use crate::next;
use crate::output::{Answer, Output, Verdict};
use crate::words::{self, Label, Level, Words};

/// The column widths of a service's name and state.
const SERVICE: [usize; 2] = ["Enterprise Management Pack".len(), "UNLICENSED".len()];

pub(crate) fn run(backend: &Backend, out: &mut Output) -> Answer {
    if out.is_json() {
        out.line(format_args!("{}", backend.status_json()?))?;
        return Ok(Verdict::Yes);
    }
    let report = backend.report()?;
    // The plan is optional: the status is complete without it.
    let plan = backend.device().published_restart().ok().flatten();
    let plan = plan.as_ref().map(|plan| plan.plan.as_str());
    out.page(|page| lay_out(&report, plan, words::of_user(), page))?;
    Ok(Verdict::Yes)
}

/// A line of the status; a line that continues the previous one has no label.
struct Line {
    label: Option<Label>,
    text: String,
    wrong: bool,
}

impl Line {
    fn new(label: Label, text: String, wrong: bool) -> Self {
        Self { label: Some(label), text, wrong }
    }
}

/// Prints problems first, then services, other facts and the next steps.
pub(super) fn lay_out(report: &Report, plan: Option<&str>, words: &dyn Words, page: &mut Page) {
    let (wrong, well): (Vec<_>, Vec<_>) = lines(report, plan, words).partition(|line| line.wrong);
    let labels = iter::once(Label::Next).map(Some).chain(iter::repeat(None));
    let next = next::steps(report).into_iter().zip(labels);
    let next: Vec<_> =
        next.map(|(step, label)| Line { label, text: words.next(&step), wrong: false }).collect();
    let labels = [&wrong, &well, &next].into_iter().flatten().filter_map(|line| line.label);
    let width = labels.map(|label| words.label(label).chars().count()).max().unwrap_or_default();
    let print = |lines: &[Line], page: &mut Page| {
        page.gap();
        for line in lines {
            let label = line.label.map_or("", |label| words.label(label));
            let tone = if line.wrong { Tone::Bad } else { Tone::Plain };
            page.row(&[width], &[Cell::new(label, tone), line.text.as_str().into()]);
        }
    };
    if !wrong.is_empty() {
        print(&wrong, page);
    }
    page.gap();
    next::base_first(report).for_each(|licensed| service(report, licensed, words, page));
    print(&well, page);
    print(&next, page);
}

fn lines<'a>(
    report: &'a Report,
    plan: Option<&str>,
    words: &'a dyn Words,
) -> impl Iterator<Item = Line> + use<'a> {
    let problems =
        report.problems.iter().map(|problem| Line::new(Label::Problem, problem.to_string(), true));
    let links = report.links.iter().map(|link| {
        let text = format!("{}: {}: {}", link.url, link.code, link.message);
        Line::new(Label::Link, text, next::level(link) == Level::Wrong)
    });
    let restart = report.restart_pending.then(|| words.restart(plan));
    device(report, words)
        .into_iter()
        .chain(problems)
        .chain(not_used(&report.rejected, words))
        .chain(links)
        .chain(restart.map(|text| Line::new(Label::Restart, text, false)))
}

/// The lines about the device itself.
fn device(report: &Report, words: &dyn Words) -> [Line; 5] {
    let unit = match &report.unit_id {
        Some(unit) => format!("{unit} ({})", words.unit(report.hardware.kind)),
        None => words.no_unit().to_owned(),
    };
    let serial = report.hardware.serial.as_deref().unwrap_or(words.unknown());
    let os = &report.os;
    let now = words::time(report.clock.now);
    let clock = words.clock(report.clock.state, &now, report.judged_on());
    let clock = match report.clock.state {
        ClockState::Unsynchronized => clock,
        ClockState::Ok | ClockState::Behind => format!("{now}, {clock}"),
    };
    let lost = matches!(report.store.state, StoreState::Missing | StoreState::Damaged);
    let store = match lost {
        true => words.store(report.store.state).to_owned(),
        false => format!(
            "{}; {}",
            words.store(report.store.state),
            words.licenses_held(report.store.licenses)
        ),
    };
    let system = words.system(os.generation, os.version.as_deref(), os.released);
    [
        Line::new(Label::UnitId, unit, report.unit_id.is_none()),
        Line::new(Label::Serial, serial.to_owned(), false),
        Line::new(Label::System, system, false),
        Line::new(Label::Clock, clock, report.clock.state == ClockState::Behind),
        Line::new(Label::Store, store, lost),
    ]
}

/// The rejected files of the store, grouped: one group for other devices, one for each other message.
/// File names come last.
fn not_used(rejected: &[Rejected], words: &dyn Words) -> Vec<Line> {
    let same = |a: &Rejected, b: &Rejected| {
        a.code == b.code && (a.code == Code::WrongDevice || a.message == b.message)
    };
    let mut lines = Vec::new();
    for (at, first) in rejected.iter().enumerate() {
        if rejected.iter().take(at).any(|earlier| same(earlier, first)) {
            continue;
        }
        let group = rejected.iter().filter(|file| same(file, first)).map(|file| file.file.as_str());
        let names: Vec<_> = group.collect();
        let text = match first.code {
            Code::WrongDevice => words.for_others(names.len()),
            code => format!("{code}: {}", first.message),
        };
        lines.push(Line::new(Label::NotUsed, text, true));
        lines.push(Line { label: None, text: names.join(", "), wrong: true });
    }
    lines
}

fn service(report: &Report, service: &ServiceReport, words: &dyn Words, page: &mut Page) {
    let code = service.service.as_str();
    let name = titles::service(code);
    let tone = match service.state {
        ServiceState::Warning | ServiceState::Grace => Tone::Caution,
        state => match state.status() {
            ServiceStatus::Licensed => Tone::Good,
            ServiceStatus::Unlicensed => Tone::Plain,
            ServiceStatus::Expired => Tone::Bad,
        },
    };
    let lasts = words.service(service.state, &next::span(report, service));
    let status = Cell::new(service.status.as_str(), tone);
    page.row(&SERVICE, &[name.unwrap_or(code).into(), status, lasts.into()]);
    let pack = service.pack.as_ref().map(|pack| words.of_pack(pack));
    let more: Vec<_> = name.map(|_| code.to_owned()).into_iter().chain(pack).collect();
    if !more.is_empty() {
        page.text_at(2, more.join(", "));
    }
}
