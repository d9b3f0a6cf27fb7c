//! The Merkle tree over the units of a mass licence (RFC 6962 §2.1; LF §6).

use heapless::Vec;
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use crate::limits;
use crate::unit::UnitId;

pub(crate) type Hash = [u8; 32];

/// The hashes from one leaf to the root, the leaf's sibling first (RFC 6962 §2.1.1).
pub(crate) type Path = Vec<Hash, { limits::PATH_HASHES }>;

/// The state of SHA-256 before the first block (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
/// The byte after the input, and the bits of a node's input (FIPS 180-4 §5.1.1).
const END: u8 = 0x80;
const NODE_BITS: u16 = 8 * (1 + 32 + 32);

/// The hash of a leaf. A unit, its prefix and the padding fill one block; anything longer does not occur
/// in a list.
pub(crate) fn leaf(data: &[u8]) -> Hash {
    let length = data.len() + 1;
    let mut block = [0; 64];
    let (input, bits) = block.split_at_mut(56);
    match (input.get_mut(1..length), u64::try_from(8 * length)) {
        (Some(place), Ok(length)) if data.len() < 55 => {
            place.copy_from_slice(data);
            bits.copy_from_slice(&length.to_be_bytes());
        }
        _ => return Sha256::new().chain_update([0]).chain_update(data).finalize().into(),
    }
    if let Some(end) = input.get_mut(length) {
        *end = END;
    }
    compressed(&[block])
}

/// The hash of a node. All inputs have the same length, so that only the hashes in the blocks differ:
/// the tree of a mass licence has a million nodes.
fn node(left: &Hash, right: &Hash) -> Hash {
    let mut blocks = [[0; 64]; 2];
    blocks[0][0] = 1;
    blocks[0][1..33].copy_from_slice(left);
    blocks[0][33..].copy_from_slice(&right[..31]);
    blocks[1][0] = right[31];
    blocks[1][1] = END;
    blocks[1][62..].copy_from_slice(&NODE_BITS.to_be_bytes());
    compressed(&blocks)
}

/// SHA-256 of a padded input.
fn compressed(blocks: &[[u8; 64]]) -> Hash {
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    let mut hash = [0; 32];
    for (place, word) in hash.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// Hashes leaves one by one and collects the path of one marked leaf. Its memory grows with the
/// depth of the tree only.
pub(crate) struct Tree {
    /// The complete subtrees so far, from the largest to the smallest: as many as the binary number of
    /// leaves has ones.
    subtrees: Vec<Subtree, { limits::PATH_HASHES }>,
    path: Path,
}

struct Subtree {
    height: u8,
    hash: Hash,
    /// Whether the subtree holds the marked leaf.
    marked: bool,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { subtrees: Vec::new(), path: Path::new() }
    }

    /// Adds a leaf. The last marked leaf counts. The caller adds at most [`limits::MASS_UNITS`]
    /// leaves; the root of a larger tree is wrong.
    pub(crate) fn push(&mut self, data: &[u8], marked: bool) {
        if marked {
            self.path.clear();
            self.subtrees.iter_mut().for_each(|subtree| subtree.marked = false);
        }
        let mut right = Subtree { height: 0, hash: leaf(data), marked };
        while self.subtrees.last().is_some_and(|left| left.height == right.height)
            && let Some(left) = self.subtrees.pop()
        {
            right = self.join(&left, &right);
        }
        let _ = self.subtrees.push(right);
    }

    /// The root and the path of the marked leaf. A tree without leaves has the hash of no bytes as
    /// its root (RFC 6962 §2.1).
    pub(crate) fn finish(mut self) -> (Hash, Path) {
        let Some(mut right) = self.subtrees.pop() else {
            return (Sha256::digest([]).into(), self.path);
        };
        while let Some(left) = self.subtrees.pop() {
            right = self.join(&left, &right);
        }
        (right.hash, self.path)
    }

    fn join(&mut self, left: &Subtree, right: &Subtree) -> Subtree {
        let sibling = if left.marked { Some(right) } else { Some(left).filter(|_| right.marked) };
        if let Some(sibling) = sibling {
            let _ = self.path.push(sibling.hash);
        }
        Subtree {
            height: left.height.max(right.height) + 1,
            hash: node(&left.hash, &right.hash),
            marked: sibling.is_some(),
        }
    }
}

