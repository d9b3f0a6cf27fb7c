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
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::mem;

use licd_device::Failure;
use licd_rules::Selector;

use super::event::{Action, Drawn, Effect, Event, Key, Outcome, Seen};

pub(super) use dialog::{Choice, Confirm, Dialog, Files, Running, Sticks, Verdicts};
pub(super) use form::{Complaint, Field, Form, FormKind, Value};

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Device,
    Features,
    Licenses,
    Import,
    Remove,
}

impl Page {
    /// The pages, in the order of their tabs.
    pub(super) const ALL: [Self; 5] =
        [Self::Device, Self::Features, Self::Licenses, Self::Import, Self::Remove];

    fn position(self) -> usize {
        Self::ALL.iter().position(|page| *page == self).unwrap_or_default()
    }

    /// The page this many tabs away.
    fn turned(self, by: usize) -> Self {
        let at = (self.position() + by) % Self::ALL.len();
        Self::ALL.get(at).copied().unwrap_or(self)
    }
}

/// The choices of the page of imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Stick,
    Form(FormKind),
    /// Switches between importing and checking.
    CheckOnly,
}

impl From {
    /// The choices, in order.
    pub(super) const ALL: [Self; 5] = [
        Self::Stick,
        Self::Form(FormKind::Address),
        Self::Form(FormKind::Ftp),
        Self::Form(FormKind::File),
        Self::CheckOnly,
    ];
}

/// The selectors that every device offers.
const SELECTORS: [&str; 7] = [
    "all",
    "evaluation",
    "workspace-edition",
    "enterprise-management-pack",
    "powerterm",
    "90meter",
    "teradici",
];

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
    forms: [Form; 3],
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
        let [address, ftp, file] = &self.forms;
        match kind {
            FormKind::Address => address,
            FormKind::Ftp => ftp,
            FormKind::File => file,
        }
    }

    fn form_mut(&mut self, kind: FormKind) -> &mut Form {
        let [address, ftp, file] = &mut self.forms;
        match kind {
            FormKind::Address => address,
            FormKind::Ftp => ftp,
            FormKind::File => file,
        }
    }

    /// What can be removed: nothing without a licence, else the classes and each pack.
    pub(super) fn selectors(&self) -> Vec<Selector> {
        let licenses = self.seen.as_ref().map_or(&[][..], |seen| &seen.report.licenses);
        if licenses.is_empty() {
            return Vec::new();
        }
        let packs: BTreeSet<_> = licenses.iter().map(|one| one.pack.as_str()).collect();
        let packs = packs.into_iter().map(|pack| format!("pack:{pack}"));
        let words = SELECTORS.into_iter().map(str::to_owned).chain(packs);
        words.filter_map(|word| Selector::parse(&word)).collect()
    }

    /// The last item that can be selected, or the first line of the last screen.
    fn last(&self) -> usize {
        let items = match self.page {
            Page::Device | Page::Features => return self.drawn.last,
            Page::Licenses => self
                .seen
                .as_ref()
                .map_or(0, |seen| seen.report.licenses.len() + seen.report.rejected.len()),
            Page::Import => From::ALL.len(),
            Page::Remove => self.selectors().len(),
        };
        items.saturating_sub(1)
    }

    fn page_key(&mut self, key: Key) {
        match key {
            Key::Char('q' | 'Q') | Key::Interrupt => self.actions.push(Action::Quit),
            Key::Char('r' | 'R') => self.actions.push(Action::Refresh),
            Key::Char(digit @ '1'..='9') => self.turn_to(digit),
            Key::Right | Key::Tab => self.page = self.page.turned(1),
            Key::Left | Key::BackTab => self.page = self.page.turned(Page::ALL.len() - 1),
            Key::Enter | Key::Char(' ') => self.choose(),
            key => {
                let at = moved(self.at(), key, self.last(), self.drawn.rows);
                if let Some(slot) = self.at.get_mut(self.page.position()) {
                    *slot = at;
                }
            }
        }
    }

    fn turn_to(&mut self, digit: char) {
        let at = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1));
        if let Some(page) = at.and_then(|at| Page::ALL.get(at)) {
            self.page = *page;
        }
    }

    fn choose(&mut self) {
        match self.page {
            Page::Import => match From::ALL.get(self.at()) {
                Some(From::Stick) => {
                    self.actions.push(Action::WatchSticks);
                    self.dialog = Some(Dialog::Sticks(Sticks::default()));
                }
                Some(From::Form(kind)) => self.dialog = Some(Dialog::Form(*kind)),
                Some(From::CheckOnly) => {
                    self.effect = match self.effect {
                        Effect::Import => Effect::CheckOnly,
                        Effect::CheckOnly => Effect::Import,
                    };
                }
                None => {}
            },
            Page::Remove => {
                let selector = self.selectors().into_iter().nth(self.at());
                self.dialog = selector
                    .map(|selector| Dialog::Confirm(Confirm { selector, choice: Choice::Keep }));
            }
            Page::Device | Page::Features | Page::Licenses => {}
        }
    }

    fn seen(&mut self, seen: Box<Seen>) {
        self.seen = Some(seen);
        self.trouble = None;
        // The list may be shorter now.
        for page in [Page::Licenses, Page::Remove] {
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
