//! Runs of licd.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::super::operations::Call;
use super::super::point::Aim;
use super::super::tracer::Traced;
use super::watch::{READY, Socket, Watch};
use super::{Attempt, Fixture};
use crate::client::Client;
use crate::state::{self, State};
use crate::wait;
use crate::world::World;

/// The time within which licd must retry after a shortage.
const SOON: Duration = Duration::from_secs(10);
/// The maximum duration of a lasting failure while licd does not answer.
const WINDOW: Duration = Duration::from_secs(2);
/// licd is idle after this time without a call.
const QUIET: Duration = Duration::from_millis(100);

/// licd's behaviour in a run.
#[derive(Debug)]
pub struct Served {
    /// Whether it sent its readiness notification.
    pub was_ready: bool,
    /// Whether it ran until it was terminated.
    pub lived: bool,
    /// Its answer, if it was ready.
    pub answer: Option<Answer>,
    /// How its published state was wrong `SOON` after the failure ended, and whether a refresh
    /// corrected it.
    pub still: Option<(String, bool)>,
    /// Its published states.
    pub watch: Watch,
}

/// licd's answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Success.
    Done,
    /// The name of the D-Bus error.
    Refused(String),
    /// No answer, so that it was killed.
    Nothing,
}

impl Fixture {
    /// Runs licd, and makes this call unless the operation is the start.
    pub(super) fn serve(
        &self,
        world: &World,
        aim: Option<Aim>,
        expected: Option<&Value>,
        call: Option<Call>,
    ) -> Attempt {
        let client = Client::connect(self.bus.address());
        let socket = Socket::new();
        let command = self.licd(world, &socket);
        let licd = match call {
            None => Traced::start(&command, aim),
            Some(_) => Traced::start_unarmed(&command, aim),
        };
        let mut watch = Watch::new(world);
        let was_ready = socket.is_ready(|| {
            watch.look();
            licd.has_ended()
        });
        let answer = was_ready.then(|| {
            if call.is_some() {
                until_quiet(&licd, &mut watch);
                watch.begin();
            }
            licd.arm();
            let call = || match call {
                Some(call) => call(world, &client),
                None => ask(&client).map(drop),
            };
            answer(&licd, &mut watch, call)
        });
        licd.disarm();
        // A refused operation had no effect, or was begun and is finished later.
        let is_refused = call.is_some() && answer != Some(Answer::Done);
        let right = expected
            .filter(|_| was_ready)
            .map(|expected| [Some(expected), is_refused.then_some(&self.claims)]);
        let still = right.and_then(|right| settle(&licd, &client, &mut watch, right));
        let lived = !licd.has_ended();
        let _ = kill(licd.pid(), Signal::SIGTERM);
        let trace = licd.wait(SOON);
        let served = Served { was_ready, lived, answer, still, watch };
        Attempt { trace, state: State::of(world), served: Some(served) }
    }

    fn licd(&self, world: &World, socket: &Socket) -> Command {
        let mut command = world.program("licd");
        command.arg("--bus").arg(self.bus.address()).env("NOTIFY_SOCKET", &socket.path);
        command
    }

    /// Starts licd without a fault and returns its claims: the first that equal one of the `right`
    /// claims, otherwise the last.
    ///
    /// # Errors
    /// Why licd did not start.
    pub fn next_start(&self, world: &World, right: &[&Value]) -> Result<Value, String> {
        self.serve_plainly(world, right, |_| {})
    }

    /// Does the same, and `work` in between, once licd has published these claims.
    ///
    /// # Errors
    /// Those of [`Fixture::next_start`].
    pub fn serve_plainly(
        &self,
        world: &World,
        right: &[&Value],
        work: impl FnOnce(&Client),
    ) -> Result<Value, String> {
        let client = Client::connect(self.bus.address());
        let socket = Socket::new();
        let log = fs::File::create(world.root().with_extension("log")).unwrap();
        let mut command = self.licd(world, &socket);
        let mut licd = command.stdin(Stdio::null()).stderr(log).spawn().unwrap();
        let is_ready = socket.is_ready(|| licd.try_wait().unwrap().is_some());
        let mut claims = Err("the next licd does not answer".to_owned());
        let _ = wait::within(SOON, || {
            claims = ask(&client).map(|report| state::claims(&report));
            let is_right = claims.as_ref().is_ok_and(|claims| right.contains(&claims));
            (is_right || !is_ready).then_some(())
        });
        if is_ready {
            work(&client);
        }
        let _ = kill(Pid::from_raw(licd.id().try_into().unwrap()), Signal::SIGTERM);
        let ended = wait::within(wait::DEADLINE, || licd.try_wait().unwrap());
        let _ = licd.kill();
        let _ = licd.wait();
        match (is_ready, ended) {
            (false, _) => Err("the next licd does not become ready".to_owned()),
            (_, None) => Err("the next licd does not end".to_owned()),
            (_, Some(status)) if !status.success() => Err(format!("the next licd ends: {status}")),
            _ => claims,
        }
    }
}

fn ask(client: &Client) -> Result<Value, String> {
    let text: String = client.manager("GetStatus", &()).map_err(|refusal| refusal.name)?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// licd's answer to a call. A lasting failure ends when licd is idle, and at the latest after
/// [`WINDOW`].
fn answer(
    licd: &Traced,
    watch: &mut Watch,
    call: impl FnOnce() -> Result<(), String> + Send,
) -> Answer {
    thread::scope(|scope| {
        // The client panics if the bus fails, which a call without answer looks like.
        let call = scope.spawn(|| catch_unwind(AssertUnwindSafe(call)));
        let is_answered = |watch: &mut Watch, limit| {
            let answered = wait::within(limit, || {
                watch.look();
                (call.is_finished() || licd.has_ended()).then_some(())
            });
            answered.is_some()
        };
        let at_once = is_answered(watch, WINDOW);
        if at_once {
            until_quiet(licd, watch);
        }
        licd.disarm();
        if !at_once && !is_answered(watch, SOON) {
            // The bus then returns an error to the caller.
            let _ = kill(licd.pid(), Signal::SIGKILL);
            let _ = call.join();
            return Answer::Nothing;
        }
        match call.join().unwrap() {
            Ok(Ok(())) => Answer::Done,
            Ok(Err(name)) => Answer::Refused(name),
            Err(_) => Answer::Nothing,
        }
    })
}

/// Waits until licd publishes one of the right claims. Otherwise returns how its state differs, and
/// whether a refresh corrects it.
fn settle(
    licd: &Traced,
    client: &Client,
    watch: &mut Watch,
    right: [Option<&Value>; 2],
) -> Option<(String, bool)> {
    let all = || right.iter().flatten();
    let is_right = wait::within(SOON, || {
        watch.look();
        let is_right = all().any(|right| watch.difference(right).is_none());
        (licd.has_ended() || is_right).then_some(())
    });
    if is_right.is_some() {
        return None;
    }
    // The last claims are the most likely ones.
    let still = watch.difference(all().last()?)?;
    let _ = client.manager::<()>("Refresh", &());
    let healed = ask(client).map(|report| state::claims(&report));
    Some((still, healed.is_ok_and(|claims| all().any(|right| claims == **right))))
}

/// Waits until licd is idle, at most for `READY`.
fn until_quiet(licd: &Traced, watch: &mut Watch) {
    let (mut calls, mut since) = (licd.calls(), Instant::now());
    wait::within(READY, || {
        watch.look();
        if licd.calls() != calls {
            (calls, since) = (licd.calls(), Instant::now());
        }
        (licd.has_ended() || since.elapsed() >= QUIET).then_some(())
    });
}
