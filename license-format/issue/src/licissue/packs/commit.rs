//! Replaces several files of one folder at once.
//!
//! The new contents are written next to the files first. Then a record is put into the folder that
//! says which is to become which, then they are renamed, and the record is taken away. Before the
//! record is there, nothing has happened; once it is there, everything will: the next run in the
//! folder carries on where a crash has cut off the last one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files;

/// The record of what is being renamed: names in pairs, each followed by a NUL.
const RECORD: &str = ".licissue.commit";
const END: u8 = 0;

/// Replaces all of these files, or none; each is in the folder, under this name.
pub(super) fn replace_all(folder: &Path, new: &[(PathBuf, String)]) -> Result<(), Failure> {
    if let [(path, text)] = new {
        return files::replace(path, text.as_bytes());
    }
    let temporaries: Vec<PathBuf> = new
        .iter()
        .map(|(path, _)| folder.join(files::temporary_name(path.file_name().unwrap_or_default())))
        .collect();
    let written = temporaries.iter().zip(new).try_for_each(|(temporary, (path, text))| {
        files::create_temporary(temporary, text.as_bytes())
            .map_err(|error| Failure::of_file(path, "written", &error))
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
        // What cannot be removed does no harm; the first error is the one to tell.
        temporaries.iter().for_each(|temporary| drop(fs::remove_file(temporary)));
    }
    recorded.and_then(|()| carry_on(folder))
}

/// Brings to an end what a run before has recorded and not finished.
pub(super) fn carry_on(folder: &Path) -> Result<(), Failure> {
    let path = folder.join(RECORD);
    let record = match fs::read(&path) {
        Ok(record) => record,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::of_file(&path, "read", &error)),
    };
    let names: Vec<&OsStr> = record.split(|byte| *byte == END).map(OsStr::from_bytes).collect();
    for pair in names.chunks_exact(2) {
        let [from, to] = pair else { continue };
        let (from, to) = (folder.join(from), folder.join(to));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::of_file(&to, "written", &error));
            }
            // What is not there has been renamed already.
            _ => {}
        }
    }
    let sync = || File::open(folder)?.sync_all();
    let done = sync().and_then(|()| fs::remove_file(&path)).and_then(|()| sync());
    done.map_err(|error| Failure::of_file(&path, "removed", &error))
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
    fn several_files_are_replaced_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old").unwrap();
        // Left by a run of the same process ID that was cut off.
        let stale = files::temporary_name(OsStr::new("a"));
        fs::write(folder.path().join(stale), "older").unwrap();
        let new = ["a", "b"].map(|name| (path(name), format!("new {name}")));
        replace_all(folder.path(), &new).unwrap();
        assert_eq!(names(folder.path()), ["a", "b"]);
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "new a");
        assert_eq!(fs::read_to_string(path("b")).unwrap(), "new b");
    }

    #[test]
    fn a_run_cut_off_between_two_renames_is_brought_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        // The first of two was renamed.
        fs::write(path("a"), "new a").unwrap();
        fs::write(path("b"), "old b").unwrap();
        fs::write(path(".b.1.tmp"), "new b").unwrap();
        fs::write(path(RECORD), ".a.1.tmp\0a\0.b.1.tmp\0b\0").unwrap();
        carry_on(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["a", "b"]);
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "new a");
        assert_eq!(fs::read_to_string(path("b")).unwrap(), "new b");
        carry_on(folder.path()).unwrap();
    }

    #[test]
    fn if_one_file_cannot_be_written_none_is() {
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
