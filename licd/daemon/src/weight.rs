//! The weight of threads that compete for a processor.

use rustix::process::nice;

/// Beside a busy thread, such a thread gets a quarter of the time. With less it would hold locks, and the
/// partition open, for long on a busy machine.
const LESS: i32 = 5;

/// Gives this thread, and those that it starts, less weight than the thread that answers the bus: while
/// licences are imported, callers need not wait for a processor. On an idle machine it is as fast as before.
pub(crate) fn yield_to_answers() {
    // Where a sandbox forbids it, the thread keeps its weight.
    let _ = nice(LESS);
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn only_the_thread_itself_and_those_that_it_starts_weigh_less() {
        let weight = || getpriority_process(None).unwrap();
        let before = weight();
        let (own, started) = thread::spawn(move || {
            yield_to_answers();
            (weight(), thread::spawn(weight).join().unwrap())
        })
        .join()
        .unwrap();
        let less = (before + LESS).min(19);
        assert_eq!((weight(), own, started), (before, less, less));
    }
}
