//! Runs all points of an operation, or a sample of them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;

use super::attempt::Fixture;
use super::calls::Call;
use super::judge::{Right, Violations, judge, undisturbed};
use super::operations::Operation;
use super::point::{Aim, Fault, Place, Point};

/// The outcome of one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All requirements hold.
    Right,
    /// The program did not reach the point.
    NotReached,
    /// The violated requirements.
    Wrong(Violations),
}

/// The result of a point.
#[derive(Debug)]
pub struct Result {
    /// The point.
    pub point: Point,
    /// The call that the fault hit.
    pub call: String,
    /// The outcome.
    pub outcome: Outcome,
}

/// Which points of an operation are run.
#[derive(Debug, Clone, Copy)]
pub enum Choice {
    /// Every one.
    All,
    /// This many, chosen by a seed.
    Sample(usize, u64),
}

/// The counts under one heading.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// How many were run.
    pub points: usize,
    /// How many of them the program did not reach.
    pub not_reached: usize,
    /// How many of them violated a requirement.
    pub wrong: usize,
}

/// The points of an operation that makes these calls.
#[must_use]
pub fn points(operation: &Operation, calls: &[(Place, Call)]) -> Vec<Aim> {
    let mut aims = Vec::new();
    for (place, call) in calls {
        let mut add = |fault| aims.push(Aim { place: *place, fault });
        for errno in call.errors() {
            add(Fault::Fail(errno));
            // Signals do not repeat forever.
            if errno != Errno::EINTR && call.can_fail_onward() {
                add(Fault::FailOnward(errno));
            }
        }
        if operation.writes {
            add(Fault::KillBefore);
            if call.changes() {
                add(Fault::KillAfter);
            }
        }
    }
    aims
}

/// Runs points of an operation, `jobs` concurrently, and reports each as it finishes.
#[must_use]
pub fn run(
    operation: &'static Operation,
    choice: Choice,
    jobs: usize,
    report: &(dyn Fn(&Result) + Sync),
) -> Vec<Result> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs)
            .map(|worker| {
                scope.spawn(move || {
                    let fixture = Fixture::new(operation);
                    let right = undisturbed(&fixture);
                    let all = points(operation, &right.attempt.trace.calls);
                    let chosen = choose(all, choice);
                    let own = chosen.into_iter().skip(worker).step_by(jobs);
                    let run = |aim| {
                        let result = run_one(&fixture, &right, aim);
                        report(&result);
                        result
                    };
                    own.map(run).collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

/// Runs one point.
#[must_use]
pub fn run_one(fixture: &Fixture, right: &Right, aim: Aim) -> Result {
    let point = Point { operation: fixture.operation.name.to_owned(), aim };
    let attempted = catch_unwind(AssertUnwindSafe(|| {
        let world = fixture.world();
        let expected = Some(&right.claims).filter(|_| !aim.fault.is_kill());
        let run = fixture.run(&world, Some(aim), expected);
        let root = world.root().to_str().unwrap().to_owned();
        let call = run.trace.hit.as_ref().map(|call| match call.to_string() {
            text if call.about == root => text.replace(&root, "/"),
            text => text.replace(&root, ""),
        });
        (call, judge(fixture, world, right, aim, &run))
    }));
    let (call, outcome) = match attempted {
        Ok((None, _)) => (String::new(), Outcome::NotReached),
        Ok((Some(call), violations)) if violations.is_empty() => (call, Outcome::Right),
        Ok((Some(call), violations)) => (call, Outcome::Wrong(violations)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            let text = text.chars().take(300).collect::<String>().replace('\n', " / ");
            (String::new(), Outcome::Wrong(vec![format!("cannot be judged: {text}")]))
        }
    };
    Result { point, call, outcome }
}

/// Counts results by kind of fault.
#[must_use]
pub fn count(results: &[Result]) -> BTreeMap<String, Count> {
    let mut counts = BTreeMap::<String, Count>::new();
    for result in results {
        let count = counts.entry(result.point.aim.fault.heading()).or_default();
        count.points += 1;
        count.not_reached += usize::from(result.outcome == Outcome::NotReached);
        count.wrong += usize::from(matches!(result.outcome, Outcome::Wrong(_)));
    }
    counts
}

fn choose(mut all: Vec<Aim>, choice: Choice) -> Vec<Aim> {
    let Choice::Sample(size, seed) = choice else { return all };
    let mut random = Random(seed);
    // A partial Fisher–Yates shuffle.
    let size = size.min(all.len());
    for index in 0..size {
        let rest = u64::try_from(all.len() - index).unwrap();
        let other = index + usize::try_from(random.next() % rest).unwrap();
        all.swap(index, other);
    }
    all.truncate(size);
    all
}

/// A pseudo-random generator (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl std::fmt::Display for Result {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { point, call, outcome } = self;
        match outcome {
            Outcome::Right => write!(f, "right  {point}  {call}"),
            Outcome::NotReached => write!(f, "not reached  {point}"),
            Outcome::Wrong(violations) => {
                write!(f, "WRONG  make faults POINT='{point}'  {call}")?;
                violations.iter().try_for_each(|wrong| write!(f, "\n       {wrong}"))
            }
        }
    }
}
