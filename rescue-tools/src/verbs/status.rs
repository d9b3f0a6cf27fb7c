//! `licctl status`

use licd_device::{Report, ServiceReport};
use licd_rules::ClockState;

use super::doctor;
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

pub(crate) fn run(desk: &Desk, out: &mut Out) -> Answer {
    if out.is_json() {
        out.line(format_args!("{}", desk.status_json()?))?;
        return Ok(Verdict::Yes);
    }
    let report = desk.report()?;
    // It only helps to say what comes next.
    let plan = desk.device().published_restart().ok().flatten();
    print(&report, plan.as_ref().map(|plan| plan.plan.as_str()), out)?;
    Ok(Verdict::Yes)
}

fn print(report: &Report, plan: Option<&str>, out: &mut Out) -> Result<(), licd_device::Failure> {
    let none = || "none".to_owned();
    let unit = report.unit_id.as_ref().map_or_else(none, ToString::to_string);
    let serial = report.hardware.serial.clone().unwrap_or_else(none);
    out.line(format_args!("Unit ID:    {unit} (serial number: {serial})"))?;
    let version = report.os.version.clone().unwrap_or_default();
    out.line(format_args!("System:     OS {} {version}", report.os.generation.major()))?;
    let clock = match report.clock.state {
        ClockState::Behind => doctor::behind(report),
        state => state.to_string(),
    };
    out.line(format_args!("Clock:      {}, {clock}", report.clock.now))?;
    out.line(format_args!(
        "Store:      {}, {} of this device",
        report.store.state,
        count(report.store.licenses, "licence")
    ))?;
    for service in &report.services {
        out.line(format_args!("{:<11} {}", service.status, describe(service)))?;
    }
    for rejected in &report.rejected {
        out.line(format_args!("Not used:   {}: {}", rejected.file, rejected.message))?;
    }
    for link in &report.links {
        out.line(format_args!("Link:       {}: {}: {}", link.url, link.code, link.message))?;
    }
    if report.restart_pending {
        let next = next(plan);
        out.line(format_args!(
            "Restart:    what a link brought takes full effect with a restart; {next}"
        ))?;
    }
    for problem in &report.problems {
        out.line(format_args!("Problem:    {problem}"))?;
    }
    Ok(())
}

/// What comes next of the restart that a deployment wants.
fn next(plan: Option<&str>) -> &'static str {
    match plan {
        Some("asked") => "users are asked",
        Some("later") => "users are asked again after four hours and at the next login",
        Some("notice") => "the device restarts within a minute",
        Some("agreed") => "a user has agreed, and it comes when licd has nothing else to do",
        Some("refused") => "it cannot be had now, and is tried again every minute",
        Some("restart") => "it is ordered",
        Some("cancelled") => "a user has cancelled it, so restart the device when it suits",
        _ => "restart the device when it suits",
    }
}

fn describe(service: &ServiceReport) -> String {
    let mut text = format!("{} ({}", service.service, service.state);
    if let Some(expires) = &service.expires {
        text.push_str(&format!(", expires {expires}"));
    }
    if let Some(days) = service.days_left {
        text.push_str(&format!(", {} left", count(days.max(0).unsigned_abs() as usize, "day")));
    }
    if let Some(pack) = &service.pack {
        text.push_str(&format!(", pack {pack}"));
    }
    text + ")"
}

/// `1 licence`, `2 licences`.
pub(crate) fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}
