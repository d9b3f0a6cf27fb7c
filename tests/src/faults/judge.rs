//! Checks the requirements after a run.

mod licctl;
mod licd;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::attempt::{Answer, Attempt, Fixture, report};
use super::point::{Aim, Fault};
use super::tracer::End;
use crate::state::{self, State};
use crate::world::World;

/// The exit code of a program that panics.
const PANICKED: i32 = 101;
/// The messages of a panic on standard error, from std and from licd.
const PANICS: [&str; 2] = ["panicked at", "a fault of the program"];
/// Operations on several files, which the next start may finish.
const REMOVALS: [&str; 3] = ["remove", "profile", "served-remove"];

/// A run without a fault, as reference.
#[derive(Debug)]
pub struct Right {
    /// The run.
    pub attempt: Attempt,
    /// The claims of the status report after it.
    pub claims: Value,
}

/// The violated requirements of a run, one sentence each.
pub type Violations = Vec<String>;

/// Runs an operation without a fault.
///
/// # Panics
/// If the table lacks a call of the program, whose errors would not be tried.
#[must_use]
pub fn undisturbed(fixture: &Fixture) -> Right {
    let world = fixture.world();
    let attempt = fixture.run(&world, None, None);
    let unknown = attempt.trace.calls.iter().find(|(_, call)| !call.is_known());
    assert!(unknown.is_none(), "{}: {unknown:?} is not known", fixture.operation.name);
    let claims = report(&world).unwrap();
    Right { attempt, claims }
}

/// Checks a run.
#[must_use]
pub fn judge(
    fixture: &Fixture,
    world: World,
    right: &Right,
    aim: Aim,
    run: &Attempt,
) -> Violations {
    let mut judge = Judge { fixture, world: &world, right, aim, run, violations: Vec::new() };
    judge.end();
    judge.memory();
    judge.store();
    if aim.fault.is_kill() {
        let found = fixture.found(&world, judge.is_acknowledged(), || {
            let mut next = Judge { violations: Vec::new(), ..judge };
            next.killed();
            next.closed();
            next.violations
        });
        judge.violations.extend(found);
    } else {
        judge.closed();
        judge.left();
        judge.licctl();
        judge.licd();
    }
    let mut violations = judge.violations;
    violations.extend(check_file_system(fixture, &world));
    violations
}

struct Judge<'a> {
    fixture: &'a Fixture,
    world: &'a World,
    right: &'a Right,
    aim: Aim,
    run: &'a Attempt,
    violations: Violations,
}

