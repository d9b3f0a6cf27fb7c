//! Orders of the bus, and their answers.

use licd_device::{Failure, Intent};
use licd_rules::{Answer, Code, Selector};

use crate::jobs::{JobId, Source};

/// Why an order is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// For a reason that has a code.
    Verdict(Failure),
    /// The caller's arguments make no sense.
    Arguments(String),
    /// By a fault of this program.
    Fault(String),
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self::Verdict(Failure { code, message: message.into() })
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Verdict(Failure { message, .. })
            | Self::Arguments(message)
            | Self::Fault(message) => message,
        }
    }

    /// The answer to an order that is not carried out.
    pub(crate) fn unavailable() -> Self {
        Self::new(Code::Busy, "licd: is stopping or out of resources; try again later")
    }
}

/// Answers a caller. Dropped, it answers [`Refusal::unavailable`].
pub(crate) type Reply<T> = Box<dyn FnOnce(Result<T, Refusal>) + Send>;

/// What a caller, authorised where needed, asks of the loop.
pub(crate) enum Order {
    Import {
        source: Source,
        intent: Intent,
        name: String,
        owner: String,
        reply: ImportReply,
    },
    Remove {
        selector: Selector,
        reply: Reply<u32>,
    },
    Apply {
        settings: String,
        reply: Reply<()>,
    },
    /// To give up the activation whose request waits for its answer.
    Withdraw {
        /// Its attempt that runs, or ran last.
        job: JobId,
        reply: Reply<()>,
    },
    Answer {
        answer: Answer,
        reply: Reply<()>,
    },
    Refresh {
        reply: Reply<()>,
    },
    Poll {
        reply: Reply<()>,
    },
}

/// When the caller of an import is answered.
pub(crate) enum ImportReply {
    /// As soon as there is a job, by its object's name.
    Begun(Reply<JobId>),
    /// By the verdict.
    Verdict(Reply<Code>),
}

impl ImportReply {
    /// Answers that there is no import.
    pub(crate) fn refuse(self, why: Refusal) {
        match self {
            Self::Begun(reply) => reply(Err(why)),
            Self::Verdict(reply) => reply(Err(why)),
        }
    }
}
