//! The list of units of a mass licence (LF §6.1).

use heapless::Vec;

use crate::error::{DocumentError, FormatError, malformed};
use crate::limits;
use crate::merkle::{Hash, Path, Tree};
use crate::proof::Proof;
use crate::unit::UnitId;

/// The units that a licence names, as far as they are kept.
pub(crate) type NamedUnits = Vec<UnitId, { limits::UNITS }>;

/// Reads a list line by line and keeps what a device needs of it.
pub(crate) struct UnitList {
    tree: Tree,
    listed: u32,
    last: Option<UnitId>,
    /// The first units of the list; all of them if they are few.
    first: NamedUnits,
    /// The wanted units that the list holds.
    found: NamedUnits,
    /// The found unit that was wanted first. The tree collects its path.
    preferred: Option<Preferred>,
}

struct Preferred {
    /// Its index among the wanted units.
    rank: usize,
    /// Its index in the list.
    index: u32,
}

impl UnitList {
    pub(crate) fn new() -> Self {
        Self {
            tree: Tree::new(),
            listed: 0,
            last: None,
            first: Vec::new(),
            found: Vec::new(),
            preferred: None,
        }
    }

    /// Takes the unit of the next line of a list that must have `count` lines.
    pub(crate) fn push(
        &mut self,
        line: u32,
        unit: UnitId,
        count: u32,
        wanted: &[UnitId],
    ) -> Result<(), DocumentError> {
        if self.last.as_ref().is_some_and(|last| *last >= unit) {
            return malformed(line, "units", FormatError::NotAscending);
        }
        if self.listed == count {
            let reason = FormatError::UnitCount { stated: count, listed: count + 1 };
            return malformed(line, "units", reason);
        }
        let rank = wanted.iter().position(|wanted| *wanted == unit);
        let better = rank.filter(|rank| self.preferred.as_ref().is_none_or(|p| *rank < p.rank));
        if let Some(rank) = better {
            self.preferred = Some(Preferred { rank, index: self.listed });
        }
        if rank.is_some() {
            // The caller wants no more distinct units than there is room for.
            let _ = self.found.push(unit.clone());
        }
        // Only the first few are kept.
        if !self.first.is_full() {
            let _ = self.first.push(unit.clone());
        }
        self.tree.push(unit.as_str().as_bytes(), better.is_some());
        self.listed += 1;
        self.last = Some(unit);
        Ok(())
    }

    /// Checks the list against the `units` line. `line` is the number of the line after the list.
    pub(crate) fn finish(
        self,
        line: u32,
        count: u32,
        root: &Hash,
        wanted: &[UnitId],
    ) -> Result<CheckedList, DocumentError> {
        if self.listed != count {
            let reason = FormatError::UnitCount { stated: count, listed: self.listed };
            return malformed(line, "units", reason);
        }
        let (found_root, path) = self.tree.finish();
        if found_root != *root {
            return malformed(line - 1, "units", FormatError::TreeHashMismatch);
        }
        let proof = self.preferred.and_then(|preferred| preferred.prove(path, wanted));
        let few = count as usize <= limits::UNITS;
        Ok(CheckedList { named: if few { self.first } else { self.found }, proof })
    }
}

impl Preferred {
    fn prove(self, path: Path, wanted: &[UnitId]) -> Option<Proof> {
        let unit = wanted.get(self.rank)?.clone();
        Some(Proof { unit, index: self.index, path })
    }
}

/// A list that fits the signed count and tree hash.
pub(crate) struct CheckedList {
    /// The units to name: all of a short list, else the wanted ones.
    pub(crate) named: NamedUnits,
    /// The proof of the first wanted unit that the list holds.
    pub(crate) proof: Option<Proof>,
}

/// The unit ID on this line of the file.
pub(crate) fn parse_unit(line: u32, text: &str) -> Result<UnitId, DocumentError> {
    match UnitId::parse(text) {
        Some(unit) => Ok(unit),
        None => malformed(line, "unit", FormatError::InvalidValue("a unit like mac:00E0C51C5087")),
    }
}
