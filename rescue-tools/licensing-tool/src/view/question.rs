//! The question before licences are removed.

use std::cell::RefCell;

use gtk::prelude::*;
use gtk::{CheckButton, Orientation};
use licd_rules::Selector;
use licensing_words::{Caption, Named};

use super::Context;
use super::list::{button, page, radio, text};
use crate::labels::Control;
use crate::state::State;
use crate::state::events::{Event, Question};

/// The selectors that a person can choose, as the bus names them.
const KINDS: [&str; 7] = [
    "evaluation",
    "workspace-edition",
    "enterprise-management-pack",
    "powerterm",
    "90meter",
    "teradici",
    "all",
];

pub(super) struct Asking {
    pub(super) root: gtk::ScrolledWindow,
    label: gtk::Label,
    kinds: gtk::Box,
    /// The first kind.
    first: Option<CheckButton>,
    /// Chosen while no kind is; not shown.
    nothing: CheckButton,
    keep: gtk::Button,
    remove: gtk::Button,
    /// The question that is shown.
    shown: RefCell<Option<Question>>,
    context: Context,
}

impl Asking {
    pub(super) fn new(context: &Context) -> Self {
        let labels = context.labels;
        let content = gtk::Box::new(Orientation::Vertical, 12);
        let label = text("");
        label.add_css_class("heading");
        let kinds = gtk::Box::new(Orientation::Vertical, 4);
        let nothing = CheckButton::new();
        let first = add_kinds(&kinds, &nothing, context);
        let (keep, remove) =
            (button(&labels.control(Control::Keep)), button(&labels.control(Control::Remove)));
        remove.add_css_class("destructive-action");
        let buttons = gtk::Box::new(Orientation::Horizontal, 8);
        buttons.set_halign(gtk::Align::End);
        buttons.append(&keep);
        buttons.append(&remove);
        for widget in [label.upcast_ref::<gtk::Widget>(), kinds.upcast_ref(), buttons.upcast_ref()]
        {
            content.append(widget);
        }
        let sender = context.clone();
        keep.connect_clicked(move |_| sender.send(Event::Declined));
        let sender = context.clone();
        remove.connect_clicked(move |_| sender.send(Event::Confirmed));
        let (shown, context) = (RefCell::default(), context.clone());
        let root = page(&content);
        Self { root, label, kinds, first, nothing, keep, remove, shown, context }
    }

    pub(super) fn draw(&self, state: &State) {
        if *self.shown.borrow() != state.question {
            if let Some(question) = &state.question {
                self.ask(question);
            }
            *self.shown.borrow_mut() = state.question.clone();
        }
        let chosen = matches!(state.question, Some(Question::Licenses(_)));
        self.remove.set_sensitive(state.is_free() && chosen);
    }

    fn ask(&self, question: &Question) {
        let labels = self.context.labels;
        let label = match question {
            Question::Kind => {
                self.nothing.set_active(true);
                labels.caption(Caption::WhichKind)
            }
            Question::Licenses(selector) => {
                let what = labels.words.selector(selector);
                let question = labels.words.named(Named::RemoveQuestion(&what));
                format!("{question} {}", labels.caption(Caption::RemovalStops))
            }
        };
        self.label.set_label(&label);
        // The kinds stay while one of them is chosen.
        if !matches!(question, Question::Licenses(selector) if self.is_kind(selector)) {
            self.kinds.set_visible(*question == Question::Kind);
        }
    }

    fn is_kind(&self, selector: &Selector) -> bool {
        self.kinds.is_visible() && !matches!(selector, Selector::Pack(_))
    }

    /// Moves the focus to the answer that changes nothing, or to the first kind.
    pub(super) fn focus(&self) {
        match self.first.as_ref().filter(|_| self.kinds.is_visible()) {
            Some(first) => first.grab_focus(),
            None => self.keep.grab_focus(),
        };
    }
}

/// Adds a radio button for each kind, and returns the first.
fn add_kinds(kinds: &gtk::Box, nothing: &CheckButton, context: &Context) -> Option<CheckButton> {
    let mut first: Option<CheckButton> = None;
    for selector in KINDS.iter().filter_map(|kind| Selector::parse(kind)) {
        let radio = radio(&context.labels.words.selector(&selector));
        radio.set_group(Some(nothing));
        let sender = context.clone();
        radio.connect_toggled(move |radio| {
            if radio.is_active() {
                sender.send(Event::RemovalChosen(selector.clone()));
            }
        });
        kinds.append(&radio);
        first.get_or_insert(radio);
    }
    first
}
