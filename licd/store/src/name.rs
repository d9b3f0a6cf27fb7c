//! The name of a licence file.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;

use licd_fs::textfile::escaped;
use licd_rules::names;

/// Bytes of the longest file name (`NAME_MAX` of limits.h).
const NAME_BYTES: usize = 255;

/// The name of a licence file: a name as [`names::is_license`] has it that is one component of a
/// path. Their order is that of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(OsString);

impl FileName {
    /// The name, if it is one of a licence file.
    pub fn new(name: impl Into<OsString>) -> Option<Self> {
        let name = name.into();
        let bytes = name.as_bytes();
        (names::is_license(bytes)
            && bytes.len() <= NAME_BYTES
            && !bytes.iter().any(|byte| matches!(byte, b'/' | 0)))
        .then_some(Self(name))
    }

    /// The name as the file system has it.
    #[must_use]
    pub fn as_os_str(&self) -> &OsStr {
        &self.0
    }
}

/// For people and reports: what is not text is replaced, what would upset a terminal is escaped.
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
    fn a_name_is_shown_so_that_it_cannot_upset_a_terminal() {
        let shown = |bytes: &[u8]| FileName::new(OsStr::from_bytes(bytes)).unwrap().to_string();
        assert_eq!(shown(b"\xff\x1b[31m\n.lic"), "\u{fffd}\\u{1b}[31m\\n.lic");
        assert_eq!(shown("\u{202e}it's \\.lic".as_bytes()), "\\u{202e}it's \\.lic");
    }
}
