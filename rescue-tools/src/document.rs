//! A document to judge or to import.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use licd_device::{Device, Failure};
use licd_fs::printable::reason;
use licd_rules::Code;

/// A document. Its content can be read more than once.
pub(crate) struct Document {
    pub(crate) name: String,
    source: Source,
}

enum Source {
    /// An open file, or why it could not be opened.
    Open(Result<File, Failure>),
    /// A path, opened for each reading: there may be more documents than descriptors.
    Path(PathBuf),
}

impl Document {
    /// The document in an open file, or the reason that it could not be opened.
    pub(crate) fn opened(name: String, file: Result<File, Failure>) -> Self {
        Self { name, source: Source::Open(file) }
    }

    /// The document in the regular file at a path.
    pub(crate) fn at(name: String, path: &Path) -> Self {
        Self { name, source: Source::Path(path.to_owned()) }
    }

    /// Its file.
    pub(crate) fn file(&self) -> Result<File, Failure> {
        match &self.source {
            Source::Open(Ok(file)) => file.try_clone().map_err(|error| Failure {
                code: Code::SourceUnreachable,
                message: format!("cannot be opened: {}", reason(&error)),
            }),
            Source::Open(Err(failure)) => Err(failure.clone()),
            Source::Path(path) => Device::open(path),
        }
    }

    /// Its name and its file.
    pub(crate) fn into_parts(self) -> (String, Result<File, Failure>) {
        let file = match self.source {
            Source::Open(file) => file,
            Source::Path(path) => Device::open(&path),
        };
        (self.name, file)
    }

    /// Its content, if that fits into the room, which it then takes; `None` also if it cannot be read, or its
    /// length is not known before. Reads without moving the position.
    pub(crate) fn content(&self, room: &mut usize) -> Option<Result<Vec<u8>, Failure>> {
        let opened;
        let file = match &self.source {
            Source::Open(file) => file,
            Source::Path(path) => {
                opened = Device::open(path);
                &opened
            }
        };
        let file = match file {
            Ok(file) => file,
            Err(failure) => return Some(Err(failure.clone())),
        };
        let found = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let length = usize::try_from(found.len()).ok();
        let length = length.filter(|length| (1..=*room).contains(length))?;
        let mut content = vec![0; length];
        file.read_exact_at(&mut content, 0).ok()?;
        *room -= length;
        Some(Ok(content))
    }
}
