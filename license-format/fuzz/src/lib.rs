//! What several targets need: documents to sign, and a second verifier.

mod device;
pub mod second;

pub use device::{Device, Verdict};
