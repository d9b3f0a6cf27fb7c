//! Imports, from the order to the last word about them.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use licd_device::{Failure, FileVerdict, Imported, Intent};
use licd_fs::printable::reason;
use licd_rules::Code;
use license_format::PackId;

use super::{Daemon, deployment};
use crate::hub::{ImportReply, Published, Refusal, Reply};
use crate::jobs::{self, Job, JobId, Read, Source};
use crate::journal;

/// How long a job is shown after its end, for those who ask late.
const LINGER: Duration = Duration::from_secs(10);
/// Ended jobs that are shown, each of which keeps a descriptor open; of more, the oldest go earlier.
const LINGERING: usize = 64;

/// Who waits for the verdict of an import, if it is not the job's object alone.
pub(super) type ImportCaller = Option<Reply<Code>>;

/// What is to be imported for a job.
pub(super) struct Arrived {
    pub(super) job: Arc<Job>,
    pub(super) read: Read,
}

/// An import whose end is still to be told.
pub(super) struct EndedImport {
    job: Arc<Job>,
    caller: ImportCaller,
    outcome: Result<(Code, String), String>,
    /// The packs that a link of the settings brought. Of an import by stick or hand there are none.
    deployed: Vec<PackId>,
}

impl EndedImport {
    /// The name of the deployment, if it was one that changes what is allowed. That is compared with
    /// the beginning of the import: a look that somebody else has caused may have come before its own,
    /// and seen already what it stored.
    pub(super) fn deployment(&self, now: &Published) -> Option<String> {
        let is_one = !self.deployed.is_empty() && self.job.allowed_before != now.allowed();
        is_one.then(|| deployment::name(&self.deployed, now))
    }
}

impl Daemon {
    pub(super) fn import(
        &mut self,
        source: Source,
        intent: Intent,
        name: String,
        owner: String,
        reply: ImportReply,
    ) {
        match self.begin_import(source, intent, name, owner) {
            Err(refusal) => match reply {
                ImportReply::Begun(reply) => reply(Err(refusal)),
                ImportReply::Verdict(reply) => reply(Err(refusal)),
            },
            Ok(id) => {
                let caller = match reply {
                    ImportReply::Verdict(reply) => Some(reply),
                    ImportReply::Begun(reply) => {
                        // Behind the object, which the caller wants to use at once.
                        self.bus(|bus| bus.then(move || reply(Ok(id))));
                        None
                    }
                };
                if let Some((_, waiting)) = self.jobs.get_mut(&id) {
                    *waiting = caller;
                }
            }
        }
    }

    /// Begins an import for this owner, and shows its job.
    pub(super) fn begin_import(
        &mut self,
        source: Source,
        intent: Intent,
        name: String,
        owner: String,
    ) -> Result<JobId, Refusal> {
        self.room(&name)?;
        self.room_of(&owner, &name)?;
        let id: JobId = self.last_job.wrapping_add(1);
        let job = Job::new(id, name, owner, intent, &self.hub.published().allowed())
            .map_err(|reason| out_of_resources(&reason.into()))?;
        let job = Arc::new(job);
        let is_file = source.is_file();
        jobs::read(&self.hub, &self.device, &job, source).map_err(|e| out_of_resources(&e))?;
        self.last_job = id;
        self.at_work += 1;
        self.bus(|bus| bus.job_began(Arc::clone(&job)));
        self.jobs.insert(id, (job, None));
        if is_file {
            self.reading.insert(id);
        }
        Ok(id)
    }

    /// What a job is to import was read.
    pub(super) fn arrived(&mut self, job: Arc<Job>, read: Option<Box<Read>>) {
        self.at_work -= 1;
        self.reading.remove(&job.id);
        match read {
            Some(read) => {
                self.arrived.insert(job.id, Arrived { job, read: *read });
                self.timers.arrived.stir(Instant::now());
            }
            None => {
                let ended = self.imported(job, None);
                self.import_ended(ended);
            }
        }
    }

    /// Imports what has arrived, unless a refresh runs: then with the next one.
    pub(super) fn begin_imports(&mut self) {
        let is_ready = self.arrived.iter().any(|(id, one)| self.is_next(*id, &one.job.owner));
        if is_ready && self.timers.arrived.due().is_none() {
            self.look_again();
        }
    }

    /// What has arrived, in the order of the jobs.
    pub(super) fn take_arrived(&mut self) -> Vec<Arrived> {
        let mut arrived = std::mem::take(&mut self.arrived);
        let ready = arrived.extract_if(.., |id, one| self.is_next(*id, &one.job.owner));
        let ready = ready.map(|(_, one)| one).collect();
        self.arrived = arrived;
        ready
    }

    /// Whether it is the turn of a job. Files of one caller are imported in the order in which he
    /// named them: none before an earlier one that is still being read.
    fn is_next(&self, id: JobId, owner: &str) -> bool {
        let is_own =
            |earlier: &JobId| self.jobs.get(earlier).is_some_and(|(j, _)| j.owner == owner);
        !self.reading.range(..id).any(is_own)
    }

    pub(super) fn put_back(&mut self, arrived: Vec<Arrived>) {
        self.arrived.extend(arrived.into_iter().map(|one| (one.job.id, one)));
    }

    /// Takes note of the end of an import; without documents, of a fault.
    pub(super) fn imported(&mut self, job: Arc<Job>, own: Option<Vec<Imported>>) -> EndedImport {
        let caller = self.jobs.remove(&job.id).and_then(|(_, caller)| caller);
        let is_link = self.polling.is_link(job.id);
        let mut deployed = Vec::new();
        let outcome = match own {
            Some(own) => {
                // A link that leads to what is here already is asked every day.
                let is_news =
                    |one: &&Imported| one.changed || !one.verdict.code.is_accepted() || !is_link;
                own.iter().filter(is_news).for_each(|one| log_import(&one.verdict));
                let verdicts: Vec<_> = own.into_iter().map(|one| one.verdict).collect();
                if is_link {
                    deployed.extend(verdicts.iter().filter_map(|file| file.pack.clone()));
                }
                summary(&job, &verdicts)
            }
            None => Err(format!("{}: the import failed by a fault of licd", job.name)),
        };
        EndedImport { job, caller, outcome, deployed }
    }

    /// Tells the end of an import.
    pub(super) fn import_ended(&mut self, ended: EndedImport) {
        let EndedImport { job, caller, outcome, deployed: _ } = ended;
        job.finish();
        self.lingering.push_back((Instant::now() + LINGER, job.id));
        if self.lingering.len() > LINGERING
            && let Some((_, id)) = self.lingering.pop_front()
        {
            self.bus(|bus| bus.forget_job(id));
        }
        let (word, message) = match &outcome {
            Ok((code, message)) => (code.as_str(), message.clone()),
            Err(message) => ("failed", message.clone()),
        };
        let (id, code) = (job.id, outcome.as_ref().ok().map(|(code, _)| *code));
        self.bus(|bus| bus.job_ended(job, word, message));
        self.link_followed(id, code);
        let Some(caller) = caller else { return };
        let answer = match outcome {
            Ok((code, _)) if code.is_accepted() => Ok(code),
            Ok((code, message)) => Err(Refusal::Verdict(Failure { code, message })),
            Err(message) => Err(Refusal::Fault(message)),
        };
        self.bus(|bus| bus.then(move || caller(answer)));
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
    Refusal::new(
        Code::Busy,
        format!("licd: is out of resources ({}); try again later", reason(error)),
    )
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
