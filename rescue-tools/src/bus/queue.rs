//! The files of one call that wait until the daemon takes them.

use std::collections::VecDeque;

/// Files, by their places in the call.
pub(super) struct Queue {
    waiting: VecDeque<usize>,
    /// How many the daemon takes together.
    at_once: usize,
}

impl Queue {
    pub(super) fn new(files: usize, at_once: usize) -> Self {
        Self { waiting: (0..files).collect(), at_once }
    }

    /// The next file while so many are under way, and whether another is sent in the same go: those are judged
    /// together.
    pub(super) fn next(&mut self, under_way: usize) -> Option<(usize, bool)> {
        if under_way >= self.at_once {
            return None;
        }
        let place = self.waiting.pop_front()?;
        Some((place, under_way + 1 < self.at_once && !self.waiting.is_empty()))
    }

    /// Other callers import too: these files of so many that were under way are sent once more, fewer at a time.
    pub(super) fn again(&mut self, refused: Vec<usize>, under_way: usize) {
        if refused.is_empty() {
            return;
        }
        self.at_once = (under_way / 2).max(1);
        for place in refused.into_iter().rev() {
            self.waiting.push_front(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent in one go while so many are under way.
    fn sent(queue: &mut Queue, under_way: usize) -> Vec<(usize, bool)> {
        (under_way..).map_while(|under_way| queue.next(under_way)).collect()
    }

    #[test]
    fn the_last_file_of_a_go_says_so() {
        let mut queue = Queue::new(5, 3);
        assert_eq!(sent(&mut queue, 0), [(0, true), (1, true), (2, false)]);
        assert_eq!(sent(&mut queue, 1), [(3, true), (4, false)]);
        assert_eq!(sent(&mut queue, 0), []);
    }

    #[test]
    fn refused_files_keep_their_order_and_are_sent_fewer_at_a_time() {
        let mut queue = Queue::new(6, 4);
        sent(&mut queue, 0);
        queue.again(vec![1, 2, 3], 4);
        assert_eq!(sent(&mut queue, 1), [(1, false)]);
        assert_eq!(sent(&mut queue, 0), [(2, true), (3, false)]);
        queue.again(vec![2, 3], 2);
        queue.again(vec![], 1);
        for place in 2..6 {
            assert_eq!(sent(&mut queue, 0), [(place, false)]);
        }
    }
}
