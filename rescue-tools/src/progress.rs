//! Shows the progress of a download: a bar on a terminal, otherwise a line every few seconds. It
//! goes to standard error, so that standard output holds only answers.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

/// The interval between lines; a shorter download prints none.
const INTERVAL: Duration = Duration::from_secs(2);

/// The progress display of one download.
pub(crate) enum Progress {
    /// No display, for JSON output.
    Silent,
    Bar(ProgressBar),
    Lines {
        name: String,
        printed: Instant,
    },
}

impl Progress {
    pub(crate) fn new(name: &str, silent: bool) -> Self {
        if silent {
            return Self::Silent;
        }
        if !stderr().is_terminal() {
            return Self::Lines { name: name.to_owned(), printed: Instant::now() };
        }
        let bar = ProgressBar::no_length().with_message(name.to_owned());
        bar.set_style(style("{spinner} {msg} {bytes}"));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Bar(bar)
    }

    /// Reports the bytes received, and the total if it is known.
    pub(crate) fn at(&mut self, done: u64, total: Option<u64>) {
        match self {
            Self::Silent => {}
            Self::Bar(bar) => {
                if let Some(total) = total.filter(|total| bar.length() != Some(*total)) {
                    bar.set_style(style("{msg} {wide_bar} {bytes} of {total_bytes}"));
                    bar.set_length(total);
                }
                bar.set_position(done);
            }
            Self::Lines { name, printed } if printed.elapsed() >= INTERVAL => {
                *printed = Instant::now();
                let of = total.map(|total| format!(" of {}", HumanBytes(total)));
                let done = HumanBytes(done);
                // A closed standard error does not stop the download.
                let _ = writeln!(stderr(), "{name}: {done}{}", of.unwrap_or_default());
            }
            Self::Lines { .. } => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
