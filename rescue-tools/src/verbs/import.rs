//! `licctl import`

use std::fs::File;
use std::io::Seek as _;

use licd_device::{CLOCK_IGNORED, Failure, Fetch, FileVerdict, Intent, Login, Place, Url};
use licd_fs::printable::reason;
use licd_rules::Code;

use super::source;
use super::stick::{self, Found};
use crate::args::Import;
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};
use crate::progress::Progress;

/// A file to import, which can be read more than once; or why there is none.
pub(super) struct Document {
    pub(super) name: String,
    pub(super) file: Result<File, Failure>,
}

/// What all sources hold.
#[derive(Default)]
struct Gathered {
    documents: Vec<Document>,
    /// What was said about those that hold nothing.
    words: Vec<String>,
    /// What the daemon has imported already.
    done: Vec<FileVerdict>,
}

pub(crate) fn run(desk: &Desk, order: &Import, out: &mut Out) -> Answer {
    let login = login(order);
    let fetch = |url: &Url| fetch(desk, url, login.clone()?, out.is_json());
    let Gathered { documents, words, done: mut verdicts } = gather(desk, order, fetch);
    if order.check {
        let check = |name: &str, file| desk.device().check(name, file).0;
        verdicts.extend(documents.into_iter().map(|document| document.judge(check)));
    } else {
        verdicts.extend(import(desk, &documents, order.intent()));
    }
    source::print(&verdicts, out)?;
    if !out.is_json() {
        words.iter().try_for_each(|words| out.line(format_args!("{words}")))?;
    }
    Ok(verdict(&verdicts, order.check))
}

fn gather(desk: &Desk, order: &Import, fetch: impl Fn(&Url) -> Result<File, Failure>) -> Gathered {
    let mut gathered = Gathered::default();
    for source in &order.sources {
        let (name, file) = match &source.place {
            Ok(Place::File(path)) => (source::name(path), source::open(path)),
            Ok(Place::Url(url)) => (url.to_string(), fetch(url)),
            Ok(Place::Stick(device)) => {
                match stick::find(desk, device.as_deref(), order) {
                    Found::Files(files) => gathered.documents.extend(files),
                    Found::Nothing(words) => gathered.words.push(words),
                    Found::Done(verdict) => gathered.done.push(verdict),
                }
                continue;
            }
            Err(failure) => (Place::refused_name(&source.text), Err(failure.clone())),
        };
        gathered.documents.push(Document { name, file });
    }
    gathered
}

fn fetch(desk: &Desk, url: &Url, login: Option<Login>, silent: bool) -> Result<File, Failure> {
    let mut progress = Progress::new(&url.to_string(), silent);
    let order = Fetch { login, ..Fetch::default() };
    let fetched = desk.device().fetch(url, order, |done, total| progress.at(done, total))?;
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

impl Document {
    fn judge(&self, judge: impl FnOnce(&str, File) -> FileVerdict) -> FileVerdict {
        let again = |mut file: File| file.rewind().map(|()| file);
        match &self.file {
            Err(failure) => FileVerdict::unread(&self.name, failure.clone()),
            Ok(file) => match file.try_clone().and_then(again) {
                Ok(file) => judge(&self.name, file),
                Err(error) => {
                    let message = format!("cannot be read: {}", reason(&error));
                    let failure = Failure { code: Code::SourceUnreachable, message };
                    FileVerdict::unread(&self.name, failure)
                }
            },
        }
    }
}

fn import(desk: &Desk, documents: &[Document], intent: Intent) -> Vec<FileVerdict> {
    let judge = |document: &Document| document.judge(|name, file| desk.import(name, file, intent));
    let mut verdicts: Vec<_> = documents.iter().map(judge).collect();
    // A licence may have been named before the trust document that vouches for its key.
    if verdicts.iter().any(|file| file.code.is_accepted()) {
        for (document, verdict) in documents.iter().zip(&mut verdicts) {
            if matches!(verdict.code, Code::UnknownKey | Code::UntrustedProduct) {
                *verdict = judge(document);
            }
        }
    }
    verdicts
}

/// A check answers for the gravest of its files; an import is good if something was accepted. Of
/// nothing, the answer is no.
fn verdict(files: &[FileVerdict], check: bool) -> Verdict {
    if check && !files.is_empty() {
        return source::worst(files.iter());
    }
    Code::of_all(files.iter().map(|file| file.code)).map_or(Verdict::No, Verdict::Code)
}
