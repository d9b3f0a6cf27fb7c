//! What is to be said beside an answer, on standard error: what was done not quite as it should be.

use std::io::{Write as _, stderr};

use licd_fs::printable::escaped;
use log::{LevelFilter, Log, Metadata, Record};

/// Shows warnings from here on.
pub(crate) fn show() {
    // Fails only if somebody shows them already.
    let _ = log::set_logger(&Lines);
    log::set_max_level(LevelFilter::Warn);
}

struct Lines;

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // If nobody listens, the exit code has to do.
        let _ = writeln!(stderr(), "licctl: {}", escaped(&record.args().to_string()));
    }

    fn flush(&self) {}
}
