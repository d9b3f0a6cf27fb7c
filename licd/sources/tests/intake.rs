//! Normalising sources to the bytes that were signed.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs::{self, File};
use std::io::{self, Read, Write as _, repeat};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::Path;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use licd_sources::intake::{IntakeError, Kind, OpenError, Streams, accept, feed, open};
use license_format::limits::FILE_BYTES;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A source that returns one piece at a time and is interrupted before each.
struct Pieces<'a> {
    pieces: Vec<&'a [u8]>,
    interrupted: bool,
}

impl<'a> Pieces<'a> {
    /// Cuts after byte `n` where bit `n` of `cuts` is set.
    fn of(bytes: &'a [u8], cuts: u32) -> Self {
        let mut pieces = Vec::new();
        let mut start = 0;
        for end in 1..=bytes.len() {
            let cut = u32::try_from(end - 1).ok().and_then(|bit| cuts.checked_shr(bit));
            if end == bytes.len() || cut.is_some_and(|bits| bits & 1 == 1) {
                pieces.push(&bytes[start..end]);
                start = end;
            }
        }
        pieces.reverse();
        Self { pieces, interrupted: false }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let Some(piece) = self.pieces.pop() else { return Ok(0) };
        let length = piece.len().min(buffer.len());
        buffer[..length].copy_from_slice(&piece[..length]);
        if length < piece.len() {
            self.pieces.push(&piece[length..]);
        }
        Ok(length)
    }
}

