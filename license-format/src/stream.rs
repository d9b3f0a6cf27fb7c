//! Whole files, chunk by chunk: head, then list or proof, in constant memory (LF §6).

use core::cell::RefCell;
use core::fmt;

use base64ct::{Base64, Encoding};
use heapless::Vec;

use crate::error::{Error, Flaw, HEAD_TOO_LONG, malformed};
use crate::license::{self, License, Signers, Terms, Units};
use crate::merkle::{self, Hash, Path, Tree};
use crate::note::Note;
use crate::reader::{self, LF, Line};
use crate::{TrustDocument, UnitId, limits, trust};

/// What the first line says a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A licence of any version, or nothing of ours.
    License,
    /// A trust document of any version.
    Trust,
}

impl DocumentKind {
    /// Looks at the beginning of a file. A file that is neither goes to the licence verifier,
    /// which says so.
    #[must_use]
    pub fn of(start: &[u8]) -> Self {
        if start.starts_with(trust::HEADER.as_bytes()) { Self::Trust } else { Self::License }
    }

    /// How many bytes [`DocumentKind::of`] looks at.
    pub const LOOK_AHEAD: usize = trust::HEADER.len();
}

/// Verifies a licence, mass licence or slice that comes in chunks.
///
/// ```text
/// let mut verifier = Verifier::new(&trust, &[unit]);
/// while let Some(chunk) = next() { verifier.update(chunk)?; }
/// let verified = verifier.finish()?;
/// ```
pub struct Verifier<'a> {
    trust: &'a TrustDocument,
    stream: Stream<'a>,
}

/// A verified licence, and what a device keeps of its file.
pub struct Verified {
    /// The licence.
    pub license: License,
    /// What a device stores: the file as it came, or of a mass licence the slice of the first of
    /// the wanted units that it lists; `None` for a mass licence that lists none of them.
    pub storable: Option<Storable>,
}

impl Verified {
    /// Whether what a device stores is cut out of the file, a mass licence that lists every unit.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        let proven = |storable: &Storable| storable.proof.is_some();
        self.license.is_whole() && self.storable.as_ref().is_some_and(proven)
    }
}

impl<'a> Verifier<'a> {
    /// A verifier that takes licences signed as `trust` allows. Of a mass licence it finds out
    /// which of the `wanted` units are listed (the first [`limits::UNITS`] of them), and cuts the
    /// slice of the one that is wanted before the others.
    #[must_use]
    pub fn new(trust: &'a TrustDocument, wanted: &'a [UnitId]) -> Self {
        Self { trust, stream: Stream::new(wanted) }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// The first reason to refuse the file; what follows need not be read.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.stream.update(chunk, |note| admit(self.trust, note))
    }

    /// The file has ended.
    ///
    /// # Errors
    /// The reason to refuse the file.
    pub fn finish(self) -> Result<Verified, Error> {
        let Outcome { head, complete } = self.stream.finish(|note| admit(self.trust, note))?;
        Ok(complete.verified(head))
    }
}

/// Reads a licence that comes in chunks to its end, also if no key in force vouches for it: another
/// trust document may name that key, and then nothing but the signatures is judged again.
pub struct Completer<'a> {
    trust: &'a TrustDocument,
    stream: Stream<'a>,
    /// Why it is refused by this trust document alone.
    unproven: RefCell<Option<Error>>,
}

/// A well-formed licence file, without the list of its units. [`Complete::verify`] judges its
/// signatures, as often as the trust document changes.
#[derive(Clone)]
pub struct Complete {
    head: Vec<u8, { limits::HEAD_BYTES }>,
    named: Vec<UnitId, { limits::UNITS }>,
    whole: bool,
    proof: Option<Proof>,
    is_storable: bool,
}

impl<'a> Completer<'a> {
    /// The arguments are those of [`Verifier::new`].
    #[must_use]
    pub fn new(trust: &'a TrustDocument, wanted: &'a [UnitId]) -> Self {
        Self { trust, stream: Stream::new(wanted), unproven: RefCell::new(None) }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// The first reason to refuse the file whatever the trust document; what follows need not be
    /// read.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let (trust, unproven) = (self.trust, &self.unproven);
        let taken = self.stream.update(chunk, |note| admit_or_note(trust, note, unproven));
        taken.map_err(|error| first(unproven, error))
    }

