//! The transfer of a file, from the wire to the output. It removes the packing of the transfer and
//! enforces the size limit. A packed file stays packed, so that every way of transfer gives the same
//! bytes.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read, Write};

use flate2::bufread::MultiGzDecoder;

use crate::error::FetchError;
use crate::output::Output;

/// Bytes per read and per frame.
const CHUNK: usize = 32 * 1024;
/// The first bytes of a gzip member (RFC 1952 §2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The facts about a body before its first byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body {
    /// Bytes that the server announces.
    pub(crate) total: Option<u64>,
    /// Whether the server announces gzip for the transfer. The body may still be plain, because
    /// servers announce gzip for every file name that ends in `.gz`.
    pub(crate) packed: bool,
    /// The size limit in bytes, over the wire and unpacked.
    pub(crate) limit: u64,
}

impl Body {
    /// Forwards the bytes of `source` to the output.
    ///
    /// # Errors
    /// The error that `read_error` makes of a failed read, [`FetchError::TooLarge`], [`FetchError::Truncated`],
    /// [`FetchError::CorruptGzip`], [`FetchError::ReaderGone`].
    pub(crate) fn forward<W: Write>(
        self,
        source: impl Read,
        read_error: impl Fn(io::Error) -> FetchError,
        output: &Output<W>,
    ) -> Result<(), FetchError> {
        if self.total.is_some_and(|total| total > self.limit) {
            return Err(FetchError::TooLarge(self.limit));
        }
        let done = Cell::new(0);
        let wire = WireReader { source, read_error, total: self.total, received: 0 };
        let wire = LimitedReader { inner: wire, limit: self.limit, read: &done };
        self.copy(wire, &done, output).map_err(|error| {
            // Any other error comes from the decoder.
            error.downcast::<FetchError>().unwrap_or(FetchError::CorruptGzip)
        })
    }

    fn copy<W: Write>(
        self,
        wire: impl Read,
        done: &Cell<u64>,
        output: &Output<W>,
    ) -> io::Result<()> {
        let unpacked = Cell::new(0);
        let mut source: Box<dyn Read + '_> = Box::new(wire);
        if self.packed {
            let mut start = Vec::new();
            source.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut start)?;
            let is_gzip = start == GZIP_MAGIC;
            let whole = Cursor::new(start).chain(source);
            source = if is_gzip {
                let inner = MultiGzDecoder::new(BufReader::with_capacity(CHUNK, whole));
                Box::new(LimitedReader { inner, limit: self.limit, read: &unpacked })
            } else {
                Box::new(whole)
            };
        }
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = source.read(&mut chunk)?;
            output.progress(done.get(), self.total).map_err(io::Error::other)?;
            match chunk.get(..length) {
                Some(bytes) if length > 0 => output.data(bytes).map_err(io::Error::other)?,
                _ => return Ok(()),
            }
        }
    }
}

/// The source. It turns failed reads and an early end into a [`FetchError`].
struct WireReader<R, F> {
    source: R,
    read_error: F,
    total: Option<u64>,
    received: u64,
}

impl<R, F: Fn(io::Error) -> FetchError> WireReader<R, F> {
    /// The error for an end at this point, if it is early.
    fn truncated(&self) -> Option<FetchError> {
        let announced = self.total.filter(|total| self.received < *total)?;
        Some(FetchError::Truncated { received: self.received, announced })
    }
}

impl<R: Read, F: Fn(io::Error) -> FetchError> Read for WireReader<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) if !buffer.is_empty() => {
                    return self.truncated().map_or(Ok(0), |error| Err(io::Error::other(error)));
                }
                Ok(length) => {
                    self.received = self.received.saturating_add(length as u64);
                    return Ok(length);
                }
                Err(error) => {
                    let ended = error.kind() == io::ErrorKind::UnexpectedEof;
                    let truncated = self.truncated().filter(|_| ended);
                    let error = truncated.unwrap_or_else(|| (self.read_error)(error));
                    return Err(io::Error::other(error));
                }
            }
        }
    }
}

/// A reader that fails beyond its limit.
struct LimitedReader<'a, R> {
    inner: R,
    limit: u64,
    read: &'a Cell<u64>,
}

impl<R: Read> Read for LimitedReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.set(self.read.get().saturating_add(length as u64));
        if self.read.get() > self.limit {
            return Err(io::Error::other(FetchError::TooLarge(self.limit)));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use licd_protocol::Frame;

    const LIMIT: u64 = 1 << 20;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn forward(body: Body, bytes: &[u8]) -> Result<Vec<u8>, FetchError> {
        let mut frames = Vec::new();
        body.forward(bytes, FetchError::ConnectionLost, &Output::new(&mut frames))?;
        let mut rest = frames.as_slice();
        let mut file = Vec::new();
        while let Ok(frame) = Frame::read(&mut rest) {
            if let Frame::Data(bytes) = frame {
                file.extend(bytes);
            }
        }
        Ok(file)
    }

    const PLAIN: Body = Body { total: None, packed: false, limit: LIMIT };
    const PACKED: Body = Body { packed: true, ..PLAIN };

    #[test]
    fn only_the_packing_of_the_transfer_is_removed() {
        let text = b"igel.com/license/v1\n".repeat(5000);
        let once = gzip(&text);
        for (body, wire, file) in [
            (PLAIN, text.clone(), text.clone()),
            (PLAIN, once.clone(), once.clone()),
            (PACKED, once.clone(), text.clone()),
            (PACKED, gzip(&once), once),
            (PACKED, text.clone(), text),
        ] {
            assert_eq!(forward(body, &wire).unwrap(), file);
        }
        for tiny in [&b""[..], b"\x1f", b"x"] {
            assert_eq!(forward(PACKED, tiny).unwrap(), tiny);
        }
    }

    #[test]
    fn a_body_over_the_limit_is_too_large_packed_or_not() {
        let most = usize::try_from(LIMIT).unwrap();
        assert_eq!(forward(PLAIN, &vec![0; most]).unwrap().len(), most);
        let bomb = gzip(&vec![0; most + 1]);
        assert!(bomb.len() < 10_000);
        for (body, wire) in [
            (PLAIN, vec![0; most + 1]),
            (Body { total: Some(LIMIT + 1), ..PLAIN }, Vec::new()),
            (PACKED, vec![0; most + 1]),
            (PACKED, bomb),
        ] {
            assert!(matches!(forward(body, &wire), Err(FetchError::TooLarge(LIMIT))));
        }
    }

    #[test]
    fn a_truncated_body_is_refused() {
        let packed = gzip(&b"igel.com/license/v1\n".repeat(5000));
        let half = &packed[..packed.len() / 2];
        assert!(matches!(forward(PACKED, half), Err(FetchError::CorruptGzip)));
        let total = packed.len() as u64;
        assert!(matches!(
            forward(Body { total: Some(total), ..PACKED }, half),
            Err(FetchError::Truncated { received, announced }) if received < announced && announced == total
        ));
        assert!(matches!(
            forward(Body { total: Some(5), ..PLAIN }, b"1234"),
            Err(FetchError::Truncated { received: 4, announced: 5 })
        ));
    }
}
