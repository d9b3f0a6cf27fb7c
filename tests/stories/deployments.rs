//! The restart at the end of a deployment by a link of the settings (docs/ums-administrator.md,
//! section 2.1), with a logind that only records calls.

mod asking;
mod restarting;

use std::fs;
use std::io::Write as _;
use std::ops::Deref;
use std::os::unix::fs::symlink;

use acceptance::client::{Client, NAME, PATH, PROPERTIES, Refusal};
use acceptance::daemon::Daemon;
use acceptance::desktop::{Desktop, Notifier, Running};
use acceptance::harness::Story;
use acceptance::logind::{Logind, Version};
use acceptance::maker::licence;
use acceptance::server::{self, Server};
use acceptance::{World, wait};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use zbus::OwnedVariant;

/// The stories of all submodules.
pub(crate) const CHAPTERS: [&[Story]; 2] = [asking::STORIES, restarting::STORIES];

const DEPLOYMENT: &str = "com.igel.License1.Deployment";
/// The uptime at which licences are deployed.
const START: u64 = 1000;
const HOUR: u64 = 3600;
const ENGLISH: &str = "en_GB.UTF-8";
const BUTTONS: &[&str] = &["body", "actions"];
const ORDERED: &str = "RebootWithFlags 1";

/// A device whose settings link to a licence.
struct Linked(World);

impl Deref for Linked {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl Linked {
    fn new() -> Self {
        Self::with("")
    }

    /// The same, with more settings in the section of the links.
    fn with(settings: &str) -> Self {
        let linked = Self(World::new());
        linked.boots("5b1f1d0c");
        linked.link(&licence().sign(), settings);
        linked
    }

    /// Simulates a boot with this boot ID, and some uptime.
    fn boots(&self, name: &str) {
        let id = format!("{name}-7a6f-4c3e-9d2b-0123456789ab\n");
        let file = self.write("/proc/sys/kernel/random/boot_id.new", id);
        fs::rename(file, self.path("/proc/sys/kernel/random/boot_id")).unwrap();
        self.runs_for(START);
    }

    /// Lets the boot ID be read so many times.
    fn shows_boot(&self, times: usize) -> Boot {
        let file = self.path("/proc/sys/kernel/random/boot_id");
        fs::remove_file(&file).unwrap();
        mkfifo(&file, Mode::S_IRUSR).unwrap();
        let boot = Boot(fs::File::options().read(true).write(true).open(file).unwrap());
        boot.show(times);
        boot
    }

    /// Makes the boot ID unreadable for the moment: reading an address that is not mapped fails.
    fn hides_boot(&self) {
        let file = self.path("/proc/sys/kernel/random/boot_id");
        fs::remove_file(&file).unwrap();
        symlink("/proc/self/mem", file).unwrap();
    }

    /// Sets the uptime in seconds. The file is replaced: licd would read an empty one as the uptime of
    /// the machine that runs the tests.
    fn runs_for(&self, seconds: u64) {
        let new = self.write("/proc/uptime.new", format!("{seconds}.00 0.00\n"));
        fs::rename(new, self.path("/proc/uptime")).unwrap();
    }

    /// Sets the uptime to this many seconds after the deployment, and refreshes the daemon.
    fn advance(&self, daemon: &Daemon<'_>, seconds: u64) {
        self.runs_for(START + seconds);
        daemon.refresh();
    }

    /// Lets five seconds pass at a time, from this many after the deployment, until this restart plan. An
    /// answer of logind that is under way counts from the moment at which it arrives.
    fn pass_until(&self, daemon: &Daemon<'_>, seconds: u64, wanted: &str) {
        let (client, mut now) = (daemon.client(), seconds);
        wait::until(wanted, || {
            self.advance(daemon, now);
            now += 5;
            (plan(&client) == wanted).then_some(())
        });
    }

    /// Replaces the link.
    fn link(&self, licence: &str, settings: &str) {
        let server = Server::answering(server::ok("Connection: close\r\n", licence));
        let link = server.url("a.lic");
        let text = format!("[system.remotemanager]\nlicense_urls = [{link:?}]\n{settings}\n");
        self.write("/etc/licd/settings.toml", text);
    }

    /// Starts the daemon and waits until it has followed the link.
    fn deploy(&self) -> Daemon<'_> {
        let daemon = self.start();
        poll(&daemon);
        daemon
    }

    /// Deploys while a user is at the device, whose notification server has these capabilities.
    fn deploy_for_user(&self, desktop: &Desktop, capabilities: &[&str]) -> Attended<'_> {
        let logind = Logind::start(self, Version::New);
        logind.log_in();
        let notifier = Notifier::start(desktop, capabilities);
        let session = desktop.log_in(self, ENGLISH);
        Attended { logind, notifier, session, daemon: self.deploy() }
    }

    /// Starts logind, deploys, and waits until the restart is announced.
    fn deploy_until_notice(&self) -> (Logind, Daemon<'_>) {
        let logind = Logind::start(self, Version::New);
        let daemon = self.deploy();
        until(&daemon, "notice");
        (logind, daemon)
    }
}

/// A boot ID that can be read a limited number of times.
struct Boot(fs::File);

impl Boot {
    /// Lets it be read so many times more. licd reads 256 bytes.
    fn show(&self, times: usize) {
        let line = format!("{:256}", "5b1f1d0c-7a6f-4c3e-9d2b-0123456789ab\n");
        (&self.0).write_all(line.repeat(times).as_bytes()).unwrap();
    }
}

/// A device with a user.
struct Attended<'d> {
    logind: Logind,
    notifier: Notifier,
    session: Running,
    daemon: Daemon<'d>,
}

fn poll(daemon: &Daemon<'_>) {
    let () = daemon.client().manager("Poll", &()).unwrap();
}

fn plan(client: &Client) -> String {
    let value: OwnedVariant =
        client.call(NAME, PATH, PROPERTIES, "Get", &(DEPLOYMENT, "State")).unwrap();
    value.try_into().unwrap()
}

/// Waits for this restart plan.
fn until(daemon: &Daemon<'_>, wanted: &str) {
    let client = daemon.client();
    let mut last = String::new();
    let found = wait::within(wait::DEADLINE, || {
        last = plan(&client);
        (last == wanted).then_some(())
    });
    assert!(found.is_some(), "{wanted}, not {last}");
}

fn answer(daemon: &Daemon<'_>, word: &str) -> Result<(), Refusal> {
    daemon.client().call(NAME, PATH, DEPLOYMENT, "Answer", &word)
}

/// Waits for the restart and asserts that it is ordered once.
fn until_restarted(daemon: &Daemon<'_>, logind: &Logind) {
    wait::until("the restart", || (!logind.restarts().is_empty()).then_some(()));
    until(daemon, "restart");
    daemon.refresh();
    daemon.refresh();
    assert_eq!(logind.restarts(), [ORDERED]);
}

fn problem(status: &Value) -> Option<String> {
    let problems = status["problems"].as_array().unwrap().iter();
    let mut of_restart = problems.filter(|problem| problem["subject"] == "restart");
    of_restart.next().map(|problem| problem["message"].as_str().unwrap().to_owned())
}
