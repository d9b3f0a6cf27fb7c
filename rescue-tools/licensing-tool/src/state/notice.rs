//! Results, as the user reads them.

use licd_device::Withdrawn;
use licd_rules::Code;
use licensing_words::Tone;

use super::form::Field;

/// The result of the last order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What it comes to.
    pub(crate) outcome: Outcome,
    /// The lines of the daemon, which name files and their verdicts.
    pub(crate) lines: Vec<String>,
}

/// What an order comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A licence was imported.
    Imported,
    /// A check found a licence that an import would store.
    CheckedGood,
    /// A check or an import ends with this verdict.
    Rejected(Code),
    /// An import ends without a verdict.
    Failed,
    /// The user has cancelled.
    Cancelled,
    /// The daemon has gone in the meantime.
    Interrupted,
    /// Files were removed, this many.
    Removed(u32),
    /// The request was cancelled.
    Withdrawn(Withdrawn),
    /// The daemon refuses the order.
    Refused(Code),
    /// The page is not filled in.
    Incomplete(Complaint),
}

/// What an order lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Complaint {
    /// A text is missing.
    Missing(Field),
    /// The text is not an address, and why.
    NoAddress(Field, String),
    /// No USB drive is chosen.
    NoStick,
    /// The terms are not accepted.
    Terms,
}

impl Outcome {
    /// The verdict that it is made of, if it is of one.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Rejected(code) | Self::Refused(code) => Some(*code),
            _ => None,
        }
    }

    /// Its severity, which its words carry too.
    pub(crate) fn tone(&self) -> Tone {
        match self {
            Self::Imported | Self::CheckedGood => Tone::Good,
            Self::Removed(1..) | Self::Withdrawn(Withdrawn::Request) => Tone::Good,
            Self::Removed(0)
            | Self::Withdrawn(Withdrawn::Nothing)
            | Self::Cancelled
            | Self::Incomplete(_) => Tone::Plain,
            Self::Rejected(_) | Self::Failed | Self::Interrupted | Self::Refused(_) => Tone::Bad,
        }
    }
}
