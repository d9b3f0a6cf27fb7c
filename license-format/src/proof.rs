//! The proof of a slice: one unit, its index in the list, and the inclusion path (LF §6.2).

use core::fmt;

use base64ct::{Base64, Encoding};

use crate::encoding::{base64, decimal};
use crate::error::{DocumentError, FormatError, malformed};
use crate::limits;
use crate::merkle::{self, Hash, Path};
use crate::unit::UnitId;

/// A proof that the list of a mass licence holds a unit.
#[derive(Clone)]
pub(crate) struct Proof {
    pub(crate) unit: UnitId,
    pub(crate) index: u32,
    pub(crate) path: Path,
}

impl Proof {
    /// Marks a proof whose `index` line was not read yet.
    const NO_INDEX: u32 = u32::MAX;

    /// A proof of this unit, still without index and path.
    pub(crate) fn begin(unit: UnitId) -> Self {
        Self { unit, index: Self::NO_INDEX, path: Path::new() }
    }

    /// Reads the `index` line, then the hashes, one per line. The list has `count` units.
    pub(crate) fn read_line(
        &mut self,
        line: u32,
        text: &str,
        count: u32,
    ) -> Result<(), DocumentError> {
        if self.index == Self::NO_INDEX {
            let index = text
                .strip_prefix("index ")
                .and_then(|index| decimal(index, u64::from(count) - 1))
                .and_then(|index| u32::try_from(index).ok());
            let Some(index) = index else {
                let form = "a place in the list of units";
                return malformed(line, "index", FormatError::InvalidValue(form));
            };
            self.index = index;
            return Ok(());
        }
        let Some(hash) = base64(text) else {
            return malformed(line, "", FormatError::InvalidValue("a base64 hash"));
        };
        match self.path.push(hash) {
            Ok(()) => Ok(()),
            Err(_) => malformed(line, "", FormatError::TooManyOccurrences(limits::PATH_HASHES)),
        }
    }

    /// Whether the path leads from the unit to the root of a tree of `count` leaves.
    pub(crate) fn leads_to(&self, root: &Hash, count: u32) -> bool {
        let leaf = merkle::leaf(self.unit.as_str().as_bytes());
        merkle::root_of(leaf, self.index, count, &self.path).as_ref() == Some(root)
    }
}

/// The lines of a slice after its signatures and their empty line.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unit {}\nindex {}\n", self.unit.as_str(), self.index)?;
        for hash in &self.path {
            let mut base64 = [0; 44];
            f.write_str(Base64::encode(hash, &mut base64).map_err(|_| fmt::Error)?)?;
            f.write_str("\n")?;
        }
        Ok(())
    }
}
