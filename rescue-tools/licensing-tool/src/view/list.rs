//! A list of rows with a title and a text, for the keyboard and for screen readers.

use std::cell::RefCell;

use gtk::glib;
use gtk::prelude::*;
use gtk::{ListBox, ListBoxRow, Orientation, SelectionMode};
use licensing_words::Tone;

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) text: String,
    /// The colour of the text, which its words carry too.
    pub(super) tone: Tone,
}

/// The class of the style sheet for a tone.
pub(super) fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Caution => "caution",
        Tone::Bad => "bad",
    }
}

/// The list, and what it shows.
pub(super) struct List {
    pub(super) widget: ListBox,
    shown: RefCell<Vec<Row>>,
}

impl List {
    /// An empty list with this name for screen readers.
    pub(super) fn new(name: &str, selection: SelectionMode) -> Self {
        let widget: ListBox = named(name);
        widget.set_selection_mode(selection);
        widget.add_css_class("frame");
        Self { widget, shown: RefCell::default() }
    }

    /// Shows these rows. The selected row and the one with the focus keep their places.
    pub(super) fn show(&self, rows: Vec<Row>) {
        if *self.shown.borrow() == rows {
            return;
        }
        let selected = self.selected();
        let focused = self.widget.focus_child().and_downcast::<ListBoxRow>().map(|row| row.index());
        while let Some(row) = self.widget.row_at_index(0) {
            self.widget.remove(&row);
        }
        for row in &rows {
            self.widget.append(&widget(row));
        }
        let last = i32::try_from(rows.len()).unwrap_or(i32::MAX) - 1;
        *self.shown.borrow_mut() = rows;
        let at = |index: i32| self.widget.row_at_index(index.min(last));
        if let Some(row) = selected.and_then(|index| at(i32::try_from(index).ok()?)) {
            self.widget.select_row(Some(&row));
        }
        if let Some(row) = focused.and_then(at) {
            row.grab_focus();
        }
    }

    /// The number of the selected row.
    pub(super) fn selected(&self) -> Option<usize> {
        self.widget.selected_row().and_then(|row| usize::try_from(row.index()).ok())
    }
}

fn widget(row: &Row) -> ListBoxRow {
    let content = gtk::Box::new(Orientation::Vertical, 2);
    content.add_css_class("row");
    let title = text(&row.title);
    title.add_css_class("heading");
    content.append(&title);
    if !row.text.is_empty() {
        let text = text(&row.text);
        text.add_css_class(class(row.tone));
        content.append(&text);
    }
    let widget: ListBoxRow = named(&match row.text.as_str() {
        "" => row.title.clone(),
        text => format!("{}: {text}", row.title),
    });
    widget.set_child(Some(&content));
    widget
}

/// A new widget with this name for screen readers. The binding sets such names from GTK 4.10 on, and
/// GTK's own format of interfaces in any version.
pub(super) fn named<W: IsA<glib::Object> + glib::object::IsClass>(name: &str) -> W {
    let (class, name) = (W::static_type(), glib::markup_escape_text(name));
    let interface = format!(
        "<interface><object class=\"{class}\" id=\"it\"><accessibility>\
         <property name=\"label\">{name}</property></accessibility></object></interface>"
    );
    let built = gtk::Builder::from_string(&interface).object("it");
    built.unwrap_or_else(glib::Object::new)
}

/// A label that wraps anywhere: names of 200 characters have no blanks.
pub(super) fn text(text: &str) -> gtk::Label {
    gtk::Label::builder()
        .label(text)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .xalign(0.0)
        .build()
}

/// A text from outside, isolated so that its direction does not change that of its surroundings
/// (UAX #9 §2.4.2).
pub(super) fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

/// A scrolled page of widgets.
pub(super) fn page(content: &gtk::Box) -> gtk::ScrolledWindow {
    content.add_css_class("page");
    gtk::ScrolledWindow::builder()
        .hscrollbar_policy(gtk::PolicyType::Never)
        .vexpand(true)
        .child(content)
        .build()
}

/// Adds a page to a stack. Screen readers of GTK 4.8 read every visible widget, also on pages that the stack
/// does not show: only the shown page is visible.
pub(super) fn add_page(stack: &gtk::Stack, page: &impl IsA<gtk::Widget>, name: &str) {
    page.set_visible(stack.visible_child().is_none());
    stack.add_named(page, Some(name));
}

/// Shows a page of a stack; whether it was another before.
pub(super) fn turn_to(stack: &gtk::Stack, name: &str) -> bool {
    let (old, new) = (stack.visible_child(), stack.child_by_name(name));
    let Some(new) = new.filter(|new| old.as_ref() != Some(new)) else { return false };
    new.set_visible(true);
    stack.set_visible_child(&new);
    if let Some(old) = old {
        old.set_visible(false);
    }
    true
}

/// The heading of a part of a page.
pub(super) fn heading(label: &str) -> gtk::Label {
    let heading = text(label);
    heading.add_css_class("title");
    heading
}

/// A label with a mnemonic for a widget. It names the widget for screen readers; GTK's own labels of buttons
/// name them with the mark of the mnemonic.
pub(super) fn keyed(label: &str, widget: &impl IsA<gtk::Widget>) -> gtk::Label {
    let label = gtk::Label::with_mnemonic(label);
    label.set_mnemonic_widget(Some(widget));
    label
}

/// A button with a mnemonic.
pub(super) fn button(label: &str) -> gtk::Button {
    let button = gtk::Button::new();
    button.set_child(Some(&keyed(label, &button)));
    button.add_css_class("text-button");
    button
}

/// Gives a button another label.
pub(super) fn relabel(button: &gtk::Button, label: &str) {
    if let Some(own) = button.child().and_downcast::<gtk::Label>() {
        own.set_label(label);
    }
}

/// A check box with a mnemonic.
pub(super) fn check_box(label: &str) -> gtk::CheckButton {
    with_label(label, gtk::CheckButton::new())
}

/// A button of a group with a mnemonic. Without its role, screen readers would take it for a check box.
pub(super) fn radio(label: &str) -> gtk::CheckButton {
    let role = gtk::AccessibleRole::Radio;
    with_label(label, gtk::CheckButton::builder().accessible_role(role).build())
}

fn with_label(label: &str, button: gtk::CheckButton) -> gtk::CheckButton {
    let label = keyed(label, &button);
    label.set_wrap(true);
    label.set_xalign(0.0);
    button.set_child(Some(&label));
    button
}
