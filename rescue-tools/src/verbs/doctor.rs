//! `licctl doctor`

use licd_device::Report;
use serde::Serialize;

use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

#[derive(Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    message: String,
}

#[derive(Serialize)]
struct Findings {
    schema: u32,
    checks: Vec<Check>,
}

pub(crate) fn run(desk: &Desk, out: &mut Out) -> Answer {
    let mut checks = examine(&desk.report()?);
    checks.extend(desk.device().ca_file_problem().map(|message| Check {
        check: "network",
        ok: false,
        message,
    }));
    let well = checks.iter().all(|check| check.ok);
    if out.is_json() {
        out.value(&Findings { schema: 1, checks })?;
    } else {
        for check in &checks {
            let word = if check.ok { "ok  " } else { "WRONG" };
            out.line(format_args!("{word:<5} {}: {}", check.check, check.message))?;
        }
    }
    Ok(Verdict::of(well))
}

fn examine(report: &Report) -> Vec<Check> {
    let mut checks = vec![unit(report), clock(report), store(report), license(report)];
    checks.extend(report.rejected.iter().map(|file| Check {
        check: "file",
        ok: false,
        message: format!("{}: {}: {}", file.file, file.code, file.message),
    }));
    checks.extend(report.problems.iter().map(|problem| Check {
        check: "system",
        ok: false,
        message: problem.clone(),
    }));
    checks
}

fn unit(report: &Report) -> Check {
    let message = report.unit_id.clone().unwrap_or_else(|| {
        "none; connect a network interface with a permanent address, or a licence cannot be bound \
         to this device"
            .to_owned()
    });
    Check { check: "unit ID", ok: report.unit_id.is_some(), message }
}

fn clock(report: &Report) -> Check {
    let ok = report.clock.state == "ok";
    let message = match report.clock.state.as_str() {
        "ok" => "synchronised".to_owned(),
        "behind" => behind(report),
        _ => format!("shows {}, not synchronised; check it", report.clock.now),
    };
    Check { check: "clock", ok, message }
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
    let (ok, message) = match report.store.state.as_str() {
        "read-only" => (true, "/license is there and read-only"),
        "writable" => (true, "/license is there and writable"),
        "missing" => (false, "/license is missing; mount the licence partition"),
        _ => (false, "/license cannot be read; check the partition (fsck) and the kernel's log"),
    };
    Check { check: "store", ok, message: message.to_owned() }
}

fn license(report: &Report) -> Check {
    let (ok, message) = match report.state.as_str() {
        "valid" | "starter" => (true, "the device is licensed"),
        "warning" => (true, "the device is licensed; the licence ends soon, renew it"),
        "grace" => (false, "the licence has ended and is in its grace; renew it"),
        "pending" => (false, "the licence has not started yet"),
        "expired" => (false, "the licence has ended; renew it"),
        "withdrawn" => (false, "the licence was withdrawn; ask for the newest one"),
        _ => (false, "the device has no licence; import one with licctl import FILE"),
    };
    Check { check: "licence", ok, message: message.to_owned() }
}
