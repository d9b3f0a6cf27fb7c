//! What the head of a message says, and what a message of its kind may bring along.

use zbus::message::{Flags, Message};
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{Endian, Variant};

use crate::bus::caller::BUS;

/// Bytes of every head before its fields.
pub(super) const FIXED: usize = 16;
/// Bytes of a body: the longest path or address of a source with its options has 4,096 and some.
pub(super) const BODY: usize = 16 * 1024;
/// Bytes of a body that holds settings: a file of the most that is read
/// ([`licd_files::settings::FILE_BYTES`]), its length and its end.
pub(super) const SETTINGS_BODY: usize = 1024 * 1024 + 8;
/// Descriptors of the one method that takes any.
const DESCRIPTORS: u32 = 1;

/// The methods that may wait for the loop, a person or a source. All others are answered at once,
/// from what is published.
const SLOW: [&str; 9] = [
    "Import",
    "ImportFd",
    "Remove",
    "Refresh",
    "ApplySettings",
    "Activate",
    "Poll",
    "Cancel",
    "Answer",
];
/// Codes of header fields, and of message types (D-Bus Specification, “Header Fields” and “Message
/// Format”).
const MEMBER: u8 = 3;
const SENDER: u8 = 7;
const UNIX_FDS: u8 = 9;
const METHOD_CALL: u8 = 1;
const SIGNAL: u8 = 4;
/// Where the flags are.
pub(super) const FLAGS: usize = 2;

/// How long the parts of a message are, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    /// All before the body, with what fills it up to a multiple of eight.
    pub(super) head: usize,
    pub(super) body: usize,
}

impl Lengths {
    /// Reads them from the first [`FIXED`] bytes; `None` if no message begins so.
    pub(super) fn of(fixed: &[u8]) -> Option<Self> {
        let order = byte_order(fixed)?;
        let head = FIXED.checked_add(number(order, fixed, 12)?)?.checked_next_multiple_of(8)?;
        Some(Self { head, body: number(order, fixed, 4)? })
    }

    pub(super) fn all(self) -> usize {
        self.head.saturating_add(self.body)
    }
}

/// A UINT32 of a message.
fn number(order: Endian, bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    let number = match order {
        Endian::Little => u32::from_le_bytes(bytes),
        Endian::Big => u32::from_be_bytes(bytes),
    };
    usize::try_from(number).ok()
}

fn byte_order(bytes: &[u8]) -> Option<Endian> {
    match bytes.first()? {
        b'l' => Some(Endian::Little),
        b'B' => Some(Endian::Big),
        _ => None,
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A call that is answered from what is published.
    Fast,
    /// A call that may wait.
    Slow,
    /// A call without effect whose caller wants no answer; a signal or a message that licd does
    /// not handle.
    Void,
    /// An answer to a call of the daemon's own, or word of the bus.
    Own,
}

/// What the head of a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bus) struct Envelope {
    pub(super) kind: Kind,
    pub(super) serial: u32,
    /// Whether the caller wants no answer.
    pub(super) is_silent: bool,
    pub(super) sender: String,
    member: String,
    /// Descriptors that were sent along.
    pub(super) descriptors: u32,
}

/// The fields of a head that decide here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fields<'a> {
    member: &'a str,
    sender: &'a str,
    descriptors: u32,
}

impl<'a> Fields<'a> {
    /// Reads them where every field has the type of a field that the specification names, as nearly always.
    /// That takes a tenth of the instructions of reading values of any type.
    fn read_plain(head: &'a [u8]) -> Option<Self> {
        let order = byte_order(head)?;
        let number = |at: usize| number(order, head, at);
        let end = FIXED.checked_add(number(12)?)?;
        let (mut read, mut at) = (Self::default(), FIXED);
        let mut seen = 0_u32;
        while at < end {
            // STRUCT of BYTE and VARIANT, whose signature has one letter.
            let [code, 1, kind, 0] = *head.get(at..)?.first_chunk()? else { return None };
            let length = match kind {
                b's' | b'o' => number(at + 4)?.checked_add(5)?,
                b'g' => usize::from(*head.get(at + 4)?) + 2,
                b'u' => 4,
                _ => return None,
            };
            let value = head.get(at + 4..at.checked_add(4 + length)?)?;
            let text = || str::from_utf8(value.get(4..length - 1)?).ok();
            // Of two fields with one code the first counts.
            let is_first = seen & 1_u32.checked_shl(code.into())? == 0;
            seen |= 1_u32.checked_shl(code.into())?;
            match (code, kind) {
                (MEMBER, b's') if is_first => read.member = text()?,
                (SENDER, b's') if is_first => read.sender = text()?,
                (UNIX_FDS, b'u') if is_first => {
                    read.descriptors = number(at + 4)?.try_into().ok()?;
                }
                (MEMBER | SENDER | UNIX_FDS, _) if is_first => return None,
                _ => {}
            }
            at = (at + 4 + length).next_multiple_of(8);
        }
        Some(read)
    }

