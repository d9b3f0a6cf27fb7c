//! The form of each way that a licence comes.

use std::cell::RefCell;

use gtk::glib;
use gtk::prelude::*;
use gtk::{CheckButton, Entry, Grid, Orientation, PasswordEntry, SelectionMode};

use super::Context;
use super::list::{List, Row, button, check_box, heading, isolated, keyed, text};
use crate::labels::{Control, Labels};
use crate::state::State;
use crate::state::events::{Event, Purpose};
use crate::state::form::{Field, Tick};
use licensing_words::{Caption, Named, Tone};

/// Characters of a text: the longest address that the daemon takes.
const LENGTH: i32 = 2048;

/// A form: labelled texts under each other.
pub(super) struct Form {
    pub(super) root: gtk::Box,
    grid: Grid,
    fields: Vec<(Field, gtk::Widget)>,
    ticks: Vec<(Tick, CheckButton)>,
    /// Where the terms are.
    terms: gtk::Label,
    context: Context,
}

impl Form {
    pub(super) fn new(context: &Context, fields: &[Field]) -> Self {
        let root = gtk::Box::new(Orientation::Vertical, 8);
        let grid = Grid::builder().row_spacing(6).column_spacing(12).build();
        root.append(&grid);
        let context = context.clone();
        let terms = text("");
        terms.set_selectable(true);
        terms.set_visible(false);
        let mut form = Self { root, grid, fields: Vec::new(), ticks: Vec::new(), terms, context };
        fields.iter().for_each(|field| form.add_field(*field));
        form
    }

    fn add_field(&mut self, field: Field) {
        let labels = self.context.labels;
        let entry = entry(field, &self.context);
        let label = keyed(&labels.control(field.into()), &entry);
        label.set_xalign(1.0);
        let row = i32::try_from(self.fields.len()).unwrap_or(i32::MAX);
        self.grid.attach(&label, 0, row, 1, 1);
        self.grid.attach(&entry, 1, row, 1, 1);
        self.fields.push((field, entry));
    }

    /// Adds a check box below the texts.
    pub(super) fn add_tick(&mut self, tick: Tick, label: Control) {
        let check = check_box(&self.context.labels.control(label));
        let context = self.context.clone();
        check.connect_toggled(move |check| context.send(Event::Ticked(tick, check.is_active())));
        self.root.append(&check);
        if tick == Tick::Terms {
            self.root.append(&self.terms);
        }
        self.ticks.push((tick, check));
    }

    /// Adds a text below.
    pub(super) fn add_hint(&self, hint: &str) {
        self.root.append(&text(hint));
    }

    /// Shows where the terms are, below their check box.
    pub(super) fn show_terms(&self, place: Option<&str>) {
        let place =
            place.map(|place| self.context.labels.words.named(Named::Terms(&isolated(place))));
        self.terms.set_label(place.as_deref().unwrap_or_default());
        self.terms.set_visible(place.is_some());
    }

    pub(super) fn field(&self, field: Field) -> Option<&gtk::Widget> {
        self.fields.iter().find(|(own, _)| *own == field).map(|(_, widget)| widget)
    }

    pub(super) fn tick(&self, tick: Tick) -> Option<&CheckButton> {
        self.ticks.iter().find(|(own, _)| *own == tick).map(|(_, widget)| widget)
    }
}

fn entry(field: Field, context: &Context) -> gtk::Widget {
    let context = context.clone();
    if field == Field::Password {
        let entry = PasswordEntry::builder()
            .show_peek_icon(true)
            .activates_default(true)
            .hexpand(true)
            .build();
        entry.connect_changed(move |entry| {
            context.send(Event::Typed(field, entry.text().into()));
        });
        return entry.upcast();
    }
    let entry = Entry::builder()
        .activates_default(true)
        .hexpand(true)
        .max_length(LENGTH)
        .placeholder_text(example(field, context.labels))
        .build();
    entry.connect_changed(move |entry| context.send(Event::Typed(field, entry.text().into())));
    entry.upcast()
}

