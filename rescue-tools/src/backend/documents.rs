//! Documents that this program reads: their verdicts, and importing them.

use licd_device::{Arrival, Batch, Failure, FileVerdict, Genuine, Imported, Intent, Survey};

use super::Backend;
use crate::bus::{Answer, Daemon};
use crate::document::Document;

/// Bytes of the documents of one call that are read before the write lock is taken: ten large licences.
const AT_ONCE: usize = 64 * 1024;

/// What a verdict says besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The pack and the units of the file. The daemon does not say them, so the file is read once more.
    Contents,
    /// Perhaps nothing.
    Any,
}

impl Backend {
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

    /// Judges a document without changing anything; returns the licence too if it is genuine.
    pub(crate) fn check(&self, document: Document) -> (FileVerdict, Option<Box<Genuine>>) {
        let (name, file) = document.into_parts();
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
        match self.ask_to_import(&documents, intent) {
            Some(answers) => self.verdicts_of(answers, documents, detail),
            None => self.import_at_once(&documents, intent).unwrap_or_else(|| match self.known() {
                Ok(known) => {
                    let imported = self.import_arrivals(known, read_all(known, documents, intent));
                    imported.into_iter().map(|imported| imported.verdict).collect()
                }
                Err(failure) => unread(&documents, &failure),
            }),
        }
    }

    /// Judges documents as an import of all of them would, without changing anything.
    pub(crate) fn check_together(&self, documents: Vec<Document>) -> Vec<FileVerdict> {
        match self.verdicts() {
            Ok(known) => {
                let arrivals = read_all(known, documents, Intent::Explicit);
                self.device.check_together(known, arrivals)
            }
            Err(failure) => unread(&documents, &failure),
        }
    }

    /// Imports documents that are small files with one look at the device, if it can.
    fn import_at_once(&self, documents: &[Document], intent: Intent) -> Option<Vec<FileVerdict>> {
        let mut room = AT_ONCE;
        let contents = documents.iter().map(|document| document.content(&mut room));
        let contents: Vec<Result<Vec<u8>, Failure>> = contents.collect::<Option<_>>()?;
        let batch = self.device.import_at_once(|known| {
            let read = |(document, content): (&Document, Result<Vec<u8>, Failure>)| match content {
                Ok(content) => known.read(&document.name, content.as_slice(), intent),
                Err(failure) => Arrival::unread(&document.name, failure),
            };
            documents.iter().zip(contents).map(read).collect()
        })?;
        Some(self.finish(batch).into_iter().map(|imported| imported.verdict).collect())
    }

    pub(super) fn import_arrivals(&self, known: &Survey, arrivals: Vec<Arrival>) -> Vec<Imported> {
        self.finish(self.device.import(known, arrivals))
    }

    fn finish(&self, batch: Batch) -> Vec<Imported> {
        if batch.has_written() {
            // A failed clean-up does no harm; the daemon retries it.
            let _ = self.clean_up(&batch.survey).or_else(|_| self.clean_up(&batch.survey));
        }
        batch.imported
    }

    fn clean_up(&self, survey: &Survey) -> Result<(), Failure> {
        self.device.clean_up(survey, &self.device.time(survey)?).map(drop)
    }

    /// Has the daemon import the documents; `None` without a daemon.
    fn ask_to_import(&self, documents: &[Document], intent: Intent) -> Option<Vec<Answer>> {
        if let (None, Some(bus)) = (self.daemon.get(), &self.bus) {
            let answers = Daemon::find_and_import(bus, documents, intent);
            if answers.is_none() {
                // This program imports, whatever starts meanwhile.
                let _ = self.daemon.set(None);
            }
            return answers;
        }
        Some(self.daemon()?.import(documents, intent))
    }

    /// The verdicts on documents that the daemon has imported. Its answers lack pack and units, so those are
    /// read from the files if they are wanted.
    fn verdicts_of(
        &self,
        answers: Vec<Answer>,
        documents: Vec<Document>,
        detail: Detail,
    ) -> Vec<FileVerdict> {
        let settings = (detail == Detail::Contents).then(|| self.settings());
        let verdict = |(document, answer): (Document, Answer)| {
            let Failure { code, message } = match answer {
                Ok((code, message)) => Failure { code, message },
                Err(failure) => failure,
            };
            // Errors on the bus name the file, which a `FileVerdict` holds separately.
            let unnamed =
                message.strip_prefix(&*document.name).and_then(|rest| rest.strip_prefix(": "));
            let message = unnamed.map_or_else(|| message.clone(), str::to_owned);
            if let Some(Ok(settings)) = &settings
                && let Ok(file) = document.file()
            {
                return settings.describe(&document.name, file, code, message);
            }
            FileVerdict::unread(&document.name, Failure { code, message })
        };
        documents.into_iter().zip(answers).map(verdict).collect()
    }
}

/// Reads documents to their end.
fn read_all(known: &Survey, documents: Vec<Document>, intent: Intent) -> Vec<Arrival> {
    let read = |document: Document| match document.into_parts() {
        (name, Ok(file)) => known.read(&name, file, intent),
        (name, Err(failure)) => Arrival::unread(&name, failure),
    };
    documents.into_iter().map(read).collect()
}

/// The verdicts on documents after a failure that keeps those that can be opened from being read.
fn unread(documents: &[Document], failure: &Failure) -> Vec<FileVerdict> {
    let unread = |document: &Document| {
        let unopened = document.file().err();
        FileVerdict::unread(&document.name, unopened.unwrap_or_else(|| failure.clone()))
    };
    documents.iter().map(unread).collect()
}
