//! `licctl import`

use std::fs::File;

use licd_device::{CLOCK_IGNORED, Failure, Fetch, FileVerdict, Login, Place, Url};
use licd_fs::printable::reason;
use licd_rules::Code;
use licensing_words as words;

use super::source;
use super::stick::{self, Found};
use crate::args::Import;
use crate::backend::{Backend, Detail};
use crate::document::Document;
use crate::output::{Output, VerbResult, Verdict};
use crate::progress::Progress;

/// The documents from all sources.
#[derive(Default)]
struct Gathered {
    documents: Vec<Document>,
    /// Messages about empty sources.
    empty: Vec<String>,
    /// The verdicts on sources that the daemon imported itself.
    done: Vec<FileVerdict>,
}

pub(crate) fn run(backend: &Backend, order: &Import, out: &mut Output) -> VerbResult {
    let login = login(order);
    let fetch = |url: &Url| fetch(backend, url, login.clone()?, out.is_json());
    let Gathered { documents, empty, done: mut verdicts } = gather(backend, order, fetch);
    if order.check {
        verdicts.extend(backend.check_together(documents));
    } else {
        let detail = if out.is_json() { Detail::Contents } else { Detail::Any };
        verdicts.extend(backend.import(documents, order.intent(), detail));
    }
    source::print(&verdicts, out)?;
    if !out.is_json() {
        let words = words::of_user();
        let text = |message: &String| words::line(words, None, message);
        empty.iter().try_for_each(|message| out.line(format_args!("{}", text(message))))?;
    }
    Ok(verdict(&verdicts, order.check))
}

fn gather(
    backend: &Backend,
    order: &Import,
    fetch: impl Fn(&Url) -> Result<File, Failure>,
) -> Gathered {
    let mut gathered = Gathered::default();
    for source in &order.sources {
        gathered.documents.push(match &source.place {
            Ok(Place::File(path)) => source::document(path),
            Ok(Place::Url(url)) => Document::opened(url.to_string(), fetch(url)),
            Ok(Place::Stick(device)) => {
                match stick::find(backend, device.as_deref(), order) {
                    Found::Files(files) => gathered.documents.extend(files),
                    Found::Nothing(message) => gathered.empty.push(message),
                    Found::Done(verdict) => gathered.done.push(verdict),
                }
                continue;
            }
            Err(failure) => {
                Document::opened(Place::refused_name(&source.text), Err(failure.clone()))
            }
        });
    }
    gathered
}

fn fetch(
    backend: &Backend,
    url: &Url,
    login: Option<Login>,
    silent: bool,
) -> Result<File, Failure> {
    let mut progress = Progress::new(&url.to_string(), silent);
    let order = Fetch { login, ..Fetch::default() };
    let settings = backend.settings()?;
    let fetched =
        backend.device().fetch(&settings, url, order, |done, total| progress.at(done, total))?;
    drop(progress);
    if fetched.clock_ignored {
        log::warn!("{url}: {CLOCK_IGNORED}");
    }
    fetched.whole()
}

fn login(order: &Import) -> Result<Option<Login>, Failure> {
    let Some(user) = order.user.clone() else { return Ok(None) };
    match order.password_file.as_deref() {
        None => Ok(Some(Login { user, password: String::new() })),
        Some(file) if file.as_os_str() == "-" => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password).map_err(|error| Failure {
                code: Code::SourceRefused,
                message: format!("password from standard input: {}", reason(&error)),
            })?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            Ok(Some(Login { user, password }))
        }
        Some(file) => Login::with_password_file(user, file).map(Some),
    }
}

/// A check returns the most severe verdict; an import succeeds if any file was accepted. Without any
/// file, the answer is no.
fn verdict(files: &[FileVerdict], check: bool) -> Verdict {
    if check && !files.is_empty() {
        return source::worst(files.iter());
    }
    Code::of_all(files.iter().map(|file| file.code)).map_or(Verdict::No, Verdict::Code)
}
