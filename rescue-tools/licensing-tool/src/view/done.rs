//! The last page of the Setup Assistant: the device is activated.

use gtk::prelude::*;
use gtk::{Orientation, SelectionMode};
use licensing_words::Caption;

use super::list::{List, button, page, text};
use super::{Context, overview};
use crate::labels::Control;
use crate::state::State;
use crate::state::events::Event;

pub(super) struct Done {
    pub(super) root: gtk::ScrolledWindow,
    services: List,
    close: gtk::Button,
    context: Context,
}

impl Done {
    pub(super) fn new(context: &Context) -> Self {
        let labels = context.labels;
        let content = gtk::Box::new(Orientation::Vertical, 12);
        let title = text(&labels.caption(Caption::Activated));
        title.add_css_class("unit");
        title.add_css_class("good");
        content.append(&title);
        let services = List::new(&labels.caption(Caption::Services), SelectionMode::None);
        content.append(&services.widget);
        content.append(&text(&labels.caption(Caption::CanClose)));
        let close = button(&labels.control(Control::Close));
        close.set_halign(gtk::Align::End);
        let sender = context.clone();
        close.connect_clicked(move |_| sender.send(Event::Closed));
        content.append(&close);
        Self { root: page(&content), services, close, context: context.clone() }
    }

    pub(super) fn draw(&self, state: &State) {
        if let Some(report) = &state.report {
            self.services.show(overview::services(report, &self.context));
        }
    }

    pub(super) fn focus(&self) {
        self.close.grab_focus();
    }
}
