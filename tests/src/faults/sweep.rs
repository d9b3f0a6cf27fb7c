//! Runs all points of an operation, or a sample of them.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::errno::Errno;

use super::attempt::Fixture;
use super::calls::Call;
use super::judge::{Right, Violations, judge, undisturbed};
use super::operations::Operation;
use super::point::{Aim, Fault, Place, Point};
use crate::random::Random;

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
    /// Which run of the point this is.
    pub turn: Turn,
}

/// Which run of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Its first, with others at the same time.
    First,
    /// Its second, without others, because the first was wrong.
    Alone,
}

/// Which points of an operation are run.
#[derive(Debug, Clone, Copy)]
pub enum Choice {
    /// Every one.
    All,
    /// This many, chosen by a seed.
    Sample(usize, u64),
    /// Those of the calls with this name, or of files with this one.
    Of(&'static str),
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
    /// How many of them violated a requirement only beside other runs.
    pub right_alone: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.points += other.points;
        self.not_reached += other.not_reached;
        self.wrong += other.wrong;
        self.right_alone += other.right_alone;
    }
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

/// Runs points of an operation, `jobs` concurrently, and reports each as it finishes. A machine that
/// many jobs load breaks the time limits of the requirements, so points that are wrong run again, one
/// at a time, and count as wrong if they still are.
#[must_use]
pub fn run(
    operation: &'static Operation,
    choice: Choice,
    jobs: usize,
    report: &(dyn Fn(&Result) + Sync),
) -> Vec<Result> {
    let list = || {
        let mut calls = undisturbed(&Fixture::new(operation)).attempt.trace.calls;
        if let Choice::Of(name) = choice {
            calls.retain(|(_, call)| call.name == name || call.about.ends_with(name));
        }
        choose(points(operation, &calls), choice)
    };
    // On a thread of its own, which gets a mount namespace of its own.
    let chosen = thread::scope(|scope| scope.spawn(list).join().unwrap());
    let (mut results, wrong): (Vec<_>, Vec<_>) =
        run_all(operation, &chosen, jobs, Turn::First, report)
            .into_iter()
            .partition(|result| jobs == 1 || !result.is_wrong());
    let wrong: Vec<_> = wrong.iter().map(|result| result.point.aim).collect();
    results.extend(run_all(operation, &wrong, 1, Turn::Alone, report));
    results
}

/// Runs these points, `jobs` concurrently.
fn run_all(
    operation: &'static Operation,
    aims: &[Aim],
    jobs: usize,
    turn: Turn,
    report: &(dyn Fn(&Result) + Sync),
) -> Vec<Result> {
    let next = AtomicUsize::new(0);
    let work = || {
        let fixture = Fixture::new(operation);
        let right = undisturbed(&fixture);
        let mut results = Vec::new();
        while let Some(aim) = aims.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = Result { turn, ..run_one(&fixture, &right, *aim) };
            report(&result);
            results.push(result);
        }
        results
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.min(aims.len())).map(|_| scope.spawn(work)).collect();
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
    Result { point, call, outcome, turn: Turn::First }
}

/// Counts results by kind of fault.
#[must_use]
pub fn count(results: &[Result]) -> BTreeMap<String, Count> {
    let mut counts = BTreeMap::<String, Count>::new();
    for result in results {
        let count = counts.entry(result.point.aim.fault.heading()).or_default();
        count.points += 1;
        count.not_reached += usize::from(result.outcome == Outcome::NotReached);
        count.wrong += usize::from(result.is_wrong());
        count.right_alone += usize::from(result.turn == Turn::Alone && !result.is_wrong());
    }
    counts
}

fn choose(mut all: Vec<Aim>, choice: Choice) -> Vec<Aim> {
    let Choice::Sample(size, seed) = choice else { return all };
    let mut random = Random(seed);
    // A partial Fisher–Yates shuffle.
    let size = size.min(all.len());
    for index in 0..size {
        let other = index + random.below(all.len() - index);
        all.swap(index, other);
    }
    all.truncate(size);
    all
}

impl Result {
    /// Whether a requirement is violated.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(self.outcome, Outcome::Wrong(_))
    }
}

impl std::fmt::Display for Result {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { point, call, outcome, turn } = self;
        match outcome {
            Outcome::Right if *turn == Turn::Alone => write!(f, "right alone  {point}  {call}"),
            Outcome::Right => write!(f, "right  {point}  {call}"),
            Outcome::NotReached => write!(f, "not reached  {point}"),
            Outcome::Wrong(violations) => {
                write!(f, "WRONG  make faults POINT='{point}'  {call}")?;
                violations.iter().try_for_each(|wrong| write!(f, "\n       {wrong}"))
            }
        }
    }
}
