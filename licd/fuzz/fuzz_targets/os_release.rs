//! `os-release` of an image.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_machine::system::OsRelease;

/// Characters of the longest version that is taken.
const VERSION: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let release = OsRelease::parse(text);
    if let Some(version) = &release.version {
        assert!(is_version(version), "{version:?}");
    }
    assert!(release.generation.is_none() || release.version.is_some());
    // Any value, quoted as os-release(5) says, is read as it was meant.
    if !text.contains(['\n', '\r']) {
        let quoted: String = text.chars().flat_map(|c| escape(c)).collect();
        let found = OsRelease::parse(&format!("NAME=x\nVERSION_ID=\"{quoted}\"\n")).version;
        assert_eq!(found, is_version(text).then(|| text.to_owned()));
    }
});

fn is_version(text: &str) -> bool {
    (1..=VERSION).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let escaped = matches!(c, '$' | '"' | '\\' | '`').then_some('\\');
    escaped.into_iter().chain([c])
}
