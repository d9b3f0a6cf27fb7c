//! The state of a device for people: what is wrong first, then its services, other facts and the
//! next steps.

use licd_device::{Problem, Rejected, Report, ServiceReport, StoreState};
use licd_fs::about::About as _;
use licd_rules::{ClockState, Code, ServiceState, ServiceStatus, titles};

use crate::next;
use crate::{Label, Level, Surface, Tone, Words, time};

/// The state of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Lines about what is wrong.
    pub wrong: Vec<Line>,
    /// The services, the Workspace Edition first.
    pub services: Vec<Service>,
    /// Lines about everything that is in order.
    pub well: Vec<Line>,
    /// The next steps, the most urgent first; at least one.
    pub next: Vec<Line>,
}

/// A labelled text; a line that continues the previous one has no label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its label.
    pub label: Option<Label>,
    /// Its text.
    pub text: String,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its title, or its code if it has none.
    pub name: String,
    /// Its code and its pack, unless they are in the name or missing.
    pub details: Vec<String>,
    /// The status that UMS shows.
    pub status: ServiceStatus,
    /// The severity of its state.
    pub tone: Tone,
    /// Its state, its last day and the days left.
    pub lasts: String,
}

impl Overview {
    /// The overview of a report. `plan` is the restart state that the daemon publishes.
    #[must_use]
    pub fn of(report: &Report, plan: Option<&str>, words: &dyn Words, surface: Surface) -> Self {
        let (wrong, well): (Vec<_>, Vec<_>) =
            lines(report, plan, words).partition(|(_, is_wrong)| *is_wrong);
        let line = |(line, _)| line;
        let labels = std::iter::once(Some(Label::Next)).chain(std::iter::repeat(None));
        let next = next::steps(report).into_iter().zip(labels);
        Self {
            wrong: wrong.into_iter().map(line).collect(),
            services: next::base_first(report).map(|one| service(report, one, words)).collect(),
            well: well.into_iter().map(line).collect(),
            next: next
                .map(|(step, label)| Line { label, text: words.next(&step, surface) })
                .collect(),
        }
    }
}

/// Files that a group of unused ones names: the state of the device is to stay on the screen.
const NAMED: usize = 6;

/// A line, and whether it says that something is wrong.
type Judged = (Line, bool);

fn judged(label: Label, text: String, wrong: bool) -> Judged {
    (Line { label: Some(label), text }, wrong)
}

fn lines<'a>(
    report: &'a Report,
    plan: Option<&str>,
    words: &'a dyn Words,
) -> impl Iterator<Item = Judged> + use<'a> {
    let problems = report.problems.iter().map(|one| {
        let wrong = next::problem_level(one) == Level::Wrong;
        judged(Label::Problem, problem(one, words), wrong)
    });
    let links = report.links.iter().map(|link| {
        let message = words.message(link.code, &link.message);
        let text = format!("{}: {}: {message}", link.url, link.code);
        judged(Label::Link, text, next::link_level(link) == Level::Wrong)
    });
    let restart = report.restart_pending.then(|| words.restart(plan));
    device(report, words)
        .into_iter()
        .chain(problems)
        .chain(not_used(report, words))
        .chain(links)
        .chain(restart.map(|text| judged(Label::Restart, text, false)))
}

/// A problem for people: its subject and its message.
#[must_use]
pub fn problem(problem: &Problem, words: &dyn Words) -> String {
    let subject = words.subject(&problem.subject());
    format!("{subject}: {}", words.problem(&problem.message()))
}

/// The lines about the device itself.
fn device(report: &Report, words: &dyn Words) -> [Judged; 5] {
    let unit = match &report.unit_id {
        Some(unit) => format!("{unit} ({})", words.unit(report.hardware.kind)),
        None => words.no_unit().to_owned(),
    };
    let serial = report.hardware.serial.as_deref().unwrap_or(words.unknown());
    let os = &report.os;
    let now = time(report.clock.now);
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
        judged(Label::UnitId, unit, report.unit_id.is_none()),
        judged(Label::Serial, serial.to_owned(), false),
        judged(Label::System, system, false),
        judged(Label::Clock, clock, report.clock.state == ClockState::Behind),
        judged(Label::Store, store, lost),
    ]
}

/// The rejected files of the store, grouped: one group for other devices, one for each other message.
/// File names come last.
fn not_used(report: &Report, words: &dyn Words) -> Vec<Judged> {
    let rejected = &report.rejected;
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
            code => format!("{code}: {}", words.message(code, &first.message)),
        };
        let wrong = next::file_level(first, report) == Level::Wrong;
        lines.push(judged(Label::NotUsed, text, wrong));
        let (shown, others) = names.split_at(names.len().min(NAMED));
        let others = (!others.is_empty()).then(|| words.others(others.len()));
        let names = shown.iter().map(ToString::to_string).chain(others).collect::<Vec<_>>();
        lines.push((Line { label: None, text: names.join(", ") }, wrong));
    }
    lines
}

fn service(report: &Report, service: &ServiceReport, words: &dyn Words) -> Service {
    let code = service.service.as_str();
    let title = titles::service(code);
    let tone = match service.state {
        ServiceState::Warning | ServiceState::Grace => Tone::Caution,
        state => match state.status() {
            ServiceStatus::Licensed => Tone::Good,
            ServiceStatus::Unlicensed => Tone::Plain,
            ServiceStatus::Expired => Tone::Bad,
        },
    };
    let pack = service.pack.as_ref().map(|pack| words.of_pack(pack));
    Service {
        name: title.unwrap_or(code).to_owned(),
        details: title.map(|_| code.to_owned()).into_iter().chain(pack).collect(),
        status: service.status,
        tone,
        lasts: words.service(service.state, &next::span(report, service)),
    }
}
