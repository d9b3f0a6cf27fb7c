//! What must be true after a run.

use std::process::Command;

use nix::errno::Errno;
use serde_json::Value;

use super::attempt::{Attempt, Scene, Served, report};
use super::calls::Call;
use super::point::{Aim, Fault};
use super::state::{self, State};
use super::tracer::End;
use crate::world::World;

/// Exit codes of licctl that say that something could not be done: not read or fetched, not
/// written, busy.
const COULD_NOT: [i32; 3] = [6, 7, 9];
/// The one that says that the kernel did not allow it.
const NOT_AUTHORIZED: i32 = 8;
/// The exit code of a program that panics.
const PANICKED: i32 = 101;
/// What a panic says on standard error, by std's word and by licd's.
const PANICS: [&str; 2] = ["panicked at", "a fault of the program"];

/// A run without a fault, which shows what is right.
#[derive(Debug)]
pub struct Right {
    /// The run.
    pub attempt: Attempt,
    /// What the status report claims after it.
    pub claims: Value,
}

/// Why a run was wrong; each a sentence.
pub type Wrongs = Vec<String>;

/// Judges a run.
#[must_use]
pub fn judge(scene: &Scene, world: World, right: &Right, aim: Aim, run: &Attempt) -> Wrongs {
    let judge = Judge { scene, world: &world, right, aim, run };
    let mut wrongs = Vec::new();
    judge.end(&mut wrongs);
    judge.memory(&mut wrongs);
    match (aim.fault.is_kill(), &run.served) {
        (true, _) => judge.killed(&mut wrongs),
        (false, None) => judge.tool(&mut wrongs),
        (false, Some(served)) => judge.served(served, &mut wrongs),
    }
    judge.partition(&mut wrongs);
    check_file_system(world, &mut wrongs);
    wrongs
}

struct Judge<'a> {
    scene: &'a Scene,
    world: &'a World,
    right: &'a Right,
    aim: Aim,
    run: &'a Attempt,
}

