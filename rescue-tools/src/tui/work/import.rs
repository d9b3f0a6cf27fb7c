//! Imports and checks, by the functions of the verbs.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use licd_device::{
    Application, CLOCK_IGNORED, Failure, Fetch, FileVerdict, Intent, Login, Place, Proxy, Url,
};
use licd_fs::printable::escaped;
use licd_rules::Code;

use super::super::event::{Effect, Event, ImportSource, Outcome};
use super::Cancel;
use crate::backend::{Backend, CancelBy, Detail, JobOptions, Wish};
use crate::document::Document;
use crate::verbs::stick::{self, Found};

/// The interval between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(100);

/// Imports or checks what a source holds.
pub(super) fn run(
    backend: &Backend,
    source: ImportSource,
    effect: Effect,
    cancel: &Cancel,
    events: &Sender<Event>,
) -> Outcome {
    match source {
        ImportSource::File(path) => {
            let document = Document::at(ImportSource::File(path.clone()).name(), &path);
            take(backend, vec![document], effect)
        }
        ImportSource::Stick { device, file } => {
            let whole = (effect == Effect::Import && file.is_none()).then_some(Intent::Explicit);
            match stick::read(backend, &device, whole) {
                Found::Files(mut files) => {
                    files.retain(|found| {
                        file.as_ref()
                            .is_none_or(|file| found.name == *file || found.file().is_err())
                    });
                    take(backend, files, effect)
                }
                Found::Nothing(message) => Outcome::Nothing(message),
                Found::Done(verdict) => Outcome::Files(vec![verdict]),
            }
        }
        ImportSource::Server { url, login, proxy } => {
            let server = Server { backend, url, login, proxy, cancel, events };
            server.import(effect)
        }
    }
}

fn take(backend: &Backend, documents: Vec<Document>, effect: Effect) -> Outcome {
    Outcome::Files(match effect {
        Effect::Import => backend.import(documents, Intent::Explicit, Detail::Contents),
        Effect::CheckOnly => backend.check_together(documents),
    })
}

/// Sends a request for a licence and imports the answer.
pub(super) fn activate(
    backend: &Backend,
    application: &Application,
    cancel: &Cancel,
    events: &Sender<Event>,
) -> Outcome {
    let settings = backend.settings();
    let url = match settings.and_then(|known| known.activation_url(application.url())) {
        Ok(url) => url.to_string(),
        Err(failure) => return Outcome::Failed(failure),
    };
    let by = CancelBy { is_asked: &|| cancel.is_asked(), readable: cancel.reader.as_fd() };
    let verdict = backend.activate(&url, application, Some(by), |done, total| {
        let _ = events.send(Event::Progress(done, total));
    });
    Outcome::Files(vec![verdict])
}

/// A file on a server.
struct Server<'a> {
    backend: &'a Backend,
    url: Url,
    login: Option<Login>,
    proxy: Option<String>,
    cancel: &'a Cancel,
    events: &'a Sender<Event>,
}

impl Server<'_> {
    /// An import with the daemon is a job of the daemon; a check changes nothing and needs none.
    fn import(self, effect: Effect) -> Outcome {
        if effect == Effect::Import
            && let Some(verdict) = self.by_daemon()
        {
            return Outcome::Files(vec![verdict]);
        }
        let name = self.url.to_string();
        let document = Document::opened(name, self.fetch());
        if self.cancel.is_asked() {
            return Outcome::Cancelled;
        }
        take(self.backend, vec![document], effect)
    }

    fn by_daemon(&self) -> Option<FileVerdict> {
        let options = JobOptions {
            intent: Intent::Explicit,
            login: self.login.as_ref(),
            proxy: self.proxy.as_deref(),
        };
        let watch = |done, total| {
            self.report(done, Some(total).filter(|total| *total > 0));
            if self.cancel.is_asked() { Wish::Cancel } else { Wish::GoOn }
        };
        let name = self.url.to_string();
        let mut verdict = self.backend.import_by_daemon(&self.url.as_secret(), options, watch)?;
        // The name of the source is on the screen already.
        let unnamed = verdict.message.strip_prefix(&name).and_then(|rest| rest.strip_prefix(": "));
        verdict.message = unnamed.map_or(verdict.message.clone(), str::to_owned);
        verdict.file = name;
        Some(verdict)
    }

    fn fetch(&self) -> Result<File, Failure> {
        let proxy = self.proxy.as_deref().map(proxy).transpose()?;
        let cancel = Some(self.cancel.reader.as_fd());
        let order = Fetch { login: self.login.clone(), proxy, cancel, ..Fetch::default() };
        let mut reported = Instant::now();
        let progress = |done, total| {
            if reported.elapsed() >= PROGRESS {
                reported = Instant::now();
                self.report(done, total);
            }
        };
        let settings = self.backend.settings()?;
        let fetched = self.backend.device().fetch(&settings, &self.url, order, progress)?;
        if fetched.clock_ignored {
            log::warn!("{}: {CLOCK_IGNORED}", self.url);
        }
        fetched.whole()
    }

    fn report(&self, done: u64, total: Option<u64>) {
        let _ = self.events.send(Event::Progress(done, total));
    }
}

fn proxy(text: &str) -> Result<Proxy, Failure> {
    Proxy::parse(text).map_err(|error| Failure {
        code: Code::SourceRefused,
        message: format!("proxy {}: {error}", escaped(&Place::refused_name(text.as_ref()))),
    })
}