    /// The file has ended: the file, and the verdict of this trust document.
    ///
    /// # Errors
    /// The reason to refuse the file whatever the trust document.
    pub fn finish(self) -> Result<(Complete, Result<Verified, Error>), Error> {
        let Self { trust, stream, unproven } = self;
        let Outcome { head, complete } = stream
            .finish(|note| admit_or_note(trust, note, &unproven))
            .map_err(|error| first(&unproven, error))?;
        let verified = match unproven.into_inner() {
            Some(error) => Err(error),
            None => Ok(complete.verified(head)),
        };
        Ok((complete, verified))
    }
}

/// Admits also what only this trust document refuses, and notes why.
fn admit_or_note(
    trust: &TrustDocument,
    note: &Note<'_>,
    unproven: &RefCell<Option<Error>>,
) -> Result<Head, Error> {
    match admit(trust, note) {
        Err(error @ (Error::UnknownKey { .. } | Error::UntrustedProduct { .. })) => {
            let head = read(note).map_err(|_| error.clone())?;
            unproven.replace(Some(error));
            Ok(head)
        }
        admitted => admitted,
    }
}

/// The signatures come first (LF §8).
fn first(unproven: &RefCell<Option<Error>>, error: Error) -> Error {
    unproven.borrow().clone().unwrap_or(error)
}

impl Complete {
    /// The licence, if this trust document vouches for it.
    ///
    /// # Errors
    /// The reason to refuse the file.
    pub fn verify(&self, trust: &TrustDocument) -> Result<Verified, Error> {
        let note = Note::cut(&self.head, license::HEADER, license::BOUNDS)?;
        Ok(self.verified(admit(trust, &note)?))
    }

    fn verified(&self, head: Head) -> Verified {
        let license = License::new(head.terms, head.signers, self.named.clone(), self.whole);
        Verified { license, storable: self.storable() }
    }

    fn storable(&self) -> Option<Storable> {
        let storable = || Storable { head: self.head.clone(), proof: self.proof.clone() };
        self.is_storable.then(storable)
    }
}

/// What the text of a licence says, and who vouches for it.
struct Head {
    terms: Terms,
    units: Units,
    signers: Signers,
}

/// Signatures first, so that nothing of an unsigned text is looked at beyond its form.
fn admit(trust: &TrustDocument, note: &Note<'_>) -> Result<Head, Error> {
    let good = note.signers(trust.keys())?;
    let head = read(note)?;
    let product = &head.terms.product;
    if let Some(first) = good.first()
        && !good.iter().any(|key| trust.allows(key.public_key(), product))
    {
        let key = first.name().clone();
        return Err(Error::UntrustedProduct { product: product.clone(), key });
    }
    if let Some(unfit) = head.terms.unfit() {
        let line = head.terms.line_of(&unfit);
        return Err(Error::Unfit { line, product: product.clone(), unfit });
    }
    let mut signers: Signers = good.iter().map(|key| key.public_key()).collect();
    signers.sort_unstable();
    Ok(Head { signers, ..head })
}

/// The head of a licence, whoever signed it.
fn read(note: &Note<'_>) -> Result<Head, Error> {
    let (terms, units) = license::parse(note.text)?;
    Ok(Head { terms, units, signers: Signers::new() })
}

/// Cuts the slice of one unit out of a mass licence (LF §6.2). It needs no key and judges no
/// signature: whoever takes the slice verifies it. A licence with `unit` lines comes out as it is.
pub struct Slicer<'a> {
    stream: Stream<'a>,
}

impl<'a> Slicer<'a> {
    /// A slicer for one unit.
    #[must_use]
    pub fn new(unit: &'a UnitId) -> Self {
        Self { stream: Stream::new(core::slice::from_ref(unit)) }
    }

