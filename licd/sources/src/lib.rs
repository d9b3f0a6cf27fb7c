//! The sources of documents: streams and files, sticks, and the worker that downloads.

pub mod fetch;
pub mod intake;
pub mod stick;
