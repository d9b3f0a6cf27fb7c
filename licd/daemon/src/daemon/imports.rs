//! Imports: their start, outcome and end.

use std::io;
use std::sync::Arc;

use licd_device::{Failure, FileVerdict, Imported, Intent};
use licd_fs::printable::reason;
use licd_rules::Code;
use license_format::PackId;

use super::Daemon;
use super::orders::Pending;
use crate::dispatch::{Event, Ticket, Work};
use crate::jobs::{self, Job, JobId, Source};
use crate::journal;
use crate::shared::{ImportReply, Order, Published, Refusal};

/// The outcome of an import.
pub(super) struct Outcome {
    /// The verdict on all its documents, and a line on each; or the reason without a verdict.
    verdict: Result<(Code, String), String>,
    /// The packs that a link of the settings brought; empty for an import by stick or hand.
    pub(super) deployed: Vec<PackId>,
}

impl Outcome {
    /// Logs and sums up the verdicts on the documents of a job.
    pub(super) fn of(job: &Job, own: Vec<Imported>, is_link: bool) -> Self {
        // A link to licences that are installed already is followed every day.
        let is_news = |one: &&Imported| {
            !job.is_check() && (one.changed || !one.verdict.code.is_accepted() || !is_link)
        };
        own.iter().filter(is_news).for_each(|one| log_import(&one.verdict));
        let verdicts: Vec<_> = own.into_iter().map(|one| one.verdict).collect();
        let mut deployed = Vec::new();
        if is_link {
            deployed.extend(verdicts.iter().filter_map(|file| file.pack.clone()));
        }
        Self { verdict: summary(job, &verdicts), deployed }
    }

    /// No thread could be started for an import; nothing is stored.
    pub(super) fn out_of_resources(error: &io::Error) -> Self {
        Self { verdict: Ok((Code::Busy, no_resources(error))), deployed: Vec::new() }
    }

    fn fault(job: &Job) -> Self {
        let message = format!("{}: the import failed by a fault of licd", job.name);
        Self { verdict: Err(message), deployed: Vec::new() }
    }

    pub(super) fn code(&self) -> Option<Code> {
        self.verdict.as_ref().ok().map(|(code, _)| *code)
    }

    /// Whether it was a deployment that changes what is allowed. That is compared with the beginning of
    /// the import: a refresh for another reason may have come before its own, and seen already what it
    /// stored.
    pub(super) fn is_deployment(&self, job: &Job, now: &Published) -> bool {
        !self.deployed.is_empty() && job.allowed_before != now.allowed()
    }
}

impl Daemon {
    /// Starts the import that a caller has ordered.
    pub(super) fn start_import(&mut self, job: JobId, ticket: Ticket) -> Option<Event> {
        let Pending::Order(order) = self.pending.remove(&ticket)? else { return None };
        let Order::Import { source, intent, name, owner, reply } = *order else { return None };
        match (self.start_reading(job, source, intent, name, owner), reply) {
            (Ok(()), ImportReply::Verdict(reply)) => {
                self.pending.insert(ticket, Pending::Verdict(reply));
                None
            }
            (Ok(()), ImportReply::Begun(reply)) => {
                // After the object, which the caller wants to use at once.
                self.bus(|bus| bus.then(move || reply(Ok(job))));
                None
            }
            (Err(refusal), reply) => {
                reply.refuse(refusal);
                Some(Event::NotStarted(Work::Import(job)))
            }
        }
    }

    /// Has a thread read the documents of a job, and shows the job.
    pub(super) fn start_reading(
        &mut self,
        id: JobId,
        source: Source,
        intent: Intent,
        name: String,
        owner: String,
    ) -> Result<(), Refusal> {
        let kind = source.kind();
        let job = Job::new(id, kind, name, owner, intent, &self.shared.published().allowed())
            .map_err(|reason| out_of_resources(&reason.into()))?;
        let job = Arc::new(job);
        let begun = match source.is_file() {
            true => self.files.read(&self.shared, &self.device, &job, source),
            false => jobs::read(&self.shared, &self.device, &job, source),
        };
        begun.map_err(|error| out_of_resources(&error))?;
        self.jobs.insert(id, job);
        self.show_job(id);
        Ok(())
    }

    pub(super) fn show_job(&self, job: JobId) {
        if let Some(job) = self.jobs.get(&job) {
            self.bus(|bus| bus.job_began(Arc::clone(job)));
        }
    }

    /// Reports the end of an import on the bus, and to the caller that waits for it.
    pub(super) fn end_import(&mut self, id: JobId, caller: Option<Ticket>) {
        let Some(job) = self.jobs.remove(&id) else { return };
        let outcome = self.outcomes.remove(&id).unwrap_or_else(|| Outcome::fault(&job));
        job.finish();
        let (word, message) = match &outcome.verdict {
            Ok((code, message)) => (code.as_str(), message.clone()),
            Err(message) => ("failed", message.clone()),
        };
        self.bus(|bus| bus.job_ended(id, word, message));
        let caller = caller.and_then(|ticket| self.pending.remove(&ticket));
        let Some(Pending::Verdict(reply)) = caller else { return };
        let answer = match outcome.verdict {
            Ok((code, _)) if code.is_accepted() => Ok(code),
            Ok((code, message)) => Err(Refusal::Verdict(Failure { code, message })),
            Err(message) => Err(Refusal::Fault(message)),
        };
        self.bus(|bus| bus.then(move || reply(answer)));
    }
}

/// The verdict on all files of a source, and a line about each.
fn summary(job: &Job, verdicts: &[FileVerdict]) -> Result<(Code, String), String> {
    let Some(code) = Code::of_all(verdicts.iter().map(|file| file.code)) else {
        return Err(format!("{}: holds nothing to import", job.name));
    };
    let lines = verdicts.iter().map(|file| format!("{}: {}", file.file, file.message));
    Ok((code, lines.collect::<Vec<_>>().join("\n")))
}

fn out_of_resources(error: &io::Error) -> Refusal {
    Refusal::new(Code::Busy, no_resources(error))
}

fn no_resources(error: &io::Error) -> String {
    format!("licd: is out of resources ({}); try again later", reason(error))
}

fn log_import(verdict: &FileVerdict) {
    let FileVerdict { file, code, message, pack, units } = verdict;
    let pack = pack.as_ref().map_or("", PackId::as_str);
    let units = units.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let code_word = code.as_str();
    if code.is_accepted() {
        log::info!(
            MESSAGE_ID = journal::IMPORTED,
            LICD_FILE = file, LICD_CODE = code_word, LICD_PACK = pack, LICD_UNIT = units;
            "{file}: {message}"
        );
    } else {
        let store = matches!(code, Code::StoreFull | Code::StoreUnwritable);
        let id = if store { journal::STORE_PROBLEM } else { journal::REFUSED };
        log::warn!(
            MESSAGE_ID = id,
            LICD_FILE = file, LICD_CODE = code_word, LICD_PACK = pack, LICD_UNIT = units;
            "{file}: {message}"
        );
    }
}
