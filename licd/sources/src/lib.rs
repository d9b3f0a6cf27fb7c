//! Where documents come from: bytes as they arrive, sticks, and the worker that fetches.

pub mod fetch;
pub mod intake;
pub mod stick;
