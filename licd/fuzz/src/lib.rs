//! What several targets need.

mod fetch;
mod machine;
mod server;

pub use fetch::{fetch, request};
pub use machine::Machine;
pub use server::{Server, Wire};

/// Asserts that a text fits a terminal and a log: one line without control characters.
pub fn assert_printable(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

/// The parts of an input between lines that hold `%` alone.
pub fn parts(input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        if line == b"%\n" {
            parts.push(&input[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    parts.push(&input[start..]);
    parts
}
