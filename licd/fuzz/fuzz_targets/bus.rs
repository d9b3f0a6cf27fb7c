//! What callers send over the bus: messages, the arguments of calls, the words in them.
#![no_main]

use std::io::Write as _;
use std::os::unix::net::UnixStream;

use libfuzzer_sys::fuzz_target;
use licd::reading::{self, Taken};
use licd_fuzz::assert_printable;
use licd_rules::{Selector, Version};

/// Bytes that the buffer of a socket takes at once.
const MOST: usize = 64 * 1024;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= MOST {
        check_messages(bytes);
    }
    match reading::import(bytes) {
        Some(Ok(shown) | Err(shown)) => assert_printable(&shown),
        None => {}
    }
    if let Some(Err(message)) = reading::activation(bytes) {
        assert_printable(&message);
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = (Selector::parse(text), Version::parse(text));
    }
});

fn check_messages(bytes: &[u8]) {
    let (mut far, near) = UnixStream::pair().unwrap();
    far.write_all(bytes).unwrap();
    drop(far);
    let mut taken = Vec::new();
    let _ = reading::messages(near, &mut taken);
    let mut read = 0;
    for message in &taken {
        if let Taken::Message(message) = message {
            // Messages are parts of what came, in order and without overlap.
            let found = bytes[read..].windows(message.len()).position(|part| part == message);
            read += found.unwrap() + message.len();
        }
    }
}
