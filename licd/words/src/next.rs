//! Derives the next steps from a status report.

use licd_device::{
    LinkReport, Problem, Rejected, Report, RequestProblem, ServiceReport, StoreState,
};
use licd_rules::{ClockState, Code, Feature, LicenseState, Reason, ServiceState, services};
use license_format::{Date, Expiry};

use crate::{Level, Span, Step};

/// The steps that repair a device, the most urgent first; at least one.
#[must_use]
pub fn steps(report: &Report) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    // The states of licences may change once the clock is right.
    if report.clock.state == ClockState::Behind {
        steps.push(Step::SetClock);
    }
    match report.store.state {
        StoreState::Missing => steps.push(Step::Mount),
        StoreState::Damaged => steps.push(Step::CheckPartition),
        // The report lists the licences.
        StoreState::ReadOnly | StoreState::Writable => licenses(report, &mut steps),
    }
    if report.restart_pending {
        steps.push(Step::Restart);
    }
    let links = report.links.iter().any(|link| link_level(link) == Level::Wrong);
    let problems = report.problems.iter().any(|one| problem_level(one) == Level::Wrong);
    let files = report.rejected.iter().any(|file| file_level(file, report) == Level::Wrong);
    if links || problems || files {
        steps.push(Step::Repair);
    }
    if steps.is_empty() {
        steps.push(Step::Nothing);
    }
    steps
}

fn licenses<'a>(report: &'a Report, steps: &mut Vec<Step<'a>>) {
    let Some(unit) = &report.unit_id else { return steps.push(Step::Connect) };
    for service in base_first(report) {
        let span = span(report, service);
        let renew = |by| Some(Step::Renew { pack: service.pack.as_ref(), by });
        let step = match (service.state, span.ends) {
            _ if !span.needed => None,
            (ServiceState::None, _) if !is_base(service) => None,
            (ServiceState::None | ServiceState::Withdrawn | ServiceState::Starter, _) => {
                Some(Step::Get(unit))
            }
            (ServiceState::Pending, _) => Some(Step::Wait(span.starts)),
            (ServiceState::Warning, Some(Expiry::On(day))) => renew(Some(day)),
            (ServiceState::Grace, _) => renew(span.grace.map(|(day, _)| day)),
            (ServiceState::Expired, _) => renew(None),
            (ServiceState::Warning | ServiceState::Valid, _) => None,
        };
        steps.extend(step.filter(|step| !steps.contains(step)));
    }
}

/// The services of a device, the Workspace Edition before all others.
pub fn base_first(report: &Report) -> impl Iterator<Item = &ServiceReport> {
    let (base, others): (Vec<_>, Vec<_>) = report.services.iter().partition(|one| is_base(one));
    base.into_iter().chain(others)
}

fn is_base(service: &ServiceReport) -> bool {
    service.service == services::WORKSPACE_EDITION
}

/// Whether a service allows anything on this generation of the system.
fn is_needed(report: &Report, service: &ServiceReport) -> bool {
    let generation = report.os.generation;
    Feature::ALL.iter().any(|feature| feature.is_granted_by(&service.service, generation))
}

/// The time span of a service.
#[must_use]
pub fn span(report: &Report, service: &ServiceReport) -> Span {
    let pending = report.licenses.iter().filter(|license| {
        license.state == LicenseState::Pending && service.pack.as_ref() == Some(&license.pack)
    });
    let starts = match service.state {
        ServiceState::Pending => pending.map(|license| license.starts).min(),
        _ => None,
    };
    Span {
        starts,
        ends: service.expires,
        days_left: service.days_left.unwrap_or_default(),
        grace: grace(report, service),
        needed: is_needed(report, service),
    }
}

/// The end of a service's grace period. The report states it per feature; a feature that several
/// services allow may last longer, so the earliest end counts.
fn grace(report: &Report, service: &ServiceReport) -> Option<(Date, i32)> {
    if service.state != ServiceState::Grace {
        return None;
    }
    let generation = report.os.generation;
    let features = report.features.iter().filter(|(name, answer)| {
        answer.reason == Reason::Grace
            && Feature::named(name)
                .is_some_and(|feature| feature.is_granted_by(&service.service, generation))
    });
    let days = features.filter_map(|(_, answer)| match answer.until {
        Some(Expiry::On(day)) => Some(day),
        _ => None,
    });
    days.min().and_then(|day| Some((day, day.days_since(report.judged_on()?))))
}

/// The level of a download link's last result.
#[must_use]
pub fn link_level(link: &LinkReport) -> Level {
    match link.code {
        code if code.is_accepted() => Level::Ok,
        // Devices may share links, and a removed licence was removed on purpose.
        Code::WrongDevice | Code::Removed => Level::Note,
        _ => Level::Wrong,
    }
}

/// The level of a file that does not count. One of an unknown key may be left of a key that was
/// revoked, which is no fault of a device that is licensed without it.
#[must_use]
pub fn file_level(file: &Rejected, report: &Report) -> Level {
    match file.code {
        Code::UnknownKey => state_level(report.state).min(Level::Note),
        _ => Level::Wrong,
    }
}

/// The level of the state of the Workspace Edition.
#[must_use]
pub fn state_level(state: ServiceState) -> Level {
    match state {
        ServiceState::Valid | ServiceState::Starter => Level::Ok,
        ServiceState::Warning => Level::Note,
        ServiceState::Grace
        | ServiceState::Pending
        | ServiceState::Expired
        | ServiceState::Withdrawn
        | ServiceState::None => Level::Wrong,
    }
}

/// The level of a problem.
#[must_use]
pub fn problem_level(problem: &Problem) -> Level {
    match *problem == Problem::Request(RequestProblem::Waiting) {
        // licd asks again by itself.
        true => Level::Note,
        false => Level::Wrong,
    }
}
