//! How far a download has come: a bar on a terminal, now and then a line elsewhere. It goes to
//! standard error, so that standard output holds nothing but answers.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

/// How often a line is written; what takes less time needs none.
const INTERVAL: Duration = Duration::from_secs(2);

/// How a download is shown.
pub(crate) enum Progress {
    /// Not at all: whoever reads JSON asked for nothing else.
    Silent,
    Bar(ProgressBar),
    Lines {
        name: String,
        told: Instant,
    },
}

impl Progress {
    pub(crate) fn new(name: &str, silent: bool) -> Self {
        if silent {
            return Self::Silent;
        }
        if !stderr().is_terminal() {
            return Self::Lines { name: name.to_owned(), told: Instant::now() };
        }
        let bar = ProgressBar::no_length().with_message(name.to_owned());
        bar.set_style(style("{spinner} {msg} {bytes}"));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Bar(bar)
    }

    /// So many bytes are here, of how many if that is known.
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
            Self::Lines { name, told } if told.elapsed() >= INTERVAL => {
                *told = Instant::now();
                let of = total.map(|total| format!(" of {}", HumanBytes(total)));
                let done = HumanBytes(done);
                // Nobody to tell is no reason to stop.
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
