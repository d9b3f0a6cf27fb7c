//! The dialogues: choosing a stick and a file, confirming, waiting, reading verdicts.

use std::path::Path;

use licd_device::{Failure, FileVerdict};
use licd_rules::{Code, Selector};
use licensing_words::Caption;

use super::super::event::{Action, By, Effect, ImportSource, Key, Outcome, StickEntry, Work};
use super::{FormKind, State, moved};

/// A dialogue over the page.
#[derive(Debug)]
pub(crate) enum Dialog {
    Sticks(Sticks),
    Files(Files),
    Form(FormKind),
    Confirm(Confirm),
    Running(Running),
    Verdicts(Verdicts),
}

/// Choosing a stick.
#[derive(Debug, Default)]
pub(crate) struct Sticks {
    /// `None` until they are listed.
    pub(crate) list: Option<Result<Vec<StickEntry>, Failure>>,
    pub(crate) at: usize,
    /// Whether the stick that was open has been pulled.
    pub(crate) pulled: bool,
}

/// Choosing a file of a stick; the first item is all of them.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) stick: StickEntry,
    /// `None` until they are listed.
    pub(crate) list: Option<Result<Vec<String>, Failure>>,
    pub(crate) at: usize,
}

/// Confirming a removal.
#[derive(Debug)]
pub(crate) struct Confirm {
    pub(crate) selector: Selector,
    pub(crate) choice: Choice,
}

/// The answer that is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Keep,
    Remove,
}

/// Waiting for work.
#[derive(Debug)]
pub(crate) struct Running {
    /// What it works on.
    pub(crate) name: String,
    /// What is done.
    pub(crate) caption: Caption,
    /// `None` for what cannot be cancelled.
    pub(crate) effect: Option<Effect>,
    /// Where it was ordered.
    pub(crate) form: Option<FormKind>,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    pub(crate) cancelling: bool,
}

/// Reading the result of work.
#[derive(Debug)]
pub(crate) struct Verdicts {
    pub(crate) outcome: Outcome,
    pub(crate) effect: Option<Effect>,
    pub(crate) warnings: Vec<String>,
    /// The form to go back to.
    pub(crate) form: Option<FormKind>,
    /// The first line.
    pub(crate) at: usize,
}

impl Outcome {
    /// Whether something was accepted or removed.
    pub(crate) fn is_success(&self) -> bool {
        let accepted = |file: &FileVerdict| file.code.is_accepted();
        match self {
            Self::Files(files) => files.iter().any(accepted),
            Self::Withdrawn(_) | Self::Removed(_) => true,
            Self::Nothing(_) | Self::Cancelled | Self::Failed(_) => false,
        }
    }
}

impl State {
    /// The dialogue after a key.
    pub(super) fn dialog_key(&mut self, dialog: Dialog, key: Key) -> Option<Dialog> {
        match dialog {
            Dialog::Sticks(sticks) => self.sticks_key(sticks, key),
            Dialog::Files(files) => self.files_key(files, key),
            Dialog::Form(kind) => self.form_key(kind, key),
            Dialog::Confirm(confirm) => self.confirm_key(confirm, key),
            Dialog::Running(running) => Some(Dialog::Running(self.running_key(running, key))),
            Dialog::Verdicts(verdicts) => self.verdicts_key(verdicts, key),
        }
    }

    fn sticks_key(&mut self, mut sticks: Sticks, key: Key) -> Option<Dialog> {
        let list = sticks.list.as_ref().and_then(|list| list.as_ref().ok());
        let list = list.map_or(&[][..], Vec::as_slice);
        match key {
            Key::Escape | Key::Interrupt => {
                self.actions.push(Action::LeaveSticks);
                return None;
            }
            Key::Enter => {
                if let Some(stick) = list.get(sticks.at).cloned() {
                    return Some(self.open(stick));
                }
            }
            key => sticks.at = moved(sticks.at, key, list.len().saturating_sub(1), self.drawn.rows),
        }
        Some(Dialog::Sticks(sticks))
    }

    fn open(&mut self, stick: StickEntry) -> Dialog {
        self.actions.push(Action::ListFiles(stick.device.clone()));
        Dialog::Files(Files { stick, list: None, at: 0 })
    }

