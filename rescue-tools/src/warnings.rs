//! Prints warnings on standard error, such as a check that a download skipped.

use std::io::{Write as _, stderr};

use licd_fs::printable::escaped;
use log::{LevelFilter, Log, Metadata, Record};

/// Prints warnings from now on.
pub(crate) fn show() {
    // Fails only if a logger is already set.
    let _ = log::set_logger(&Lines);
    log::set_max_level(LevelFilter::Warn);
}

struct Lines;

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // A warning that cannot be written does not change the answer.
        let _ = writeln!(stderr(), "licctl: {}", escaped(&record.args().to_string()));
    }

    fn flush(&self) {}
}
