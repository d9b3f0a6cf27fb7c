//! Removals, changes of settings, and attempts to settle what was left.

use super::{Action, Effect, Refused, Scope, State, Ticket, Unsettled, Waiting};

impl State {
    pub(super) fn write(&mut self, ticket: Ticket) {
        if self.jobs.has_room_to_write() {
            self.jobs.writes += 1;
            self.push(Action::StartWrite(ticket));
        } else {
            self.refuse(ticket, Refused::Writes);
        }
    }

    pub(super) fn written(&mut self, ticket: Ticket, effect: Effect) {
        self.jobs.writes -= 1;
        if effect == Effect::LeftOpen {
            self.store_left_open();
        }
        if effect == Effect::Unchanged || self.is_stopping() {
            self.push(Action::Answer(ticket));
        } else {
            self.refresh(Scope::Changes, Some(Waiting::Done(ticket)));
        }
    }

    pub(super) fn store_left_open(&mut self) {
        self.left.store = true;
        self.timers.settle.begin(self.now);
    }

    pub(super) fn settled(&mut self, left: Unsettled) {
        self.jobs.writes -= 1;
        if self.is_stopping() {
            return;
        }
        self.left = left;
        if left == Unsettled::default() {
            self.timers.settle.end();
        }
        self.refresh(Scope::Changes, None);
    }
}
