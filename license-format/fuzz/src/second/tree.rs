//! The tree of RFC 6962 §2.1, by recursion.

use super::sha256;

type Hash = [u8; 32];

pub(super) fn hash_leaf(unit: &str) -> Hash {
    sha256(&[&[0], unit.as_bytes()])
}

fn hash_node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The largest power of two below `count`.
fn split(count: usize) -> usize {
    let mut half = 1;
    while half * 2 < count {
        half *= 2;
    }
    half
}

pub(super) fn tree(leaves: &[Hash]) -> Hash {
    if let [leaf] = leaves {
        return *leaf;
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    hash_node(&tree(left), &tree(right))
}

/// The root to which a path leads; `None` if its length does not fit.
pub(super) fn follow(leaf: Hash, index: usize, count: usize, path: &[Hash]) -> Option<Hash> {
    let Some((last, below)) = path.split_last() else { return (count == 1).then_some(leaf) };
    if count == 1 {
        return None;
    }
    let half = split(count);
    if index < half {
        follow(leaf, index, half, below).map(|left| hash_node(&left, last))
    } else {
        follow(leaf, index - half, count - half, below).map(|right| hash_node(last, &right))
    }
}
