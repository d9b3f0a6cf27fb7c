//! The root keys and the trust document of the image.

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::textfile;
use license_format::{VerifierKey, limits};

use super::ConfigError;
use super::layers::files;

/// Limit of root keys in an image; a trust document has fewer signatures.
pub const ROOT_KEYS: usize = 64;
/// Limit of a root key's file in bytes; the longest verifier key is far shorter.
const KEY_FILE_BYTES: u64 = 4 * 1024;

const ROOT_DIR: &str = "/usr/lib/licd/roots.d";
const TRUST_NOTE: &str = "/usr/lib/licd/trust.note";

/// The root keys of the image, one in each file `/usr/lib/licd/roots.d/*.vkey`, without surrounding
/// white space. An invalid file does not affect the others.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn roots(root: &Root) -> Looked<(Vec<VerifierKey>, Vec<ConfigError>)> {
    let mut errors = Vec::new();
    let mut keys = Vec::new();
    for file in files(&root.path(ROOT_DIR), "vkey", ROOT_KEYS, &mut errors)? {
        match textfile::read_own_text(&file, KEY_FILE_BYTES)? {
            Ok(text) => match VerifierKey::parse(text.unwrap_or_default().trim()) {
                Some(key) => keys.push(key),
                None => errors.push(ConfigError::NotAKey { file }),
            },
            Err(error) => errors.push(ConfigError::Unusable { file, error }),
        }
    }
    Ok((keys, errors))
}

/// The image's trust document, unverified; `None` if the image has none. The inner error means that it
/// is not a readable file of at most [`limits::TRUST_BYTES`].
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn trust_note(root: &Root) -> Looked<Result<Option<Vec<u8>>, ConfigError>> {
    let file = root.path(TRUST_NOTE);
    let read = textfile::read_own(&file, limits::TRUST_BYTES as u64)?;
    Ok(read.map_err(|error| ConfigError::Unusable { file, error }))
}
