//! `license-format` beside the verifier of tests/independent/verify.py, which runs as a process for the
//! whole run and checks signatures in Python: some hundred inputs in a second.
#![no_main]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use license_format_fuzz::Device;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle.py");

static DEVICE: LazyLock<Device> = LazyLock::new(Device::of_corpus);
static ORACLE: LazyLock<Mutex<Oracle>> = LazyLock::new(|| Mutex::new(Oracle::start()));

fuzz_target!(|input: &[u8]| {
    let file = DEVICE.document(input);
    let (_, first) = DEVICE.verify(&file, &[]);
    let (code, line) = ORACLE.lock().unwrap().ask(&file);
    let (own, at) = match first {
        Ok(()) => ("genuine", None),
        Err((code, line)) => (code, line),
    };
    let same_line = at.is_none_or(|at| line == 0 || line == at);
    let shown = String::from_utf8_lossy(&file);
    assert!(own == code && same_line, "{own} {at:?}; Python says {code} {line}: {shown}");
});

/// The process.
struct Oracle {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    _process: Child,
}

impl Oracle {
    fn start() -> Self {
        let python = Command::new(PROGRAM).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = python.unwrap_or_else(|error| panic!("{PROGRAM}: {error}"));
        let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { to, from: BufReader::new(from), _process: process }
    }

    /// Its verdict, and the line, or 0 without a line.
    fn ask(&mut self, file: &[u8]) -> (String, u32) {
        self.to.write_all(&(file.len() as u32).to_be_bytes()).unwrap();
        self.to.write_all(file).unwrap();
        let mut answer = String::new();
        self.from.read_line(&mut answer).unwrap();
        let (code, line) = answer.trim_end().split_once(' ').expect("the process has ended");
        (code.to_owned(), line.parse().unwrap())
    }
}