impl<'a> Judge<'a> {
    fn wrong(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// The state of the device before, after this run, and after a run without a fault.
    fn states(&self) -> [&'a State; 3] {
        [&self.fixture.before, &self.run.state, &self.right.attempt.state]
    }

    fn is_removal(&self) -> bool {
        REMOVALS.contains(&self.fixture.operation.name)
    }

    /// The program must not hang, panic or be killed by a signal.
    fn end(&mut self) {
        let trace = &self.run.trace;
        if trace.end == End::Hung {
            self.wrong("hangs");
        }
        let panic = PANICS.iter().find_map(|words| trace.err.find(words));
        if trace.end == End::Exited(PANICKED) || panic.is_some() {
            let lines: Vec<_> = trace.err[panic.unwrap_or(0)..].lines().take(2).collect();
            self.wrong(format!("panics: {}", lines.join(" ")));
        }
        let served = self.run.served.as_ref();
        let was_killed = self.aim.fault.is_kill()
            || served.is_some_and(|served| served.answer == Some(Answer::Nothing));
        if matches!(trace.end, End::Killed(_)) && !was_killed {
            self.wrong(format!("ends with {:?}", trace.end));
        }
    }

    /// No remembered fact is lost except those that the operation replaces.
    fn memory(&mut self) {
        let [before, now, after] = self.states();
        let kept = before.memory.intersection(&after.memory);
        let lost: Vec<_> = kept.filter(|entry| !now.memory.contains(*entry)).collect();
        let lost = lost
            .first()
            .map(|first| format!("the memory loses {} entries, among them {first}", lost.len()));
        let is_older = now.trust < before.trust;
        let trust = is_older.then(|| format!("the trust remembered goes back to {}", now.trust));
        let is_torn = now.settings != before.settings && now.settings != after.settings;
        let settings = is_torn.then(|| "the settings are neither the old nor the new".to_owned());
        self.violations.extend(lost.into_iter().chain(trust).chain(settings));
        for file in state::set_aside(self.world) {
            let place = self.place(&file);
            self.wrong(format!("sets {place} aside"));
        }
    }

    /// Every file of the store is old or new, and kept files are present.
    fn store(&mut self) {
        let [before, now, after] = self.states();
        let mut violations = Vec::new();
        for (file, content) in &now.store {
            let is_of = |state: &State| state.store.get(file) == Some(content);
            if !is_of(before) && !is_of(after) {
                violations.push(format!("{} is neither the old nor the new", file.display()));
            }
        }
        for (file, content) in &before.store {
            if after.store.get(file) == Some(content) && !now.store.contains_key(file) {
                violations.push(format!("the store loses {}", file.display()));
            }
        }
        self.violations.extend(violations);
    }

    /// The licence partition is read-only; otherwise the program reports it and the next start
    /// closes it.
    fn closed(&mut self) {
        let Some(partition) = self.world.file_system() else { return };
        if partition.is_read_only() {
            return;
        }
        let lasts = matches!(self.aim.fault, Fault::FailOnward(_));
        if !lasts || self.run.trace.err.trim().is_empty() {
            return self.wrong("the partition stays writable");
        }
        let _ = self.fixture.next_start(self.world, &[&self.right.claims]);
        if !partition.is_read_only() {
            self.wrong("the partition stays writable past the next start");
        }
    }

    /// The next start deletes temporary files that could not be removed.
    fn left(&mut self) {
        if !state::temporary(self.world).is_empty() {
            let _ =
                self.fixture.next_start(self.world, &[&self.right.claims, &self.fixture.claims]);
            self.no_temporary_files();
        }
    }

    fn no_temporary_files(&mut self) {
        for file in state::temporary(self.world) {
            let place = self.place(&file);
            let dir = Path::new(&place).parent().unwrap().display().to_string();
            self.wrong(format!("a temporary file stays in {dir}"));
        }
    }

    /// The next start finds the old or the new state complete, and cleans up.
    fn killed(&mut self) {
        if !self.fixture.operation.writes {
            return;
        }
        let (old, new) = (&self.fixture.claims, &self.right.claims);
        let found = self.fixture.next_start(self.world, &[old, new]);
        let mut is_there = found.as_ref() == Ok(new);
        match found {
            Err(why) => self.wrong(why),
            Ok(claims) if claims != *old && claims != *new => {
                let what = state::difference(&claims, new);
                self.wrong(format!("the next start finds {what}"));
            }
            Ok(_) => {}
        }
        let now = State::of(self.world);
        let after = &self.right.attempt.state;
        let is_done = now.store == after.store;
        is_there &= is_done && now.settings == after.settings && now.trust >= after.trust;
        if self.is_acknowledged() && !is_there {
            self.wrong("what was acknowledged is lost");
        }
        if self.is_removal() && is_done && !after.memory.is_subset(&now.memory) {
            self.wrong("the removal is not remembered");
        }
        self.no_temporary_files();
    }

    /// Whether the program had reported success.
    fn is_acknowledged(&self) -> bool {
        let [is, should] = [self.run, &self.right.attempt];
        match &self.run.served {
            Some(served) => !self.fixture.is_start() && served.answer == Some(Answer::Done),
            None => is.trace.out == should.trace.out && !should.trace.out.is_empty(),
        }
    }

    /// The path of a file on the device.
    fn place(&self, file: &Path) -> String {
        let place = file.strip_prefix(self.world.root()).unwrap_or(file);
        format!("/{}", place.display())
    }

    /// The program's message, shortened, without the device's path on this machine.
    fn words(&self) -> String {
        let trace = &self.run.trace;
        let text = if trace.err.trim().is_empty() { &trace.out } else { &trace.err };
        let root = self.world.root().to_str().unwrap();
        let text = text.replace(root, "").replace(root.strip_suffix("/device").unwrap(), "");
        text.trim().chars().take(240).collect::<String>().replace('\n', " / ")
    }
}

/// What e2fsck finds; `None` if nothing, or if the partition was not written.
fn check_file_system(fixture: &Fixture, world: &World) -> Option<String> {
    let partition = world.file_system()?;
    if !fixture.release(partition) {
        return None;
    }
    let check = Command::new("/sbin/e2fsck").arg("-fn").arg(partition.image()).output().unwrap();
    let text = String::from_utf8_lossy(&check.stdout).replace('\n', " / ");
    (!check.status.success()).then(|| format!("e2fsck: {text}"))
}
