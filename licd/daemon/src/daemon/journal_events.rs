//! Journal entries about changes of the device.

use std::collections::HashSet;

use licd_device::{Area, Cleaned, Left, Problem, Rejected, Report};
use licd_rules::{Code, Notice, ServiceState};
use licd_store::StoreState;
use license_format::PackId;

use crate::journal;

/// Files named at one time; a store full of foreign licences must not fill the journal as well.
const NAMED: usize = 32;

/// Logs that the daemon serves the bus.
pub(super) fn started(report: &Report) {
    log::info!(
        MESSAGE_ID = journal::STARTED,
        LICD_STATE = report.state.as_str(),
        LICD_UNIT = unit(report);
        "started: {}", status_line(report)
    );
    rejected(&[], &report.rejected);
    problems(&[], &report.problems);
}

/// Logs what has changed between two reports.
pub(super) fn changed(before: &Report, now: &Report) {
    if before.unit_id != now.unit_id {
        log::info!(
            MESSAGE_ID = journal::STATE_CHANGED, LICD_UNIT = unit(now);
            "unit ID: {}, before {}", unit(now), unit(before)
        );
    }
    services(before, now);
    rejected(&before.rejected, &now.rejected);
    problems(&before.problems, &now.problems);
    let (was, is) = (before.store.state, now.store.state);
    if was != is && is_broken(is) {
        log::warn!(MESSAGE_ID = journal::STORE_PROBLEM; "/license: is {is}, before {was}");
    } else if was != is && is_broken(was) {
        log::info!(MESSAGE_ID = journal::STATE_CHANGED; "/license: is {is}, before {was}");
    }
}

/// Logs which files the clean-up removed or cut.
pub(super) fn cleaned(cleaned: &[Cleaned]) {
    for Cleaned { file, pack, slice } in cleaned.iter().take(NAMED) {
        let why = match slice {
            Some(slice) => format!("{slice} has taken its place, the slice for this device"),
            None => "removed, since a later licence has replaced it".to_owned(),
        };
        log::info!(
            MESSAGE_ID = journal::CLEANED, LICD_FILE = file.to_string(), LICD_PACK = pack.as_str();
            "{file}: {why}"
        );
    }
    let more = cleaned.len().saturating_sub(NAMED);
    if more > 0 {
        log::info!(MESSAGE_ID = journal::CLEANED; "{more} more files of the store were cleaned up");
    }
}

/// Logs which files of another class, which unlock the same, a removal left.
pub(super) fn left(left: &[Left]) {
    for file in left.iter().take(NAMED) {
        log::info!(
            MESSAGE_ID = journal::REMOVED, LICD_FILE = file.file, LICD_PACK = file.pack.as_str();
            "{file}"
        );
    }
    let more = left.len().saturating_sub(NAMED);
    if more > 0 {
        log::info!(MESSAGE_ID = journal::REMOVED; "{more} more files stay for the same reason");
    }
}

/// Logs that users are warned of an end that is near or has come.
pub(super) fn notice(notice: &Notice) {
    let (service, state, day) = (&notice.service, notice.stage.as_str(), notice.expires);
    log::info!(
        MESSAGE_ID = journal::EXPIRY, LICD_SERVICE = service, LICD_STATE = state;
        "{service}: {state}, last day {day}; users are warned"
    );
}

/// The device in one line, as `systemctl status` shows it.
pub(super) fn status_line(report: &Report) -> String {
    let count = report.store.licenses;
    let plural = if count == 1 { "" } else { "s" };
    format!("unit {}, {}, {count} licence{plural}", unit(report), report.state)
}

fn unit(report: &Report) -> String {
    report.unit_id.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn is_broken(state: StoreState) -> bool {
    matches!(state, StoreState::Damaged | StoreState::Missing)
}

fn services(before: &Report, now: &Report) {
    for service in &now.services {
        let was = before.services.iter().find(|known| known.service == service.service);
        let was = was.map_or(ServiceState::None, |known| known.state);
        if was == service.state {
            continue;
        }
        log::info!(
            MESSAGE_ID = journal::STATE_CHANGED,
            LICD_UNIT = unit(now),
            LICD_SERVICE = service.service,
            LICD_STATE = service.state.as_str(),
            LICD_PACK = service.pack.as_ref().map_or("", PackId::as_str);
            "{}: {}, before {was}", service.service, service.state
        );
    }
}

fn rejected(before: &[Rejected], now: &[Rejected]) {
    fn facts(file: &Rejected) -> (&str, Code, &str) {
        (&file.file, file.code, &file.message)
    }
    let known: HashSet<_> = before.iter().map(facts).collect();
    let mut new = now.iter().filter(|file| !known.contains(&facts(file)));
    for file in new.by_ref().take(NAMED) {
        log::warn!(
            MESSAGE_ID = journal::REFUSED, LICD_FILE = file.file, LICD_CODE = file.code.as_str();
            "{}: {}", file.file, file.message
        );
    }
    let more = new.count();
    if more > 0 {
        log::warn!(MESSAGE_ID = journal::REFUSED; "{more} more files of the store do not count");
    }
}

fn problems(before: &[Problem], now: &[Problem]) {
    for problem in now.iter().filter(|problem| !before.contains(problem)) {
        let id = match problem.area() {
            Area::Store => journal::STORE_PROBLEM,
            Area::System => journal::PROBLEM,
        };
        log::warn!(MESSAGE_ID = id; "{problem}");
    }
}
