//! What becomes of a document that arrives: judge, store.

use std::io::Read;

use licd_edge::store::{Change, Closed, FileName, StoreError, Window};
use licd_edge::{intake, state};
use licd_rules::{Code, LicenseState, Selector, TimeVerdict, withdraws};
use license_format::{License, Term, TrustDocument, UnitId, Verified};

use crate::read::Document;
use crate::report::FileVerdict;
use crate::survey::{Survey, content_name};
use crate::{Device, Failure, words};

/// What became of a source, and whether the device is another one since.
#[must_use]
pub struct Imported {
    /// The verdict.
    pub verdict: FileVerdict,
    /// Whether anything was stored or withdrawn.
    pub changed: bool,
    /// Whether the store may have something since for [`Device::clean_up`].
    pub untidy: bool,
    /// The name that the store has for it, there or not, if it is a licence that can be stored.
    pub(crate) content_name: Option<FileName>,
}

impl Imported {
    /// Nothing, since the file could not even be read.
    pub fn unread(file: &str, failure: Failure) -> Self {
        Self::unchanged(FileVerdict::unread(file, failure), None)
    }

    /// Nothing but this verdict.
    pub(crate) fn unchanged(verdict: FileVerdict, content_name: Option<FileName>) -> Self {
        Self { verdict, changed: false, untidy: false, content_name }
    }
}

/// Why something is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Somebody wants this file: what was removed on purpose comes back.
    Explicit,
    /// It was found: on a stick, by a download link. What was removed on purpose stays away.
    Automatic,
}

/// What an import has to do to the device.
enum Deed {
    /// Nothing: refused, or there already.
    Nothing,
    /// Store a licence under this name.
    Keep { name: FileName, content: String },
    /// Store a trust document.
    Trust(Vec<u8>),
    /// Remember a roster that does not list this device.
    Remember,
}

impl Device {
    /// Opens a file for [`Device::check`] or [`Device::import`].
    ///
    /// # Errors
    /// The verdict on a path that is no readable file of a bearable size.
    pub fn open(path: &std::path::Path) -> Result<std::fs::File, Failure> {
        intake::open(path).map_err(Failure::from)
    }

    /// The verdict on a source, as an import would give it, and the licence if it is a genuine one;
    /// nothing is changed.
    #[must_use]
    pub fn check(&self, name: &str, source: impl Read) -> (FileVerdict, Option<Box<Verified>>) {
        let survey = self.survey();
        let (verdict, _, verified) = survey.assess(self, name, source, Intent::Explicit);
        (verdict, verified)
    }

    /// Imports from a source: reads, verifies, judges and stores it.
    pub fn import(&self, name: &str, source: impl Read, intent: Intent) -> Imported {
        let survey = self.survey();
        let time = self.time(&survey);
        let (mut verdict, deed, verified) = survey.assess(self, name, source, intent);
        let license = verified.as_ref().map(|verified| &verified.license);
        let content = verified.as_ref().and_then(|verified| verified.storable.as_ref());
        let content_name = content.and_then(content_name);
        let wanted = intent == Intent::Explicit && verdict.code.is_accepted()
            || matches!(deed, Deed::Keep { .. });
        let done = self.carry_out(&deed).and_then(|stored| {
            let remember = |license| self.remember(&survey, license, wanted, &time);
            match license.map_or(Ok(false), remember) {
                Ok(learned) => Ok(stored || learned),
                // A roster that is not remembered has no effect.
                Err(failure) if matches!(deed, Deed::Remember) => Err(failure),
                Err(failure) => {
                    log::warn!("{name}: {}", failure.message);
                    Ok(stored)
                }
            }
        });
        match done {
            Ok(changed) => {
                let untidy = changed && survey.leaves_untidy(license, &time);
                Imported { verdict, changed, untidy, content_name }
            }
            Err(failure) => {
                verdict.code = failure.code;
                verdict.message = failure.message;
                Imported::unchanged(verdict, content_name)
            }
        }
    }

    /// Carries a deed out; whether the store is another one since.
    fn carry_out(&self, deed: &Deed) -> Result<bool, Failure> {
        match deed {
            Deed::Nothing | Deed::Remember => Ok(false),
            Deed::Keep { name, content } => self.write(|window| {
                let _ = window.put(name, content.as_bytes())?;
                window.remove_requests();
                Ok(true)
            }),
            Deed::Trust(bytes) => {
                self.write(|window| window.put_trust(bytes))?;
                if let Err(error) = state::keep_trust(self.root(), bytes) {
                    log::warn!("{error}");
                }
                Ok(true)
            }
        }
    }

