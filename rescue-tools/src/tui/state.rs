//! What the full-screen tool decides.
//!
//! [`State::on`] is a function of the state and an event: it returns the actions that follow. It asks
//! no clock, file, bus or thread; `tui` waits for the events, and `work` carries the actions out.
//!
//! | event | actions |
//! |---|---|
//! | `Key` on a page | move, change the page, open a dialogue; refresh; quit |
//! | `Key` in a dialogue | move, type, go back; list files; start or cancel work |
//! | `Resized`, `Drawn` | none; the next screen is drawn by it |
//! | `Seen`, `NotSeen` | none; the last good report stays |
//! | `Sticks` | none; back to the list of sticks if the open one was pulled |
//! | `Files`, `Progress`, `Warned` | none |
//! | `Done` | refresh; quit if the program is to end |
//! | `Stop` | cancel the work and quit after it; quit at once without work |

mod dialog;
mod form;
mod pages;
#[cfg(test)]
mod tests;

use std::mem;

use licd_device::Failure;

use super::event::{Action, Drawn, Effect, Event, Key, Outcome, Seen};

pub(super) use dialog::{Choice, Confirm, Dialog, Files, Running, Sticks, Verdicts};
pub(super) use form::{Complaint, Field, Form, FormKind, Value};
pub(super) use pages::{Activate, From, Page};

/// Whether the program goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// It ends after the work that runs.
    Stopping,
}

/// What the screen shows and the decisions rest on.
#[derive(Debug)]
pub(super) struct State {
    pub(super) page: Page,
    /// The report that came last.
    pub(super) seen: Option<Box<Seen>>,
    /// Why no newer one has come.
    pub(super) trouble: Option<Failure>,
    pub(super) dialog: Option<Dialog>,
    /// Whether imports only check.
    pub(super) effect: Effect,
    forms: [Form; FormKind::ALL.len()],
    /// The selected item of each page, or its first line.
    at: [usize; Page::ALL.len()],
    /// Warnings of the work that runs.
    warnings: Vec<String>,
    drawn: Drawn,
    phase: Phase,
    actions: Vec<Action>,
}

impl State {
    /// The state before the first event.
    pub(super) fn new() -> Self {
        Self {
            page: Page::Device,
            seen: None,
            trouble: None,
            dialog: None,
            effect: Effect::Import,
            forms: FormKind::ALL.map(Form::new),
            at: [0; Page::ALL.len()],
            warnings: Vec::new(),
            drawn: Drawn::default(),
            phase: Phase::Open,
            actions: Vec::new(),
        }
    }

    /// What follows from an event.
    pub(super) fn on(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Key(key) => match self.dialog.take() {
                Some(dialog) => self.dialog = self.dialog_key(dialog, key),
                None => self.page_key(key),
            },
            Event::Resized => {}
            Event::Drawn(drawn) => self.drawn = drawn,
            Event::Seen(seen) => self.seen(seen),
            Event::NotSeen(failure) => self.trouble = Some(failure),
            Event::Sticks(sticks) => self.sticks(sticks),
            Event::Files(device, files) => self.files(&device, files),
            Event::Progress(done, total) => self.progress(done, total),
            Event::Warned(warning) => self.warnings.push(warning),
            Event::Done(outcome) => self.done(outcome),
            Event::Stop => self.stop(),
        }
        mem::take(&mut self.actions)
    }

    /// The selected item of the page, or its first line.
    pub(super) fn at(&self) -> usize {
        self.at.get(self.page.position()).copied().unwrap_or_default()
    }

    /// The form of a kind.
    pub(super) fn form(&self, kind: FormKind) -> &Form {
        let [address, ftp, file, activation] = &self.forms;
        match kind {
            FormKind::Address => address,
            FormKind::Ftp => ftp,
            FormKind::File => file,
            FormKind::Activation => activation,
        }
    }

    fn form_mut(&mut self, kind: FormKind) -> &mut Form {
        let [address, ftp, file, activation] = &mut self.forms;
        match kind {
            FormKind::Address => address,
            FormKind::Ftp => ftp,
            FormKind::File => file,
            FormKind::Activation => activation,
        }
    }

    fn seen(&mut self, seen: Box<Seen>) {
        self.seen = Some(seen);
        self.trouble = None;
        // The list may be shorter now.
        for page in [Page::Licenses, Page::Remove, Page::Activate] {
            let here = mem::replace(&mut self.page, page);
            let last = self.last();
            if let Some(at) = self.at.get_mut(page.position()) {
                *at = last.min(*at);
            }
            self.page = here;
        }
    }

    fn progress(&mut self, done: u64, total: Option<u64>) {
        if let Some(Dialog::Running(running)) = &mut self.dialog {
            (running.done, running.total) = (done, total);
        }
    }

    fn done(&mut self, outcome: Outcome) {
        if self.phase == Phase::Stopping {
            return self.actions.push(Action::Quit);
        }
        let Some(Dialog::Running(running)) = self.dialog.take() else { return };
        if let (Some(kind), true) = (running.form, outcome.is_success()) {
            self.form_mut(kind).forget_secrets();
        }
        self.dialog = Some(Dialog::Verdicts(Verdicts {
            form: running.form.filter(|_| !outcome.is_success()),
            outcome,
            effect: running.effect,
            warnings: mem::take(&mut self.warnings),
            at: 0,
        }));
        self.actions.push(Action::Refresh);
    }

    fn stop(&mut self) {
        self.phase = Phase::Stopping;
        match &self.dialog {
            Some(Dialog::Running(_)) => self.actions.push(Action::Cancel),
            _ => self.actions.push(Action::Quit),
        }
    }
}

/// The position after a key that moves.
fn moved(at: usize, key: Key, last: usize, rows: usize) -> usize {
    let at = at.min(last);
    let screen = rows.saturating_sub(1).max(1);
    match key {
        Key::Up => at.saturating_sub(1),
        Key::Down => at + 1,
        Key::PageUp => at.saturating_sub(screen),
        Key::PageDown => at + screen,
        Key::Home => 0,
        Key::End => last,
        _ => at,
    }
    .min(last)
}
