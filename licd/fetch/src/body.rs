//! A file as it comes over the wire, handed on as the server has it: without the packing that was for
//! the transfer only, and never larger than asked for. A file that is packed itself stays so: what
//! becomes of it must not depend on the way that it came.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read, Write};

use flate2::bufread::MultiGzDecoder;

use crate::fault::Fault;
use crate::output::Output;

/// Bytes read and handed on at a time.
const CHUNK: usize = 32 * 1024;
/// How a gzip member begins (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What is known of a body beforehand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body {
    /// Bytes that will come over the wire, if the server says so.
    pub(crate) total: Option<u64>,
    /// Whether gzip is announced for the transfer. That it is not there is no fault: servers
    /// announce it for every file that ends in `.gz`.
    pub(crate) packed: bool,
    /// Bytes there may be, over the wire and unpacked.
    pub(crate) limit: u64,
}

impl Body {
    /// Hands on what `source` brings.
    ///
    /// # Errors
    /// What `broken` makes of a failure of the source, [`Fault::TooLarge`], [`Fault::Short`],
    /// [`Fault::Gzip`], [`Fault::NoReader`].
    pub(crate) fn deliver<W: Write>(
        self,
        source: impl Read,
        broken: impl Fn(io::Error) -> Fault,
        output: &Output<W>,
    ) -> Result<(), Fault> {
        if self.total.is_some_and(|total| total > self.limit) {
            return Err(Fault::TooLarge(self.limit));
        }
        let done = Cell::new(0);
        let wire = Wire { source, broken, total: self.total, came: 0 };
        let wire = Capped { inner: wire, limit: self.limit, read: &done };
        self.hand_on(wire, &done, output).map_err(|error| {
            // What is not ours is the decoder's.
            error.downcast::<Fault>().unwrap_or(Fault::Gzip)
        })
    }

    fn hand_on<W: Write>(
        self,
        wire: impl Read,
        done: &Cell<u64>,
        output: &Output<W>,
    ) -> io::Result<()> {
        let unpacked = Cell::new(0);
        let mut source: Box<dyn Read + '_> = Box::new(wire);
        if self.packed {
            let mut start = Vec::new();
            source.by_ref().take(GZIP.len() as u64).read_to_end(&mut start)?;
            let begins_so = start == GZIP;
            let whole = Cursor::new(start).chain(source);
            source = if begins_so {
                let inner = MultiGzDecoder::new(BufReader::with_capacity(CHUNK, whole));
                Box::new(Capped { inner, limit: self.limit, read: &unpacked })
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

/// The source, whose failures are faults from here on.
struct Wire<R, F> {
    source: R,
    broken: F,
    total: Option<u64>,
    came: u64,
}

impl<R, F: Fn(io::Error) -> Fault> Wire<R, F> {
    /// What an end here means, if it is too early.
    fn short(&self) -> Option<Fault> {
        let announced = self.total.filter(|total| self.came < *total)?;
        Some(Fault::Short { came: self.came, announced })
    }
}

impl<R: Read, F: Fn(io::Error) -> Fault> Read for Wire<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) if !buffer.is_empty() => {
                    return self.short().map_or(Ok(0), |short| Err(io::Error::other(short)));
                }
                Ok(length) => {
                    self.came = self.came.saturating_add(length as u64);
                    return Ok(length);
                }
                Err(error) => {
                    let ended = error.kind() == io::ErrorKind::UnexpectedEof;
                    let short = self.short().filter(|_| ended);
                    let fault = short.unwrap_or_else(|| (self.broken)(error));
                    return Err(io::Error::other(fault));
                }
            }
        }
    }
}

/// A reader that brings no more than its limit.
struct Capped<'a, R> {
    inner: R,
    limit: u64,
    read: &'a Cell<u64>,
}

impl<R: Read> Read for Capped<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.set(self.read.get().saturating_add(length as u64));
        if self.read.get() > self.limit {
            return Err(io::Error::other(Fault::TooLarge(self.limit)));
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

    fn deliver(body: Body, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut frames = Vec::new();
        body.deliver(bytes, Fault::Dropped, &Output::new(&mut frames))?;
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
    fn only_the_packing_of_the_transfer_is_taken_off() {
        let text = b"igel.com/license/v1\n".repeat(5000);
        let once = gzip(&text);
        for (body, wire, file) in [
            (PLAIN, text.clone(), text.clone()),
            (PLAIN, once.clone(), once.clone()),
            (PACKED, once.clone(), text.clone()),
            (PACKED, gzip(&once), once),
            (PACKED, text.clone(), text),
        ] {
            assert_eq!(deliver(body, &wire).unwrap(), file);
        }
        for tiny in [&b""[..], b"\x1f", b"x"] {
            assert_eq!(deliver(PACKED, tiny).unwrap(), tiny);
        }
    }

    #[test]
    fn what_is_too_large_is_called_so_wherever_it_grows() {
        let most = usize::try_from(LIMIT).unwrap();
        assert_eq!(deliver(PLAIN, &vec![0; most]).unwrap().len(), most);
        let bomb = gzip(&vec![0; most + 1]);
        assert!(bomb.len() < 10_000);
        for (body, wire) in [
            (PLAIN, vec![0; most + 1]),
            (Body { total: Some(LIMIT + 1), ..PLAIN }, Vec::new()),
            (PACKED, vec![0; most + 1]),
            (PACKED, bomb),
        ] {
            assert!(matches!(deliver(body, &wire), Err(Fault::TooLarge(LIMIT))));
        }
    }

    #[test]
    fn a_file_that_breaks_off_is_no_file() {
        let packed = gzip(&b"igel.com/license/v1\n".repeat(5000));
        let half = &packed[..packed.len() / 2];
        assert!(matches!(deliver(PACKED, half), Err(Fault::Gzip)));
        let total = packed.len() as u64;
        assert!(matches!(
            deliver(Body { total: Some(total), ..PACKED }, half),
            Err(Fault::Short { came, announced }) if came < announced && announced == total
        ));
        assert!(matches!(
            deliver(Body { total: Some(5), ..PLAIN }, b"1234"),
            Err(Fault::Short { came: 4, announced: 5 })
        ));
    }
}
