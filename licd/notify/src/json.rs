//! Reads small JSON files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads a file of at most `limit` bytes; `None` if it is missing or invalid.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, limit: u64) -> Option<T> {
    let mut text = String::new();
    File::open(path).ok()?.take(limit).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
