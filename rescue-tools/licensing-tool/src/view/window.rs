//! The window: a line for what is wrong with the service, the last result, the request that waits, the
//! pages, and what runs.

use gtk::prelude::*;
use gtk::{Notebook, Orientation, Stack, gdk};

use super::Context;
use super::done::Done;
use super::import::Import;
use super::licenses::Licenses;
use super::list::{add_page, turn_to};
use super::overview::Overview;
use super::question::Asking;
use super::status::{Absent, Last, Request, Running};
use crate::labels::Control;
use crate::state::events::Event;
use crate::state::form::{Field, Tick};
use crate::state::{Mode, Page, State};

/// The size at the start; smaller screens make it smaller, and its pages scroll.
const SIZE: (i32, i32) = (760, 600);
/// Colours are those of the theme, so that a light, a dark or a high-contrast look stays whole; mixed with that
/// of text, since they are made for backgrounds.
const STYLE: &str = "
.page { padding: 12px; }
.row { padding: 6px 10px; }
.bar { padding: 8px 12px; }
.title { font-weight: bold; margin-top: 8px; }
.heading { font-weight: bold; }
.unit { font-size: 180%; font-weight: bold; }
.good { color: mix(@success_color, @theme_fg_color, 0.5); }
.caution { color: mix(@warning_color, @theme_fg_color, 0.5); }
.bad { color: mix(@error_color, @theme_fg_color, 0.5); }
";

pub(super) struct Window {
    pub(super) root: gtk::ApplicationWindow,
    absent: Absent,
    last: Last,
    request: Request,
    running: Running,
    stack: Stack,
    asking: Asking,
    done: Done,
    pages: Pages,
}

/// The pages of the tool, or the page of the Setup Assistant.
struct Pages {
    tool: Option<(Overview, Licenses)>,
    import: Import,
}

impl Window {
    pub(super) fn new(application: &gtk::Application, context: &Context, state: &State) -> Self {
        style();
        let root = gtk::ApplicationWindow::builder()
            .application(application)
            .title(context.labels.title(state.mode))
            .icon_name("com.igel.LicensingTool")
            .default_width(SIZE.0)
            .default_height(SIZE.1)
            .build();
        let (absent, last, running) =
            (Absent::new(context), Last::new(context), Running::new(context));
        let request = Request::new(context);
        let (asking, done) = (Asking::new(context), Done::new(context));
        let stack = Stack::new();
        let pages = Pages::new(context, state, &stack);
        add_page(&stack, &asking.root, "question");
        add_page(&stack, &done.root, "done");
        let content = gtk::Box::new(Orientation::Vertical, 0);
        content.append(&absent.root);
        content.append(&last.root);
        content.append(&request.root);
        content.append(&stack);
        content.append(&running.root);
        root.set_child(Some(&content));
        on_escape(&root, context);
        // Also where the desktop has no key for it.
        application.set_accels_for_action("window.close", &["<Control>q", "<Control>w"]);
        Self { root, absent, last, request, running, stack, asking, done, pages }
    }

    pub(super) fn draw(&self, state: &State) {
        self.absent.draw(state);
        self.last.draw(state);
        self.request.draw(state);
        self.running.draw(state);
        self.pages.import.draw(state);
        if let Some((overview, licenses)) = &self.pages.tool {
            overview.draw(state);
            licenses.draw(state);
            for (page, root) in [
                (Page::Overview, &overview.root),
                (Page::Licenses, &licenses.root),
                (Page::Import, &self.pages.import.root),
            ] {
                set_content_visible(root, page == state.page);
            }
        }
        self.done.draw(state);
        self.asking.draw(state);
        let name = match (state.page, &state.question) {
            (Page::Done, _) => "done",
            (_, Some(_)) => "question",
            _ => "pages",
        };
        if turn_to(&self.stack, name) {
            match name {
                "question" => self.asking.focus(),
                "done" => self.done.focus(),
                _ => {}
            }
        }
        // GTK forgets the default button with the page that hides it.
        let imports = name == "pages" && state.page == Page::Import;
        self.root.set_default_widget(imports.then_some(&self.pages.import.start));
    }

    pub(super) fn focus_field(&self, field: Field) {
        self.pages.import.focus_field(field);
    }

    pub(super) fn focus_tick(&self, tick: Tick) {
        self.pages.import.focus_tick(tick);
    }

    pub(super) fn clear_field(&self, field: Field) {
        self.pages.import.clear_field(field);
    }
}

impl Pages {
    /// Adds the pages to the stack of the window.
    fn new(context: &Context, state: &State, stack: &Stack) -> Self {
        let import = Import::new(context, state);
        if state.mode == Mode::Activation {
            add_page(stack, &import.root, "pages");
            return Self { tool: None, import };
        }
        let (overview, licenses) = (Overview::new(context), Licenses::new(context));
        let pages = [
            (&overview.root, Control::DevicePage, Page::Overview),
            (&licenses.root, Control::LicensesPage, Page::Licenses),
            (&import.root, Control::ImportPage, Page::Import),
        ];
        add_page(stack, &notebook(context, pages), "pages");
        Self { tool: Some((overview, licenses)), import }
    }
}

fn notebook(context: &Context, pages: [(&gtk::ScrolledWindow, Control, Page); 3]) -> Notebook {
    let notebook = Notebook::new();
    notebook.set_vexpand(true);
    for (page, text, _) in &pages {
        let label = gtk::Label::with_mnemonic(&context.labels.control(*text));
        notebook.append_page(*page, Some(&label));
        // Without it every tab is “Tab” for a screen reader.
        label.set_mnemonic_widget(label.parent().as_ref());
    }
    let (context, order) = (context.clone(), pages.map(|(root, _, page)| (root.clone(), page)));
    notebook.connect_switch_page(move |_, _, at| {
        if let Some((root, page)) = usize::try_from(at).ok().and_then(|at| order.get(at)) {
            // The focus moves there at once.
            set_content_visible(root, true);
            context.send(Event::Opened(*page));
        }
    });
    notebook
}

/// Only the page that is shown has content for screen readers; its tab stays.
fn set_content_visible(page: &gtk::ScrolledWindow, visible: bool) {
    if let Some(content) = page.child() {
        content.set_visible(visible);
    }
}

/// Escape answers a question with no, and hides the last result.
fn on_escape(root: &gtk::ApplicationWindow, context: &Context) {
    let keys = gtk::EventControllerKey::new();
    let context = context.clone();
    keys.connect_key_pressed(move |_, key, _, _| {
        if key == gdk::Key::Escape {
            context.send(Event::Declined);
        }
        gtk::glib::Propagation::Proceed
    });
    root.add_controller(keys);
}

fn style() {
    let provider = gtk::CssProvider::new();
    provider.load_from_data(STYLE);
    if let Some(display) = gdk::Display::default() {
        let priority = gtk::STYLE_PROVIDER_PRIORITY_APPLICATION;
        gtk::style_context_add_provider_for_display(&display, &provider, priority);
    }
}
