//! The state of the window, and what follows from an event: a function without a display, a bus or a
//! clock.
//!
//! | event | actions |
//! |---|---|
//! | the user starts an import, a check or an activation | `Import`, `ImportFiles`, `Activate`; or `Focus…` on what is missing |
//! | the user cancels | `CancelJob` once the job is known, `CancelFiles` |
//! | the user cancels the request that waits | `Withdraw` |
//! | the user wants a removal | none: the window asks first |
//! | the user confirms it | `Remove` |
//! | the import page is open, and time passes | `ListSticks` |
//! | the daemon has gone | none: what ran is given up, the last report stays |

pub(crate) mod actions;
pub(crate) mod events;
pub(crate) mod form;
pub(crate) mod notice;
#[cfg(test)]
mod tests;
mod work;

use std::sync::Arc;

use licd_device::{Failure, Report, Stick};
use licd_rules::ServiceStatus;

use actions::Action;
use events::{Absence, Event, Purpose, Question};
use form::{Field, Form, Tick};
use notice::{Complaint, Notice, Outcome};
use work::{Ended, Work};

pub(crate) use work::{Kind, Stage};

/// What the window is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The tool of the desktop.
    Tool,
    /// The page of the Setup Assistant.
    Activation,
}

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// The device and its services.
    Overview,
    /// The licences, and removing them.
    Licenses,
    /// Importing a licence; in the Setup Assistant, activating the device.
    Import,
    /// The device is activated.
    Done,
}

/// Where a licence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The licensing service, which issues an evaluation licence.
    Evaluation,
    /// An address.
    Url,
    /// An FTP server.
    Ftp,
    /// A file or a USB drive.
    File,
}

/// The state of the window.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) mode: Mode,
    pub(crate) page: Page,
    pub(crate) way: Way,
    pub(crate) form: Form,
    /// The last report; it stays while the daemon is absent.
    pub(crate) report: Option<Arc<Report>>,
    /// Why the daemon does not answer, if it does not.
    pub(crate) absence: Option<Absence>,
    pub(crate) sticks: Result<Vec<Stick>, Failure>,
    /// Where the terms of the evaluation are, once it is known.
    pub(crate) terms: Option<String>,
    /// What the window asks.
    pub(crate) question: Option<Question>,
    pub(crate) notice: Option<Notice>,
    pub(crate) work: Option<Work>,
    ended: Ended,
}

impl State {
    pub(crate) fn new(mode: Mode) -> Self {
        let (page, way) = match mode {
            Mode::Tool => (Page::Overview, Way::Url),
            Mode::Activation => (Page::Import, Way::Evaluation),
        };
        Self {
            mode,
            page,
            way,
            form: Form::default(),
            report: None,
            absence: None,
            sticks: Ok(Vec::new()),
            terms: None,
            question: None,
            notice: None,
            work: None,
            ended: Ended::default(),
        }
    }

    /// Whether the Workspace Edition is licensed.
    pub(crate) fn is_activated(&self) -> bool {
        self.report.as_ref().is_some_and(|report| report.state.status() == ServiceStatus::Licensed)
    }

    /// Whether an order can be given now.
    pub(crate) fn is_free(&self) -> bool {
        self.work.is_none() && self.absence.is_none() && self.report.is_some()
    }