    /// Takes the next bytes of the mass licence.
    ///
    /// # Errors
    /// The reason why the file is not a licence.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.stream.update(chunk, read)
    }

    /// The slice; `None` if the licence does not list the unit.
    ///
    /// # Errors
    /// The reason why the file is not a licence.
    pub fn finish(self) -> Result<Option<Storable>, Error> {
        let unit = self.stream.wanted.first();
        let Outcome { complete, .. } = self.stream.finish(read)?;
        let is_named = unit.is_some_and(|unit| complete.named.contains(unit));
        Ok(complete.storable().filter(|_| is_named))
    }
}

/// The bytes of a licence that fit a device: the head as it was signed, and a slice's proof.
#[derive(Clone)]
pub struct Storable {
    head: Vec<u8, { limits::HEAD_BYTES }>,
    proof: Option<Proof>,
}

#[derive(Clone)]
struct Proof {
    unit: UnitId,
    index: u32,
    path: Path,
}

impl fmt::Display for Storable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The head is ASCII but for the dashes of its signature lines, all of it checked as UTF-8.
        f.write_str(core::str::from_utf8(&self.head).map_err(|_| fmt::Error)?)?;
        if let Some(proof) = &self.proof {
            write!(f, "\nunit {}\nindex {}\n", proof.unit.as_str(), proof.index)?;
            for hash in &proof.path {
                let mut base64 = [0; 44];
                f.write_str(Base64::encode(hash, &mut base64).map_err(|_| fmt::Error)?)?;
                f.write_str("\n")?;
            }
        }
        Ok(())
    }
}

/// What a file turned out to hold.
struct Outcome {
    head: Head,
    complete: Complete,
}

/// The state of a file that is being read.
struct Stream<'a> {
    wanted: &'a [UnitId],
    head: Vec<u8, { limits::HEAD_BYTES }>,
    /// An unfinished line of the attachment.
    line: Vec<u8, { limits::LINE_BYTES }>,
    phase: Phase,
    /// Why the file is refused. A caller that reads on all the same must not end up with a file
    /// that leaves out what was refused.
    refused: Option<Error>,
}

enum Phase {
    /// Before the end of the signatures: how many empty lines there were (0 or 1).
    Head { blanks: u8 },
    /// After them.
    Attachment(Body),
}

/// A head that was admitted, and what its attachment has shown so far.
struct Body {
    head: Head,
    /// The number of the attachment's next line.
    number: u32,
    content: Content,
}

enum Content {
    Nothing,
    List(List),
    Proof(Proof),
}

struct List {
    tree: Tree,
    listed: u32,
    last: Option<UnitId>,
    /// The first units of the list, all of them if they are few.
    first: Vec<UnitId, { limits::UNITS }>,
    /// The wanted units that the list has.
    found: Vec<UnitId, { limits::UNITS }>,
    /// The one of them that was wanted first, whose path the tree collects.
    marked: Option<Marked>,
}

struct Marked {
    /// Its place among the wanted units.
    rank: usize,
    /// Its place in the list.
    index: u32,
}

impl<'a> Stream<'a> {
    fn new(wanted: &'a [UnitId]) -> Self {
        let wanted = wanted.get(..limits::UNITS).unwrap_or(wanted);
        let phase = Phase::Head { blanks: 0 };
        Self { wanted, head: Vec::new(), line: Vec::new(), phase, refused: None }
    }

