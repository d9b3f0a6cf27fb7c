//! `measured FILE PROGRAM ARG…`: runs a program and writes its peak resident memory in bytes and its
//! CPU time in microseconds to a file.
//!
//! The kernel's count of memory includes the memory before exec. A test program has hundreds of megabytes;
//! this one has one.

use std::process::{Command, ExitCode};
use std::{env, fs};

use wait4::Wait4;

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let (Some(file), Some(program)) = (words.next(), words.next()) else {
        return ExitCode::from(2);
    };
    let ended = Command::new(program).args(words).spawn().and_then(Wait4::wait4);
    let Ok(ended) = ended else { return ExitCode::FAILURE };
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok());
    let usage = ended.rusage;
    let cpu = (usage.utime + usage.stime).as_micros();
    match fs::write(file, format!("{} {cpu}", usage.maxrss)) {
        Ok(()) => code.map_or(ExitCode::FAILURE, ExitCode::from),
        Err(_) => ExitCode::FAILURE,
    }
}
