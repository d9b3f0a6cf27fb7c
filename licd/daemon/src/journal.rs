//! The journal: one MESSAGE_ID per kind of event, so that `journalctl MESSAGE_ID=…` and a catalog
//! find them whatever their wording, and the facts as fields (`LICD_CODE`, `LICD_FILE`,
//! `LICD_PACK`, `LICD_UNIT` and so on). Elsewhere than in the journal, plain lines.

use std::io::{self, Write as _};
use std::panic::PanicHookInfo;

use licd_fs::printable::escaped;
use log::{Level, LevelFilter, Log, Metadata, Record};
use systemd_journal_logger::{JournalLog, connected_to_journal};

/// The daemon serves the bus.
pub(crate) const STARTED: &str = "dfcf55479e3788d045a622acc1a60347";
/// The daemon ends.
pub(crate) const STOPPING: &str = "c2d0cb47646dfe404035d31f87cf91a7";
/// An import was accepted.
pub(crate) const IMPORTED: &str = "b9689b9a70e51a26585336aeefebfaad";
/// An import was refused, or a file in the store does not count.
pub(crate) const REFUSED: &str = "10358652c8f68be34169a1566b8da42e";
/// Licences were removed.
pub(crate) const REMOVED: &str = "6d7650332d3d6c4d8e6d7d2cd7b229ee";
/// Superseded files were removed from the store, or lists of whole packs cut to slices.
pub(crate) const CLEANED: &str = "cc060065e92c40138ae801b1c4ad053b";
/// The state of the device or of a service changed.
pub(crate) const STATE_CHANGED: &str = "cee2cdbc429ab02ad8cc4123140d5a50";
/// Users are warned of expiry.
pub(crate) const EXPIRY: &str = "b2f0d3ce6a5d4b0f9d1e7c3a8842f617";
/// A deployment wants the device to restart, or something was decided about that.
pub(crate) const RESTART: &str = "0e7c4a1d9b5b4d0c8f3a6f2e51c7d894";
/// The store cannot be read, written or closed.
pub(crate) const STORE_PROBLEM: &str = "1bf7d35bc2d39f0e5a5f4d85dfa68aad";
/// Something about settings, configuration or machine is to be put right.
pub(crate) const PROBLEM: &str = "5ae043253cf22e1edc466103376d0f6a";
/// A caller asked for something without the authority.
pub(crate) const NOT_AUTHORIZED: &str = "ef7aebdc772528deff74fa4bd452dfe9";

/// The name in front of every line.
const IDENTIFIER: &str = "licd";

/// Sends what is logged to the journal if standard error is connected to it, else to standard
/// error. Also panics are logged.
pub(crate) fn begin() {
    let under_systemd = connected_to_journal();
    let journal = if under_systemd { JournalLog::empty().ok() } else { None };
    let logger: Box<dyn Log> = match journal {
        Some(journal) => Box::new(journal.with_syslog_identifier(IDENTIFIER.to_owned())),
        None => Box::new(StandardError { prefixed: under_systemd }),
    };
    // Fails only if a logger was set before, which then stays.
    let _ = log::set_boxed_logger(logger);
    log::set_max_level(LevelFilter::Info);
    std::panic::set_hook(Box::new(log_panic));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    log::error!(
        "licd: a fault of the program in {} at {place}: {}; please report it",
        thread.name().unwrap_or("a thread"),
        escaped(panic.payload_as_str().unwrap_or("no reason given")),
    );
}

/// Lines on standard error.
struct StandardError {
    /// With the priority in front, as sd-daemon(3) has it.
    prefixed: bool,
}

impl StandardError {
    fn line(&self, level: Level, message: &str) -> String {
        let priority = match level {
            _ if !self.prefixed => "",
            Level::Error => "<3>",
            Level::Warn => "<4>",
            Level::Info => "<5>",
            Level::Debug => "<6>",
            Level::Trace => "<7>",
        };
        let message = message.strip_prefix("licd: ").unwrap_or(message);
        format!("{priority}{IDENTIFIER}: {}\n", escaped(message))
    }
}

impl Log for StandardError {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = self.line(record.level(), &record.args().to_string());
        // There is nowhere to report a failure.
        let _ = io::stderr().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_it_quotes() {
        let lines = StandardError { prefixed: false };
        assert_eq!(lines.line(Level::Warn, "a\n\u{1b}[31mb"), "licd: a\\n\\u{1b}[31mb\n");
        assert_eq!(lines.line(Level::Warn, "licd: is stopping"), "licd: is stopping\n");
    }

    #[test]
    fn priorities_stand_in_front_only_where_the_journal_reads_them() {
        assert_eq!(StandardError { prefixed: true }.line(Level::Warn, "a"), "<4>licd: a\n");
        assert_eq!(StandardError { prefixed: true }.line(Level::Error, "a"), "<3>licd: a\n");
        assert_eq!(StandardError { prefixed: true }.line(Level::Info, "a"), "<5>licd: a\n");
    }

    #[test]
    fn every_kind_of_event_has_an_id_of_its_own() {
        let ids = [
            STARTED,
            STOPPING,
            IMPORTED,
            REFUSED,
            REMOVED,
            CLEANED,
            STATE_CHANGED,
            EXPIRY,
            RESTART,
            STORE_PROBLEM,
            PROBLEM,
            NOT_AUTHORIZED,
        ];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        for id in ids {
            assert!(id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        }
    }
}
