//! The verdicts on files.

use licd_rules::Code;
use license_format::{PackId, UnitId};
use serde::Serialize;

use super::SCHEMA;
use crate::{Failure, json};

/// The verdict on one file of `verify` or `import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileVerdict {
    /// The file as the caller named it.
    pub file: String,
    /// The verdict.
    #[serde(with = "crate::json")]
    pub code: Code,
    /// The verdict in words, without the file's name.
    pub message: String,
    /// The pack of a genuine licence.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "json::serialize")]
    pub pack: Option<PackId>,
    /// The units that a genuine licence names, at most 16.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::serialize")]
    pub units: Vec<UnitId>,
}

impl FileVerdict {
    /// The verdict on a file that could not be read.
    #[must_use]
    pub fn unread(file: &str, failure: Failure) -> Self {
        let Failure { code, message } = failure;
        Self { file: file.to_owned(), code, message, pack: None, units: Vec::new() }
    }
}

/// `{"schema":1,"files":[…]}`.
#[derive(Debug, Serialize)]
pub struct Files<'a> {
    schema: u32,
    files: &'a [FileVerdict],
}

impl<'a> Files<'a> {
    /// The answer of `verify` and `import`.
    #[must_use]
    pub fn new(files: &'a [FileVerdict]) -> Self {
        Self { schema: SCHEMA, files }
    }
}
