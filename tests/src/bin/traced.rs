//! `traced PROGRAM ARG…`: waits for a line, then executes a program that the kernel stops, for its
//! tracer, at the counted system calls and at no others.
//!
//! Stopping at every call, and when it returns, takes three times as long.

use std::process::ExitCode;

#[cfg(target_arch = "x86_64")]
fn main() -> ExitCode {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use acceptance::faults::calls::UNCOUNTED;
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else { return ExitCode::from(2) };
    let rules = UNCOUNTED.iter().map(|number| (*number, Vec::new())).collect();
    let (traced, allowed) = (SeccompAction::Trace(0), SeccompAction::Allow);
    let filter = SeccompFilter::new(rules, traced, allowed, TargetArch::x86_64);
    let Ok(filter) = filter.and_then(BpfProgram::try_from) else { return ExitCode::FAILURE };
    if std::io::stdin().read_line(&mut String::new()).is_err() || apply_filter(&filter).is_err() {
        return ExitCode::FAILURE;
    }
    // Returns only if it fails.
    let _ = Command::new(program).args(words).stdin(Stdio::null()).exec();
    ExitCode::FAILURE
}

#[cfg(not(target_arch = "x86_64"))]
fn main() -> ExitCode {
    ExitCode::from(2)
}
