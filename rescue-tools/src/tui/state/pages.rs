//! The pages: their items, and what a key does on them.

use std::collections::BTreeSet;

use licd_rules::Selector;

use super::super::event::{Action, Effect, Key, Work};
use super::{Choice, Confirm, Dialog, FormKind, State, Sticks, moved};

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Device,
    Features,
    Licenses,
    Import,
    Remove,
    Activate,
}

impl Page {
    /// The pages, in the order of their tabs.
    pub(crate) const ALL: [Self; 6] =
        [Self::Device, Self::Features, Self::Licenses, Self::Import, Self::Remove, Self::Activate];

    pub(super) fn position(self) -> usize {
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
pub(crate) enum From {
    Stick,
    Form(FormKind),
    /// Switches between importing and checking.
    CheckOnly,
}

impl From {
    /// The choices, in order.
    pub(crate) const ALL: [Self; 5] = [
        Self::Stick,
        Self::Form(FormKind::Address),
        Self::Form(FormKind::Ftp),
        Self::Form(FormKind::File),
        Self::CheckOnly,
    ];
}

/// The choices of the page of the activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activate {
    /// Opens the form.
    Ask,
    /// Cancels the request that waits.
    Withdraw,
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

impl State {
    /// What can be removed: nothing without a licence, else the classes and each pack.
    pub(crate) fn selectors(&self) -> Vec<Selector> {
        let licenses = self.seen.as_ref().map_or(&[][..], |seen| &seen.report.licenses);
        if licenses.is_empty() {
            return Vec::new();
        }
        let packs: BTreeSet<_> = licenses.iter().map(|one| one.pack.as_str()).collect();
        let packs = packs.into_iter().map(|pack| format!("pack:{pack}"));
        let words = SELECTORS.into_iter().map(str::to_owned).chain(packs);
        words.filter_map(|word| Selector::parse(&word)).collect()
    }

    /// The choices of the page of the activation, in order.
    pub(crate) fn activation(&self) -> &'static [Activate] {
        match self.seen.as_ref().is_some_and(|seen| seen.report.request_waits()) {
            true => &[Activate::Ask, Activate::Withdraw],
            false => &[Activate::Ask],
        }
    }

    /// The last item that can be selected, or the first line of the last screen.
    pub(super) fn last(&self) -> usize {
        let items = match self.page {
            Page::Device | Page::Features => return self.drawn.last,
            Page::Licenses => self
                .seen
                .as_ref()
                .map_or(0, |seen| seen.report.licenses.len() + seen.report.rejected.len()),
            Page::Import => From::ALL.len(),
            Page::Remove => self.selectors().len(),
            Page::Activate => self.activation().len(),
        };
        items.saturating_sub(1)
    }

    /// What a key does on a page.
    pub(super) fn page_key(&mut self, key: Key) {
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
            Page::Activate => {
                self.dialog = self.activation().get(self.at()).map(|choice| match choice {
                    Activate::Ask => Dialog::Form(FormKind::Activation),
                    Activate::Withdraw => self.begin(Work::Withdraw, None),
                });
            }
            Page::Device | Page::Features | Page::Licenses => {}
        }
    }
}
