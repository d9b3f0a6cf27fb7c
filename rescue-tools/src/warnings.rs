//! Warnings, such as of a check that a download skipped: printed on standard error, or shown on the
//! screen of the full-screen tool.

use std::io::{Write as _, stderr};
use std::sync::Mutex;

use licd_fs::printable::escaped;
use licensing_words as words;
use log::{LevelFilter, Log, Metadata, Record};

/// Prints warnings from now on.
pub(crate) fn show() {
    // A warning that cannot be written does not change the answer.
    send(|text| drop(writeln!(stderr(), "licctl: {text}")));
}

/// Gives warnings, in the user's language, to this function from now on.
pub(crate) fn send(to: impl FnMut(String) + Send + 'static) {
    // Fails only if a logger is already set.
    let _ = log::set_boxed_logger(Box::new(LineSink(Mutex::new(to))));
    log::set_max_level(LevelFilter::Warn);
}

struct LineSink<F>(Mutex<F>);

impl<F: FnMut(String) + Send> Log for LineSink<F> {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if let Ok(mut send) = self.0.lock() {
            let text = escaped(&record.args().to_string());
            send(words::line(words::of_user(), None, &text));
        }
    }

    fn flush(&self) {}
}
