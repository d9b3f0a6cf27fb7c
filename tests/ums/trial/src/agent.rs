//! The agent of a device, as a process.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use acceptance::{World, program};

use crate::service::Service;

/// A running agent. Dropping it kills it.
#[derive(Debug)]
pub struct Agent {
    process: Child,
    log: PathBuf,
}

impl Agent {
    /// Starts the agent of a device, which reports every second.
    #[must_use]
    pub fn start(world: &World, service: &Service) -> Self {
        Self::start_with(world, service, 1, |command| command)
    }

    /// Starts the agent with this number of seconds between reports, and a modified command.
    #[must_use]
    pub fn start_with(
        world: &World,
        service: &Service,
        every: u32,
        adjust: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let log = world.root().with_extension("agent.log");
        let errors = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(program::path("ums-agent"));
        command.args(["--ums", service.base(), "--bus", world.bus.address()]);
        command.arg("--ca").arg(world.path("/etc/licd/ca.pem")).arg("--root").arg(world.root());
        command.arg("--state").arg(world.path("/var/lib/ums-agent/state.json"));
        command.args(["--listen", "127.0.0.1:0", "--every", &every.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        Self { process: adjust(&mut command).spawn().unwrap(), log }
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Kills it.
    pub fn kill(mut self) {
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), self.log().as_bytes());
        }
    }
}