    fn update(
        &mut self,
        chunk: &[u8],
        admit: impl Fn(&Note<'_>) -> Result<Head, Error>,
    ) -> Result<(), Error> {
        if self.refused.is_none() {
            self.refused = self.take(chunk, admit).err();
        }
        self.refused.clone().map_or(Ok(()), Err)
    }

    fn take(
        &mut self,
        mut chunk: &[u8],
        admit: impl Fn(&Note<'_>) -> Result<Head, Error>,
    ) -> Result<(), Error> {
        while !chunk.is_empty() {
            let (piece, rest, ended) = match reader::split_line(chunk) {
                Some((piece, rest)) => (piece, rest, true),
                None => (chunk, &[][..], false),
            };
            match &mut self.phase {
                Phase::Head { blanks } => {
                    let blank = ended && piece.is_empty() && self.head.last() == Some(&LF);
                    if blank && *blanks == 1 {
                        self.phase = Phase::Attachment(Body::begin(&self.head, &admit)?.go_on()?);
                    } else {
                        *blanks += u8::from(blank);
                        let line_feed: &[u8] = if ended { &[LF] } else { &[] };
                        if self.head.extend_from_slice(piece).is_err()
                            || self.head.extend_from_slice(line_feed).is_err()
                        {
                            return refuse_long_head(&self.head);
                        }
                    }
                }
                Phase::Attachment(body) => {
                    if self.line.extend_from_slice(piece).is_err() {
                        return malformed(body.number, "", Flaw::LineTooLong(limits::LINE_BYTES));
                    }
                    if ended {
                        let line = Line { number: body.number, bytes: &self.line };
                        body.take(line, self.wanted)?;
                        body.number += 1;
                        self.line.clear();
                    }
                }
            }
            chunk = rest;
        }
        Ok(())
    }

    fn finish(self, admit: impl Fn(&Note<'_>) -> Result<Head, Error>) -> Result<Outcome, Error> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let body = match self.phase {
            Phase::Head { .. } => Body::begin(&self.head, &admit)?,
            Phase::Attachment(body) => body,
        };
        if !self.line.is_empty() {
            return malformed(body.number, "", Flaw::Truncated);
        }
        body.finish(self.head, self.wanted)
    }
}

/// A head that outgrows its limit is refused for what is wrong with its beginning, if anything is:
/// most files this long are no licences at all.
fn refuse_long_head(head: &[u8]) -> Result<(), Error> {
    match Note::cut(head, license::HEADER, license::BOUNDS) {
        Err(error) if !matches!(error, Error::Malformed { flaw: Flaw::Truncated, .. }) => {
            Err(error)
        }
        _ => malformed(1, "", HEAD_TOO_LONG),
    }
}

impl Body {
    fn begin(head: &[u8], admit: impl Fn(&Note<'_>) -> Result<Head, Error>) -> Result<Self, Error> {
        let note = Note::cut(head, license::HEADER, license::BOUNDS)?;
        let head = admit(&note)?;
        Ok(Self { head, number: note.next_line + 1, content: Content::Nothing })
    }

    /// An empty line has ended the signatures.
    fn go_on(self) -> Result<Self, Error> {
        match self.head.units {
            Units::Named(_) => malformed(self.number - 1, "", Flaw::UnexpectedAttachment),
            Units::Tree { .. } => Ok(self),
        }
    }

    /// Takes one line of the attachment.
    fn take(&mut self, line: Line<'_>, wanted: &[UnitId]) -> Result<(), Error> {
        let Units::Tree { count, .. } = self.head.units else {
            return malformed(line.number, "", Flaw::UnexpectedAttachment);
        };
        let text = line.text(limits::LINE_BYTES)?;
        match &mut self.content {
            Content::Nothing => {
                self.content = match text.strip_prefix("unit ") {
                    Some(unit) => Content::Proof(Proof {
                        unit: unit_of(line.number, unit)?,
                        index: u32::MAX,
                        path: Path::new(),
                    }),
                    None => {
                        let mut list = List::new();
                        list.take(line.number, text, count, wanted)?;
                        Content::List(list)
                    }
                };
                Ok(())
            }
            Content::List(list) => list.take(line.number, text, count, wanted),
            Content::Proof(proof) => proof.take(line.number, text, count),
        }
    }

    fn finish(
        self,
        bytes: Vec<u8, { limits::HEAD_BYTES }>,
        wanted: &[UnitId],
    ) -> Result<Outcome, Error> {
        let Self { head, number, content } = self;
        let (named, whole, proof, is_storable) = match (&head.units, content) {
            (Units::Named(named), _) => (named.clone(), true, None, true),
            (Units::Tree { .. }, Content::Nothing) => {
                return malformed(number - 1, "units", Flaw::NoAttachment);
            }
            (Units::Tree { count, root }, Content::List(list)) => {
                let (named, proof) = list.finish(number, *count, root, wanted)?;
                let is_storable = proof.is_some();
                (named, true, proof, is_storable)
            }
            (Units::Tree { count, root }, Content::Proof(proof)) => {
                let leaf = merkle::leaf(proof.unit.as_str().as_bytes());
                if merkle::root_of(leaf, proof.index, *count, &proof.path).as_ref() != Some(root) {
                    return malformed(number - 1, "units", Flaw::TreeHash);
                }
                (Vec::from_iter([proof.unit.clone()]), false, Some(proof), true)
            }
        };
        Ok(Outcome { head, complete: Complete { head: bytes, named, whole, proof, is_storable } })
    }
}

fn unit_of(line: u32, text: &str) -> Result<UnitId, Error> {
    match UnitId::parse(text) {
        Some(unit) => Ok(unit),
        None => malformed(line, "unit", Flaw::Value("a unit like mac:00E0C51C5087")),
    }
}

impl Proof {
    /// Takes the `index` line, then the hashes.
    fn take(&mut self, line: u32, text: &str, count: u32) -> Result<(), Error> {
        if self.index == u32::MAX {
            let index = text
                .strip_prefix("index ")
                .and_then(|index| reader::decimal(index, u64::from(count) - 1))
                .and_then(|index| u32::try_from(index).ok());
            let Some(index) = index else {
                return malformed(line, "index", Flaw::Value("a place in the list of units"));
            };
            self.index = index;
            return Ok(());
        }
        let Some(hash) = reader::base64(text) else {
            return malformed(line, "", Flaw::Value("a base64 hash"));
        };
        match self.path.push(hash) {
            Ok(()) => Ok(()),
            Err(_) => malformed(line, "", Flaw::TooMany(limits::PATH_HASHES)),
        }
    }
}

impl List {
    fn new() -> Self {
        Self {
            tree: Tree::new(),
            listed: 0,
            last: None,
            first: Vec::new(),
            found: Vec::new(),
            marked: None,
        }
    }

    fn take(&mut self, line: u32, text: &str, count: u32, wanted: &[UnitId]) -> Result<(), Error> {
        let unit = unit_of(line, text)?;
        if self.last.as_ref().is_some_and(|last| *last >= unit) {
            return malformed(line, "units", Flaw::NotAscending);
        }
        if self.listed == count {
            return malformed(line, "units", Flaw::Count { stated: count, listed: count + 1 });
        }
        let rank = wanted.iter().position(|wanted| *wanted == unit);
        let better = rank.filter(|rank| self.marked.as_ref().is_none_or(|m| *rank < m.rank));
        if let Some(rank) = better {
            self.marked = Some(Marked { rank, index: self.listed });
        }
        if rank.is_some() {
            // There are no more distinct wanted units than places.
            let _ = self.found.push(unit.clone());
        }
        // Only the first few are kept.
        let _ = self.first.push(unit.clone());
        self.tree.push(text.as_bytes(), better.is_some());
        self.listed += 1;
        self.last = Some(unit);
        Ok(())
    }

    /// The units to name, and the proof of the first of `wanted` that the list has.
    fn finish(
        self,
        line: u32,
        count: u32,
        root: &Hash,
        wanted: &[UnitId],
    ) -> Result<(Vec<UnitId, { limits::UNITS }>, Option<Proof>), Error> {
        if self.listed != count {
            let flaw = Flaw::Count { stated: count, listed: self.listed };
            return malformed(line, "units", flaw);
        }
        let (found_root, path) = self.tree.finish();
        if found_root != *root {
            return malformed(line - 1, "units", Flaw::TreeHash);
        }
        let proof = self.marked.and_then(|Marked { rank, index }| {
            wanted.get(rank).map(|unit| Proof { unit: unit.clone(), index, path })
        });
        let few = count as usize <= limits::UNITS;
        Ok((if few { self.first } else { self.found }, proof))
    }
}
