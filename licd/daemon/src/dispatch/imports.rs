//! Imports, from the order to the answer.

use licd_rules::Code;

use super::{Action, ImportAnswer, More, Origin, Phase, State, Ticket};
use crate::jobs::JobId;

impl State {
    pub(super) fn import(
        &mut self,
        ticket: Ticket,
        owner: String,
        origin: Origin,
        answer: ImportAnswer,
        more: More,
    ) {
        let caller = (answer == ImportAnswer::Verdict).then_some(ticket);
        match self.jobs.begin(owner.clone(), origin, caller) {
            Ok(job) => {
                self.jobs.join(job, more, self.now);
                self.push(Action::StartImport(job, ticket));
            }
            Err(why) => {
                self.refuse(ticket, why);
                self.import_without_more_of(&owner);
            }
        }
    }

    /// Imports what waits for more files of this caller without them.
    fn import_without_more_of(&mut self, caller: &str) {
        if self.jobs.expect_no_more_of(caller) {
            self.begin_imports();
        }
    }

    /// Imports what was read: at once if imports are short and nothing else is being read.
    pub(super) fn read(&mut self, job: JobId) {
        self.jobs.read(job);
        if self.timers.is_import_short && !self.jobs.is_any_being_read() {
            self.timers.arrivals.clear();
            self.begin_imports();
        } else {
            self.await_more();
        }
    }

    pub(super) fn read_failed(&mut self, job: JobId) {
        self.end_import(job, None);
        // Later files of the same caller may have waited for this one.
        self.await_more();
    }

    /// Waits a moment for more to import together; a daemon that is stopping does not.
    pub(super) fn await_more(&mut self) {
        match self.phase {
            Phase::Serving => self.timers.arrivals.note(self.now),
            Phase::Stopping => self.begin_imports(),
        }
    }

    /// Reports the end of an import; without a code, of one that failed by a fault of this program or
    /// had nothing to import.
    pub(super) fn end_import(&mut self, job: JobId, code: Option<Code>) {
        let caller = self.jobs.remove(job);
        if self.activation.waits_after(job) {
            self.activation.keep(job);
            self.push(Action::KeepJob(job));
        } else {
            let oldest = self.jobs.let_linger(job, self.now);
            self.actions.extend(oldest.map(Action::ForgetJob));
        }
        self.push(Action::EndImport(job, caller));
        self.link_followed(job, code);
        self.activation_ended(job);
    }

    /// Ends the imports whose verdict this caller waited for. A job that was only begun goes on.
    pub(super) fn cancel_imports_of(&mut self, caller: &str) {
        self.actions.extend(self.jobs.awaited_by(caller).map(Action::Cancel));
        self.import_without_more_of(caller);
    }
}