/// What the user may type, shown in the empty field.
fn example(field: Field, labels: Labels) -> String {
    match field {
        Field::Url => "https://server.example/WE.lic",
        Field::Host => "ftp.example",
        Field::Port => "21",
        Field::Path => "WE.lic",
        Field::Proxy => return labels.caption(Caption::AsConfigured),
        Field::Email => "ada@example.com",
        Field::User | Field::Password | Field::Name | Field::Company => "",
    }
    .to_owned()
}

/// The form for a file: the USB drives, and the file chooser.
pub(super) struct FileForm {
    pub(super) root: gtk::Box,
    drives: List,
    /// Sends the user's choice of a drive.
    choice: glib::SignalHandlerId,
    devices: std::rc::Rc<RefCell<Vec<std::path::PathBuf>>>,
    none: gtk::Label,
    buttons: [gtk::Button; 2],
    labels: Labels,
}

impl FileForm {
    pub(super) fn new(context: &Context) -> Self {
        let labels = context.labels;
        let root = gtk::Box::new(Orientation::Vertical, 8);
        let buttons =
            [(Control::CheckFiles, Purpose::Check), (Control::ImportFiles, Purpose::Import)].map(
                |(label, purpose)| {
                    let button = button(&labels.control(label));
                    let sender = context.clone();
                    button.connect_clicked(move |_| sender.send(Event::WantsFiles(purpose)));
                    button
                },
            );
        let choosers = gtk::Box::new(Orientation::Horizontal, 8);
        buttons.iter().for_each(|button| choosers.append(button));
        let drives = List::new(&labels.caption(Caption::ChooseStick), SelectionMode::Single);
        let none = text("");
        let devices: std::rc::Rc<RefCell<Vec<std::path::PathBuf>>> = std::rc::Rc::default();
        let (sender, of_rows) = (context.clone(), std::rc::Rc::clone(&devices));
        let choice = drives.widget.connect_row_selected(move |_, row| {
            let index = row.and_then(|row| usize::try_from(row.index()).ok());
            let device = index.and_then(|index| of_rows.borrow().get(index).cloned());
            if let Some(device) = device {
                sender.send(Event::StickChosen(device));
            }
        });
        root.append(&choosers);
        root.append(&heading(&labels.caption(Caption::ChooseStick)));
        root.append(&none);
        root.append(&drives.widget);
        Self { root, drives, choice, devices, none, buttons, labels }
    }

    pub(super) fn draw(&self, state: &State) {
        self.buttons.iter().for_each(|button| button.set_sensitive(state.is_free()));
        let sticks = state.sticks.as_deref().unwrap_or_default();
        let none = match &state.sticks {
            Ok(_) => self.labels.caption(Caption::NoStick),
            Err(failure) => {
                let code = Some(failure.code);
                isolated(&licensing_words::line(self.labels.words, code, &failure.message))
            }
        };
        self.none.set_label(&none);
        self.none.set_visible(sticks.is_empty());
        self.drives.widget.set_visible(!sticks.is_empty());
        // What is drawn must not come back as the user's choice: the two would follow each other for ever.
        self.drives.widget.block_signal(&self.choice);
        *self.devices.borrow_mut() = sticks.iter().map(|one| one.device().to_owned()).collect();
        let row = |stick: &licd_device::Stick| Row {
            title: isolated(&stick.described()),
            text: String::new(),
            tone: Tone::Plain,
        };
        self.drives.show(sticks.iter().map(row).collect());
        let chosen = state.form.stick.as_ref();
        let index = sticks.iter().position(|one| chosen.is_some_and(|own| one.device() == own));
        if index != self.drives.selected() {
            let row = index.and_then(|at| self.drives.widget.row_at_index(i32::try_from(at).ok()?));
            self.drives.widget.select_row(row.as_ref());
        }
        self.drives.widget.unblock_signal(&self.choice);
    }
}
