//! The pack files that a verb works on.

mod commit;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use license_format::{PackId, UnixSeconds};
use license_issue::Pack;

use crate::failure::Failure;
use crate::files;

/// Some packs of one folder, which no other run of this program works on meanwhile.
pub(crate) struct PackFiles {
    folder: PathBuf,
    /// The path as it was named, the file that it leads to, and what is in it.
    files: Vec<PackFile>,
    _lock: File,
}

struct PackFile {
    named: PathBuf,
    real: PathBuf,
    pack: PackId,
}

impl PackFiles {
    /// Waits for the folder and reads these packs.
    pub(crate) fn open(paths: &[&Path]) -> Result<(Self, Vec<Pack>), Failure> {
        let real = paths.iter().map(|path| real(path)).collect::<Result<Vec<_>, _>>()?;
        let mut files = Self::lock(paths.first().copied().unwrap_or(Path::new("")), &real)?;
        let mut packs: Vec<Pack> = Vec::new();
        for (named, real) in paths.iter().zip(real) {
            let pack = files::load_pack(named)?;
            if packs.iter().any(|other| other.id == pack.id) {
                let what = format_args!("holds pack {}, as another of the files does", pack.id);
                return Err(Failure::usage(named.display(), what, "name each pack once"));
            }
            files.files.push(PackFile { named: named.to_path_buf(), real, pack: pack.id.clone() });
            packs.push(pack);
        }
        Ok((files, packs))
    }

    /// Waits for the folder of a pack file that may not exist, and reads what there is.
    pub(crate) fn open_or_none(path: &Path) -> Result<(Self, Option<Pack>), Failure> {
        if matches!(path.try_exists(), Ok(false)) {
            let files = Self::lock(path, &[real(path)?])?;
            // It may have come to be in the meantime.
            if matches!(path.try_exists(), Ok(false)) {
                return Ok((files, None));
            }
        }
        let (files, packs) = Self::open(&[path])?;
        Ok((files, packs.into_iter().next()))
    }

    /// Locks the folder that holds all these files. The folder, since the files themselves are
    /// replaced when they are written, and a lock on one of them would not outlive that.
    fn lock(named: &Path, real: &[PathBuf]) -> Result<Self, Failure> {
        let folder = real.first().map_or(Path::new("."), |path| files::folder_of(path)).to_owned();
        if let Some(stray) = real.iter().find(|path| files::folder_of(path) != folder) {
            let what = format_args!("is not in the folder of {}", named.display());
            let remedy = "put the packs into one folder, so that they can change together";
            return Err(Failure::new(stray.display(), what, remedy));
        }
        let lock = File::open(&folder).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|error| Failure::of_file(&folder, "locked", &error))?;
        commit::carry_on(&folder)?;
        Ok(Self { folder, files: Vec::new(), _lock: lock })
    }

    /// Makes room for a pack that has no file yet.
    pub(crate) fn add(&mut self, path: &Path, pack: &PackId) -> Result<(), Failure> {
        let real = real(path)?;
        if files::folder_of(&real) != self.folder {
            let what = "is not in the folder of the other pack";
            let remedy = "put it there, so that both can change together";
            return Err(Failure::new(path.display(), what, remedy));
        }
        if real.symlink_metadata().is_ok() {
            let what = "exists, and a new pack never overwrites a file";
            return Err(Failure::new(path.display(), what, "give another file or ID"));
        }
        self.files.push(PackFile { named: path.to_owned(), real, pack: pack.clone() });
        Ok(())
    }

    /// The file of a pack, as it was named.
    pub(crate) fn path(&self, pack: &PackId) -> &Path {
        let file = self.files.iter().find(|file| file.pack == *pack);
        file.map_or(Path::new(""), |file| &file.named)
    }

    /// Writes all these packs, or none.
    pub(crate) fn save(&self, packs: &[Pack], now: UnixSeconds) -> Result<(), Failure> {
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

/// Where a path leads, so that a pack file that is a link stays one. Of one that does not exist, the
/// folder at least is real.
fn real(path: &Path) -> Result<PathBuf, Failure> {
    let failed = |error| Failure::of_file(path, "read", &error);
    let Some(name) = path.file_name() else {
        return Err(Failure::new(path.display(), "is not the name of a file", "name a file"));
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