/// The Merkle tree hash that a `units` line states for these units (LF §6). The caller passes at most
/// [`limits::MASS_UNITS`] units in ascending order.
///
/// ```
/// use license_format::{UnitId, units_hash};
///
/// let units = [1, 2, 3].map(|last| UnitId::from_mac([2, 0, 0, 0, 0, last]));
/// assert_ne!(units_hash(&units), units_hash(&units[..2]));
/// ```
#[must_use]
pub fn units_hash<'a>(units: impl IntoIterator<Item = &'a UnitId>) -> [u8; 32] {
    let mut tree = Tree::new();
    for unit in units {
        tree.push(unit.as_str().as_bytes(), false);
    }
    tree.finish().0
}

/// The root that `path` leads to from the leaf at `index` of `count`; `None` if the path is too long
/// or too short for that leaf (the algorithm of RFC 9162 §2.1.3.2).
pub(crate) fn root_of(leaf: Hash, index: u32, count: u32, path: &[Hash]) -> Option<Hash> {
    let mut node_index = index;
    let mut last = count.checked_sub(1).filter(|last| index <= *last)?;
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node_index & 1 == 1 || node_index == last {
            hash = node(sibling, &hash);
            while node_index & 1 == 0 && node_index != 0 {
                node_index >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        node_index >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::vec::Vec as StdVec;
    use std::{format, string::String};

    fn hex(hash: Hash) -> String {
        hash.iter().map(|b| format!("{b:02x}")).collect()
    }

    fn bytes(hex: &str) -> StdVec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    /// The leaves and roots of the Certificate Transparency reference tests (RFC 6962 code base,
    /// `merkletree` test vectors).
    #[test]
    fn reference_leaves_hash_to_the_reference_roots() {
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (count, root) in roots.iter().enumerate() {
            let mut tree = Tree::new();
            for leaf in &leaves[..=count] {
                tree.push(&bytes(leaf), false);
            }
            assert_eq!(hex(tree.finish().0), *root, "{} leaves", count + 1);
        }
        assert_eq!(
            hex(Tree::new().finish().0),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn blocks_padded_here_hash_as_the_crate_does() {
        let data: StdVec<u8> = (0..200).collect();
        for length in 0..data.len() {
            let expected: Hash =
                Sha256::new().chain_update([0]).chain_update(&data[..length]).finalize().into();
            assert_eq!(leaf(&data[..length]), expected, "{length} bytes");
        }
        let [left, right] = [3, 250].map(|byte| [byte; 32]);
        let expected = Sha256::new().chain_update([1]).chain_update(left).chain_update(right);
        assert_eq!(node(&left, &right), Hash::from(expected.finalize()));
    }

    #[test]
    fn a_path_leads_from_its_own_leaf_to_the_root_and_from_no_other() {
        for count in 1..=70_u32 {
            for index in 0..count {
                let mut tree = Tree::new();
                for i in 0..count {
                    // A later mark replaces an earlier one.
                    tree.push(&i.to_be_bytes(), i <= index);
                }
                let (root, path) = tree.finish();
                let own = leaf(&index.to_be_bytes());
                assert_eq!(root_of(own, index, count, &path), Some(root));
                assert_ne!(root_of(leaf(b"other"), index, count, &path), Some(root));
                for other in (0..count).filter(|other| *other != index) {
                    assert_ne!(
                        root_of(own, other, count, &path),
                        Some(root),
                        "{index} as {other} of {count}"
                    );
                }
                if let Some((_, short)) = path.split_last() {
                    assert_ne!(root_of(own, index, count, short), Some(root));
                }
            }
        }
    }
}
