//! Text from other parties and from the system, made fit for a terminal and a log.

use std::fmt;
use std::io;

/// `text` on one line and without terminal escapes, cut after `max_chars` characters.
#[must_use]
pub fn escaped(text: &str, max_chars: usize) -> String {
    let mut clean = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == max_chars {
            clean.push('…');
            break;
        }
        match c {
            // Printable, although `escape_debug` escapes them.
            '"' | '\'' | '\\' => clean.push(c),
            _ => clean.extend(c.escape_debug()),
        }
    }
    clean
}

/// The message of the system, without the number that Rust appends.
#[must_use]
pub fn system_message(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let bare = number.and_then(|number| text.strip_suffix(&number));
    bare.unwrap_or(&text).to_owned()
}

/// A character as a message shows it.
pub(crate) struct Printable(pub(crate) char);

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ' ' => f.write_str("a blank"),
            c @ ('"' | '\'' | '\\') => write!(f, "{c}"),
            c => write!(f, "{}", c.escape_debug()),
        }
    }
}

/// The percent-encoded bytes of a character.
pub(crate) fn percent_encoded(c: char) -> String {
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_are_spelled_out_and_long_texts_cut() {
        assert_eq!(escaped("a\u{1b}[31m\n\u{202e}\"ä\"", 400), "a\\u{1b}[31m\\n\\u{202e}\"ä\"");
        let long = escaped(&"x".repeat(1000), 120);
        assert_eq!(long.chars().count(), 121);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn system_messages_have_no_error_numbers() {
        assert_eq!(system_message(&io::Error::from_raw_os_error(12)), "Cannot allocate memory");
        assert_eq!(system_message(&io::Error::other("no number")), "no number");
    }
}
