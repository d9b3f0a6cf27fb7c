//! The backend of every verb: the daemon if it runs, otherwise the device itself. Both return the
//! same answers.

mod activation;

use std::cell::OnceCell;
use std::fs::File;
use std::os::fd::BorrowedFd;

use licd_device::{
    Arrival, Device, Extent, Failure, FeatureReport, FileVerdict, Genuine, Imported, Intent, Login,
    Missing, Partial, Removed, Report, Survey,
};
use licd_fs::root::Root;
use licd_rules::{Code, Feature, Generation, Reason, Selector, Version};
use license_format::Date;

use crate::args::Access;
use crate::bus::{self, Daemon};

pub(crate) use activation::Withdrawn;

/// The connection to the daemon, or direct access to the device.
pub(crate) struct Backend {
    device: Device,
    daemon: Option<Daemon>,
    missing: OnceCell<Missing>,
    /// The first complete survey of the device.
    known: OnceCell<Survey>,
    /// The first survey for verdicts alone.
    verdicts: OnceCell<Survey>,
}

/// A file to import, or the reason it could not be opened. The file can be read more than once.
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) file: Result<File, Failure>,
}

/// What a verdict says besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The pack and the units of the file. The daemon does not say them, so the file is read once more.
    Contents,
    /// Perhaps nothing.
    Any,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Daemon,
    Device,
}

/// The options of an import by the daemon.
#[cfg_attr(
    not(feature = "bus"),
    expect(dead_code, reason = "a build without a bus never finds a daemon that reads them")
)]
pub(crate) struct JobOptions<'a> {
    pub(crate) intent: Intent,
    /// The credentials for a server.
    pub(crate) login: Option<&'a Login>,
    /// The address of a proxy, with its credentials.
    pub(crate) proxy: Option<&'a str>,
}

impl Default for JobOptions<'_> {
    fn default() -> Self {
        Self { intent: Intent::Explicit, login: None, proxy: None }
    }
}

/// How to cancel what runs here.
#[derive(Clone, Copy)]
pub(crate) struct CancelBy<'a> {
    /// Whether the user has asked for it.
    pub(crate) is_asked: &'a dyn Fn() -> bool,
    /// Becomes readable then.
    pub(crate) readable: BorrowedFd<'a>,
}

/// What becomes of a job that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    GoOn,
    Cancel,
}

impl Backend {
    /// Connects to the daemon if the arguments allow it and the daemon owns its bus name. Never starts
    /// the daemon.
    pub(crate) fn open(access: &Access) -> Self {
        Self { daemon: Daemon::wanted(access), ..Self::direct(access) }
    }

    /// Answers without the daemon.
    pub(crate) fn direct(access: &Access) -> Self {
        Self {
            device: Device::at(Root::new(&access.root)),
            daemon: None,
            missing: OnceCell::new(),
            known: OnceCell::new(),
            verdicts: OnceCell::new(),
        }
    }

    /// What could not be read for the answers so far. Always `None` with the daemon, which answers from
    /// its last complete survey.
    pub(crate) fn missing(&self) -> Option<&Missing> {
        self.missing.get()
    }

    /// Who answers.
    pub(crate) fn by(&self) -> By {
        if self.daemon.is_some() { By::Daemon } else { By::Device }
    }

    /// The device itself, for read-only access.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// The status report as JSON.
    pub(crate) fn status_json(&self) -> Result<String, Failure> {
        match &self.daemon {
            Some(daemon) => daemon.status(),
            None => Ok(licd_device::to_json(&self.own_report()?)),
        }
    }

    /// The status report.
    pub(crate) fn report(&self) -> Result<Report, Failure> {
        let Some(daemon) = &self.daemon else {
            return self.own_report();
        };
        serde_json::from_str(&daemon.status()?).map_err(|error| Failure {
            code: Code::Timeout,
            message: format!("licd: its status report cannot be read: {error}; restart licd"),
        })
    }

