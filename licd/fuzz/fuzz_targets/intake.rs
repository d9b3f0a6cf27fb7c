//! Files as they arrive: plain, packed, with a byte order mark and CR LF. Compares the stream with the
//! three steps of LF §9 on the whole file.
#![no_main]

use std::io::{self, Read, Write as _};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use licd_sources::intake::{IntakeError, feed};

const LIMIT: u64 = 32 * 1024 * 1024;

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(fed(bytes), expected(bytes));
    assert_eq!(fed(Pieces { rest: bytes, length: 1 + bytes.len() / 5 }), expected(bytes));
    let packed = packed(bytes);
    assert_eq!(fed(&packed[..]), Ok(plain(bytes)), "packed");
    // A lost byte at the end must not go unnoticed.
    assert_eq!(fed(&packed[..packed.len() - 1]), Err(Refusal::Damaged));
});

#[derive(Debug, PartialEq)]
enum Refusal {
    TooLarge,
    Damaged,
}

fn fed(source: impl Read) -> Result<Vec<u8>, Refusal> {
    let mut file = Vec::new();
    match feed(source, |chunk| file.extend_from_slice(chunk)) {
        Ok(length) => assert_eq!(length, file.len() as u64),
        Err(IntakeError::TooLarge { .. }) => return Err(Refusal::TooLarge),
        Err(IntakeError::Gzip) => return Err(Refusal::Damaged),
        Err(IntakeError::Unreadable(error)) => panic!("{error}"),
    }
    Ok(file)
}

fn expected(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(plain(bytes));
    }
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(LIMIT + 1).read_to_end(&mut unpacked);
    if unpacked.len() as u64 > LIMIT {
        return Err(Refusal::TooLarge);
    }
    read.map(|_| plain(&unpacked)).map_err(|_| Refusal::Damaged)
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut text: Vec<u8> = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match text.last_mut() {
            Some(last) if *last == b'\r' && *byte == b'\n' => *last = b'\n',
            _ => text.push(*byte),
        }
    }
    text
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// A source that returns a few bytes at a time, with interruptions.
struct Pieces<'a> {
    rest: &'a [u8],
    length: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.length = self.length % 7 + 1;
        if self.length == 7 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = self.length.min(buffer.len());
        self.rest.read(&mut buffer[..most])
    }
}
