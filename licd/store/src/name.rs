//! Names of licence files.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use licd_fs::printable::escaped;
use licd_rules::names;

/// Bytes of the longest file name (`NAME_MAX` of limits.h).
const NAME_BYTES: usize = 255;

/// The name of a licence file: one path component that [`names::is_license`] accepts. Names sort by
/// their bytes; copies share their memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(Arc<OsStr>);

impl FileName {
    /// The name, if it is that of a licence file.
    pub fn new(name: impl Into<OsString>) -> Option<Self> {
        let name = name.into();
        let bytes = name.as_bytes();
        (names::is_license(bytes)
            && bytes.len() <= NAME_BYTES
            && !bytes.iter().any(|byte| matches!(byte, b'/' | 0)))
        .then(|| Self(name.into()))
    }

    /// The name in the file system.
    #[must_use]
    pub fn as_os_str(&self) -> &OsStr {
        &self.0
    }
}

/// For users and reports: bytes that are not UTF-8 are replaced, control characters are escaped.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.0.to_string_lossy()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_component_that_ends_in_lic() {
        for name in ["A.lic", "A.LIC", "a b.lic", "é.lic"] {
            assert_eq!(FileName::new(name).unwrap().to_string(), name);
        }
        for name in ["", "lic", ".lic", "._A.lic", "A.lic.tmp", "../A.lic", "/A.lic", "A\0.lic"] {
            assert_eq!(FileName::new(name), None, "{name}");
        }
        assert!(FileName::new(format!("{}.lic", "a".repeat(251))).is_some());
        assert!(FileName::new(format!("{}.lic", "a".repeat(252))).is_none());
    }

    #[test]
    fn a_displayed_name_cannot_control_a_terminal() {
        let shown = |bytes: &[u8]| FileName::new(OsStr::from_bytes(bytes)).unwrap().to_string();
        assert_eq!(shown(b"\xff\x1b[31m\n.lic"), "\u{fffd}\\u{1b}[31m\\n.lic");
        assert_eq!(shown("\u{202e}it's \\.lic".as_bytes()), "\\u{202e}it's \\.lic");
    }
}
