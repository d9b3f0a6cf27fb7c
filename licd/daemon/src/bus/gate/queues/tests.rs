use super::*;

const FAST: Load = Load([1000, 0, 0, 0]);
const SLOW: Load = Load([1000, 1, 0, 0]);

/// Queues that a test fills. It names a call by its serial.
struct Filled(CallQueues<u32>, u32);

impl Filled {
    fn new() -> Self {
        Self(CallQueues::default(), 0)
    }

    fn admit(&mut self, sender: &str, load: Load) -> Option<u32> {
        self.1 += 1;
        self.0.admit(sender, self.1, false, load, None, self.1).then_some(self.1)
    }

    fn fill(&mut self, sender: &str, load: Load) -> usize {
        std::iter::from_fn(|| self.admit(sender, load)).count()
    }

    fn next(&mut self) -> Option<u32> {
        self.0.next(Instant::now())
    }
}

#[test]
fn one_caller_has_so_many_calls_and_another_is_not_hindered() {
    let mut queues = Filled::new();
    assert_eq!(queues.fill("a", FAST), OF_ONE[0] / 1000, "bytes of one caller");
    assert_eq!(queues.fill("b", SLOW), OF_ONE[1]);
    assert!(queues.admit("c", FAST).is_some());
}

#[test]
fn however_many_connections_push_there_is_room_for_the_next_one() {
    for (load, callers) in [(FAST, 255), (SLOW, 255), (Load([0, 0, 0, 1]), 30)] {
        let mut queues = Filled::new();
        let had: Vec<_> = (0..callers).map(|n| queues.fill(&format!("{n}"), load)).collect();
        assert!(had.iter().all(|n| *n > 0), "{had:?}");
        assert!(queues.admit("late", load).is_some());
    }
}

#[test]
fn callers_take_turns_and_each_has_one_fast_call_at_work() {
    let mut queues = Filled::new();
    let flood: Vec<_> = (0..9).map(|_| queues.admit("flood", FAST).unwrap()).collect();
    assert_eq!(queues.next(), Some(flood[0]));
    assert_eq!(queues.next(), None);
    let other = queues.admit("other", FAST).unwrap();
    assert_eq!([queues.next(), queues.next()], [Some(other), None]);
    queues.0.answered("flood", flood[0]);
    assert_eq!(queues.next(), Some(flood[1]));
}

#[test]
fn only_fast_calls_without_an_answer_keep_the_queues_from_being_idle() {
    let mut queues = Filled::new();
    queues.admit("a", SLOW).unwrap();
    assert!(queues.next().is_some() && queues.0.is_idle());
    let fast = queues.admit("a", FAST).unwrap();
    assert!(!queues.0.is_idle());
    assert!(queues.next().is_some() && !queues.0.is_idle());
    queues.0.answered("a", fast);
    assert!(queues.0.is_idle());
}

#[test]
fn what_waits_long_does_not_hold_up_what_is_answered_at_once() {
    let mut queues = Filled::new();
    let slow: Vec<_> = (0..8).map(|_| queues.admit("a", SLOW).unwrap()).collect();
    assert!(slow.iter().all(|call| queues.next() == Some(*call)));
    let fast = queues.admit("a", FAST);
    assert_eq!(queues.next(), fast);
}

#[test]
fn a_caller_rests_after_a_long_answer_and_others_go_first() {
    let mut queues = Filled::new();
    let flood: Vec<_> = (0..3).map(|_| queues.admit("flood", FAST).unwrap()).collect();
    let (now, took) = (Instant::now(), Duration::from_secs(10));
    assert_eq!(queues.0.next(now), Some(flood[0]));
    queues.0.rest("flood", now, took);
    queues.0.answered("flood", flood[0]);
    assert_eq!(queues.0.next(now), None);
    let end = now + took * REST;
    assert_eq!(queues.0.next_turn(now), Some(end));
    let other = queues.admit("other", FAST).unwrap();
    assert_eq!(queues.0.next(now), Some(other));
    assert_eq!(queues.0.next(end), Some(flood[1]));
    assert_eq!(queues.0.next_turn(end), None);
}

#[test]
fn a_caller_that_asks_one_call_at_a_time_rests_too() {
    let mut queues = Filled::new();
    let first = queues.admit("flood", FAST).unwrap();
    let now = Instant::now();
    assert_eq!(queues.0.next(now), Some(first));
    queues.0.rest("flood", now, LOST);
    queues.0.answered("flood", first);
    let second = queues.admit("flood", FAST).unwrap();
    assert_eq!(queues.0.next(now), None);
    assert_eq!(queues.0.next(now + LOST * REST), Some(second));
}

#[test]
fn no_more_than_some_are_at_work_in_all() {
    let mut queues = Filled::new();
    for sender in ["a", "b", "c", "d", "e", "f"] {
        queues.admit(sender, FAST).unwrap();
    }
    let begun: Vec<_> = std::iter::from_fn(|| queues.next()).collect();
    assert_eq!(begun.len(), AT_WORK);
    // A method that never answers keeps its place for a while only.
    assert!(queues.0.next(Instant::now() + 2 * LOST).is_some());
}

#[test]
fn what_is_answered_leaves_nothing_behind() {
    let mut queues = Filled::new();
    for load in [FAST, SLOW, Load::new(1 << 20, true, true, 0), Load::new(100, true, false, 1)] {
        let call = queues.admit("a", load).unwrap();
        assert_eq!(queues.next(), Some(call));
        queues.0.answered("a", call);
        queues.0.answered("a", call);
    }
    assert!(queues.0.callers.is_empty() && queues.0.is_idle());
    assert_eq!((queues.0.load, queues.0.at_work), (Load::default(), 0));
}
