//! What an actor does, and whether the answers are right.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{fs, thread};

use super::packs::{self, Held, Known, Packs};
use super::plan::{By, Deed, Round, Way, What};
use super::watch::{Watch, call_when_free};
use crate::client::Client;
use crate::maker;
use crate::program;
use crate::world::World;

/// Settings without a profile, and with the clean-up.
pub(super) const PLAIN: &str = "[system.remotemanager]\nlicense_cleanup = true\n";
const NO_CLEAN_UP: &str = "[system.remotemanager]\nlicense_cleanup = false\n";
const PROFILE: &str = "[licensing]\nremove = \"powerterm\"\n";

/// The exit codes of licctl (docs/technician.md, section 3).
const DONE: i32 = 0;
const NOTHING_TO_DO: i32 = 1;
const NOT_GENUINE: i32 = 3;
const DOES_NOT_COUNT: i32 = 5;
/// Operations that could not be done: 6 to 9.
const COULD_NOT: std::ops::RangeInclusive<i32> = 6..=9;
/// Another program holds the store, or licd did not answer in time.
const BUSY: i32 = 9;

/// What the actors know and share.
#[derive(Debug)]
pub(super) struct Stage<'w> {
    pub(super) world: &'w World,
    pub(super) packs: Packs,
    pub(super) trust: Trust,
    pub(super) watch: Watch<'w>,
    /// Paths of garbage files.
    pub(super) garbage: Vec<String>,
    /// How often what was done.
    pub(super) done: Mutex<BTreeMap<String, u64>>,
}

/// The versions of trust documents.
#[derive(Debug)]
pub(super) struct Trust {
    /// The newest that was issued.
    issued: AtomicU64,
    /// The newest that was acknowledged.
    acknowledged: AtomicU64,
}

impl Default for Trust {
    fn default() -> Self {
        // The image has version 1.
        Self { issued: AtomicU64::new(1), acknowledged: AtomicU64::new(0) }
    }
}

impl Trust {
    /// The newest version that was acknowledged; 0 if none was.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }
}

/// What came of a run of licctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Code(i32),
    /// It, or the licd that it asked, was killed or did not answer: done or not, now or soon.
    Unknown,
}

/// An actor in a round.
#[derive(Debug)]
pub(super) struct Actor<'a> {
    stage: &'a Stage<'a>,
    round: &'a Round,
    number: usize,
    /// Packs with an interrupted operation that licd may still finish.
    pending: Vec<usize>,
}

impl<'a> Actor<'a> {
    pub(super) fn new(stage: &'a Stage<'a>, round: &'a Round, number: usize) -> Self {
        Self { stage, round, number, pending: Vec::new() }
    }

    /// Does one after the other; returns the packs that it worked with.
    pub(super) fn act(mut self, deeds: &[Deed]) -> Vec<usize> {
        let mut touched = Vec::new();
        for (at, deed) in deeds.iter().enumerate() {
            let file = format!("{}-{}-{at}.lic", self.round.number, self.number);
            match deed {
                Deed::Pack { pack, what, by } => {
                    touched.push(*pack);
                    self.pack(*pack, *what, *by, &file);
                }
                Deed::Sweep { selector, by } => self.sweep(selector, *by),
                Deed::Trust { ahead, by } => self.trust(*ahead, *by, &file),
                Deed::Profile => self.settings(PROFILE),
                Deed::CleanUp => self.settings(NO_CLEAN_UP),
                Deed::Garbage { by } => self.garbage(*by),
                Deed::Refresh => self.call("Refresh", &()),
            }
        }
        touched
    }

    fn pack(&mut self, pack: usize, what: What, by: By, file: &str) {
        if self.pending.contains(&pack) {
            return;
        }
        let known = self.stage.packs.of(pack);
        let what = possible(what, known);
        let name = packs::name(pack);
        let end = match what {
            What::Remove => self.licctl(&["remove", &format!("pack:{name}")], by),
            _ => self.import(pack, serial(what, known), what, by, file),
        };
        self.stage.count(&format!("{what:?} {}", words(end)));
        if end == End::Unknown && by.way == Way::Bus {
            self.pending.push(pack);
        }
        let is_swept = self.round.sweep().is_some_and(|selector| packs::is_of(pack, selector));
        match after(what, known, end) {
            Some(known) => self.stage.packs.set(pack, known),
            // Another actor removes these packs at the same time.
            None if is_swept => self.stage.packs.set(pack, Known { held: Held::Either, ..known }),
            None => {
                self.stage.watch.wrong(format!("{what:?} {name}, {known:?}: ends with {end:?}"));
            }
        }
    }

    fn import(&self, pack: usize, serial: u64, what: What, by: By, file: &str) -> End {
        let file = self.stage.world.file(file, packs::document(pack, serial));
        let end = match what {
            What::Find => self.licctl(&["import", "--automatic", &file], by),
            _ => self.licctl(&["import", &file], by),
        };
        let _ = fs::remove_file(file);
        end
    }

    /// Notes nothing: the end of the round does, when all actors are done.
    fn sweep(&self, selector: &'static str, by: By) {
        let end = self.licctl(&["remove", selector], by);
        self.stage.count(&format!("Remove {selector} {}", words(end)));
        match end {
            End::Code(DONE | NOTHING_TO_DO) => self.stage.watch.swept(),
            End::Unknown => {}
            End::Code(_) => {
                self.stage.watch.wrong(format!("remove {selector}: ends with {end:?}"));
            }
        }
    }

