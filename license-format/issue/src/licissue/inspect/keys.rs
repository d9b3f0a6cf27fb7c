//! The keys that verify an inspected file.

use std::fs;
use std::path::{Path, PathBuf};

use license_format::{TrustDocument, VerifierKey};
use license_issue::trust_in;

use crate::args::Inspect;
use crate::error::CommandError;
use crate::files;

/// Root keys of a device's image.
const IMAGE_ROOTS: &str = "usr/lib/licd/roots.d";
/// Trust document of a device's image.
const IMAGE_TRUST: &str = "usr/lib/licd/trust.note";

/// The keys of the command line.
pub(crate) enum Keys {
    /// No keys.
    None,
    /// Named keys, accepted for licences of every product and as root keys.
    Named(Vec<VerifierKey>),
    /// Root keys, and the path of their trust document.
    Roots(Vec<VerifierKey>, Option<PathBuf>),
}

impl Keys {
    pub(crate) fn of(args: &Inspect, root: Option<&Path>) -> Result<Self, CommandError> {
        let read = |paths: &[PathBuf]| -> Result<Vec<_>, _> {
            paths.iter().map(|path| files::verifier_key(path)).collect()
        };
        match root {
            _ if !args.vkey.is_empty() => read(&args.vkey).map(Self::Named),
            _ if !args.root_key.is_empty() => {
                Ok(Self::Roots(read(&args.root_key)?, args.trust.clone()))
            }
            Some(root) => {
                let roots = read(&key_files(&root.join(IMAGE_ROOTS))?)?;
                Ok(Self::Roots(roots, Some(root.join(IMAGE_TRUST))))
            }
            None => Ok(Self::None),
        }
    }

    /// The keys that must sign a trust document.
    pub(crate) fn roots(&self) -> &[VerifierKey] {
        match self {
            Self::None => &[],
            Self::Named(keys) | Self::Roots(keys, _) => keys,
        }
    }

    /// The trust document that verifies a licence, and its issuing keys; `None` without keys.
    pub(crate) fn trust(
        &self,
        args: &Inspect,
    ) -> Result<Option<(TrustDocument, Vec<VerifierKey>)>, CommandError> {
        let trust = match self {
            Self::None => return Ok(None),
            Self::Named(keys) => trust_in(keys).ok_or_else(|| {
                let what = "names a key twice, or more than 16";
                CommandError::usage("--vkey", what, "name each key once")
            })?,
            Self::Roots(_, None) => {
                let what = "does not verify a licence by itself";
                return Err(CommandError::usage(
                    "--root-key",
                    what,
                    "give the --trust document too",
                ));
            }
            Self::Roots(roots, Some(path)) => {
                TrustDocument::verify(&files::read_document(path)?, roots, args.threshold)
                    .map_err(|error| CommandError::refused(path, &error))?
            }
        };
        let keys = trust.keys().cloned().collect();
        Ok(Some((trust, keys)))
    }
}

/// The `.vkey` files of a folder, in the order of their names.
fn key_files(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let failed = |error| CommandError::of_file(folder, "read", &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "vkey") {
            paths.push(path);
        }
    }
    paths.sort();
    match paths.is_empty() {
        true => {
            Err(CommandError::new(folder.display(), "holds no .vkey file", "give another --root"))
        }
        false => Ok(paths),
    }
}
