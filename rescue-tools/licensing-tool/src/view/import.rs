//! The page of imports, which is the Setup Assistant's page of the activation, too.

use gtk::prelude::*;
use gtk::{
    CheckButton, FileChooserAction, FileChooserNative, FileFilter, Orientation, ResponseType,
    Stack, gio,
};
use licensing_words::{Caption, Named};

use super::Context;
use super::forms::{FileForm, Form};
use super::list::{add_page, button, heading, page, radio, relabel, turn_to};
use crate::labels::Control;
use crate::state::events::{Event, Purpose};
use crate::state::form::{Field, Tick};
use crate::state::{Mode, State, Way};

pub(super) struct Import {
    pub(super) root: gtk::ScrolledWindow,
    /// The button that starts the import.
    pub(super) start: gtk::Button,
    check: gtk::Button,
    stack: Stack,
    forms: Vec<Form>,
    files: FileForm,
    context: Context,
}

impl Import {
    pub(super) fn new(context: &Context, state: &State) -> Self {
        let labels = context.labels;
        let content = gtk::Box::new(Orientation::Vertical, 8);
        content.append(&heading(&labels.caption(Caption::Source)));
        content.append(&ways(context, state));
        let stack = Stack::builder().vhomogeneous(false).build();
        let (files, forms) = (FileForm::new(context), forms(context));
        for (way, form) in [Way::Evaluation, Way::Url, Way::Ftp].into_iter().zip(&forms) {
            add_page(&stack, &form.root, name(way));
        }
        add_page(&stack, &files.root, name(Way::File));
        content.append(&stack);
        let (check, start) =
            (button(&labels.control(Control::CheckOnly)), button(&labels.control(Control::Import)));
        start.add_css_class("suggested-action");
        for (button, purpose) in [(&check, Purpose::Check), (&start, Purpose::Import)] {
            let sender = context.clone();
            button.connect_clicked(move |_| sender.send(Event::Started(purpose)));
        }
        let buttons = gtk::Box::new(Orientation::Horizontal, 8);
        buttons.set_halign(gtk::Align::End);
        buttons.append(&check);
        buttons.append(&start);
        content.append(&buttons);
        let context = context.clone();
        Self { root: page(&content), start, check, stack, forms, files, context }
    }

    pub(super) fn draw(&self, state: &State) {
        turn_to(&self.stack, name(state.way));
        let start = match state.way {
            Way::Evaluation => Control::Activate,
            Way::Url | Way::Ftp => Control::Import,
            Way::File => Control::ImportStick,
        };
        let check = if state.way == Way::File { Control::CheckStick } else { Control::CheckOnly };
        relabel(&self.start, &self.context.labels.control(start));
        relabel(&self.check, &self.context.labels.control(check));
        self.check.set_visible(state.way != Way::Evaluation);
        self.check.set_sensitive(state.is_free());
        self.start.set_sensitive(state.is_free());
        self.forms.iter().for_each(|form| form.show_terms(state.terms.as_deref()));
        self.files.draw(state);
    }

    /// Moves the focus to a text of the form that is shown.
    pub(super) fn focus_field(&self, field: Field) {
        let shown = self.forms.iter().filter(|form| form.root.is_mapped());
        if let Some(widget) = shown.filter_map(|form| form.field(field)).next() {
            widget.grab_focus();
        }
    }

    pub(super) fn focus_tick(&self, tick: Tick) {
        if let Some(widget) = self.forms.iter().find_map(|form| form.tick(tick)) {
            widget.grab_focus();
        }
    }

    pub(super) fn clear_field(&self, field: Field) {
        for form in &self.forms {
            if let Some(editable) =
                form.field(field).and_then(|w| w.dynamic_cast_ref::<gtk::Editable>())
            {
                editable.set_text("");
            }
        }
    }
}

/// The forms of the evaluation, of an address and of FTP.
fn forms(context: &Context) -> Vec<Form> {
    let evaluation = [Field::Name, Field::Company, Field::Email, Field::Proxy];
    let mut evaluation = Form::new(context, &evaluation);
    evaluation.add_tick(Tick::Terms, Control::AcceptTerms);
    evaluation.add_hint(&context.labels.words.named(Named::Personal));
    let url = Form::new(context, &[Field::Url, Field::Proxy]);
    let ftp = [Field::Host, Field::Port, Field::User, Field::Password, Field::Path];
    let mut ftp = Form::new(context, &ftp);
    ftp.add_tick(Tick::Encrypted, Control::Encrypted);
    vec![evaluation, url, ftp]
}

/// The choice between the ways.
fn ways(context: &Context, state: &State) -> gtk::Box {
    let row = gtk::Box::new(Orientation::Vertical, 2);
    let all = [Way::Evaluation, Way::Url, Way::Ftp, Way::File];
    let offered =
        all.iter().filter(|way| state.mode == Mode::Activation || **way != Way::Evaluation);
    let mut group: Option<CheckButton> = None;
    for way in offered {
        let radio = radio(&context.labels.control((*way).into()));
        radio.set_group(group.as_ref());
        radio.set_active(*way == state.way);
        let (sender, way) = (context.clone(), *way);
        radio.connect_toggled(move |radio| {
            if radio.is_active() {
                sender.send(Event::Chosen(way));
            }
        });
        row.append(&radio);
        group.get_or_insert(radio);
    }
    row
}

fn name(way: Way) -> &'static str {
    match way {
        Way::Evaluation => "evaluation",
        Way::Url => "url",
        Way::Ftp => "ftp",
        Way::File => "file",
    }
}

/// Opens the desktop's file chooser.
pub(super) fn choose_files(parent: &gtk::ApplicationWindow, context: &Context, purpose: Purpose) {
    let labels = context.labels;
    let title = labels.caption(Caption::LicenseFiles);
    let chooser =
        FileChooserNative::new(Some(&title), Some(parent), FileChooserAction::Open, None, None);
    chooser.set_modal(true);
    chooser.set_select_multiple(true);
    let licenses = FileFilter::new();
    licenses.set_name(Some(&labels.caption(Caption::LicenseFiles)));
    licenses.add_suffix("lic");
    let all = FileFilter::new();
    all.set_name(Some(&labels.caption(Caption::AllFiles)));
    all.add_pattern("*");
    chooser.add_filter(&licenses);
    chooser.add_filter(&all);
    let (context, own) = (context.clone(), std::cell::RefCell::new(Some(chooser.clone())));
    chooser.connect_response(move |chooser, response| {
        if response == ResponseType::Accept {
            let files = chooser.files();
            let paths =
                (0..files.n_items()).filter_map(|at| files.item(at).and_downcast::<gio::File>());
            let paths = paths.filter_map(|file| file.path()).collect();
            context.send(Event::FilesChosen(paths, purpose));
        }
        chooser.destroy();
        // It lives until it is answered.
        own.take();
    });
    chooser.show();
}
