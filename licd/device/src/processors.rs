//! Work on many items, shared by the processors of the machine.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Items of a part. Verifying the signatures of so many takes about half a millisecond.
const PART: usize = 8;
/// Fewer items are no work for a second thread.
const MANY: usize = 64;
/// Threads at most, the caller's included; each needs a stack.
const THREADS: usize = 4;

/// Does the work on all items, part by part, and returns the results in order. Of many items, each processor
/// does some; where the system is short of threads, the caller's does the rest.
///
/// # Panics
/// If the work does.
pub(crate) fn work_on<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    match items.len() < MANY {
        true => work(items),
        false => share(items, processors(), work),
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS)
}

fn share<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    // Parts are taken, not given: a processor may be busy with other programs.
    let take_parts = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = items.chunks(PART).nth(number) else { return done };
            done.push((number, work(part)));
        }
    };
    let mut parts = thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, take_parts).ok();
        let others: Vec<_> = (1..threads).map_while(start).collect();
        let mut parts = take_parts();
        for other in others {
            parts.append(&mut other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        parts
    });
    parts.sort_unstable_by_key(|(number, _)| *number);
    parts.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;

    fn doubled(part: &[usize]) -> Vec<usize> {
        part.iter().map(|item| item * 2).collect()
    }

    #[test]
    fn each_item_has_its_result_in_order() {
        for count in [0, 1, PART, MANY - 1, MANY, MANY + 1, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(work_on(&items, doubled), doubled(&items));
            for threads in [1, 2, 7] {
                assert_eq!(share(&items, threads, doubled), doubled(&items));
            }
        }
    }

    #[test]
    fn few_items_stay_on_the_thread_of_the_caller() {
        let ids = work_on(&[0; MANY - 1], |part| vec![(part.len(), thread::current().id())]);
        assert_eq!(ids, [(MANY - 1, thread::current().id())]);
    }

    #[test]
    fn many_items_are_shared_by_the_threads() {
        // No part ends before each thread has one.
        let all = Barrier::new(3);
        let work = |_: &[u8]| {
            all.wait();
            vec![thread::current().id()]
        };
        let ids = share(&[0; 3 * PART], 3, work);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 3);
    }

    #[test]
    fn the_panic_of_a_thread_reaches_the_caller() {
        let caller = thread::current().id();
        let both = Barrier::new(2);
        let work = |_: &[u8]| -> Vec<()> {
            both.wait();
            assert_eq!(thread::current().id(), caller);
            Vec::new()
        };
        let shared = catch_unwind(AssertUnwindSafe(|| share(&[0; 2 * PART], 2, work)));
        assert!(shared.is_err());
    }
}
