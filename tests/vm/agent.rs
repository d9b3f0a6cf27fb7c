//! A root shell on the device: it runs scripts and returns exit code and output. The other end is
//! `image/overlay/usr/lib/vm/agent`, which documents the protocol.

use std::io::{BufRead, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use acceptance::wait;
use base64ct::{Base64, Encoding as _};

/// The time limit for a boot: emulation takes half a minute on an idle machine, and ten times that
/// during a build.
const START: Duration = Duration::from_secs(600);
/// The time limit for a script.
const SCRIPT: Duration = Duration::from_secs(600);

/// The result of a script.
#[derive(Debug)]
pub(crate) struct ScriptOutput {
    /// Its exit code.
    pub(crate) code: i32,
    /// Standard output and standard error.
    pub(crate) out: String,
}

/// The connection to the shell.
pub(crate) struct Agent {
    lines: BufReader<UnixStream>,
    scripts: u32,
}

impl Agent {
    /// Waits until QEMU listens, and connects.
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = wait::until("QEMU listens", || UnixStream::connect(socket).ok());
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        Self { lines: BufReader::new(stream), scripts: 0 }
    }

    /// Waits until the shell has started.
    pub(crate) fn wait_for_start(&mut self) {
        let deadline = Instant::now() + START;
        while self.line(deadline, "the device starts") != "ready" {}
    }

    /// Sends a script that may leave the device unable to answer.
    pub(crate) fn tell(&mut self, script: &str) -> String {
        self.scripts += 1;
        let number = self.scripts.to_string();
        let request = format!("{number} {}\n", Base64::encode_string(script.as_bytes()));
        self.lines.get_mut().write_all(request.as_bytes()).unwrap();
        number
    }

    /// Runs a script to its end.
    pub(crate) fn run(&mut self, script: &str) -> ScriptOutput {
        let number = self.tell(script);
        let deadline = Instant::now() + SCRIPT;
        loop {
            let line = self.line(deadline, script);
            let mut words = line.split(' ');
            if words.next() != Some(&number) {
                continue;
            }
            let code = words.next().and_then(|word| word.parse().ok()).expect("an exit code");
            let out = Base64::decode_vec(words.next().unwrap_or_default()).unwrap();
            return ScriptOutput { code, out: String::from_utf8_lossy(&out).into_owned() };
        }
    }

    fn line(&mut self, deadline: Instant, what: &str) -> String {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            match self.lines.read_until(b'\n', &mut line) {
                Ok(0) => panic!("QEMU has ended; waited for: {what}"),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("the device's shell: {error}"),
            }
            assert!(Instant::now() < deadline, "waited in vain: {what}");
        }
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }
}
