//! The page of the licences, of the files that are not used, and of removals.

use std::cell::RefCell;
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{Orientation, SelectionMode};
use licd_device::Report;
use licd_rules::Selector;
use license_format::PackId;
use licensing_words::{Caption, License, Named, Tone};

use super::Context;
use super::list::{List, Row, button, heading, isolated, page, text};
use crate::labels::Control;
use crate::state::State;
use crate::state::events::{Event, Question};

pub(super) struct Licenses {
    pub(super) root: gtk::ScrolledWindow,
    list: Rc<List>,
    none: gtk::Label,
    not_used: gtk::Box,
    refusals: List,
    selected: gtk::Button,
    kind: gtk::Button,
    /// The packs of the rows.
    packs: Rc<RefCell<Vec<PackId>>>,
    context: Context,
}

impl Licenses {
    pub(super) fn new(context: &Context) -> Self {
        let labels = context.labels;
        let content = gtk::Box::new(Orientation::Vertical, 6);
        let list = Rc::new(List::new(&labels.caption(Caption::Licenses), SelectionMode::Single));
        let none = text(&labels.caption(Caption::NoLicenses));
        let (selected, kind) = (
            button(&labels.control(Control::RemoveSelected)),
            button(&labels.control(Control::RemoveKind)),
        );
        let buttons = gtk::Box::new(Orientation::Horizontal, 8);
        buttons.append(&selected);
        buttons.append(&kind);
        let not_used = gtk::Box::new(Orientation::Vertical, 4);
        let refusals = List::new(&labels.caption(Caption::NotUsed), SelectionMode::None);
        not_used.append(&heading(&labels.caption(Caption::NotUsed)));
        not_used.append(&refusals.widget);
        for part in [none.upcast_ref::<gtk::Widget>(), buttons.upcast_ref()] {
            content.append(part);
        }
        content.append(&not_used);
        content.append(&list.widget);
        // Without a report there is nothing to say.
        for part in
            [none.upcast_ref::<gtk::Widget>(), not_used.upcast_ref(), list.widget.upcast_ref()]
        {
            part.set_visible(false);
        }
        let packs = Rc::new(RefCell::new(Vec::new()));
        let (sender, rows, of_rows) = (context.clone(), Rc::clone(&list), Rc::clone(&packs));
        selected.connect_clicked(move |_| {
            let pack = rows.selected().and_then(|row| of_rows.borrow().get(row).cloned());
            if let Some(pack) = pack {
                let question = Question::Licenses(Selector::Pack(pack));
                sender.send(Event::WantsRemoval(question));
            }
        });
        let sender = context.clone();
        kind.connect_clicked(move |_| sender.send(Event::WantsRemoval(Question::Kind)));
        let button = selected.clone();
        list.widget.connect_selected_rows_changed(move |list| {
            button.set_sensitive(list.selected_row().is_some());
        });
        let (root, context) = (page(&content), context.clone());
        Self { root, list, none, not_used, refusals, selected, kind, packs, context }
    }

    pub(super) fn draw(&self, state: &State) {
        self.kind.set_sensitive(state.is_free());
        self.selected.set_sensitive(state.is_free() && self.list.selected().is_some());
        let Some(report) = &state.report else { return };
        let licenses = licensing_words::licenses(report, self.context.labels.words);
        self.none.set_visible(licenses.is_empty());
        self.list.widget.set_visible(!licenses.is_empty());
        let packs = licenses.iter().map(|license| license.report.pack.clone()).collect();
        *self.packs.borrow_mut() = packs;
        self.list.show(licenses.iter().map(|license| self.row(license)).collect());
        let refusals = self.refusals(report);
        self.not_used.set_visible(!refusals.is_empty());
        self.refusals.show(refusals);
    }

    fn row(&self, license: &License<'_>) -> Row {
        let facts = license.report;
        let product = license.product.unwrap_or(facts.product.as_str());
        let order = facts.order.as_ref().map(|order| format!(", {order}")).unwrap_or_default();
        let term = self.context.labels.words.term(facts.term);
        Row {
            title: format!("{product} – {}/{}", facts.pack, facts.serial),
            text: format!(
                "{}; {term}, {} – {}{order}\n{}",
                license.state,
                facts.starts,
                self.context.labels.words.named(Named::LastDay(facts.expires)),
                isolated(&facts.file),
            ),
            tone: license.tone,
        }
    }

    fn refusals(&self, report: &Report) -> Vec<Row> {
        let refusals = licensing_words::refusals(report, self.context.labels.words);
        let row = |refusal: licensing_words::Refusal<'_>| Row {
            title: isolated(refusal.file),
            text: format!("{}: {}", refusal.code, isolated(&refusal.message)),
            tone: Tone::Bad,
        };
        refusals.into_iter().map(row).collect()
    }
}