impl Judge<'_> {
    fn end(&self, wrongs: &mut Wrongs) {
        let trace = &self.run.trace;
        if trace.end == End::Hung {
            wrongs.push("hangs".to_owned());
        }
        let panic = PANICS.iter().find_map(|words| trace.err.find(words));
        if trace.end == End::Exited(PANICKED) || panic.is_some() {
            let lines: Vec<_> = trace.err[panic.unwrap_or(0)..].lines().take(2).collect();
            wrongs.push(format!("panics: {}", lines.join(" ")));
        }
        let signal = matches!(trace.end, End::Killed(_));
        if signal && !self.aim.fault.is_kill() {
            wrongs.push(format!("ends with {:?}", trace.end));
        }
    }

    /// Nothing that was remembered is lost, but what the operation itself replaces.
    fn memory(&self, wrongs: &mut Wrongs) {
        let (before, now, after) = (&self.scene.before, &self.run.state, &self.right.attempt.state);
        let kept = before.memory.intersection(&after.memory);
        let lost: Vec<_> = kept.filter(|entry| !now.memory.contains(*entry)).collect();
        if let [first, ..] = lost.as_slice() {
            wrongs.push(format!("the memory loses {} entries: {first}", lost.len()));
        }
        if now.trust < before.trust {
            wrongs.push(format!("the trust remembered goes back to {}", now.trust));
        }
        for file in state::set_aside(self.world) {
            wrongs.push(format!("sets {} aside", self.place(&file)));
        }
        if now.settings != before.settings && now.settings != after.settings {
            wrongs.push("the settings are neither the old ones nor the new ones".to_owned());
        }
        for (file, content) in &now.store {
            let is_known = |state: &State| state.store.get(file) == Some(content);
            if !is_known(before) && !is_known(after) {
                wrongs.push(format!("{} is neither the old one nor the new one", file.display()));
            }
        }
        for (file, content) in &before.store {
            if after.store.get(file) == Some(content) && !now.store.contains_key(file) {
                wrongs.push(format!("the store loses {}", file.display()));
            }
        }
    }

    fn place(&self, file: &std::path::Path) -> String {
        let place = file.strip_prefix(self.world.root()).unwrap_or(file);
        format!("/{}", place.display())
    }

    /// licctl's answer is the right one and carried out, or it could not and nothing happened.
    fn tool(&self, wrongs: &mut Wrongs) {
        let (before, now, after) = (&self.scene.before, &self.run.state, &self.right.attempt.state);
        let End::Exited(code) = self.run.trace.end else { return };
        if self.right.attempt.trace.end == End::Exited(code) {
            self.answer(wrongs);
            if now.store != after.store {
                wrongs.push(format!("exit {code}, but the store is not what it should be"));
            }
            if self.scene.operation.name == "remove" && !after.memory.is_subset(&now.memory) {
                wrongs.push("exit 0, but the removal is not remembered".to_owned());
            }
            return;
        }
        // What was done cannot be told.
        let speechless = self.run.trace.hit.as_ref().is_some_and(Call::speaks);
        if speechless && code != PANICKED {
            return;
        }
        let denied = code == NOT_AUTHORIZED && self.aim.fault.errno() == Some(Errno::EACCES);
        if !COULD_NOT.contains(&code) && !denied {
            wrongs.push(format!("exit {code}: {}", self.words()));
        } else if now.store != before.store && !self.is_finished_later() {
            wrongs.push(format!("exit {code}, but the store is not as before"));
        }
    }

    /// Whether what was begun and not finished is finished by the next start.
    fn is_finished_later(&self) -> bool {
        let next = self.scene.next_start(self.world, &[&self.right.claims]);
        self.scene.operation.name == "remove"
            && next.as_ref() == Ok(&self.right.claims)
            && self.right.attempt.state.memory.is_subset(&State::of(self.world).memory)
    }

    /// The last words of the program, short.
    fn words(&self) -> String {
        let trace = &self.run.trace;
        let text = if trace.err.trim().is_empty() { &trace.out } else { &trace.err };
        let text = text.replace(self.world.root().to_str().unwrap(), "");
        let text = text.replace(self.world.root().parent().unwrap().to_str().unwrap(), "");
        text.trim().chars().take(240).collect::<String>().replace('\n', " / ")
    }

    /// What licctl prints is what it prints without a fault, as far as it decides anything.
    fn answer(&self, wrongs: &mut Wrongs) {
        let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
        let Some(should) = parse(&self.right.attempt.trace.out) else { return };
        let Some(is) = parse(&self.run.trace.out) else {
            wrongs.push("exit 0, but no answer".to_owned());
            return;
        };
        if should["files"].is_array() {
            let code = |answer: &Value| answer["files"][0]["code"].clone();
            if code(&is) != code(&should) {
                wrongs.push(format!("answers {} instead of {}", code(&is), code(&should)));
            }
        } else if should["state"].is_string() {
            let (is, should) = (state::claims(&is), state::claims(&should));
            if is != should {
                wrongs.push(format!("reports {}", state::difference(&is, &should)));
            }
        }
    }

    /// licd lives, publishes nothing that is not so, and is right again soon.
    fn served(&self, served: &Served, wrongs: &mut Wrongs) {
        // The service manager starts it again if it could not start and said so.
        let gave_up =
            !served.was_ready && matches!(self.run.trace.end, End::Exited(code) if code != 0);
        if gave_up && self.scene.is_start() {
            return;
        }
        if !served.was_ready {
            wrongs.push("licd does not become ready".to_owned());
        }
        if !served.lived {
            wrongs.push(format!("licd ends ({:?}): {}", self.run.trace.end, self.words()));
        }
        for (claims, names_problem) in &self.run.published {
            let is_so = *claims == self.scene.claims || *claims == self.right.claims;
            let excused = self.scene.is_start() && *names_problem;
            if !is_so && !excused {
                let what = state::difference(claims, &self.right.claims);
                wrongs.push(format!("publishes {what}"));
            }
        }
        if let Some(still) = &served.still {
            let what = state::difference(still, &self.right.claims);
            let healed = if served.healed { "until Refresh" } else { "even after Refresh" };
            wrongs.push(format!("still {what}, {healed}"));
        }
        self.call(served, wrongs);
    }

    /// What a call was answered is what was done.
    fn call(&self, served: &Served, wrongs: &mut Wrongs) {
        if self.scene.is_start() {
            return;
        }
        let (before, now, after) = (&self.scene.before, &self.run.state, &self.right.attempt.state);
        let same = |other: &State| now.store == other.store && now.settings == other.settings;
        match &served.answer {
            Some(Ok(())) if !same(after) => {
                wrongs.push("answers that it is done, which it is not".to_owned());
            }
            Some(Err(name)) if !same(before) => {
                wrongs.push(format!("answers {name}, but something is done"));
            }
            Some(Err(name)) if self.is_verdict(name) => {
                wrongs.push(format!("answers {name}"));
            }
            _ => {}
        }
    }

    /// Whether an answer is none that says that something could not be done.
    fn is_verdict(&self, name: &str) -> bool {
        let could_not = [
            "SourceUnreachable",
            "SourceRefused",
            "StoreUnwritable",
            "StoreFull",
            "Busy",
            "Timeout",
            "source-unreachable",
            "source-refused",
            "store-unwritable",
            "store-full",
            "busy",
            "timeout",
            "NoMemory",
            "LimitsExceeded",
        ];
        let denied = ["NotAuthorized", "not-authorized"];
        let ends = |list: &[&str]| list.iter().any(|end| name.ends_with(end));
        !ends(&could_not) && !(ends(&denied) && self.aim.fault.errno() == Some(Errno::EACCES))
    }

    /// The next start finds the old or the new, whole, and clears away.
    fn killed(&self, wrongs: &mut Wrongs) {
        if !self.scene.operation.writes {
            return;
        }
        let acknowledged = self.is_acknowledged();
        match self.scene.next_start(self.world, &[&self.right.claims, &self.scene.claims]) {
            Err(why) => wrongs.push(why),
            Ok(claims) => {
                let is_old = claims == self.scene.claims;
                let is_new = claims == self.right.claims;
                if !is_old && !is_new {
                    let what = state::difference(&claims, &self.right.claims);
                    wrongs.push(format!("the next start finds {what}"));
                }
                if acknowledged && !is_new {
                    wrongs.push("what was acknowledged is lost".to_owned());
                }
            }
        }
        let now = State::of(self.world);
        let removes = ["remove", "profile", "served-remove"].contains(&self.scene.operation.name);
        if removes
            && now.store == self.right.attempt.state.store
            && !self.right.attempt.state.memory.is_subset(&now.memory)
        {
            wrongs.push("the removal is not remembered".to_owned());
        }
        for file in state::temporary(self.world) {
            wrongs.push(format!("{} stays", self.place(&file)));
        }
    }

    /// Whether the program had said that it was done.
    fn is_acknowledged(&self) -> bool {
        match &self.run.served {
            Some(served) => !self.scene.is_start() && served.answer == Some(Ok(())),
            None => {
                self.run.trace.out == self.right.attempt.trace.out && !self.run.trace.out.is_empty()
            }
        }
    }

    /// The licence partition is closed, or it is said that it is not.
    fn partition(&self, wrongs: &mut Wrongs) {
        let Some(partition) = self.world.file_system() else { return };
        if partition.is_read_only() {
            return;
        }
        match self.aim.fault {
            Fault::FailOnward(_) if !self.run.trace.err.trim().is_empty() => {
                let _ = self.scene.next_start(self.world, &[&self.right.claims]);
                if !partition.is_read_only() {
                    wrongs.push("the partition stays writable past the next start".to_owned());
                }
            }
            _ => wrongs.push("the partition stays writable".to_owned()),
        }
    }
}

impl Scene {
    /// Whether the operation is a start of licd.
    fn is_start(&self) -> bool {
        matches!(self.operation.act, super::operations::Act::Start)
    }
}

fn check_file_system(world: World, wrongs: &mut Wrongs) {
    let Some(partition) = world.file_system() else { return };
    partition.vanish();
    let check = Command::new("/sbin/e2fsck").arg("-fn").arg(partition.image()).output().unwrap();
    if !check.status.success() {
        let text = String::from_utf8_lossy(&check.stdout).replace('\n', " / ");
        wrongs.push(format!("e2fsck: {text}"));
    }
}

/// Runs an operation without a fault.
#[must_use]
pub fn undisturbed(scene: &Scene) -> Right {
    let world = scene.world();
    let attempt = scene.run(&world, None, None);
    let claims = report(&world);
    Right { attempt, claims }
}
