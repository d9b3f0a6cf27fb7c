//! The boot files of the device, made by `image/build`.

use std::path::PathBuf;

/// The environment variable with the path of the image; set by `tests/vm/run`.
const DIR: &str = "LICD_VM_IMAGE";

/// A file of the image.
pub(crate) fn file(name: &str) -> PathBuf {
    let dir = std::env::var_os(DIR).expect("LICD_VM_IMAGE: run this by tests/vm/run");
    PathBuf::from(dir).join(name)
}
