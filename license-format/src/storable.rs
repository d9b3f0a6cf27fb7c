//! The part of a licence file that a device stores.

use core::fmt;

use heapless::Vec;

use crate::limits;
use crate::proof::Proof;

/// The bytes of a licence that a device stores: the head as signed, and the proof of a slice.
#[derive(Clone)]
pub struct Storable {
    pub(crate) head: Vec<u8, { limits::HEAD_BYTES }>,
    pub(crate) proof: Option<Proof>,
}

/// What a device stores of a licence. The head, 6 KiB, is kept once, beside it.
#[derive(Clone)]
pub(crate) enum Kept {
    /// Nothing: the list has none of the wanted units.
    Nothing,
    /// The head.
    Head,
    /// The head and the proof of a unit.
    Slice(Proof),
}

impl Kept {
    /// The part to store, with this head.
    pub(crate) fn with(self, head: Vec<u8, { limits::HEAD_BYTES }>) -> Option<Storable> {
        match self {
            Self::Nothing => None,
            Self::Head => Some(Storable { head, proof: None }),
            Self::Slice(proof) => Some(Storable { head, proof: Some(proof) }),
        }
    }
}

impl fmt::Display for Storable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The verifier has checked the head: ASCII, and the UTF-8 dashes of the signature lines.
        f.write_str(core::str::from_utf8(&self.head).map_err(|_| fmt::Error)?)?;
        match &self.proof {
            Some(proof) => write!(f, "\n{proof}"),
            None => Ok(()),
        }
    }
}
