//! Whole files, chunk by chunk: head, then list or proof, in constant memory (LF §6).

use heapless::Vec;

use crate::encoding::LF;
use crate::error::{DocumentError, FormatError, malformed};
use crate::license::{Coverage, Signers, Terms, Units};
use crate::license_text;
use crate::limits;
use crate::list::{CheckedList, NamedUnits, UnitList, parse_unit};
use crate::note::Note;
use crate::proof::Proof;
use crate::reader::{self, Line};
use crate::storable::Kept;
use crate::unit::UnitId;

/// The text of a licence and its signers.
pub(crate) struct Head {
    pub(crate) terms: Terms,
    pub(crate) units: Units,
    pub(crate) signers: Signers,
}

/// The contents of a file that was read to its end.
pub(crate) struct Contents {
    pub(crate) head: Head,
    /// The head as it was signed.
    pub(crate) bytes: Vec<u8, { limits::HEAD_BYTES }>,
    pub(crate) named: NamedUnits,
    pub(crate) coverage: Coverage,
    pub(crate) kept: Kept,
}

/// A file that is being read.
pub(crate) struct Stream<'a> {
    wanted: &'a [UnitId],
    head: Vec<u8, { limits::HEAD_BYTES }>,
    /// An unfinished line of the attachment.
    line: Vec<u8, { limits::LINE_BYTES }>,
    phase: Phase,
    /// Why the file is refused. A caller that reads on must not end up with a file without the
    /// refused part.
    refused: Option<DocumentError>,
}

enum Phase {
    /// Before the end of the signatures, after `empty_lines` (0 or 1).
    Head { empty_lines: u8 },
    /// After the signatures.
    Attachment(Attachment),
}

/// An admitted head and the lines after it.
struct Attachment {
    head: Head,
    /// The number of the next line.
    number: u32,
    content: Content,
}

enum Content {
    Empty,
    List(UnitList),
    Proof(Proof),
}

