//! Around the pages: what is wrong with the service, the last result, what runs.

use gtk::prelude::*;
use gtk::{AccessibleRole, Label, Orientation, ProgressBar};
use licensing_words::{Caption, Named};

use super::Context;
use super::list::{button, class, isolated, text};
use crate::labels::{Control, Labels};
use crate::state::events::Event;
use crate::state::{Stage, State};

/// The height that the lines of a result take before they scroll, in pixels.
const LINES: i32 = 120;

/// A label that screen readers speak when it changes.
fn spoken() -> Label {
    Label::builder()
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .xalign(0.0)
        .hexpand(true)
        .accessible_role(AccessibleRole::Alert)
        .build()
}

fn bar() -> gtk::Box {
    let bar = gtk::Box::new(Orientation::Horizontal, 8);
    bar.add_css_class("bar");
    bar.set_visible(false);
    bar
}

/// Why the service does not answer.
pub(super) struct Absent {
    pub(super) root: gtk::Box,
    label: Label,
    labels: Labels,
}

impl Absent {
    pub(super) fn new(context: &Context) -> Self {
        let (root, label) = (bar(), spoken());
        label.add_css_class("caution");
        root.append(&gtk::Image::from_icon_name("dialog-warning-symbolic"));
        root.append(&label);
        Self { root, label, labels: context.labels }
    }

    pub(super) fn draw(&self, state: &State) {
        let text = match (&state.absence, &state.report) {
            (Some(absence), _) => Some(self.labels.absence(absence)),
            (None, None) => Some(self.labels.caption(Caption::Starting)),
            (None, Some(_)) => None,
        };
        self.label.set_label(text.as_deref().unwrap_or_default());
        self.root.set_visible(text.is_some());
    }
}

/// The request that waits for its answer.
pub(super) struct Request {
    pub(super) root: gtk::Box,
    cancel: gtk::Button,
}

impl Request {
    pub(super) fn new(context: &Context) -> Self {
        let (root, label) = (bar(), spoken());
        label.set_label(&context.labels.caption(Caption::RequestWaits));
        let cancel = button(&context.labels.control(Control::CancelRequest));
        let sender = context.clone();
        cancel.connect_clicked(move |_| sender.send(Event::WantsWithdrawal));
        root.append(&label);
        root.append(&cancel);
        Self { root, cancel }
    }

    pub(super) fn draw(&self, state: &State) {
        self.root.set_visible(state.has_request());
        self.cancel.set_sensitive(state.is_free());
    }
}

/// The last result.
pub(super) struct Last {
    pub(super) root: gtk::Box,
    label: Label,
    lines: Label,
    scroll: gtk::ScrolledWindow,
    labels: Labels,
}

impl Last {
    pub(super) fn new(context: &Context) -> Self {
        let (root, label, lines) = (bar(), spoken(), text(""));
        label.add_css_class("heading");
        lines.set_selectable(true);
        let scroll = gtk::ScrolledWindow::builder()
            .hscrollbar_policy(gtk::PolicyType::Never)
            .propagate_natural_height(true)
            .max_content_height(LINES)
            .child(&lines)
            .build();
        let words = gtk::Box::new(Orientation::Vertical, 4);
        words.append(&label);
        words.append(&scroll);
        words.set_hexpand(true);
        let hide = button(&context.labels.control(Control::Hide));
        hide.set_valign(gtk::Align::Start);
        let sender = context.clone();
        hide.connect_clicked(move |_| sender.send(Event::Dismissed));
        root.append(&words);
        root.append(&hide);
        Self { root, label, lines, scroll, labels: context.labels }
    }

    pub(super) fn draw(&self, state: &State) {
        self.root.set_visible(state.notice.is_some());
        let Some(notice) = &state.notice else { return };
        let (outcome, lines) = self.labels.notice(notice);
        self.label.set_css_classes(&["heading", class(notice.outcome.tone())]);
        self.label.set_label(&outcome);
        self.lines
            .set_label(&lines.iter().map(|line| isolated(line)).collect::<Vec<_>>().join("\n"));
        self.scroll.set_visible(!lines.is_empty());
    }
}

/// What runs, with its progress.
pub(super) struct Running {
    pub(super) root: gtk::Box,
    label: Label,
    progress: ProgressBar,
    cancel: gtk::Button,
    labels: Labels,
}

impl Running {
    pub(super) fn new(context: &Context) -> Self {
        let (root, label) = (bar(), spoken());
        let progress = ProgressBar::builder().show_text(true).valign(gtk::Align::Center).build();
        let cancel = button(&context.labels.control(Control::Cancel));
        let sender = context.clone();
        cancel.connect_clicked(move |_| sender.send(Event::Cancelled));
        for widget in
            [label.upcast_ref::<gtk::Widget>(), progress.upcast_ref(), cancel.upcast_ref()]
        {
            root.append(widget);
        }
        Self { root, label, progress, cancel, labels: context.labels }
    }

    pub(super) fn draw(&self, state: &State) {
        self.root.set_visible(state.work.is_some());
        let Some(work) = &state.work else { return };
        let label = match work.stage {
            Stage::Running => self.labels.work(work.kind),
            Stage::Cancelling => self.labels.caption(Caption::Cancelling),
        };
        self.label.set_label(&label);
        self.cancel.set_sensitive(work.can_be_cancelled());
        let (done, total) = work.progress;
        match total {
            0 => self.progress.pulse(),
            total => self.progress.set_fraction(done as f64 / total as f64),
        }
        let text = (done > 0).then(|| {
            let total = Some(total).filter(|total| *total > 0);
            self.labels.words.named(Named::Received(done, total))
        });
        self.progress.set_text(Some(text.as_deref().unwrap_or_default()));
    }
}
