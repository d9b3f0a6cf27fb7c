//! A client of the QEMU Machine Protocol: one JSON value per line, answers and events mixed.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use acceptance::wait;
use serde_json::{Value, json};

/// The time limit for an answer or event; QEMU shares two cores with the system that it emulates.
const TIMEOUT: Duration = Duration::from_secs(180);

/// A connection to one QEMU.
pub(crate) struct Qmp {
    lines: BufReader<UnixStream>,
    events: Vec<Value>,
}

impl Qmp {
    /// Waits until QEMU listens, and connects.
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = wait::until("QEMU listens", || UnixStream::connect(socket).ok());
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let mut qmp = Self { lines: BufReader::new(stream), events: Vec::new() };
        let greeting = qmp.read();
        assert!(greeting["QMP"].is_object(), "no QEMU: {greeting}");
        qmp.run("qmp_capabilities", json!({}));
        qmp
    }

    /// Runs a command that has to succeed.
    pub(crate) fn run(&mut self, command: &str, arguments: Value) {
        let request = json!({ "execute": command, "arguments": arguments });
        self.lines.get_mut().write_all(format!("{request}\n").as_bytes()).unwrap();
        loop {
            let value = self.read();
            if value.get("event").is_some() {
                self.events.push(value);
                continue;
            }
            assert!(value.get("return").is_some(), "{request}: {value}");
            return;
        }
    }

    /// Waits for an event about a device, which may have come already.
    pub(crate) fn wait_for(&mut self, event: &str, device: &str) {
        let is_it = |value: &Value| value["event"] == event && value["data"]["device"] == device;
        if let Some(at) = self.events.iter().position(is_it) {
            self.events.remove(at);
            return;
        }
        loop {
            let value = self.read();
            if is_it(&value) {
                return;
            }
            self.events.push(value);
        }
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("QEMU answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("QEMU: {error} in “{line}”"))
    }
}