/// The normalised bytes of a source.
fn fed(source: impl Read) -> Result<Vec<u8>, IntakeError> {
    let mut text = Vec::new();
    let length = feed(source, |chunk| text.extend_from_slice(chunk))?;
    assert_eq!(length, text.len() as u64);
    Ok(text)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn expected(text: &[u8]) -> Vec<u8> {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    String::from_utf8(text.to_vec()).unwrap().replace("\r\n", "\n").into_bytes()
}

#[test]
fn every_short_text_has_the_same_result_however_it_is_split() {
    const LENGTH: u32 = 6;
    for number in 0..3_usize.pow(LENGTH) {
        let letters = (0..LENGTH).map(|at| b"a\r\n"[number / 3_usize.pow(at) % 3]);
        let text: Vec<u8> = letters.collect();
        for text in [text.clone(), text[..3].to_vec()] {
            for cuts in 0..1 << (text.len() - 1) {
                assert_eq!(fed(Pieces::of(&text, cuts)).unwrap(), expected(&text), "{text:?}");
            }
        }
    }
}

#[test]
fn a_byte_order_mark_is_dropped_once_at_the_start() {
    let marked = |parts: &[&[u8]]| parts.concat();
    for (text, expected) in [
        (marked(&[BOM]), &b""[..]),
        (marked(&[BOM, b"a\r\n"]), b"a\n"),
        (marked(&[BOM, BOM, b"a"]), b"\xef\xbb\xbfa"),
        (marked(&[b"a", BOM]), b"a\xef\xbb\xbf"),
        (marked(&[&BOM[..2]]), &BOM[..2]),
        (marked(&[&BOM[..2], b"\r\n"]), b"\xef\xbb\n"),
        (marked(&[]), b""),
    ] {
        for cuts in 0..1 << text.len() {
            assert_eq!(fed(Pieces::of(&text, cuts)).unwrap(), expected, "{text:?}");
        }
        assert_eq!(fed(&gzip(&text)[..]).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn gzip_mark_and_crlf_are_normalised_together() {
    let text = [BOM, b"igel.com/license/v1\r\npack WE-7Q2KD\r\nlone\rcr\r\r\n\r\n"].concat();
    let packed = gzip(&text);
    for cuts in 0..1 << 18 {
        // Every way to cut the gzip header, and some of the rest.
        if cuts % 97 == 0 {
            assert_eq!(fed(Pieces::of(&packed, cuts)).unwrap(), expected(&text));
        }
    }
}

#[test]
fn crlf_across_buffers_becomes_lf() {
    const BUFFER: usize = 16 * 1024;
    for before in BUFFER - 5..BUFFER + 2 {
        let text =
            [&vec![b'a'; before], &b"\r\nb\r"[..], &vec![b'a'; BUFFER - 4], b"\r\n"].concat();
        assert_eq!(fed(&text[..]).unwrap(), expected(&text));
        assert_eq!(fed(&gzip(&text)[..]).unwrap(), expected(&text));
    }
}

#[test]
fn gzip_members_are_joined_and_a_second_layer_is_kept() {
    let members = [gzip(b"one\r"), gzip(b""), gzip(b"\ntwo")].concat();
    assert_eq!(fed(&members[..]).unwrap(), b"one\ntwo");
    // If the inner layer contains CR LF, it is no longer gzip; the verifier rejects it either way.
    let inner = gzip(b"text");
    assert_eq!(fed(&gzip(&inner)[..]).unwrap(), inner);
}

#[test]
fn gzip_that_is_truncated_or_followed_by_other_bytes_is_rejected() {
    let packed = gzip(b"igel.com/license/v1\n");
    for length in 2..packed.len() {
        let error = fed(&packed[..length]).unwrap_err();
        assert!(matches!(error, IntakeError::Gzip), "{length}: {error}");
    }
    for rest in [&b"garbage"[..], b"\0", b"\x1f", b"\x1f\x8b"] {
        let error = fed(&[&packed, rest].concat()[..]).unwrap_err();
        assert!(matches!(error, IntakeError::Gzip), "{rest:?}: {error}");
    }
    for at in 0..packed.len() {
        let mut altered = packed.clone();
        altered[at] ^= 0x40;
        // gzip ignores time stamp, system and padding bits.
        let harmless = |text| text == b"igel.com/license/v1\n" || text == altered;
        assert!(fed(&altered[..]).map_or(true, harmless), "{at}");
    }
    // One byte is not gzip.
    assert_eq!(fed(&packed[..1]).unwrap(), b"\x1f");
}

#[test]
fn a_failing_source_is_not_reported_as_damaged_gzip() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
    let packed = gzip(b"igel.com/license/v1\n");
    for length in 0..packed.len() {
        let error = fed(packed[..length].chain(Broken)).unwrap_err();
        assert!(
            matches!(&error, IntakeError::Unreadable(e) if e.kind() == io::ErrorKind::UnexpectedEof)
        );
    }
    let error = fed(b"igel.com".chain(Broken)).unwrap_err();
    assert!(matches!(error, IntakeError::Unreadable(_)), "{error}");
}

#[test]
fn the_limit_is_exact_for_plain_and_packed_files() {
    let sized = |bytes| repeat(b'a').take(bytes);
    assert_eq!(feed(sized(FILE_BYTES), |_| {}).unwrap(), FILE_BYTES);
    let error = feed(sized(FILE_BYTES + 1), |_| {}).unwrap_err();
    assert!(matches!(error, IntakeError::TooLarge { limit: FILE_BYTES }), "{error}");
    assert_eq!(
        error.to_string(),
        "is larger than 33554432 bytes, the limit of a licence; check the file"
    );
    for (bytes, fits) in [(FILE_BYTES, true), (FILE_BYTES + 1, false)] {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        io::copy(&mut sized(bytes), &mut packed).unwrap();
        let fed = feed(&packed.finish().unwrap()[..], |_| {});
        assert_eq!(fed.is_ok(), fits);
        assert!(fits || matches!(fed, Err(IntakeError::TooLarge { .. })));
    }
}

/// Counts what is read of a source.
struct Counted<'a, R>(R, &'a mut u64);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buffer)?;
        *self.1 += length as u64;
        Ok(length)
    }
}

/// `bytes` over and over.
struct Cycle<'a>(&'a [u8], usize);

impl Read for Cycle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (&self.0[self.1..]).read(buffer)?;
        self.1 = (self.1 + length) % self.0.len();
        Ok(length)
    }
}

const HEADER: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";

#[test]
fn ten_gigabytes_in_a_small_file_stop_at_the_limit() {
    // A full flush ends at a byte boundary and resets the dictionary, so that one packed megabyte can
    // be repeated ten thousand times.
    let zeros = vec![0; 1 << 20];
    let mut megabyte = Vec::with_capacity(1 << 16);
    Compress::new(Compression::best(), false)
        .compress_vec(&zeros, &mut megabyte, FlushCompress::Full)
        .unwrap();
    let packed = megabyte.len() as u64 * 10_240;
    assert!(packed < FILE_BYTES, "small enough that only what it unpacks to is too large");
    let bomb = HEADER.chain(Cycle(&megabyte, 0).take(packed));
    let (mut read, mut given, mut largest) = (0, 0, 0);
    let error = feed(Counted(bomb, &mut read), |chunk| {
        given += chunk.len() as u64;
        largest = largest.max(chunk.len());
    })
    .unwrap_err();
    assert!(matches!(error, IntakeError::TooLarge { .. }), "{error}");
    assert!(given <= FILE_BYTES && largest <= 16 * 1024);
    assert!(read < megabyte.len() as u64 * 34 + 64 * 1024, "{read} bytes read");
}

