//! A state file and its copy as they were read, and their repair.

use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::error::Warning;
use super::file::{Found, find};
use super::{Remembered, StateFile};
use crate::look::Looked;
use crate::root::Root;

/// A state file, and its copy unless the file is sound.
pub(super) struct Reading<T> {
    file: Found<StateFile<T>>,
    copy: Option<StateFile<T>>,
}

impl<T: Remembered> Reading<T> {
    /// Reads both.
    pub(super) fn of(root: &Root) -> Looked<Self> {
        let found = |file| find(&root.path(file), T::FILE_BYTES, StateFile::parse);
        let file = found(T::FILE)?;
        let copy = T::COPY.filter(|_| !matches!(file, Found::Sound(_)));
        let copy = match copy.map(found).transpose()? {
            Some(Found::Sound(copy)) => Some(copy),
            _ => None,
        };
        Ok(Self { file, copy })
    }

    /// Whether nothing is to be repaired.
    pub(super) fn is_in_order(&self) -> bool {
        matches!((&self.file, &self.copy), (Found::Sound(_), _) | (Found::Nothing, None))
    }

    /// The file, else its copy, else the default.
    pub(super) fn content(self) -> StateFile<T> {
        match self.file {
            Found::Sound(file) => file,
            _ => self.copy.unwrap_or_default(),
        }
    }

    /// Sets a damaged file aside, and puts the copy in its place. For a process that holds the lock.
    pub(super) fn repaired(self, root: &Root) -> (StateFile<T>, Option<Warning>) {
        let file = root.path(T::FILE);
        let warning = self.file.set_aside(&file, self.consequence());
        if let Some(copy) = &self.copy {
            // A user without the right to write still gets the copy.
            let _ = copy.save(root);
        }
        (self.content(), warning)
    }

    /// Leaves both alone; `why` there is no repair.
    pub(super) fn unrepaired(self, root: &Root, why: Errno) -> (StateFile<T>, Option<Warning>) {
        let stays = |_: &Path| -> Result<PathBuf, Errno> { Err(why) };
        let warning = self.file.warning(&root.path(T::FILE), self.consequence(), stays);
        (self.content(), warning)
    }

    /// What a damaged file means.
    fn consequence(&self) -> &'static str {
        if self.copy.is_some() { "its copy counts" } else { T::WITHOUT }
    }
}
