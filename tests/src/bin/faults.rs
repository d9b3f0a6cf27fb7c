//! `faults`: every point of every operation, or those that are asked for (see `make faults`).
//!
//! - `faults` or `faults OPERATION…`: all points
//! - `faults --list OPERATION`: the calls of an undisturbed run, and the errors that each can return
//! - `faults OPERATION THREAD:NUMBER ERRNO once|onward`, `… kill before|after`: one point
//!
//! `--jobs N` runs so many points at a time, `--sample N --seed S` chooses some of each operation, and
//! `--of NAME` those of the calls with this name, or of files whose path ends so.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of the tests, whose results are what it prints"
)]

use std::process::ExitCode;

#[cfg(target_arch = "x86_64")]
fn main() -> ExitCode {
    run::main()
}

#[cfg(not(target_arch = "x86_64"))]
fn main() -> ExitCode {
    eprintln!("faults: can only trace programs of x86-64");
    ExitCode::from(2)
}

#[cfg(target_arch = "x86_64")]
mod run {
    use std::collections::BTreeMap;
    use std::process::ExitCode;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use acceptance::faults::attempt::Fixture;
    use acceptance::faults::judge::undisturbed;
    use acceptance::faults::operations::{OPERATIONS, Operation, named};
    use acceptance::faults::point::Point;
    use acceptance::faults::sweep::{self, Choice, Count, Outcome, Turn};

    /// Runs between two lines that show progress.
    const PROGRESS: usize = 250;
    const USAGE: &str = "usage: faults [--jobs N] [--sample N] [--seed S] [--of NAME] [OPERATION…]
       faults --list OPERATION
       faults OPERATION THREAD:NUMBER ERRNO once|onward
       faults OPERATION THREAD:NUMBER kill before|after";

    pub(super) fn main() -> ExitCode {
        // A run that panics is reported as one that cannot be judged.
        std::panic::set_hook(Box::new(|_| {}));
        let words: Vec<String> = std::env::args().skip(1).collect();
        if let Ok(point) = words.join(" ").parse::<Point>() {
            return one(&point);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["--list", operation] => named(operation).map(list),
            words => all(words),
        }
        .unwrap_or_else(|| {
            let names: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
            eprintln!("{USAGE}\noperations: {}", names.join(", "));
            ExitCode::from(2)
        })
    }

    fn list(operation: &'static Operation) -> ExitCode {
        let right = undisturbed(&Fixture::new(operation));
        let calls = &right.attempt.trace.calls;
        for (place, call) in calls {
            println!("{place}  {call}  {:?}", call.errors());
        }
        let points = sweep::points(operation, calls).len();
        println!("{} calls, {points} points", calls.len());
        println!(
            "{:?}\n{}{}",
            right.attempt.trace.end, right.attempt.trace.out, right.attempt.trace.err
        );
        ExitCode::SUCCESS
    }

    fn one(point: &Point) -> ExitCode {
        let Some(operation) = named(&point.operation) else {
            eprintln!("{}: is no operation", point.operation);
            return ExitCode::from(2);
        };
        let fixture = Fixture::new(operation);
        let right = undisturbed(&fixture);
        let call = right.attempt.trace.calls.iter().find(|(place, _)| *place == point.aim.place);
        if let (Some((_, call)), Some(errno)) = (call, point.aim.fault.errno())
            && !call.errors().contains(&errno)
        {
            eprintln!("{errno:?} is not an error that {} returns", call.name);
        }
        let result = sweep::run_one(&fixture, &right, point.aim);
        println!("{result}");
        match result.outcome {
            Outcome::Right => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }

    /// Runs points of the named operations, or of all if none is named. `None` for an unknown name.
    fn all(words: &[&str]) -> Option<ExitCode> {
        let (mut jobs, mut sample, mut seed, mut of) = (1, None, 1, None);
        let mut operations = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--jobs" => jobs = words.next()?.parse().ok()?,
                "--sample" => sample = Some(words.next()?.parse().ok()?),
                "--seed" => seed = words.next()?.parse().ok()?,
                // A command line lasts as long as the program.
                "--of" => of = Some(&*words.next()?.to_string().leak()),
                name => operations.push(named(name)?),
            }
        }
        if operations.is_empty() {
            operations.extend(OPERATIONS);
        }
        let choice = match (of, sample) {
            (Some(name), _) => Choice::Of(name),
            (None, Some(size)) => Choice::Sample(size, seed),
            (None, None) => Choice::All,
        };
        let mut wrong = 0;
        let mut lines = Vec::new();
        for operation in operations {
            let began = Instant::now();
            let results = sweep::run(operation, choice, jobs, &reporter(operation, began));
            wrong += results.iter().filter(|result| result.is_wrong()).count();
            lines.extend(summary(operation, &results));
            lines.push(format!("{:14} {:.0} s", operation.name, began.elapsed().as_secs_f64()));
            reasons(&results);
        }
        println!("\n{}", lines.join("\n"));
        Some(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Prints wrong points, points that run again, and progress.
    fn reporter(operation: &Operation, began: Instant) -> impl Fn(&sweep::Result) + Sync {
        let runs = AtomicUsize::new(0);
        move |result| {
            if result.is_wrong() || result.turn == Turn::Alone {
                println!("{result}");
            }
            let runs = runs.fetch_add(1, Ordering::Relaxed) + 1;
            if runs.is_multiple_of(PROGRESS) {
                println!("{}: {runs} runs in {} s", operation.name, began.elapsed().as_secs());
            }
        }
    }

    /// The counts by kind of fault, and those of all points.
    fn summary(operation: &Operation, results: &[sweep::Result]) -> Vec<String> {
        let mut all = Count::default();
        let mut lines = Vec::new();
        for (heading, count) in sweep::count(results) {
            lines.push(line(operation, &heading, count));
            all += count;
        }
        lines.push(line(operation, "all", all));
        lines
    }

    fn line(operation: &Operation, heading: &str, count: Count) -> String {
        let Count { points, not_reached, wrong, right_alone } = count;
        let note = |number, text| match number {
            0 => String::new(),
            number => format!(", {number} {text}"),
        };
        format!(
            "{:14} {heading:14} {points:6} points, {:6} right{}{}",
            operation.name,
            points - wrong,
            note(not_reached, "of them not reached"),
            note(right_alone, "of them only when run again alone"),
        )
    }

    /// Prints how often each requirement was violated.
    fn reasons(results: &[sweep::Result]) {
        let mut counts = BTreeMap::<&str, (usize, &Point)>::new();
        for result in results {
            let Outcome::Wrong(violations) = &result.outcome else { continue };
            for wrong in violations {
                counts.entry(wrong).or_insert((0, &result.point)).0 += 1;
            }
        }
        for (wrong, (count, point)) in counts {
            println!("{count:5} times: {wrong}; for example {point}");
        }
    }
}
