//! The last page of the Setup Assistant: the device is activated.

use gtk::prelude::*;
use gtk::{Orientation, SelectionMode};

use super::list::{List, button, page, text};
use super::{Context, overview};
use crate::state::State;
use crate::state::events::Event;
use crate::texts::Text;

pub(super) struct Done {
    pub(super) root: gtk::ScrolledWindow,
    services: List,
    close: gtk::Button,
    context: Context,
}

impl Done {
    pub(super) fn new(context: &Context) -> Self {
        let texts = context.texts;
        let content = gtk::Box::new(Orientation::Vertical, 12);
        let title = text(texts.text(Text::Activated));
        title.add_css_class("unit");
        title.add_css_class("good");
        content.append(&title);
        let services = List::new(texts.text(Text::Services), SelectionMode::None);
        content.append(&services.widget);
        content.append(&text(texts.text(Text::ActivatedHint)));
        let close = button(texts.text(Text::Close));
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
