//! What is right after a loss of power: what is right after a kill, on file systems that are clean.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::log::{Event, Left, Log, Loss, Which};
use super::record::{DIRECTORIES, record};
use super::recovery::{Recovered, Recovery};
use crate::drive::Drive;
use crate::faults::attempt::{Attempt, Fixture};
use crate::faults::judge::{Right, Violations, judge, undisturbed};
use crate::faults::operations::Operation;
use crate::faults::point::Aim;
use crate::random::Random;
use crate::world::World;

/// Which losses of power are tried.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// How many orders of writes, and how many torn writes, at every write.
    pub variants: usize,
    /// Chooses them.
    pub seed: u64,
    /// How many in all, chosen by the seed.
    pub most: usize,
}

/// What came of the losses of power of one operation.
#[derive(Debug, Default)]
pub struct Examined {
    /// How often the kernel wrote to the licence partition and to the memory.
    pub writes: [usize; 2],
    /// How often it flushed.
    pub flushes: usize,
    /// How many losses were tried, by what they left.
    pub losses: BTreeMap<Left, usize>,
    /// How many different states of the files they left.
    pub states: usize,
    /// How many of the losses violated a requirement.
    pub wrong: usize,
    /// How often e2fsck repaired what, beyond replaying the journal.
    pub repairs: BTreeMap<String, usize>,
}

/// Records an operation and judges its losses of power. Reports those that violate a requirement.
#[must_use]
pub fn examine(
    operation: &'static Operation,
    choice: Choice,
    report: &dyn Fn(&Loss<'_>, &Violations),
) -> Examined {
    let fixture = Fixture::new(operation);
    let right = undisturbed(&fixture);
    let log = record(&fixture, &right);
    let mut examiner = Examiner::new(&fixture, &right, &log);
    let mut examined = Examined::default();
    for loss in choice.of(log.losses(choice.variants, choice.seed)) {
        let wrong = examiner.examine(&loss);
        *examined.losses.entry(loss.left).or_default() += 1;
        if !wrong.is_empty() {
            examined.wrong += 1;
            report(&loss, &wrong);
        }
    }
    let count = |is: &dyn Fn(&Event) -> bool| log.events.iter().filter(|one| is(one)).count();
    let writes = [Which::License, Which::Memory]
        .map(|which| count(&|event| matches!(event, Event::Write { to, .. } if *to == which)));
    Examined {
        writes,
        flushes: count(&|event| matches!(event, Event::Flush { .. })),
        states: examiner.found.len(),
        repairs: examiner.repairs,
        ..examined
    }
}

impl Choice {
    /// At most [`Choice::most`] losses, in their order.
    fn of(self, mut losses: Vec<Loss<'_>>) -> Vec<Loss<'_>> {
        let mut random = Random(self.seed);
        while losses.len() > self.most {
            losses.remove(random.below(losses.len()));
        }
        losses
    }
}

/// Judges the losses of power of one operation.
#[derive(Debug)]
struct Examiner<'a> {
    fixture: &'a Fixture,
    right: &'a Right,
    log: &'a Log,
    license: Recovery<'a>,
    memory: Recovery<'a>,
    drive: RefCell<Drive>,
    /// What was found in states of the files, with or without a reported success.
    found: HashMap<u64, Violations>,
    repairs: BTreeMap<String, usize>,
}

impl<'a> Examiner<'a> {
    fn new(fixture: &'a Fixture, right: &'a Right, log: &'a Log) -> Self {
        let [license, memory] = &log.before;
        Self {
            fixture,
            right,
            log,
            license: Recovery::of(license),
            memory: Recovery::of(memory),
            drive: RefCell::new(Drive::new(license)),
            found: HashMap::new(),
            repairs: BTreeMap::new(),
        }
    }

    /// The requirements that the state after this loss violates.
    fn examine(&mut self, loss: &Loss<'a>) -> Violations {
        let [license, memory] = &loss.media;
        let license = self.license.recover(license, || self.log.content(Which::License, license));
        let memory = self.memory.recover(memory, || self.log.content(Which::Memory, memory));
        for repair in license.repairs.iter().chain(&memory.repairs) {
            *self.repairs.entry(repair.clone()).or_default() += 1;
        }
        let broken: Vec<_> = [&license.wrong, &memory.wrong].into_iter().flatten().collect();
        if !broken.is_empty() {
            return broken.into_iter().cloned().collect();
        }
        let mut hasher = DefaultHasher::new();
        (&license.files, &memory.files, loss.is_acknowledged).hash(&mut hasher);
        let state = hasher.finish();
        if let Some(found) = self.found.get(&state) {
            return found.clone();
        }
        let content = self.log.content(Which::License, &loss.media[0]);
        let found = self.judge(&self.license.repaired(&content), &memory, loss.is_acknowledged);
        self.found.insert(state, found.clone());
        found
    }

    fn judge(&self, license: &[u8], memory: &Recovered, is_acknowledged: bool) -> Violations {
        let world = self.world(license, memory);
        let run = Attempt::lost(self.fixture, self.right, &world, is_acknowledged);
        judge(self.fixture, world, self.right, Aim::LOSS_OF_POWER, &run)
    }

    /// The device with these file systems.
    fn world(&self, license: &[u8], memory: &Recovered) -> World {
        let world = self.fixture.world_on(|place| {
            let mut drive = self.drive.borrow_mut();
            drive.load(license);
            drive.mount(place)
        });
        for directory in DIRECTORIES {
            fs::remove_dir_all(world.root().join(directory)).unwrap();
        }
        // What is not of the memory, such as lost+found, does no harm.
        memory.files.write(world.root());
        world
    }
}
