//! The answer to a request, which counts only while its request is there.
//!
//! To remove the request is to cancel its attempts, in this process or another: a person does it, a later
//! activation, or a licence from elsewhere. The worker ends at once. An answer that has been read is
//! imported under the write lock that the removal takes, too, so it is imported whole or not at all.

use std::fs::File;
use std::os::fd::BorrowedFd;

use licd_fs::departure::Departure;
use licd_rules::Code;

use crate::arrival::{Arrival, Content};
use crate::report::FileVerdict;
use crate::{Device, Failure, Intent, Survey};

/// The answer of the licensing service.
#[must_use]
pub struct Answer {
    pub(super) file: File,
    /// The request that it answers, with the person's data.
    pub(super) request: String,
}

impl Survey {
    /// Reads an answer to its end and verifies it.
    pub fn read_answer(&self, name: &str, answer: Answer) -> Arrival {
        let mut arrival = self.read(name, answer.file, Intent::Explicit);
        arrival.request = Some(answer.request);
        arrival
    }
}

impl Device {
    /// Watches the request of an attempt, and what cancels the attempt.
    pub(super) fn watch_request(&self, cancel: Option<BorrowedFd<'_>>) -> Option<Departure> {
        // Without a watch the end of the attempt shows that the request is gone.
        Departure::of(&self.store().activation_path(), cancel).ok()
    }

    /// Makes sure that the stored request is this one still.
    ///
    /// # Errors
    /// It is not, or cannot be read.
    pub(super) fn still_asks(&self, request: &str) -> Result<(), Failure> {
        match self.activation_text()? {
            Some(text) if text == request => Ok(()),
            Some(_) | None => Err(gone()),
        }
    }

    /// Refuses each answer whose request is gone. For the holder of the write lock.
    pub(crate) fn refuse_unasked(&self, arrivals: &mut [Arrival]) {
        for arrival in arrivals {
            if let Some(request) = &arrival.request
                && let Err(failure) = self.still_asks(request)
            {
                let verdict = FileVerdict::unread(arrival.name(), failure);
                arrival.content = Content::Judged(verdict);
            }
        }
    }
}

/// The request was removed or replaced.
pub(super) fn gone() -> Failure {
    Failure::new(
        Code::SourceUnreachable,
        "the request is gone: it was cancelled or answered; activate again if there is no licence",
    )
}
