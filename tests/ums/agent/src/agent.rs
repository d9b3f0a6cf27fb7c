//! The loop of the agent.

use std::convert::Infallible;
use std::net::UdpSocket;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use crate::error::AgentError;
use crate::licd::Licd;
use crate::state::State;
use crate::ums::{Report, Ums};
use crate::{Args, say};

/// The feature that a frozen configuration lacks.
const CHANGES: &str = "config-change";
/// The least pause between two reports: news that comes together is one report.
const PAUSE: Duration = Duration::from_millis(200);
/// The pause after the first failure; it doubles up to `--every`.
const RETRY: Duration = Duration::from_secs(1);
/// Reports of one round: the news, the new settings, the refresh, and one to spare.
const REPORTS: usize = 4;

struct Agent<'a> {
    licd: Licd,
    ums: Ums,
    state: State,
    file: &'a Path,
    boot: String,
    wake: u16,
    /// The settings that licd has from this agent.
    handed: Option<String>,
}

/// Runs until the bus ends.
pub(crate) fn run(args: &Args) -> Result<Infallible, AgentError> {
    let (sender, news) = mpsc::channel();
    let licd = Licd::connect(&args.bus)?;
    licd.watch(&sender)?;
    let boot = args.root.join("proc/sys/kernel/random/boot_id");
    let mut agent = Agent {
        licd,
        ums: Ums::new(&args.ums, &args.ca)?,
        state: State::load(&args.state)?,
        file: &args.state,
        boot: std::fs::read_to_string(boot).unwrap_or_default().trim().to_owned(),
        wake: listen(args, sender)?,
        handed: None,
    };
    let (mut failures, every) = (0, Duration::from_secs(args.every.into()));
    // A fleet that has power again must not report in the same second.
    thread::sleep(every.mul_f64(chance() / 60.0));
    loop {
        let pause = match agent.synchronise() {
            Ok(()) => {
                failures = 0;
                every
            }
            Err(error) => {
                say(&error);
                failures += 1;
                every.min(RETRY * (1 << (failures - 1).min(16)))
            }
        };
        wait(&news, pause.mul_f64(0.9 + chance() / 5.0));
    }
}

/// Listens for the datagrams of UMS, and returns the port. Their content does not matter, so any
/// program may send them: they cost a report.
fn listen(args: &Args, news: Sender<()>) -> Result<u16, AgentError> {
    let failed = |error| AgentError::File(args.listen.to_string(), error);
    let socket = UdpSocket::bind(args.listen).map_err(failed)?;
    let port = socket.local_addr().map_err(failed)?.port();
    thread::spawn(move || {
        while socket.recv(&mut [0; 16]).is_ok() {
            let _ = news.send(());
        }
    });
    Ok(port)
}

/// Waits for news, or until the time has passed.
fn wait(news: &Receiver<()>, time: Duration) {
    thread::sleep(PAUSE.min(time));
    let _ = news.recv_timeout(time);
    while news.try_recv().is_ok() {}
}

/// A random number from 0 to 1.
fn chance() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)
}

impl Agent<'_> {
    /// Reports until UMS has nothing new.
    fn synchronise(&mut self) -> Result<(), AgentError> {
        let mut refreshed = false;
        for _ in 0..REPORTS {
            let (allowed, ..): (bool, String, String) = self.licd.call("CheckFeature", &CHANGES)?;
            let refused = self.hand_over(!allowed);
            let status: String = self.licd.call("GetStatus", &())?;
            let answer = self.ums.report(&Report {
                device: &self.state.device,
                boot: &self.boot,
                wake: self.wake,
                applied: if self.handed.is_some() { &self.state.revision } else { "" },
                frozen: !allowed,
                refreshed,
                status: serde_json::from_str(&status).unwrap_or_default(),
            })?;
            let is_new = self.state.revision != answer.revision;
            if let Some(settings) = answer.settings.filter(|_| is_new) {
                self.state.received = settings;
                self.state.revision = answer.revision;
                self.state.save(self.file)?;
            } else if answer.refresh && !refreshed {
                self.licd.call::<()>("Refresh", &())?;
                refreshed = true;
            } else {
                return refused;
            }
        }
        Ok(())
    }

    /// Gives licd the settings, unless it has them.
    fn hand_over(&mut self, frozen: bool) -> Result<(), AgentError> {
        let settings = self.state.settings(frozen);
        if self.state.received.is_empty() || self.handed.as_ref() == Some(&settings) {
            return Ok(());
        }
        self.handed = None;
        self.licd.call::<()>("ApplySettings", &settings)?;
        self.state.in_force.clone_from(&settings);
        self.handed = Some(settings);
        self.state.save(self.file)
    }
}
