//! The pack files that a verb works on.

mod commit;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use license_format::{PackId, UnixSeconds};
use license_issue::Pack;

use crate::error::CommandError;
use crate::files;

/// Packs of one folder, locked against other runs of this program.
pub(crate) struct PackFiles {
    folder: PathBuf,
    files: Vec<PackFile>,
    _lock: File,
}

struct PackFile {
    /// The path that the caller named.
    named: PathBuf,
    /// The path without symbolic links.
    real: PathBuf,
    pack: PackId,
}

impl PackFiles {
    /// Locks the folder and reads these packs.
    pub(crate) fn open(paths: &[&Path]) -> Result<(Self, Vec<Pack>), CommandError> {
        let real = paths.iter().map(|path| real_path(path)).collect::<Result<Vec<_>, _>>()?;
        let mut files = Self::lock(paths.first().copied().unwrap_or(Path::new("")), &real)?;
        let mut packs: Vec<Pack> = Vec::new();
        for (named, real) in paths.iter().zip(real) {
            let pack = files::load_pack(named)?;
            if packs.iter().any(|other| other.id == pack.id) {
                let what = format_args!("holds pack {}, as another of the files does", pack.id);
                return Err(CommandError::usage(named.display(), what, "name each pack once"));
            }
            files.files.push(PackFile { named: named.to_path_buf(), real, pack: pack.id.clone() });
            packs.push(pack);
        }
        Ok((files, packs))
    }

    /// Locks the folder of a pack file and reads the pack, if it exists.
    pub(crate) fn open_or_none(path: &Path) -> Result<(Self, Option<Pack>), CommandError> {
        if matches!(path.try_exists(), Ok(false)) {
            let files = Self::lock(path, &[real_path(path)?])?;
            // Another run may have created it in the meantime.
            if matches!(path.try_exists(), Ok(false)) {
                return Ok((files, None));
            }
        }
        let (files, packs) = Self::open(&[path])?;
        Ok((files, packs.into_iter().next()))
    }

    /// Locks the folder of all these files. A lock on a file would not outlive its replacement.
    fn lock(named: &Path, real: &[PathBuf]) -> Result<Self, CommandError> {
        let folder = real.first().map_or(Path::new("."), |path| files::folder_of(path)).to_owned();
        if let Some(stray) = real.iter().find(|path| files::folder_of(path) != folder) {
            let what = format_args!("is not in the folder of {}", named.display());
            let remedy = "put the packs into one folder, so that they can change together";
            return Err(CommandError::new(stray.display(), what, remedy));
        }
        let lock = File::open(&folder).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|error| CommandError::of_file(&folder, "locked", &error))?;
        commit::resume(&folder)?;
        Ok(Self { folder, files: Vec::new(), _lock: lock })
    }

    /// Adds the file of a new pack.
    pub(crate) fn add(&mut self, path: &Path, pack: &PackId) -> Result<(), CommandError> {
        let real = real_path(path)?;
        if files::folder_of(&real) != self.folder {
            let what = "is not in the folder of the other pack";
            let remedy = "put it there, so that both can change together";
            return Err(CommandError::new(path.display(), what, remedy));
        }
        if real.symlink_metadata().is_ok() {
            let what = "exists, and a new pack never overwrites a file";
            return Err(CommandError::new(path.display(), what, "give another file or ID"));
        }
        self.files.push(PackFile { named: path.to_owned(), real, pack: pack.clone() });
        Ok(())
    }

    /// The path of a pack file, as the caller named it.
    pub(crate) fn path(&self, pack: &PackId) -> &Path {
        let file = self.files.iter().find(|file| file.pack == *pack);
        file.map_or(Path::new(""), |file| &file.named)
    }

    /// Writes all these packs, or none.
    pub(crate) fn save(&self, packs: &[Pack], now: UnixSeconds) -> Result<(), CommandError> {
        let mut new = Vec::new();
        for file in &self.files {
            if let Some(pack) = packs.iter().find(|pack| pack.id == file.pack) {
                let pack = Pack { recorded: pack.status(now), ..pack.clone() };
                new.push((file.real.clone(), pack.to_toml()));
            }
        }
        match new.is_empty() {
            true => Ok(()),
            false => commit::replace_all(&self.folder, &new),
        }
    }
}

/// The path without symbolic links, so that a linked pack file stays a link. A missing file gets the
/// real path of its folder.
fn real_path(path: &Path) -> Result<PathBuf, CommandError> {
    let failed = |error| CommandError::of_file(path, "read", &error);
    let Some(name) = path.file_name() else {
        return Err(CommandError::new(path.display(), "is not the name of a file", "name a file"));
    };
    fs::canonicalize(path)
        .or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                fs::canonicalize(files::folder_of(path)).map(|folder| folder.join(name))
            }
            _ => Err(error),
        })
        .map_err(failed)
}
