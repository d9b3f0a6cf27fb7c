//! Shows the progress of a download: a bar on a terminal, otherwise a line every few seconds. It
//! goes to standard error, so that standard output holds only answers.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use licensing_words::Named;

/// The interval between lines; a shorter download prints none.
const LINES: Duration = Duration::from_secs(2);
/// The interval between two drawings of the bar.
const DRAWINGS: Duration = Duration::from_millis(100);
/// Cells of the bar.
const CELLS: u128 = 30;

/// The sequences of a terminal that make it cut a line that is too long, or break it, and clear a line
/// (ECMA-48, and DECAWM of the VT100). So the width of the terminal does not matter.
const CUT: &str = "\u{1b}[?7l";
const BREAK: &str = "\u{1b}[?7h";
const CLEAR: &str = "\r\u{1b}[2K";

/// The progress display of one download.
pub(crate) struct Progress {
    name: String,
    form: Form,
    shown: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// No display, for JSON output.
    Silent,
    Bar,
    Lines,
}

impl Progress {
    pub(crate) fn new(name: &str, silent: bool) -> Self {
        let (form, shown) = match stderr().is_terminal() {
            _ if silent => (Form::Silent, None),
            true => (Form::Bar, None),
            false => (Form::Lines, Some(Instant::now())),
        };
        Self { name: name.to_owned(), form, shown }
    }

    /// Reports the bytes received, and the total if it is known.
    pub(crate) fn at(&mut self, done: u64, total: Option<u64>) {
        let interval = match self.form {
            Form::Silent => return,
            Form::Bar => DRAWINGS,
            Form::Lines => LINES,
        };
        if self.shown.is_some_and(|shown| shown.elapsed() < interval) {
            return;
        }
        self.shown = Some(Instant::now());
        let received = licensing_words::of_user().named(Named::Received(done, total));
        // A closed standard error does not stop the download.
        let _ = match self.form {
            Form::Bar => {
                let bar = total.map(|total| bar(done, total)).unwrap_or_default();
                write!(stderr(), "{CUT}{CLEAR}{bar}{received}  {}{BREAK}", self.name)
            }
            Form::Silent | Form::Lines => writeln!(stderr(), "{}: {received}", self.name),
        };
    }
}

/// The bar, and a space after it.
fn bar(done: u64, total: u64) -> String {
    let full = u128::from(done.min(total)) * CELLS;
    let full = full.checked_div(total.into()).unwrap_or(CELLS);
    let cells = (0..CELLS).map(|cell| if cell < full { '█' } else { '░' });
    cells.chain([' ']).collect()
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.form == Form::Bar && self.shown.is_some() {
            let _ = write!(stderr(), "{CLEAR}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_with_the_download_and_ends_full() {
        let full = |done, total| bar(done, total).matches('█').count();
        assert_eq!([full(0, 100), full(50, 100), full(100, 100)], [0, 15, 30]);
        assert_eq!([full(200, 100), full(0, 0), full(u64::MAX, u64::MAX)], [30, 30, 30]);
        assert_eq!(bar(1, 2).chars().count(), 31);
    }
}
