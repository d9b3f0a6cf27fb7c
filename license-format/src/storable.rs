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
