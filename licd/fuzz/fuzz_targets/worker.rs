//! The protocol of the worker, in both directions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_protocol::{FetchRequest, Frame, FrameError, PAYLOAD_BYTES};

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    loop {
        match Frame::read(&mut rest) {
            Ok(frame) => check(&frame),
            Err(FrameError::Stream(_)) => break,
            Err(FrameError::Malformed(_)) => break,
        }
    }
    if let Ok(request) = serde_json::from_slice::<FetchRequest>(bytes) {
        let text = serde_json::to_string(&request).unwrap();
        let again: FetchRequest = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
});

/// What was read is written and read again. A text may be longer as JSON, and then too long.
fn check(frame: &Frame) {
    let mut written = Vec::new();
    match frame.write(&mut written) {
        Ok(()) => assert_eq!(&Frame::read(&mut written.as_slice()).unwrap(), frame),
        Err(_) => assert!(format!("{frame:?}").len() > PAYLOAD_BYTES / 8, "{frame:?}"),
    }
}
