//! The root keys and the trust document that come with the image.

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::textfile;
use license_format::{VerifierKey, limits};

use super::{Problem, files};

/// Root keys of one image that are read; the signatures of a trust document are fewer.
pub const ROOT_KEYS: usize = 64;
/// Bytes of a root key's file: the longest verifier key is far shorter than a line of a licence.
const KEY_FILE_BYTES: u64 = 4 * 1024;

const ROOT_DIR: &str = "/usr/lib/licd/roots.d";
const TRUST_NOTE: &str = "/usr/lib/licd/trust.note";

/// The root keys of the image, one a file of `/usr/lib/licd/roots.d/*.vkey`, white space around it
/// ignored. A file that is no key never stops the others.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn roots(root: &Root) -> Looked<(Vec<VerifierKey>, Vec<Problem>)> {
    let mut problems = Vec::new();
    let mut keys = Vec::new();
    for file in files(&root.path(ROOT_DIR), "vkey", ROOT_KEYS, &mut problems)? {
        match textfile::read_text(&file, KEY_FILE_BYTES)? {
            Ok(text) => match VerifierKey::parse(text.unwrap_or_default().trim()) {
                Some(key) => keys.push(key),
                None => problems.push(Problem::NotAKey { file }),
            },
            Err(flaw) => problems.push(Problem::Unusable { file, flaw }),
        }
    }
    Ok((keys, problems))
}

/// The bytes of the image's trust document, not verified; `None` if the image has none. The inner
/// error: it is no readable file of at most [`limits::TRUST_BYTES`].
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn trust_note(root: &Root) -> Looked<Result<Option<Vec<u8>>, Problem>> {
    let file = root.path(TRUST_NOTE);
    let read = textfile::read(&file, limits::TRUST_BYTES as u64)?;
    Ok(read.map_err(|flaw| Problem::Unusable { file, flaw }))
}