#[test]
fn packed_bytes_are_limited_even_if_they_unpack_to_nothing() {
    // A member of nothing with an extra field of 64 KiB in its header (RFC 1952 §2.3.1.1).
    let mut member = HEADER.to_vec();
    member[3] = 4;
    member.extend([0xff, 0xff]);
    member.extend([0; 0xffff]);
    member.extend(&gzip(b"")[HEADER.len()..]);
    assert_eq!(fed(&member[..]).unwrap(), b"");
    let mut read = 0;
    let error = feed(Counted(Cycle(&member, 0), &mut read), |_| {}).unwrap_err();
    assert!(matches!(error, IntakeError::TooLarge { .. }), "{error}");
    let near = FILE_BYTES..FILE_BYTES + 128 * 1024;
    assert!(near.contains(&read), "{read} bytes read");

    let garbage = HEADER.chain(repeat(0xff));
    let mut read = 0;
    let error = feed(Counted(garbage, &mut read), |_| {}).unwrap_err();
    assert!(matches!(error, IntakeError::TooLarge { .. }), "{error}");
    assert!(near.contains(&read), "{read} bytes read");
}

fn refusal(path: &Path) -> String {
    open(path).unwrap_err().to_string()
}

#[test]
fn only_files_are_opened_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name| dir.path().join(name);
    fs::write(at("A.lic"), "text").unwrap();
    symlink("A.lic", at("link")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for name in ["A.lic", "link"] {
        assert_eq!(fed(open(&at(name)).unwrap()).unwrap(), b"text");
    }
    assert_eq!(refusal(dir.path()), "is a directory, not a file; name the files in it");
    assert_eq!(refusal(&at("fifo")), "is a pipe, not a file");
    assert_eq!(
        refusal(Path::new("/dev/zero")),
        "is a device, not a file; name a stick's partition, as in usb:/dev/sdb1"
    );
    assert_eq!(refusal(&at("dangling")), "cannot be opened: No such file or directory");
}

#[test]
fn a_file_that_is_too_large_is_rejected_unread() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("A.lic");
    let file = File::create(&path).unwrap();
    file.set_len(FILE_BYTES).unwrap();
    assert!(open(&path).is_ok());
    file.set_len(2 << 30).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::TooLarge { bytes: 0x8000_0000, limit: FILE_BYTES }));
    assert_eq!(
        error.to_string(),
        "has 2147483648 bytes, a licence at most 33554432; check the file"
    );
}

#[test]
fn a_stream_is_accepted_only_where_allowed() {
    let pipe = || File::from(OwnedFd::from(io::pipe().unwrap().0));
    let socket = || File::from(OwnedFd::from(UnixStream::pair().unwrap().0));
    for stream in [pipe, socket] {
        assert!(accept(stream(), Streams::Allowed).is_ok());
        let error = accept(stream(), Streams::Refused).unwrap_err();
        assert!(matches!(error, OpenError::NotAFile(Kind::Pipe | Kind::Socket)), "{error}");
    }
    for other in ["/", "/dev/null"] {
        let error = accept(File::open(other).unwrap(), Streams::Allowed).unwrap_err();
        assert!(matches!(error, OpenError::NotAFile(_)), "{error}");
    }
    let large = tempfile::tempfile().unwrap();
    large.set_len(FILE_BYTES + 1).unwrap();
    assert!(matches!(accept(large, Streams::Allowed), Err(OpenError::TooLarge { .. })));
}

#[test]
fn the_end_of_a_pipe_that_only_writes_is_refused_and_not_waited_for() {
    let (reader, writer) = io::pipe().unwrap();
    let [reader, writer] = [OwnedFd::from(reader), OwnedFd::from(writer)].map(File::from);
    let error = accept(writer, Streams::Allowed).unwrap_err();
    assert_eq!(error.to_string(), "is open for writing only; open it for reading");
    assert!(accept(reader, Streams::Allowed).is_ok());
}
