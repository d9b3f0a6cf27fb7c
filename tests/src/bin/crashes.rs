//! `crashes`: losses of power at every moment of the operations that write (see `make crashes`).
//!
//! `--variants N` tries so many orders of the writes since the last flush, and so many torn writes, at
//! every write; `--seed S` chooses them.
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
    eprintln!("crashes: uses what can only trace programs of x86-64");
    ExitCode::from(2)
}

#[cfg(target_arch = "x86_64")]
mod run {
    use std::process::ExitCode;
    use std::thread;
    use std::time::Instant;

    use acceptance::crashes::verdict::{Choice, Examined, examine};
    use acceptance::faults::operations::{OPERATIONS, Operation, named};
    use acceptance::harness::can_mount;

    const USAGE: &str = "usage: crashes [--variants N] [--seed S] [OPERATION…]";

    pub(super) fn main() -> ExitCode {
        if !can_mount() {
            eprintln!("crashes: needs root");
            return ExitCode::from(2);
        }
        let words: Vec<String> = std::env::args().skip(1).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((choice, operations)) = parse(&words) else {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        };
        let mut is_right = true;
        for operation in operations {
            let began = Instant::now();
            // A thread has a mount namespace of its own, which ends with it.
            let work = || {
                examine(operation, choice, &|loss, wrong| {
                    println!(
                        "WRONG  {} {loss}\n       {}",
                        operation.name,
                        wrong.join("\n       ")
                    );
                })
            };
            let examined = thread::scope(|scope| scope.spawn(work).join().unwrap());
            is_right &= examined.wrong == 0;
            print(operation, &examined, began);
        }
        if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn parse(words: &[&str]) -> Option<(Choice, Vec<&'static Operation>)> {
        let mut choice = Choice { variants: 8, seed: 1, most: usize::MAX };
        let mut operations = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--variants" => choice.variants = words.next()?.parse().ok()?,
                "--seed" => choice.seed = words.next()?.parse().ok()?,
                name => operations.push(named(name).filter(|operation| operation.writes)?),
            }
        }
        if operations.is_empty() {
            operations.extend(OPERATIONS.iter().filter(|operation| operation.writes));
        }
        Some((choice, operations))
    }

    fn print(operation: &Operation, examined: &Examined, began: Instant) {
        let Examined { writes: [license, memory], flushes, losses, states, wrong, repairs } =
            examined;
        let all: usize = losses.values().sum();
        let kinds: Vec<_> = losses.iter().map(|(left, count)| format!("{left} {count}")).collect();
        println!(
            "{:14} {license} + {memory} writes, {flushes} flushes: {all} losses of power ({}), \
             {} right, {states} states of the files, {:.0} s",
            operation.name,
            kinds.join(", "),
            all - wrong,
            began.elapsed().as_secs_f64(),
        );
        for (repair, count) in repairs {
            println!("    e2fsck, {count} times: {repair}");
        }
    }
}
