//! The ways to import from a server: licctl alone, licctl with the daemon, the daemon alone. All
//! give the same result.

use std::collections::HashMap;
use std::process::Command;
use std::thread;
use std::time::Duration;

use acceptance::client::{Client, Refusal};
use acceptance::daemon::Daemon;
use acceptance::{World, program, wait};
use zbus::{OwnedObjectPath, Variant};

/// User name and password.
pub(super) type Login<'a> = Option<(&'a str, &'a str)>;

/// The result for an address.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) exit: i32,
    pub(super) code: String,
    /// The displayed address.
    pub(super) file: String,
    pub(super) message: String,
    /// Standard error of licctl without the daemon.
    pub(super) err: String,
    /// The duration of the slowest way.
    pub(super) took: Duration,
}

impl Outcome {
    /// Asserts the verdict and a part of the message.
    #[track_caller]
    pub(super) fn is(&self, code: &str, exit: i32, words: &str) -> &Self {
        assert_eq!((self.code.as_str(), self.exit), (code, exit), "{self:?}");
        assert!(self.message.contains(words), "“{words}” is not in {self:?}");
        self
    }

    /// Asserts a refusal whose message states the cure.
    #[track_caller]
    pub(super) fn refused(&self, code: &str, words: &str, advice: &str) -> &Self {
        let exit = if code == "malformed" { 3 } else { 6 };
        self.is(code, exit, words).is(code, exit, advice)
    }

    #[track_caller]
    pub(super) fn unreachable(&self, words: &str, advice: &str) -> &Self {
        self.refused("source-unreachable", words, advice)
    }
}

/// A network configuration with a time limit.
pub(super) fn network(total_seconds: u32, more: &str) -> String {
    format!(
        "[network]\nconnect_timeout_seconds = 5\ntotal_timeout_seconds = {total_seconds}\n{more}"
    )
}

/// A device with this configuration.
pub(super) fn device(config: &str) -> World {
    let world = World::new();
    world.write("/etc/licd/licd.toml", config);
    world
}

/// Imports the address in every way, each on its own device from `prepare`.
pub(super) fn import(prepare: impl Fn() -> World + Sync, url: &str, login: Login<'_>) -> Outcome {
    let worlds = [prepare(), prepare(), prepare()];
    let outcome = {
        let [through, by_bus] = [worlds[1].start(), worlds[2].start()];
        compare(&worlds[0], &through, &by_bus, url, login)
    };
    let expected = usize::from(outcome.exit == 0 && outcome.message.contains("in force"));
    for world in worlds {
        assert_eq!(world.stored().len(), expected, "{outcome:?}");
    }
    outcome
}

/// Imports the address in every way on one device and asserts that nothing is stored.
pub(super) fn try_all(daemon: &Daemon<'_>, world: &World, url: &str, login: Login<'_>) -> Outcome {
    let outcome = compare(world, daemon, daemon, url, login);
    assert_ne!(outcome.exit, 0, "{outcome:?}");
    assert!(world.stored().is_empty(), "{outcome:?}");
    outcome
}

fn compare(
    world: &World,
    through: &Daemon<'_>,
    by_bus: &Daemon<'_>,
    url: &str,
    login: Login<'_>,
) -> Outcome {
    let (own, through, by_bus) = thread::scope(|scope| {
        let own = scope.spawn(|| licctl(world.licctl_command(), world, url, login));
        let through = scope.spawn(|| licctl(through.licctl_command(), world, url, login));
        let by_bus = scope.spawn(|| job(&by_bus.client(), url, login));
        (own.join().unwrap(), through.join().unwrap(), by_bus.join().unwrap())
    });
    let file = own.json()["files"][0]["file"].as_str().unwrap().to_owned();
    let (code, message) = (own.verdict(), own.message());
    assert_eq!(through.code, own.code, "{url}");
    assert_eq!(by_bus.0, code, "{url}: {by_bus:?} {own:?}");
    assert_same(&through.out, &own.out);
    assert_same(&by_bus.1, &format!("{file}: {message}"));
    let took = own.took.max(through.took);
    Outcome { exit: own.code, code, file, message, err: own.err, took }
}

/// The start of the text that depends on timing.
const TIME_IS_UP: &str = "did not send everything within";

/// Asserts that two texts are equal except for timing: the number of attempts, the time of day, and
/// the limit that was reached first.
#[track_caller]
fn assert_same(left: &str, right: &str) {
    if ![left, right].iter().any(|text| text.contains(TIME_IS_UP)) {
        assert_eq!(timeless(left), timeless(right));
    }
}

fn timeless(text: &str) -> String {
    let mut text = text.to_owned();
    for (begin, end) in [(" (tried ", " times)"), ("clock says ", " GMT")] {
        if let Some((before, rest)) = text.split_once(begin)
            && let Some((_, after)) = rest.split_once(end)
        {
            text = format!("{before}{after}");
        }
    }
    text
}

fn licctl(mut licctl: Command, world: &World, url: &str, login: Login<'_>) -> program::Answer {
    licctl.args(["import", "--json", url]);
    if let Some((user, password)) = login {
        // Every way writes the same file.
        // Each way has a file of its own: the other one must not find it half written.
        let name = format!("password-{:?}", thread::current().id());
        let file = world.file(&name, format!("{password}\n"));
        licctl.args(["--user", user, "--password-file", &file]);
    }
    program::run(&mut licctl)
}

/// Starts an import by the daemon.
pub(super) fn begin(
    client: &Client,
    url: &str,
    login: Login<'_>,
) -> Result<OwnedObjectPath, Refusal> {
    let mut options: HashMap<&str, Variant<'_>> = HashMap::new();
    if let Some((user, password)) = login {
        options.insert("user", user.into());
        options.insert("password", password.into());
    }
    client.manager("Import", &(url, options))
}

/// Imports by the daemon; returns verdict and message.
fn job(client: &Client, url: &str, login: Login<'_>) -> (String, String) {
    let signals = client.listen();
    let job = begin(client, url, login).unwrap();
    wait::until("Finished", || {
        let ended = signals.named("Finished");
        let own = ended.iter().find(|signal| {
            signal.header().path().is_some_and(|path| path.as_str() == job.as_str())
        });
        own.map(|signal| signal.body().deserialize().unwrap())
    })
}