    /// Reads them whatever the others are.
    fn read(fields: &'a [(u8, Variant<'a>)]) -> Self {
        let value =
            |code: u8| fields.iter().find(|(found, _)| *found == code).map(|(_, value)| value);
        let text = |code: u8| value(code)?.downcast_ref::<&str>().ok();
        Self {
            member: text(MEMBER).unwrap_or_default(),
            sender: text(SENDER).unwrap_or_default(),
            descriptors: value(UNIX_FDS).and_then(|n| n.downcast_ref().ok()).unwrap_or_default(),
        }
    }
}

/// The head of a message as it is on the wire.
type Head<'a> = (u8, u8, u8, u8, u32, u32, Vec<(u8, Variant<'a>)>);

impl Envelope {
    /// Reads the head of a message; `None` if it makes no sense.
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        if let Some(fields) = Fields::read_plain(head) {
            return Self::of(head, fields);
        }
        let data = Data::new(head, Context::new(byte_order(head)?, 0));
        let ((.., fields), _) = data.deserialize::<Head<'_>>().ok()?;
        Self::of(head, Fields::read(&fields))
    }

    fn of(head: &[u8], Fields { member, sender, descriptors }: Fields<'_>) -> Option<Self> {
        let [_, message, flags] = *head.first_chunk()?;
        let serial = number(byte_order(head)?, head, 8)?;
        let is_silent = flags & Flags::NO_REPLY_EXPECTED.bits() != 0;
        Some(Self {
            kind: kind(message, sender, member, is_silent),
            serial: serial.try_into().ok()?,
            is_silent,
            sender: sender.to_owned(),
            member: member.to_owned(),
            descriptors,
        })
    }

    /// Bytes that its body may have.
    pub(super) fn most_body(&self) -> usize {
        if self.member == "ApplySettings" { SETTINGS_BODY } else { BODY }
    }

    /// Descriptors that may come with it.
    pub(super) fn most_descriptors(&self) -> u32 {
        if self.member == "ImportFd" { DESCRIPTORS } else { 0 }
    }

    /// The answer that it is not looked at, and why; `None` if the caller wants none.
    pub(in crate::bus) fn refusal(&self, why: &str) -> Option<Message> {
        if self.is_silent || !matches!(self.kind, Kind::Fast | Kind::Slow) {
            return None;
        }
        // The header of a call that is answered is one of zbus's making.
        let call = Message::method_call("/", "Refused").sender(self.sender.as_str());
        let call = call.build(&()).ok()?;
        let mut header = call.header();
        header.primary_mut().set_serial_num(self.serial.try_into().ok()?);
        let text = if self.member.is_empty() {
            format!("licd: {why}")
        } else {
            format!("{}: {why}", self.member)
        };
        Message::error(&header, "org.freedesktop.DBus.Error.LimitsExceeded").build(&text).ok()
    }
}

/// A fast call without an answer would be work for nothing. Signals are heard of the bus alone: any
/// caller may send one to the daemon.
fn kind(message: u8, sender: &str, member: &str, is_silent: bool) -> Kind {
    match message {
        METHOD_CALL if SLOW.contains(&member) => Kind::Slow,
        METHOD_CALL if is_silent => Kind::Void,
        METHOD_CALL => Kind::Fast,
        SIGNAL if sender != BUS => Kind::Void,
        2..=SIGNAL => Kind::Own,
        _ => Kind::Void,
    }
}

#[cfg(test)]
mod tests;
