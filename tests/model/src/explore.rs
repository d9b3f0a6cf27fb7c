//! Visits every state that can be reached, breadth first.

use std::fmt::Display;
use std::hash::Hash;
use std::rc::Rc;

use foldhash::{HashSet, HashSetExt as _};

/// A system that a model describes.
pub trait System {
    /// A state. Two equal ones have the same future.
    type State: Eq + Hash;
    /// What leads from a state to the next one.
    type Event: Copy + Display;
    /// A promise that must hold.
    type Promise;

    /// All next states. None at the end of everything.
    fn next(&self, state: &Self::State) -> Vec<(Self::Event, Self::State)>;

    /// The promise that a state breaks.
    fn broken(&self, state: &Self::State) -> Option<Self::Promise>;
}

/// The result of a visit.
#[derive(Debug)]
pub struct Visit<P> {
    /// States that were visited.
    pub states: usize,
    /// Events that lead from one of them to another.
    pub events: usize,
    /// States after which nothing happens.
    pub ends: usize,
    /// The shortest history that breaks a promise.
    pub counterexample: Option<Counterexample<P>>,
}

/// A history that breaks a promise.
#[derive(Debug)]
pub struct Counterexample<P> {
    /// The promise.
    pub broken: P,
    /// The events, in order.
    pub events: Vec<String>,
}

/// A state that was reached, and how.
struct Reached<S: System> {
    state: Rc<S::State>,
    /// The place of the state before, and what happened; `None` for the first state.
    from: Option<(usize, S::Event)>,
}

/// Visits every state that can be reached from the first one, up to the first broken promise.
pub fn explore<S: System>(system: &S, first: S::State) -> Visit<S::Promise> {
    let first = Rc::new(first);
    let mut known = HashSet::new();
    known.insert(Rc::clone(&first));
    let mut reached: Vec<Reached<S>> = vec![Reached { state: first, from: None }];
    let mut visit = Visit { states: 0, events: 0, ends: 0, counterexample: None };
    while let Some(state) = reached.get(visit.states).map(|reached| Rc::clone(&reached.state)) {
        let at = visit.states;
        visit.states += 1;
        if let Some(broken) = system.broken(&state) {
            let events = history(&reached, at);
            visit.counterexample = Some(Counterexample { broken, events });
            return visit;
        }
        let next = system.next(&state);
        visit.ends += usize::from(next.is_empty());
        for (event, state) in next {
            visit.events += 1;
            let state = Rc::new(state);
            if known.insert(Rc::clone(&state)) {
                reached.push(Reached { state, from: Some((at, event)) });
            }
        }
    }
    visit
}

/// The events that led to a state.
fn history<S: System>(reached: &[Reached<S>], mut at: usize) -> Vec<String> {
    let mut events = Vec::new();
    while let Some((before, event)) = reached.get(at).and_then(|reached| reached.from) {
        events.push(event.to_string());
        at = before;
    }
    events.reverse();
    events
}
