//! The first page: the device, its services, what is wrong, and what to do next.

use gtk::prelude::*;
use gtk::{Orientation, SelectionMode};
use licd_device::Report;
use licensing_words::{Caption, Label, Line, Overview as Words, Surface, Tone};

use super::Context;
use super::list::{List, Row, button, heading, isolated, page, text};
use crate::labels::Control;
use crate::state::State;
use crate::state::events::Event;

pub(super) struct Overview {
    pub(super) root: gtk::ScrolledWindow,
    /// The unit ID under its heading, hidden until it is known.
    identity: gtk::Box,
    unit: gtk::Label,
    wrong: Part,
    services: Part,
    next: Part,
    device: Part,
    refresh: gtk::Button,
    context: Context,
}

/// A list under its heading, both hidden while it is empty.
struct Part {
    root: gtk::Box,
    list: List,
}

impl Overview {
    pub(super) fn new(context: &Context) -> Self {
        let labels = context.labels;
        let content = gtk::Box::new(Orientation::Vertical, 6);
        // Large enough to read it out over the telephone.
        let unit = text("");
        unit.add_css_class("unit");
        unit.set_selectable(true);
        let identity = gtk::Box::new(Orientation::Vertical, 6);
        identity.append(&heading(labels.words.label(Label::UnitId).trim_end_matches(':')));
        identity.append(&unit);
        identity.set_visible(false);
        content.append(&identity);
        let part = |title: Caption| {
            let part = Part::new(&labels.caption(title));
            content.append(&part.root);
            part
        };
        let (wrong, services) = (part(Caption::Problems), part(Caption::Services));
        let (next, device) = (part(Caption::NextSteps), part(Caption::Facts));
        let refresh = button(&labels.control(Control::Refresh));
        refresh.set_halign(gtk::Align::End);
        let sender = context.clone();
        refresh.connect_clicked(move |_| sender.send(Event::WantsRefresh));
        content.append(&refresh);
        let context = context.clone();
        Self {
            root: page(&content),
            identity,
            unit,
            wrong,
            services,
            next,
            device,
            refresh,
            context,
        }
    }

    pub(super) fn draw(&self, state: &State) {
        self.refresh.set_sensitive(state.absence.is_none());
        let Some(report) = &state.report else { return };
        let words = self.context.labels.words;
        let unit = report.unit_id.as_ref().map(ToString::to_string);
        self.unit.set_label(unit.as_deref().unwrap_or(words.unknown()));
        self.identity.set_visible(true);
        let overview = Words::of(report, None, words, Surface::Window);
        self.wrong.show(self.rows(&overview.wrong, Tone::Bad));
        self.services.show(services(report, &self.context));
        self.next.show(self.rows(&overview.next, Tone::Plain));
        self.device.show(self.rows(&overview.well, Tone::Plain));
    }

    /// Lines without a label continue the one before.
    fn rows(&self, lines: &[Line], tone: Tone) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for line in lines {
            let title = line.label.map(|label| self.context.labels.words.label(label));
            match (title, rows.last_mut()) {
                (None, Some(row)) => row.text = format!("{}\n{}", row.text, isolated(&line.text)),
                (title, _) => rows.push(Row {
                    title: title.unwrap_or_default().trim_end_matches(':').to_owned(),
                    text: isolated(&line.text),
                    tone,
                }),
            }
        }
        rows
    }
}

/// The services of a device.
pub(super) fn services(report: &Report, context: &Context) -> Vec<Row> {
    let overview = Words::of(report, None, context.labels.words, Surface::Window);
    let row = |service: licensing_words::Service| Row {
        title: service.name,
        text: service.lasts,
        tone: service.tone,
    };
    overview.services.into_iter().map(row).collect()
}

impl Part {
    fn new(title: &str) -> Self {
        let root = gtk::Box::new(Orientation::Vertical, 4);
        let list = List::new(title, SelectionMode::None);
        root.append(&heading(title));
        root.append(&list.widget);
        root.set_visible(false);
        Self { root, list }
    }

    fn show(&self, rows: Vec<Row>) {
        self.root.set_visible(!rows.is_empty());
        self.list.show(rows);
    }
}