    /// Takes an event and returns what follows from it, in order.
    pub(crate) fn update(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Opened(page) => self.open(page),
            Event::Chosen(way) => self.choose(way),
            Event::Typed(field, text) => self.type_text(field, text),
            Event::Ticked(tick, on) => self.tick(tick, on),
            Event::StickChosen(device) => self.choose_stick(device),
            Event::WantsFiles(purpose) => self.want_files(purpose),
            Event::FilesChosen(files, purpose) => self.start_files(files, purpose),
            Event::Started(purpose) => self.start(purpose),
            Event::Cancelled => self.cancel(),
            Event::WantsWithdrawal => self.withdraw(),
            Event::WantsRemoval(question) => self.ask(question),
            Event::RemovalChosen(selector) => self.ask(Question::Licenses(selector)),
            Event::Confirmed => self.confirm(),
            Event::Declined => self.decline(),
            Event::Dismissed => self.dismiss(),
            Event::WantsRefresh => vec![Action::Refresh],
            Event::Closed => vec![Action::Close],
            Event::Reported(report) => self.show(report),
            Event::Absent(absence) => self.miss(absence),
            Event::Begun(job) => self.begun(job),
            Event::Progressed(job, done, total) => self.progressed(&job, done, total),
            Event::Ended(job, verdict) => self.ended(job, verdict),
            Event::FilesDone(verdicts) => self.files_done(verdicts),
            Event::Removed(count) => self.end_work(Outcome::Removed(count), Vec::new()),
            Event::Withdrawn(withdrawn) => self.end_work(Outcome::Withdrawn(withdrawn), Vec::new()),
            Event::Refused(failure) => self.refused(failure),
            Event::NotRefreshed(failure) => self.not_refreshed(failure),
            Event::Sticks(sticks) => self.list_sticks(sticks),
            Event::Terms(place) => self.know_terms(place),
            Event::TimePassed => self.look_for_sticks(),
        }
    }

    fn open(&mut self, page: Page) -> Vec<Action> {
        self.page = page;
        self.look_for_sticks()
    }

    fn choose(&mut self, way: Way) -> Vec<Action> {
        self.way = way;
        self.look_for_sticks()
    }

    fn type_text(&mut self, field: Field, text: String) -> Vec<Action> {
        self.form.set_text(field, text);
        Vec::new()
    }

    fn tick(&mut self, tick: Tick, on: bool) -> Vec<Action> {
        self.form.set_tick(tick, on);
        Vec::new()
    }

    fn choose_stick(&mut self, device: std::path::PathBuf) -> Vec<Action> {
        self.form.stick = Some(device);
        Vec::new()
    }

    fn want_files(&self, purpose: Purpose) -> Vec<Action> {
        if self.is_free() { vec![Action::ChooseFiles(purpose)] } else { Vec::new() }
    }

    fn ask(&mut self, question: Question) -> Vec<Action> {
        self.question = Some(question);
        Vec::new()
    }

    /// Answers the question with no; without one, hides the last result.
    fn decline(&mut self) -> Vec<Action> {
        if self.question.take().is_none() {
            self.notice = None;
        }
        Vec::new()
    }

    fn dismiss(&mut self) -> Vec<Action> {
        self.notice = None;
        Vec::new()
    }

    fn show(&mut self, report: Arc<Report>) -> Vec<Action> {
        self.report = Some(report);
        self.absence = None;
        self.finish_activation();
        let wanted = self.mode == Mode::Activation && self.terms.is_none();
        if wanted { vec![Action::FindTerms] } else { Vec::new() }
    }

    fn know_terms(&mut self, place: String) -> Vec<Action> {
        self.terms = Some(place);
        Vec::new()
    }

    /// Opens the last page of the Setup Assistant once the device is activated and nothing runs.
    fn finish_activation(&mut self) {
        if self.mode == Mode::Activation && self.work.is_none() && self.is_activated() {
            self.page = Page::Done;
        }
    }

    fn miss(&mut self, absence: Absence) -> Vec<Action> {
        self.absence = Some(absence);
        match self.work {
            Some(_) => self.end_work(Outcome::Interrupted, Vec::new()),
            None => Vec::new(),
        }
    }

    fn look_for_sticks(&self) -> Vec<Action> {
        let looks = self.page == Page::Import && self.way == Way::File;
        if looks { vec![Action::ListSticks] } else { Vec::new() }
    }

    /// Takes the list, and chooses the only drive, or none where the chosen one was pulled.
    fn list_sticks(&mut self, sticks: Result<Vec<Stick>, Failure>) -> Vec<Action> {
        let listed = sticks.as_deref().unwrap_or_default();
        let is_there = |device: &std::path::PathBuf| listed.iter().any(|s| s.device() == device);
        self.form.stick = self.form.stick.take().filter(is_there);
        if let (None, [only]) = (&self.form.stick, listed) {
            self.form.stick = Some(only.device().to_owned());
        }
        self.sticks = sticks;
        Vec::new()
    }

    /// Shows what is missing, and moves the focus there.
    fn complain(&mut self, complaint: Complaint) -> Vec<Action> {
        let focus = match &complaint {
            Complaint::Missing(field) | Complaint::NoAddress(field, _) => {
                Some(Action::FocusField(*field))
            }
            Complaint::Terms => Some(Action::FocusTick(Tick::Terms)),
            Complaint::NoStick => None,
        };
        self.notice = Some(Notice { outcome: Outcome::Incomplete(complaint), lines: Vec::new() });
        focus.into_iter().collect()
    }
}