    fn files_key(&mut self, mut files: Files, key: Key) -> Option<Dialog> {
        match (key, &files.list) {
            (Key::Escape | Key::Interrupt, _) => {
                self.actions.push(Action::WatchSticks);
                return Some(Dialog::Sticks(Sticks::default()));
            }
            // A stick that could not be read is read again.
            (Key::Enter, Some(Err(_))) => return Some(self.open(files.stick)),
            (Key::Enter, Some(Ok(list))) => {
                let file = files.at.checked_sub(1).and_then(|at| list.get(at)).cloned();
                let source = ImportSource::Stick { device: files.stick.device, file };
                self.actions.push(Action::LeaveSticks);
                return Some(self.begin(Work::Import(source, self.effect), None));
            }
            (key, Some(Ok(list))) => {
                files.at = moved(files.at, key, list.len(), self.drawn.rows);
            }
            (_, None | Some(Err(_))) => {}
        }
        Some(Dialog::Files(files))
    }

    /// Begins work that was ordered in this form.
    pub(super) fn begin(&mut self, work: Work, form: Option<FormKind>) -> Dialog {
        let (name, caption, effect) = (work.name(), work.caption(), work.effect());
        self.warnings.clear();
        self.actions.push(Action::Start(work));
        let (done, total, cancelling) = (0, None, false);
        Dialog::Running(Running { name, caption, effect, form, done, total, cancelling })
    }

    fn confirm_key(&mut self, mut confirm: Confirm, key: Key) -> Option<Dialog> {
        match (key, confirm.choice) {
            (Key::Escape | Key::Interrupt, _) | (Key::Enter, Choice::Keep) => return None,
            (Key::Enter, Choice::Remove) => {
                return Some(self.begin(Work::Remove(confirm.selector), None));
            }
            (Key::Left | Key::Up, _) => confirm.choice = Choice::Keep,
            (Key::Right | Key::Down, _) => confirm.choice = Choice::Remove,
            (Key::Tab | Key::BackTab, Choice::Keep) => confirm.choice = Choice::Remove,
            (Key::Tab | Key::BackTab, Choice::Remove) => confirm.choice = Choice::Keep,
            _ => {}
        }
        Some(Dialog::Confirm(confirm))
    }

    fn running_key(&mut self, mut running: Running, key: Key) -> Running {
        let cancels = matches!(key, Key::Escape | Key::Interrupt);
        if cancels && running.effect.is_some() && !running.cancelling {
            running.cancelling = true;
            self.actions.push(Action::Cancel);
        }
        running
    }

    fn verdicts_key(&mut self, mut verdicts: Verdicts, key: Key) -> Option<Dialog> {
        match key {
            Key::Enter | Key::Escape | Key::Interrupt => verdicts.form.map(Dialog::Form),
            key => {
                verdicts.at = moved(verdicts.at, key, self.drawn.last, self.drawn.rows);
                Some(Dialog::Verdicts(verdicts))
            }
        }
    }

    pub(super) fn sticks(&mut self, found: Result<Vec<StickEntry>, Failure>) {
        match &mut self.dialog {
            Some(Dialog::Sticks(sticks)) => sticks.update(found),
            Some(Dialog::Files(files)) => {
                let is_there = |list: &Vec<StickEntry>| list.contains(&files.stick);
                if found.as_ref().is_ok_and(|list| !is_there(list)) {
                    let pulled = true;
                    self.dialog = Some(Dialog::Sticks(Sticks { list: Some(found), at: 0, pulled }));
                }
            }
            _ => {}
        }
    }

    pub(super) fn files(&mut self, device: &Path, found: Result<Vec<String>, Failure>) {
        let is_served = self.seen.as_ref().is_some_and(|seen| seen.by == By::Daemon);
        let Some(Dialog::Files(files)) = &mut self.dialog else { return };
        if files.stick.device != device {
            return;
        }
        // A user who may not mount may be allowed to have the daemon import the whole stick.
        files.list = Some(match found {
            Err(failure) if failure.code == Code::NotAuthorized && is_served => Ok(Vec::new()),
            found => found,
        });
        files.at = 0;
    }
}

impl Sticks {
    /// Takes a newer list, and keeps the selected stick selected.
    fn update(&mut self, found: Result<Vec<StickEntry>, Failure>) {
        let selected = self.list.as_ref().and_then(|list| list.as_ref().ok()?.get(self.at));
        if let (Some(selected), Ok(list)) = (selected, &found) {
            self.at = list.iter().position(|stick| stick == selected).unwrap_or_default();
        }
        let known = self.list.as_ref().and_then(|list| list.as_ref().ok());
        let is_new = |stick: &StickEntry| known.is_some_and(|known| !known.contains(stick));
        if found.as_ref().is_ok_and(|list| list.iter().any(is_new)) {
            self.pulled = false;
        }
        self.list = Some(found);
    }
}
