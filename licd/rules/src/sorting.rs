//! Sorting with one copy of the algorithm.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem;

/// Sorts like [`slice::sort_by`], stably. That function is 4 kB of a program for each type and order; this
/// one sorts places, whose type is always the same.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut places: Vec<usize> = (0..items.len()).collect();
    sort_places(&mut places, &|a, b| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        // Every place is one of an item.
        _ => Ordering::Equal,
    });
    arrange(items, &mut places);
}

fn sort_places(places: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    places.sort_by(|a, b| compare(*a, *b));
}

/// Moves to each place the item that `from` names for it, circle by circle.
fn arrange<T>(items: &mut [T], from: &mut [usize]) {
    for start in 0..items.len() {
        let mut place = start;
        while let Some(next) = from.get_mut(place).map(|next| mem::replace(next, place)) {
            if next == start {
                break;
            }
            items.swap(place, next);
            place = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_are_sorted_as_by_the_standard_library(keys in proptest::collection::vec(0..9_u8, 0..80)) {
            let mut expected: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut items = expected.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort_by(&mut items, |(a, _), (b, _)| a.cmp(b));
            prop_assert_eq!(items, expected);
        }
    }
}
