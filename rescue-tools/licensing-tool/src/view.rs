//! The view: widgets that are drawn from the state, and that send what the user does as events.
//!
//! Texts and check boxes belong to their widgets; the state follows them. Everything else is drawn from
//! the state after each event.

mod done;
mod forms;
mod import;
mod licenses;
mod list;
mod look;
mod overview;
mod question;
mod status;
mod window;

use std::cell::{Cell, RefCell};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gtk::prelude::*;
use gtk::{gio, glib};
use licd_device::Device;
use licd_fs::root::Root;
use licd_rules::Language;
use zruntime::mpmc::{Receiver, Sender, unbounded};

use crate::args::Args;
use crate::bus::Bus;
use crate::labels::Labels;
use crate::state::actions::Action;
use crate::state::events::{Event, Purpose};
use crate::state::{Mode, Page, State, Way};
use window::Window;

/// How often the USB drives are listed while their list is open.
const DRIVES: Duration = Duration::from_secs(2);

/// What every part of the view needs: texts, and a way to send events.
#[derive(Clone)]
struct Context {
    labels: Labels,
    events: Sender<Event>,
}

impl Context {
    fn send(&self, event: Event) {
        // Fails only once the window has gone.
        let _ = self.events.try_send(event);
    }
}

/// Shows the window until it is closed.
///
/// # Errors
/// The reason, for people.
pub(crate) fn run(args: Args) -> Result<ExitCode, String> {
    gtk::init().map_err(|_| "no display; run it in a desktop session".to_owned())?;
    let id = match args.mode {
        Mode::Tool => "com.igel.LicensingTool",
        Mode::Activation => "com.igel.LicensingTool.Activation",
    };
    let root = Root::new(&args.root).map_err(|unavailable| unavailable.to_string())?;
    let device = Arc::new(Device::at(root));
    let application = gtk::Application::builder().application_id(id).build();
    let activated = Rc::new(Cell::new(false));
    let (mode, seen) = (args.mode, Rc::clone(&activated));
    application.connect_activate(move |application| {
        // A second start shows the window of the first.
        match application.active_window() {
            Some(window) => window.present(),
            None => open(application, &args, &device, &seen),
        }
    });
    application.run_with_args::<&str>(&[]);
    // The Setup Assistant goes on by the exit code.
    let failed = mode == Mode::Activation && !activated.get();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn open(
    application: &gtk::Application,
    args: &Args,
    device: &Arc<Device>,
    activated: &Rc<Cell<bool>>,
) {
    let (events, inbox) = unbounded();
    let language = Language::of(|name| std::env::var(name).ok());
    let context = Context { labels: Labels::of(language), events: events.clone() };
    let bus = match Bus::start(args.bus.clone(), events) {
        Ok(bus) => bus,
        Err(error) => {
            crate::report(&format!("bus: {}", licd_fs::printable::reason(&error)));
            return application.quit();
        }
    };
    let state = State::new(args.mode);
    let window = Window::new(application, &context, &state);
    look::follow_desktop();
    window.root.present();
    let app = App {
        state: RefCell::new(state),
        device: Arc::clone(device),
        activated: Rc::clone(activated),
        drives: RefCell::new(None),
        context,
        window,
        bus,
    };
    app.draw();
    glib::spawn_future_local(app.serve(inbox));
}

/// The running program: the only place that knows state, view and bus.
struct App {
    context: Context,
    state: RefCell<State>,
    window: Window,
    bus: Bus,
    device: Arc<Device>,
    activated: Rc<Cell<bool>>,
    /// The timer that lists the USB drives while their list is open.
    drives: RefCell<Option<glib::SourceId>>,
}

impl App {
    async fn serve(self, inbox: Receiver<Event>) {
        while let Ok(event) = inbox.recv().await {
            let actions = self.state.borrow_mut().update(event);
            self.draw();
            for action in actions {
                self.carry_out(action);
            }
        }
    }

    fn draw(&self) {
        let state = self.state.borrow();
        self.window.draw(&state);
        self.activated.set(state.is_activated());
        self.watch_drives(state.page == Page::Import && state.way == Way::File);
    }

    fn carry_out(&self, action: Action) {
        match action {
            Action::ListSticks => self.list_sticks(),
            Action::FindTerms => self.find_terms(),
            Action::ChooseFiles(purpose) => self.choose_files(purpose),
            Action::FocusField(field) => self.window.focus_field(field),
            Action::FocusTick(tick) => self.window.focus_tick(tick),
            Action::ClearField(field) => self.window.clear_field(field),
            Action::Close => self.window.root.close(),
            action => self.bus.order(action),
        }
    }

    fn watch_drives(&self, wanted: bool) {
        let mut timer = self.drives.borrow_mut();
        if wanted && timer.is_none() {
            let context = self.context.clone();
            *timer = Some(glib::timeout_add_local(DRIVES, move || {
                context.send(Event::TimePassed);
                glib::ControlFlow::Continue
            }));
        } else if !wanted && let Some(timer) = timer.take() {
            timer.remove();
        }
    }

    /// Lists the drives on a thread: a drive that fails may answer late.
    fn list_sticks(&self) {
        let (device, context) = (Arc::clone(&self.device), self.context.clone());
        glib::spawn_future_local(async move {
            if let Ok(sticks) = gio::spawn_blocking(move || device.sticks()).await {
                context.send(Event::Sticks(sticks));
            }
        });
    }

    /// Reads where the terms are in the configuration of licd, which every user may read.
    fn find_terms(&self) {
        let (device, context) = (Arc::clone(&self.device), self.context.clone());
        let find = move || {
            let survey = device.survey_without_licenses().ok()?;
            let activation = &survey.config().activation;
            let service = || activation.url.as_ref().map(licd_device::Url::origin);
            activation.terms.clone().or_else(service)
        };
        glib::spawn_future_local(async move {
            if let Ok(Some(place)) = gio::spawn_blocking(find).await {
                context.send(Event::Terms(place));
            }
        });
    }

    fn choose_files(&self, purpose: Purpose) {
        import::choose_files(&self.window.root, &self.context, purpose);
    }
}
