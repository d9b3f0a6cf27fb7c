//! Text that is safe to print on a terminal and in a log.

use std::io;
use std::path::Path;

use nix::errno::Errno;

/// Characters of a text that are printed; a key of a file may be as long as the file.
const MAX_CHARS: usize = 400;

/// Escapes every character of `text` that is not printable, and cuts the text off after 400
/// characters. TOML 1.1 strings and keys may hold terminal escapes.
pub fn escaped(text: &str) -> String {
    licd_protocol::escaped(text, MAX_CHARS)
}

/// Escapes a text as [`escaped`] does, without cutting it off.
pub fn printable(text: &str) -> String {
    licd_protocol::escaped(text, usize::MAX)
}

/// Escapes a path as [`escaped`] does.
pub fn escaped_path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// The text of an error without the number that Rust appends.
pub fn reason(error: &io::Error) -> String {
    error
        .raw_os_error()
        .map_or_else(|| error.to_string(), |number| Errno::from_raw(number).desc().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_text_cannot_control_a_terminal() {
        assert_eq!(escaped("a\u{1b}[31m\n\u{202e}\"ä\""), "a\\u{1b}[31m\\n\\u{202e}\"ä\"");
        let long = escaped(&"x".repeat(100_000));
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_printable_text_is_escaped_and_whole() {
        let long = "x".repeat(100_000);
        assert_eq!(printable(&format!("\u{1b}{long}")), format!("\\u{{1b}}{long}"));
    }
}