    fn own_report(&self) -> Result<Report, Failure> {
        let survey = self.survey(Extent::Report);
        let mut report = survey.report(&self.device.time(&survey)?);
        report.problems.extend(self.missing().into_iter().flat_map(Missing::problems));
        Ok(report)
    }

    /// Whether a feature is allowed, and the generation of the system that this holds for; `None` for a
    /// feature that the daemon does not know.
    pub(crate) fn feature(
        &self,
        feature: &Feature,
    ) -> Result<(Option<FeatureReport>, Generation), Failure> {
        if self.daemon.is_some() {
            let mut report = self.report()?;
            return Ok((report.features.remove(feature.name), report.os.generation));
        }
        let survey = self.survey(Extent::Verdicts);
        let answer = survey.feature(feature, &self.device.time(&survey)?);
        Ok((Some(answer), survey.generation()))
    }

    /// Surveys the device and records what is missing from the survey.
    fn survey(&self, extent: Extent) -> Survey {
        self.device.survey_for(extent).unwrap_or_else(|partial| {
            let Partial { survey, missing } = *partial;
            let _ = self.missing.set(missing);
            survey
        })
    }

    /// Whether a release with this date, and this version if given, may be installed, and why.
    pub(crate) fn update(&self, released: Date, version: Option<&str>) -> Result<Reason, Failure> {
        match &self.daemon {
            Some(daemon) => daemon.check_update(&released.to_string(), version),
            None => {
                let survey = self.survey(Extent::Verdicts);
                let to = version.and_then(Version::parse);
                Ok(survey.update(released, to, &self.device.time(&survey)?).reason)
            }
        }
    }

    /// Removes licences.
    pub(crate) fn remove(&self, selector: &Selector) -> Result<Removed, Failure> {
        match &self.daemon {
            Some(daemon) => {
                let count = daemon.remove(selector)?;
                // The list of remaining licences omits files that cannot be read now.
                let survey = self.device.survey().unwrap_or_else(|partial| partial.survey);
                Ok(Removed { count, left: survey.left_by(selector) })
            }
            None => self.device.remove(None, selector),
        }
    }

    /// The survey that documents are judged against when nothing changes; taken once.
    fn verdicts(&self) -> Result<&Survey, Failure> {
        match self.verdicts.get() {
            Some(verdicts) => Ok(verdicts),
            None => {
                let verdicts = self.device.survey_for_verdicts()?;
                Ok(self.verdicts.get_or_init(|| verdicts))
            }
        }
    }

    /// The survey that documents are imported by; taken once.
    fn known(&self) -> Result<&Survey, Failure> {
        match self.known.get() {
            Some(known) => Ok(known),
            None => {
                let known = self.device.survey_for_import()?;
                Ok(self.known.get_or_init(|| known))
            }
        }
    }

    /// Surveys configuration, settings and trust, without the licences of the store.
    pub(crate) fn settings(&self) -> Result<Survey, Failure> {
        match self.known.get() {
            Some(known) => Ok(known.clone()),
            None => self.device.survey_without_licenses().map_err(|p| Failure::from(&p.missing)),
        }
    }

    /// Judges a document without changing anything; returns the licence too if it is genuine.
    pub(crate) fn check(&self, document: Document) -> (FileVerdict, Option<Box<Genuine>>) {
        let Document { name, file } = document;
        let known = self.verdicts();
        let arrival = file
            .and_then(|file| Ok(known.clone()?.read(&name, file, Intent::Explicit)))
            .unwrap_or_else(|failure| Arrival::unread(&name, failure));
        match known {
            Ok(known) => self.device.check(known, arrival),
            Err(failure) => (FileVerdict::unread(&name, failure), None),
        }
    }