    /// Removes the genuine licences that `selector` takes, whatever unit they name, and returns how
    /// many files that were. They do not come back by an [`Intent::Automatic`] import.
    ///
    /// # Errors
    /// Why the store cannot be written; files removed before the error stay removed.
    pub fn remove(&self, selector: &Selector) -> Result<u32, Failure> {
        // A store that cannot be read is not one that has nothing to remove.
        self.store().licenses()?;
        let survey = self.survey();
        let taken: Vec<_> =
            survey.held.iter().filter(|held| selector.takes(&held.license)).collect();
        if taken.is_empty() {
            return Ok(0);
        }
        let mut removed = Vec::new();
        let done = self.write(|window| {
            for held in &taken {
                if window.remove(&held.name)? == Change::Made {
                    removed.push(&held.license);
                }
            }
            Ok(())
        });
        let time = self.time(&survey);
        if let Err(failure) = self.remember_removed(&survey, &removed, &time) {
            log::warn!("{}; what was removed may come back by itself", failure.message);
        }
        done.map(|()| u32::try_from(removed.len()).unwrap_or(u32::MAX))
    }

    /// Writes to the store, and says so if it could not be closed.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, StoreError>,
    ) -> Result<T, Failure> {
        let (done, closed) = self.store().write(work)?;
        if matches!(closed, Closed::HeldBy(_)) {
            log::warn!("/license: is {closed}; the next change closes it");
        }
        Ok(done)
    }
}

impl Survey {
    /// The verdict on a source and what is to be done about it.
    fn assess(
        &self,
        device: &Device,
        name: &str,
        source: impl Read,
        intent: Intent,
    ) -> (FileVerdict, Deed, Option<Box<Verified>>) {
        let verdict = |code, message| FileVerdict {
            file: name.to_owned(),
            code,
            message,
            pack: None,
            units: Vec::new(),
        };
        match self.reader().read(source) {
            Err(Failure { code, message }) => (verdict(code, message), Deed::Nothing, None),
            Ok(Document::Trust { document, bytes }) => {
                let (code, message, deed) = self.assess_trust(&document, bytes);
                (verdict(code, message), deed, None)
            }
            Ok(Document::License(verified)) => {
                // Not at the time that it says itself: it would vouch for its own first day.
                let time = device.time(self);
                let (code, message, deed) = self.assess_license(&verified, intent, &time);
                let mut verdict = verdict(code, message);
                verdict.pack = Some(verified.license.pack.to_string());
                verdict.units = verified.license.named().iter().map(UnitId::to_string).collect();
                (verdict, deed, Some(verified))
            }
        }
    }

    fn assess_trust(&self, document: &TrustDocument, bytes: Vec<u8>) -> (Code, String, Deed) {
        let (new, old) = (document.version(), self.trust.version());
        match new.cmp(&old) {
            std::cmp::Ordering::Greater => {
                let before = match old {
                    0 => "the first one here".to_owned(),
                    old => format!("newer than {old}"),
                };
                let message = format!("trust document version {new}, {before}");
                (Code::Valid, message, Deed::Trust(bytes))
            }
            std::cmp::Ordering::Equal => (
                Code::Valid,
                format!("trust document version {new}, in force already"),
                Deed::Nothing,
            ),
            std::cmp::Ordering::Less => {
                let message = format!("trust document version {new}; version {old} is in force");
                (Code::Superseded, message, Deed::Nothing)
            }
        }
    }

    /// A licence of another device is not kept, but a roster that leaves this one out is heeded.
    fn assess_foreign(
        &self,
        license: &License,
        unit: Option<&UnitId>,
        time: &TimeVerdict,
    ) -> (Code, String, Deed) {
        let mut message = words::foreign(license, unit);
        let mut deed = Deed::Nothing;
        if let Some(unit) = unit.filter(|unit| license.roster_excludes(unit)) {
            let taken = self.licenses().filter(|own| withdraws(license, own, unit, &self.trust));
            message.push_str(&words::taken(license, taken, time.now));
            deed = Deed::Remember;
        }
        (Code::WrongDevice, message, deed)
    }

    fn assess_license(
        &self,
        verified: &Verified,
        intent: Intent,
        time: &TimeVerdict,
    ) -> (Code, String, Deed) {
        let license = &verified.license;
        let unit = self.unit(Some(license));
        let all: Vec<&License> = self.licenses().chain([license]).collect();
        self.judge(&all, unit, time, |judgement| {
            let Some(state) = judgement.states().last().copied().flatten() else {
                return self.assess_foreign(license, unit, time);
            };
            let message = words::own(license, state, time.state);
            let content = verified.storable.as_ref().filter(|_| is_worth_keeping(license, state));
            let Some((content, name)) = content.and_then(|c| Some((c, content_name(c)?))) else {
                return (state.into(), message, Deed::Nothing);
            };
            if self.held.iter().any(|held| held.content_name.as_ref() == Some(&name)) {
                return (state.into(), format!("{message}; already in the store"), Deed::Nothing);
            }
            if intent == Intent::Automatic && self.past.has_removed(license) {
                return (Code::Removed, words::removed().to_owned(), Deed::Nothing);
            }
            (state.into(), message, Deed::Keep { name, content: content.to_string() })
        })
    }
}

/// Whether a device is better off with a licence than without: an expired one still allows what
/// stays after its term, unless it was an evaluation.
fn is_worth_keeping(license: &License, state: LicenseState) -> bool {
    match state {
        LicenseState::Superseded | LicenseState::Withdrawn => false,
        LicenseState::Expired => license.term != Term::Evaluation,
        _ => true,
    }
}
