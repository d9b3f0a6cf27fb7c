//! The connection to the bus.

use super::{Action, State, Unreachable};

impl State {
    /// Until the connection is back, the bus refuses calls, and what is published stays as it is.
    pub(super) fn bus_lost(&mut self) {
        if self.is_stopping() {
            return;
        }
        // The callers that could ask for ended jobs have lost them, too.
        self.jobs.forget_ended();
        self.activation.forget_waiting();
        self.timers.rejoin.begin(self.now);
        self.actions.extend([Action::Disconnect, Action::Rejoin]);
    }

    pub(super) fn bus_joined(&mut self) {
        self.timers.rejoin.end();
        let jobs = self.jobs.numbers();
        self.actions.extend(jobs.into_iter().map(Action::ShowJob));
        self.show_request();
    }

    pub(super) fn bus_unreachable(&mut self, why: Unreachable) {
        if why == Unreachable::Absent || self.timers.rejoin.due().is_none() {
            self.push(Action::GiveUp);
        }
    }
}