    /// Imports documents as one batch.
    pub(crate) fn import(
        &self,
        documents: Vec<Document>,
        intent: Intent,
        detail: Detail,
    ) -> Vec<FileVerdict> {
        match &self.daemon {
            Some(daemon) => self.import_through(daemon, documents, intent, detail),
            None => match self.known() {
                Ok(known) => self.import_here(known, documents, intent),
                Err(failure) => {
                    let unread = |document: &Document| {
                        let unopened = document.file.as_ref().err();
                        FileVerdict::unread(&document.name, unopened.unwrap_or(&failure).clone())
                    };
                    documents.iter().map(unread).collect()
                }
            },
        }
    }

    fn import_here(
        &self,
        known: &Survey,
        documents: Vec<Document>,
        intent: Intent,
    ) -> Vec<FileVerdict> {
        let read = |Document { name, file }| match file {
            Ok(file) => known.read(&name, file, intent),
            Err(failure) => Arrival::unread(&name, failure),
        };
        let imported = self.import_arrivals(known, documents.into_iter().map(read).collect());
        imported.into_iter().map(|imported| imported.verdict).collect()
    }

    fn import_arrivals(&self, known: &Survey, arrivals: Vec<Arrival>) -> Vec<Imported> {
        let batch = self.device.import(known, arrivals);
        if batch.has_written() {
            // A failed clean-up does no harm; the daemon retries it.
            let _ = self.clean_up(&batch.survey).or_else(|_| self.clean_up(&batch.survey));
        }
        batch.imported
    }

    fn clean_up(&self, survey: &Survey) -> Result<(), Failure> {
        self.device.clean_up(survey, &self.device.time(survey)?).map(drop)
    }

    /// Imports through the daemon. Its answers lack pack and units, so those are read from the files if
    /// they are wanted.
    fn import_through(
        &self,
        daemon: &Daemon,
        documents: Vec<Document>,
        intent: Intent,
        detail: Detail,
    ) -> Vec<FileVerdict> {
        let files = documents
            .iter()
            .filter_map(|document| Some((&*document.name, document.file.as_ref().ok()?)));
        let mut answers = daemon.import(&files.collect::<Vec<_>>(), intent).into_iter();
        let settings = (detail == Detail::Contents).then(|| self.settings());
        let verdict = |Document { name, file }| {
            let (file, answer) = match file.map(|file| (file, answers.next())) {
                Ok((file, Some(answer))) => (file, answer),
                Ok((_, None)) => return FileVerdict::unread(&name, bus::unanswered()),
                Err(failure) => return FileVerdict::unread(&name, failure),
            };
            let Failure { code, message } = match answer {
                Ok((code, message)) => Failure { code, message },
                Err(failure) => failure,
            };
            // Errors on the bus name the file, which a `FileVerdict` holds separately.
            let unnamed = message.strip_prefix(&*name).and_then(|rest| rest.strip_prefix(": "));
            let message = unnamed.map_or_else(|| message.clone(), str::to_owned);
            match &settings {
                Some(Ok(settings)) => settings.describe(&name, file, code, message),
                Some(Err(_)) | None => FileVerdict::unread(&name, Failure { code, message }),
            }
        };
        documents.into_iter().map(verdict).collect()
    }

    /// Has the daemon import from a source that the daemon opens itself; `None` without a daemon. The
    /// daemon reports one verdict on all files. `watch` learns of the bytes read and in all (0: unknown).
    pub(crate) fn import_by_daemon(
        &self,
        source: &str,
        options: JobOptions<'_>,
        watch: impl FnMut(u64, u64) -> Wish,
    ) -> Option<FileVerdict> {
        let daemon = self.daemon.as_ref()?;
        let file = source.to_owned();
        Some(match daemon.import_from(source, &options, watch) {
            Ok((code, lines)) => {
                let message = lines.replace('\n', "; ");
                FileVerdict { file, code, message, pack: None, units: Vec::new() }
            }
            Err(failure) => FileVerdict::unread(source, failure),
        })
    }
}