    fn trust(&self, ahead: u64, by: By, file: &str) {
        let trust = &self.stage.trust;
        // Only one actor of a round does this.
        let version = trust.issued.fetch_add(ahead, Ordering::SeqCst) + ahead;
        let file = self.stage.world.file(file, maker::trust(version, &[]));
        let end = self.licctl(&["import", &file], by);
        let _ = fs::remove_file(file);
        self.stage.count(&format!("Trust {}", words(end)));
        match end {
            End::Code(DONE) => {
                trust.acknowledged.fetch_max(version, Ordering::SeqCst);
            }
            End::Unknown => {}
            End::Code(_) => self.stage.watch.wrong(format!("trust {version}: ends with {end:?}")),
        }
    }

    fn settings(&self, first: &str) {
        for text in [first, PLAIN] {
            self.call("ApplySettings", &text);
        }
    }

    /// Calls licd, which may be killed.
    fn call(&self, method: &str, body: &(impl serde::Serialize + zbus::DynamicType)) {
        let client = Client::connect(self.stage.world.bus.address());
        let answer = call_when_free(&client, method, body);
        self.stage.count(&format!("{method} {}", if answer.is_ok() { "done" } else { "failed" }));
        if let Err(refusal) = &answer
            && self.round.kill.is_none()
        {
            self.stage.watch.wrong(format!("{method}: {refusal:?}"));
        }
    }

    fn garbage(&self, by: By) {
        let mut words = vec!["import"];
        words.extend(self.stage.garbage.iter().map(String::as_str));
        let end = self.licctl(&words, by);
        self.stage.count(&format!("Garbage {}", words_of_many(end)));
        if !matches!(end, End::Code(NOT_GENUINE) | End::Unknown) {
            self.stage.watch.wrong(format!("garbage: ends with {end:?}"));
        }
    }

    fn licctl(&self, words: &[&str], by: By) -> End {
        let mut command = self.stage.world.licctl_command();
        match by.way {
            Way::Bus => command.arg("--bus").arg(self.stage.world.bus.address()),
            Way::Direct => command.arg("--direct"),
        };
        command.args(words);
        let code = match by.kill {
            Some(when) => killed(&mut command, when),
            None => Some(program::run(&mut command).code),
        };
        let is_excused = |code| match (by.way, self.round.kill) {
            (Way::Bus, Some(_)) => COULD_NOT.contains(&code),
            _ => code == BUSY,
        };
        match code {
            None => End::Unknown,
            Some(code) if is_excused(code) => {
                self.stage.count(&format!("exit {code}"));
                End::Unknown
            }
            Some(code) => End::Code(code),
        }
    }
}

impl Stage<'_> {
    pub(super) fn count(&self, what: &str) {
        *self.done.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }
}

/// What an actor can do with a pack in this state. After an interrupted import only a new serial
/// has a certain answer.
fn possible(what: What, known: Known) -> What {
    match what {
        _ if known.held == Held::Torn => What::Renew,
        What::Again | What::Find if known.newest == 0 => What::Renew,
        What::Old if known.newest < 2 => What::Renew,
        what => what,
    }
}

fn serial(what: What, known: Known) -> u64 {
    match what {
        What::Renew => known.newest + 1,
        What::Old => known.newest - 1,
        _ => known.newest,
    }
}

/// What is known after this end; `None` if it is not a right one.
fn after(what: What, before: Known, end: End) -> Option<Known> {
    let newest = serial(what, before).max(before.newest);
    let held = match (what, before.held, end) {
        (What::Renew, _, End::Code(DONE)) | (What::Again, _, End::Code(DONE)) => Held::Newest,
        (What::Renew, _, End::Unknown) => Held::Torn,
        (What::Find, Held::Newest | Held::Either | Held::Nothing, End::Code(DONE)) => Held::Newest,
        (What::Find, held, End::Code(DOES_NOT_COUNT)) if held != Held::Newest => held,
        (What::Find, Held::Removed, End::Unknown) => Held::Removed,
        (What::Old, held, End::Code(DOES_NOT_COUNT) | End::Unknown) => held,
        (What::Again | What::Find, Held::Newest, End::Unknown) => Held::Newest,
        (What::Again | What::Find, _, End::Unknown) => Held::Either,
        (What::Remove, Held::Newest | Held::Either, End::Code(DONE)) => Held::Removed,
        (What::Remove, Held::Either, End::Code(NOTHING_TO_DO)) => Held::Nothing,
        (What::Remove, held @ (Held::Removed | Held::Nothing), End::Code(NOTHING_TO_DO)) => held,
        (What::Remove, Held::Newest | Held::Either, End::Unknown) => Held::Either,
        (What::Remove, held, End::Unknown) => held,
        _ => return None,
    };
    Some(Known { newest, held })
}

/// Runs a command and kills it; its exit code, if it ended before.
fn killed(command: &mut Command, when: Duration) -> Option<i32> {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().unwrap();
    // A random moment, not a wait for something.
    thread::sleep(when);
    let _ = child.kill();
    child.wait().unwrap().code()
}

fn words(end: End) -> &'static str {
    match end {
        End::Code(DONE) => "done",
        End::Code(NOTHING_TO_DO) => "for nothing",
        End::Code(_) => "refused",
        End::Unknown => "interrupted",
    }
}

fn words_of_many(end: End) -> &'static str {
    if end == End::Unknown { "interrupted" } else { "refused" }
}
