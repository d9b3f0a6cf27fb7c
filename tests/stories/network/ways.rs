//! The ways to import from a server: licctl by itself, licctl with the daemon, the daemon by itself.
//! All of them come to the same.

use std::collections::HashMap;
use std::process::Command;
use std::thread;
use std::time::Duration;

use acceptance::client::{Client, Refusal};
use acceptance::daemon::Daemon;
use acceptance::{World, program, wait};
use zbus::{OwnedObjectPath, Variant};

/// Who asks, and with which password.
pub(super) type Login<'a> = Option<(&'a str, &'a str)>;

/// What was said of an address.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) exit: i32,
    pub(super) code: String,
    /// The address, as it is shown.
    pub(super) file: String,
    pub(super) message: String,
    /// What licctl by itself wrote to standard error.
    pub(super) err: String,
    /// How long the slowest way took.
    pub(super) took: Duration,
}

impl Told {
    /// Checks the verdict, and that the message says this.
    #[track_caller]
    pub(super) fn is(&self, code: &str, exit: i32, words: &str) -> &Self {
        assert_eq!((self.code.as_str(), self.exit), (code, exit), "{self:?}");
        assert!(self.message.contains(words), "“{words}” is not in {self:?}");
        self
    }

    /// Checks a refusal, whose message has to say what to do as well.
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

/// A configuration of the network with a time that fits a test.
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

/// Imports the address in every way, each on a device of its own that `prepare` has made.
pub(super) fn import(prepare: impl Fn() -> World + Sync, url: &str, login: Login<'_>) -> Told {
    let worlds = [prepare(), prepare(), prepare()];
    let told = {
        let [through, by_bus] = [worlds[1].start(), worlds[2].start()];
        compare(&worlds[0], &through, &by_bus, url, login)
    };
    let expected = usize::from(told.exit == 0 && told.message.contains("in force"));
    for world in worlds {
        assert_eq!(world.stored().len(), expected, "{told:?}");
    }
    told
}

/// Tries the address in every way on one device, which has nothing to take from it.
pub(super) fn try_all(daemon: &Daemon<'_>, world: &World, url: &str, login: Login<'_>) -> Told {
    let told = compare(world, daemon, daemon, url, login);
    assert_ne!(told.exit, 0, "{told:?}");
    assert!(world.stored().is_empty(), "{told:?}");
    told
}

fn compare(
    world: &World,
    through: &Daemon<'_>,
    by_bus: &Daemon<'_>,
    url: &str,
    login: Login<'_>,
) -> Told {
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
    Told { exit: own.code, code, file, message, err: own.err, took }
}

/// The words that depend on when something happens.
const TIME_IS_UP: &str = "did not send everything within";

/// Checks that two texts say the same, but for what depends on when it happened: how often something
/// was tried, the time of day, and which of two limits of time was over first.
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
        // Each of the ways writes the same.
        let file = world.file("password", format!("{password}\n"));
        licctl.args(["--user", user, "--password-file", &file]);
    }
    program::run(&mut licctl)
}

/// Begins an import by the daemon.
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

/// Imports by the daemon, and returns the verdict and the message.
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