/// Bytes up to the next line feed, or all that the chunk has left.
struct Piece<'a> {
    bytes: &'a [u8],
    ends_line: bool,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(wanted: &'a [UnitId]) -> Self {
        let wanted = wanted.get(..limits::UNITS).unwrap_or(wanted);
        let phase = Phase::Head { empty_lines: 0 };
        Self { wanted, head: Vec::new(), line: Vec::new(), phase, refused: None }
    }

    /// The units that the caller asked about.
    pub(crate) fn wanted(&self) -> &'a [UnitId] {
        self.wanted
    }

    /// Reads the next bytes; `admit` judges the head once it is complete.
    pub(crate) fn update(
        &mut self,
        chunk: &[u8],
        admit: impl Fn(&Note<'_>) -> Result<Head, DocumentError>,
    ) -> Result<(), DocumentError> {
        if self.refused.is_none() {
            self.refused = self.read(chunk, admit).err();
        }
        self.refused.clone().map_or(Ok(()), Err)
    }

    fn read(
        &mut self,
        mut chunk: &[u8],
        admit: impl Fn(&Note<'_>) -> Result<Head, DocumentError>,
    ) -> Result<(), DocumentError> {
        while !chunk.is_empty() {
            let (piece, rest) = match reader::split_line(chunk) {
                Some((bytes, rest)) => (Piece { bytes, ends_line: true }, rest),
                None => (Piece { bytes: chunk, ends_line: false }, &[][..]),
            };
            match &mut self.phase {
                Phase::Head { .. } => self.read_head(&piece, &admit)?,
                Phase::Attachment(_) => self.read_attachment(&piece)?,
            }
            chunk = rest;
        }
        Ok(())
    }

    fn read_head(
        &mut self,
        piece: &Piece<'_>,
        admit: impl Fn(&Note<'_>) -> Result<Head, DocumentError>,
    ) -> Result<(), DocumentError> {
        let Phase::Head { empty_lines } = &mut self.phase else { return Ok(()) };
        let is_empty = piece.ends_line && piece.bytes.is_empty() && self.head.last() == Some(&LF);
        if is_empty && *empty_lines == 1 {
            self.phase = Phase::Attachment(Attachment::after_empty_line(&self.head, admit)?);
            return Ok(());
        }
        *empty_lines += u8::from(is_empty);
        let line_feed: &[u8] = if piece.ends_line { &[LF] } else { &[] };
        if self.head.extend_from_slice(piece.bytes).is_err()
            || self.head.extend_from_slice(line_feed).is_err()
        {
            return refuse_long_head(&self.head);
        }
        Ok(())
    }

    fn read_attachment(&mut self, piece: &Piece<'_>) -> Result<(), DocumentError> {
        let Phase::Attachment(attachment) = &mut self.phase else { return Ok(()) };
        let number = attachment.number;
        if piece.ends_line && self.line.is_empty() && piece.bytes.len() <= limits::LINE_BYTES {
            // The whole line is in this chunk, as almost every line of a long list is.
            attachment.read_line(Line { number, bytes: piece.bytes }, self.wanted)?;
            attachment.number += 1;
            return Ok(());
        }
        if self.line.extend_from_slice(piece.bytes).is_err() {
            return malformed(number, "", FormatError::LineTooLong(limits::LINE_BYTES));
        }
        if piece.ends_line {
            attachment.read_line(Line { number, bytes: &self.line }, self.wanted)?;
            attachment.number += 1;
            self.line.clear();
        }
        Ok(())
    }

    /// The file has ended.
    pub(crate) fn finish(
        self,
        admit: impl Fn(&Note<'_>) -> Result<Head, DocumentError>,
    ) -> Result<Contents, DocumentError> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let attachment = match self.phase {
            Phase::Head { .. } => Attachment::begin(&self.head, &admit)?,
            Phase::Attachment(attachment) => attachment,
        };
        if !self.line.is_empty() {
            return malformed(attachment.number, "", FormatError::Truncated);
        }
        attachment.finish(self.head, self.wanted)
    }
}

/// Most files with so long a head are no licences: an error in the beginning explains more than the
/// length does.
fn refuse_long_head(head: &[u8]) -> Result<(), DocumentError> {
    match Note::parse(head, license_text::HEADER, license_text::LIMITS) {
        Err(DocumentError::Malformed { reason: FormatError::Truncated, .. }) | Ok(_) => {
            malformed(1, "", FormatError::HEAD_TOO_LONG)
        }
        Err(error) => Err(error),
    }
}

impl Attachment {
    fn begin(
        head: &[u8],
        admit: impl Fn(&Note<'_>) -> Result<Head, DocumentError>,
    ) -> Result<Self, DocumentError> {
        let note = Note::parse(head, license_text::HEADER, license_text::LIMITS)?;
        let head = admit(&note)?;
        Ok(Self { head, number: note.next_line + 1, content: Content::Empty })
    }

    /// An empty line after the signatures announces a list or a proof.
    fn after_empty_line(
        head: &[u8],
        admit: impl Fn(&Note<'_>) -> Result<Head, DocumentError>,
    ) -> Result<Self, DocumentError> {
        let attachment = Self::begin(head, admit)?;
        match attachment.head.units {
            Units::Named(_) => {
                malformed(attachment.number - 1, "", FormatError::UnexpectedAttachment)
            }
            Units::Tree { .. } => Ok(attachment),
        }
    }

    fn read_line(&mut self, line: Line<'_>, wanted: &[UnitId]) -> Result<(), DocumentError> {
        let Units::Tree { count, .. } = self.head.units else {
            return malformed(line.number, "", FormatError::UnexpectedAttachment);
        };
        if let Content::List(list) = &mut self.content
            && let Some(unit) = UnitId::from_line(line.bytes)
        {
            return list.push(line.number, unit, count, wanted);
        }
        let text = line.text(limits::LINE_BYTES)?;
        match &mut self.content {
            Content::Empty => self.content = Content::begin(line.number, text, count, wanted)?,
            Content::List(list) => {
                list.push(line.number, parse_unit(line.number, text)?, count, wanted)?
            }
            Content::Proof(proof) => proof.read_line(line.number, text, count)?,
        }
        Ok(())
    }

    fn finish(
        self,
        bytes: Vec<u8, { limits::HEAD_BYTES }>,
        wanted: &[UnitId],
    ) -> Result<Contents, DocumentError> {
        let Self { head, number, content } = self;
        let (named, coverage, kept) = match (&head.units, content) {
            (Units::Named(named), _) => (named.clone(), Coverage::AllUnits, Kept::Head),
            (Units::Tree { .. }, Content::Empty) => {
                return malformed(number - 1, "units", FormatError::MissingAttachment);
            }
            (Units::Tree { count, root }, Content::List(list)) => {
                let CheckedList { named, proof } = list.finish(number, *count, root, wanted)?;
                (named, Coverage::AllUnits, proof.map_or(Kept::Nothing, Kept::Slice))
            }
            (Units::Tree { count, root }, Content::Proof(proof)) => {
                if !proof.leads_to(root, *count) {
                    return malformed(number - 1, "units", FormatError::TreeHashMismatch);
                }
                (Vec::from_iter([proof.unit.clone()]), Coverage::OneUnit, Kept::Slice(proof))
            }
        };
        Ok(Contents { head, bytes, named, coverage, kept })
    }
}

impl Content {
    /// The first line decides: a proof begins with `unit `, a list with a unit ID.
    fn begin(line: u32, text: &str, count: u32, wanted: &[UnitId]) -> Result<Self, DocumentError> {
        if let Some(unit) = text.strip_prefix("unit ") {
            return Ok(Self::Proof(Proof::begin(parse_unit(line, unit)?)));
        }
        let mut list = UnitList::new();
        list.push(line, parse_unit(line, text)?, count, wanted)?;
        Ok(Self::List(list))
    }
}
