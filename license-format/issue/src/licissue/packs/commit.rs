//! Replaces several files of one folder atomically.
//!
//! It writes the new contents to temporary files, then a record of the renames, then renames the files
//! and removes the record. Without the record, nothing has changed. With it, the change will complete:
//! the next run in the folder resumes after a crash.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::CommandError;
use crate::files;

/// The record of the renames: pairs of names, each followed by a NUL.
const RECORD: &str = ".licissue.commit";
const END: u8 = 0;

/// Replaces all of these files of the folder, or none.
pub(super) fn replace_all(folder: &Path, new: &[(PathBuf, String)]) -> Result<(), CommandError> {
    if let [(path, text)] = new {
        return files::replace(path, text.as_bytes());
    }
    let temporaries: Vec<PathBuf> = new
        .iter()
        .map(|(path, _)| folder.join(files::temporary_name(path.file_name().unwrap_or_default())))
        .collect();
    let written = temporaries.iter().zip(new).try_for_each(|(temporary, (path, text))| {
        files::create_temporary(temporary, text.as_bytes())
            .map_err(|error| CommandError::of_file(path, "written", &error))
    });
    let recorded = written.and_then(|()| {
        let names = temporaries.iter().zip(new).flat_map(|(from, (to, _))| [from, to]);
        let record: Vec<u8> = names
            .flat_map(|path| {
                let name = path.file_name().unwrap_or_default().as_bytes();
                name.iter().copied().chain([END])
            })
            .collect();
        files::replace(&folder.join(RECORD), &record)
    });
    if recorded.is_err() {
        // A leftover does no harm, and the first error is the one to report.
        temporaries.iter().for_each(|temporary| drop(fs::remove_file(temporary)));
    }
    recorded.and_then(|()| resume(folder))
}

/// Completes the recorded renames of an interrupted run.
pub(super) fn resume(folder: &Path) -> Result<(), CommandError> {
    let path = folder.join(RECORD);
    let record = match fs::read(&path) {
        Ok(record) => record,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CommandError::of_file(&path, "read", &error)),
    };
    let names: Vec<&OsStr> = record.split(|byte| *byte == END).map(OsStr::from_bytes).collect();
    for pair in names.chunks_exact(2) {
        let [from, to] = pair else { continue };
        let (from, to) = (folder.join(from), folder.join(to));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(CommandError::of_file(&to, "written", &error));
            }
            // A missing file was renamed before the interruption.
            _ => {}
        }
    }
    let sync = || File::open(folder)?.sync_all();
    let done = sync().and_then(|()| fs::remove_file(&path)).and_then(|()| sync());
    done.map_err(|error| CommandError::of_file(&path, "removed", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn several_files_are_replaced_without_leftovers() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old").unwrap();
        // The leftover of an interrupted run with the same process ID.
        let stale = files::temporary_name(OsStr::new("a"));
        fs::write(folder.path().join(stale), "older").unwrap();
        let new = ["a", "b"].map(|name| (path(name), format!("new {name}")));
        replace_all(folder.path(), &new).unwrap();
        assert_eq!(names(folder.path()), ["a", "b"]);
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "new a");
        assert_eq!(fs::read_to_string(path("b")).unwrap(), "new b");
    }

    #[test]
    fn an_interrupted_replacement_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        // The first of two renames is done.
        fs::write(path("a"), "new a").unwrap();
        fs::write(path("b"), "old b").unwrap();
        fs::write(path(".b.1.tmp"), "new b").unwrap();
        fs::write(path(RECORD), ".a.1.tmp\0a\0.b.1.tmp\0b\0").unwrap();
        resume(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["a", "b"]);
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "new a");
        assert_eq!(fs::read_to_string(path("b")).unwrap(), "new b");
        resume(folder.path()).unwrap();
    }

    #[test]
    fn a_failed_write_leaves_every_file_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old").unwrap();
        fs::create_dir(path(&files::temporary_name(OsStr::new("b")).into_string().unwrap()))
            .unwrap();
        let new = ["a", "b"].map(|name| (path(name), String::from("new")));
        replace_all(folder.path(), &new).unwrap_err();
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "old");
        assert!(!path(RECORD).exists() && !path("b").exists());
    }
}
