//! `licctl doctor`

use licd_device::{Failure, LinkReport, Problem, Report, StoreState};
use licd_rules::{ClockState, sort_by};
use licensing_words::{self as words, Caption, Check, English, Level, Tone, Words};
use serde::Serialize;

use crate::backend::Backend;
use crate::layout::{Cell, Page};
use crate::output::{Output, VerbResult, Verdict};

/// The column widths of level and check.
const CAPS: [usize; 2] = [8, 12];

/// How a file of the store is deleted by hand.
const DELETE: [&str; 3] = [
    "  mount -o remount,rw /license",
    "  rm /license/dsa/licenses/FILE",
    "  mount -o remount,ro /license",
];

/// The result of a check.
#[derive(Debug)]
pub(super) struct Finding {
    check: Check,
    level: Level,
    message: String,
}

impl Finding {
    fn new(check: Check, level: Level, message: impl Into<String>) -> Self {
        Self { check, level, message: message.into() }
    }
}

#[derive(Serialize)]
struct Findings<'a> {
    schema: u32,
    checks: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    check: &'static str,
    level: Level,
    ok: bool,
    message: &'a str,
}

pub(crate) fn run(backend: &Backend, out: &mut Output) -> VerbResult {
    let words: &dyn Words = if out.is_json() { &English } else { words::of_user() };
    let mut findings = match backend.report() {
        Ok(report) => look(backend, &report, words, out),
        Err(failure) => unlooked(backend, failure, words)?,
    };
    if out.is_json() {
        out.value(&Findings { schema: 1, checks: findings.iter().map(entry).collect() })?;
    } else {
        out.page(|page| lay_out(&mut findings, words::of_user(), page))?;
    }
    Ok(Verdict::of(findings.iter().all(|finding| finding.level != Level::Wrong)))
}

/// Looks at the device.
fn look(backend: &Backend, report: &Report, words: &dyn Words, out: &Output) -> Vec<Finding> {
    let now = report.clock.now;
    let now = if out.is_json() { now.to_string() } else { words::time(now) };
    let mut findings = examine(report, words, &now);
    if backend.missing().is_some() {
        // A licence that cannot be read may be in force.
        findings.retain(|one| one.check != Check::License || one.level != Level::Wrong);
    }
    let ca_file =
        backend.settings().ok().and_then(|known| backend.device().ca_file_problem(&known));
    findings.extend(ca_file.map(|message| Finding::new(Check::Network, Level::Wrong, message)));
    findings
}

/// The findings about a device that could not be looked at: the reasons alone.
fn unlooked(
    backend: &Backend,
    failure: Failure,
    words: &dyn Words,
) -> Result<Vec<Finding>, Failure> {
    let missing = backend.missing().ok_or(failure)?;
    Ok(missing.problems().map(|one| system(&one, words)).collect())
}

fn system(problem: &Problem, words: &dyn Words) -> Finding {
    Finding::new(Check::System, words::problem_level(problem), words::problem(problem, words))
}

fn entry(finding: &Finding) -> Entry<'_> {
    let Finding { check, level, message } = finding;
    Entry { check: English.check(*check), level: *level, ok: *level == Level::Ok, message }
}

/// Prints findings, the most severe first, a summary, and how a file goes that only a person may delete.
pub(super) fn lay_out(findings: &mut [Finding], words: &dyn Words, page: &mut Page) {
    sort_by(findings, |a, b| a.level.cmp(&b.level));
    let row = |finding: &Finding| {
        let tone = match finding.level {
            Level::Ok => Tone::Good,
            Level::Note => Tone::Caution,
            Level::Wrong => Tone::Bad,
        };
        let level = Cell::new(words.level(finding.level), tone);
        vec![level, words.check(finding.check).into(), finding.message.as_str().into()]
    };
    page.table(&CAPS, &findings.iter().map(row).collect::<Vec<_>>());
    page.gap();
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    page.row(&[], &[words.summary(count(Level::Wrong), count(Level::Note)).into()]);
    if findings.iter().any(|finding| finding.check == Check::File) {
        page.gap();
        page.exact(words.caption(Caption::DeleteHint));
        DELETE.iter().for_each(|command| page.exact(command));
    }
}

pub(super) fn examine(report: &Report, words: &dyn Words, now: &str) -> Vec<Finding> {
    let mut findings = vec![
        unit(report, words),
        clock(report, words, now),
        store(report, words),
        license(report, words),
    ];
    findings.extend(report.rejected.iter().map(|file| {
        let message = words.message(file.code, &file.message);
        let message = format!("{}: {}: {message}", file.file, file.code);
        Finding::new(Check::File, words::file_level(file, report), message)
    }));
    findings.extend(report.links.iter().filter_map(|one| link(one, words)));
    findings.extend(report.problems.iter().map(|one| system(one, words)));
    findings
}

/// The finding for a download link that did not deliver a licence in force.
fn link(link: &LinkReport, words: &dyn Words) -> Option<Finding> {
    let level = Some(words::link_level(link)).filter(|level| *level != Level::Ok)?;
    let message = words.message(link.code, &link.message);
    Some(Finding::new(Check::Link, level, format!("{}: {}: {message}", link.url, link.code)))
}

fn unit(report: &Report, words: &dyn Words) -> Finding {
    match &report.unit_id {
        Some(unit) => Finding::new(Check::Unit, Level::Ok, unit.to_string()),
        None => Finding::new(Check::Unit, Level::Wrong, words.no_unit()),
    }
}

fn clock(report: &Report, words: &dyn Words, now: &str) -> Finding {
    let level = match report.clock.state {
        ClockState::Ok => Level::Ok,
        ClockState::Unsynchronized => Level::Note,
        ClockState::Behind => Level::Wrong,
    };
    let message = words.clock(report.clock.state, now, report.judged_on());
    Finding::new(Check::Clock, level, message)
}

fn store(report: &Report, words: &dyn Words) -> Finding {
    let level = match report.store.state {
        StoreState::ReadOnly | StoreState::Writable => Level::Ok,
        StoreState::Missing | StoreState::Damaged => Level::Wrong,
    };
    Finding::new(Check::Store, level, words.store(report.store.state))
}

fn license(report: &Report, words: &dyn Words) -> Finding {
    Finding::new(Check::License, words::state_level(report.state), words.license(report.state))
}
