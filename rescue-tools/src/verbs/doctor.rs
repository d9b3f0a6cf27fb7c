//! `licctl doctor`

use licd_device::{LinkReport, Report, StoreState};
use licd_rules::{ClockState, Code, ServiceState};
use serde::Serialize;

use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

#[derive(Serialize)]
struct Check {
    check: &'static str,
    level: Level,
    ok: bool,
    message: String,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// It is as it should be.
    Ok,
    /// It is worth knowing, and may be meant so.
    Note,
    /// It is to be repaired.
    Wrong,
}

impl Check {
    fn new(check: &'static str, level: Level, message: impl Into<String>) -> Self {
        Self { check, level, ok: level == Level::Ok, message: message.into() }
    }
}

#[derive(Serialize)]
struct Findings {
    schema: u32,
    checks: Vec<Check>,
}

pub(crate) fn run(desk: &Desk, out: &mut Out) -> Answer {
    let mut checks = examine(&desk.report()?);
    let ca_file = desk.settings().ok().and_then(|known| desk.device().ca_file_problem(&known));
    checks.extend(ca_file.map(|message| Check::new("network", Level::Wrong, message)));
    let well = checks.iter().all(|check| check.level != Level::Wrong);
    if out.is_json() {
        out.value(&Findings { schema: 1, checks })?;
    } else {
        for check in &checks {
            let word = match check.level {
                Level::Ok => "ok",
                Level::Note => "note",
                Level::Wrong => "WRONG",
            };
            out.line(format_args!("{word:<5} {}: {}", check.check, check.message))?;
        }
    }
    Ok(Verdict::of(well))
}

fn examine(report: &Report) -> Vec<Check> {
    let mut checks = vec![unit(report), clock(report), store(report), license(report)];
    checks.extend(report.rejected.iter().map(|file| {
        let message = format!("{}: {}: {}", file.file, file.code, file.message);
        Check::new("file", Level::Wrong, message)
    }));
    checks.extend(report.links.iter().filter_map(link));
    let problems = report.problems.iter();
    checks.extend(problems.map(|problem| Check::new("system", Level::Wrong, problem.to_string())));
    checks
}

/// What is to be said of a download link that has not brought a licence that counts.
fn link(link: &LinkReport) -> Option<Check> {
    let level = match link.code {
        code if code.is_accepted() => return None,
        // A fleet may share its links, and what was removed was removed on purpose.
        Code::WrongDevice | Code::Removed => Level::Note,
        _ => Level::Wrong,
    };
    Some(Check::new("link", level, format!("{}: {}: {}", link.url, link.code, link.message)))
}

fn unit(report: &Report) -> Check {
    let message = report.unit_id.as_ref().map(ToString::to_string).unwrap_or_else(|| {
        "none; connect a network interface with a permanent address, or a licence cannot be bound \
         to this device"
            .to_owned()
    });
    let level = if report.unit_id.is_some() { Level::Ok } else { Level::Wrong };
    Check::new("unit ID", level, message)
}

fn clock(report: &Report) -> Check {
    let (level, message) = match report.clock.state {
        ClockState::Ok => (Level::Ok, "synchronised".to_owned()),
        ClockState::Behind => (Level::Wrong, behind(report)),
        ClockState::Unsynchronized => {
            (Level::Note, format!("shows {}, not synchronised; check it", report.clock.now))
        }
    };
    Check::new("clock", level, message)
}

/// What a clock that is behind means, after what it is said of.
pub(super) fn behind(report: &Report) -> String {
    let instead = match report.judged_on() {
        Some(day) => format!("licences are judged as of {day} instead"),
        None => "that time counts instead".to_owned(),
    };
    format!("behind a time that has passed for certain; {instead}; let a time server set it")
}

fn store(report: &Report) -> Check {
    let (level, message) = match report.store.state {
        StoreState::ReadOnly => (Level::Ok, "/license is there and read-only"),
        StoreState::Writable => (Level::Ok, "/license is there and writable"),
        StoreState::Missing => (Level::Wrong, "/license is missing; mount the licence partition"),
        StoreState::Damaged => (
            Level::Wrong,
            "/license cannot be read; check the partition (fsck) and the kernel's log",
        ),
    };
    Check::new("store", level, message)
}

fn license(report: &Report) -> Check {
    let (level, message) = match report.state {
        ServiceState::Valid | ServiceState::Starter => (Level::Ok, "the device is licensed"),
        ServiceState::Warning => {
            (Level::Note, "the device is licensed; the licence ends soon, renew it")
        }
        ServiceState::Grace => {
            (Level::Wrong, "the licence has ended and is in its grace; renew it")
        }
        ServiceState::Pending => (Level::Wrong, "the licence has not started yet"),
        ServiceState::Expired => (Level::Wrong, "the licence has ended; renew it"),
        ServiceState::Withdrawn => {
            (Level::Wrong, "the licence was withdrawn; ask for the newest one")
        }
        ServiceState::None => {
            (Level::Wrong, "the device has no licence; import one with licctl import FILE")
        }
    };
    Check::new("licence", level, message)
}
