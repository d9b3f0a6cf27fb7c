//! Documents that arrive: judge them, store them.
//!
//! A source may be slow, so it is read before the right to write is taken. Everything that is
//! compared with what the device has is compared after: versions of trust documents, serials, what
//! was removed on purpose, what is there already. Between the two another program may have written.

use std::io::Read;

use licd_files::state;
use licd_rules::{ClockState, Code, LicenseState, Remover, TimeVerdict, withdraws};
use licd_sources::intake;
use licd_store::{FileName, StoreError, Window, Writer};
use license_format::{License, Term, TrustDocument, UnitId, Verified};

use crate::read::{Document, NotRead};
use crate::report::FileVerdict;
use crate::survey::{Survey, content_name, signed_text};
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
    /// Whether the status says something else of the link that it came by.
    pub noted: bool,
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
        Self { verdict, changed: false, untidy: false, noted: false, content_name }
    }
}

/// Why something is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Somebody wants this file: what was removed on purpose comes back.
    Explicit,
    /// It was found: on a stick, by a download link. What was removed on purpose stays away, and room
    /// is left for what may be wanted later.
    Automatic,
    /// It was found by a download link that was written to the settings after the last removal by
    /// hand: what was removed by hand comes back. Otherwise as [`Intent::Automatic`].
    Deployed,
}

/// A source that was read.
struct Arrival<'a> {
    name: &'a str,
    document: Result<Document, Failure>,
    /// The version of the trust document that it was verified by.
    trust: u64,
    intent: Intent,
}

/// What an import has to do to the device.
enum Deed {
    /// Nothing: refused, or there already.
    Nothing,
    /// Store a licence under this name, in the place of others with the same signed text.
    Keep { name: FileName, content: String, replaces: Vec<FileName> },
    /// Store a trust document.
    Trust(Vec<u8>),
    /// Remember a roster that does not list this device.
    Remember,
}

/// An arrival that was judged.
struct Assessed {
    code: Code,
    message: String,
    deed: Deed,
    time: Option<TimeVerdict>,
}

impl Assessed {
    fn nothing(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), deed: Deed::Nothing, time: None }
    }
}

impl From<Failure> for Assessed {
    fn from(Failure { code, message }: Failure) -> Self {
        Self::nothing(code, message)
    }
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
        let survey = match self.survey_for_import() {
            Ok(survey) => survey,
            Err(failure) => return (FileVerdict::unread(name, failure), None),
        };
        let arrival = Arrival::read(&survey, name, source, Intent::Explicit);
        let assessed = self.assess(&survey, &arrival);
        let verdict = arrival.verdict(assessed.code, assessed.message);
        (verdict, arrival.into_license())
    }

    /// Imports from a source: reads, verifies, judges and stores it.
    pub fn import(&self, name: &str, source: impl Read, intent: Intent) -> Imported {
        let survey = match self.survey_for_import() {
            Ok(survey) => survey,
            Err(failure) => return Imported::unread(name, failure),
        };
        let arrival = Arrival::read(&survey, name, source, intent);
        self.import_arrival(survey, &arrival)
            .unwrap_or_else(|failure| arrival.unchanged(failure.into()))
    }

    fn import_arrival(&self, survey: Survey, arrival: &Arrival<'_>) -> Result<Imported, Failure> {
        // Reading may have taken long.
        let survey = self.up_to_date(survey)?;
        let first = self.assess(&survey, arrival);
        if self.is_to_be_done(&survey, arrival, &first) {
            self.store_arrival(survey, arrival)
        } else {
            Ok(arrival.unchanged(first))
        }
    }

    /// The survey, or another one if store or memory are not as it says any more.
    fn up_to_date(&self, survey: Survey) -> Result<Survey, Failure> {
        if self.is_current(&survey) { Ok(survey) } else { self.survey_for_import() }
    }

    /// A survey to judge an arrival by. Files of the store that cannot be read do not keep another
    /// one out, which takes nothing away from the device.
    fn survey_for_import(&self) -> Result<Survey, Failure> {
        self.survey().or_else(|partial| match partial.missing.is_files_only() {
            true => Ok(partial.survey),
            false => Err(Failure::from(&partial.missing)),
        })
    }

    /// Stores an arrival, everything compared anew under the right to write.
    fn store_arrival(&self, survey: Survey, arrival: &Arrival<'_>) -> Result<Imported, Failure> {
        let writer = self.writer()?;
        let survey = self.up_to_date(survey)?;
        let assessed = self.assess(&survey, arrival);
        let wanted = arrival.is_wanted(&assessed);
        let stored = self.carry_out(&writer, &assessed.deed, arrival.intent)?;
        let learned = self.learn(&survey, arrival, &assessed, wanted);
        match learned {
            Ok(learned) => Ok(arrival.imported(assessed, &survey, stored || learned)),
            // A roster that is not remembered has no effect.
            Err(failure) if matches!(assessed.deed, Deed::Remember) => Err(failure),
            Err(failure) => {
                log::warn!("{}: {}", arrival.name, failure.message);
                Ok(arrival.imported(assessed, &survey, stored))
            }
        }
    }

    /// Whether an arrival changes anything, of the store or of what is remembered.
    fn is_to_be_done(&self, survey: &Survey, arrival: &Arrival<'_>, assessed: &Assessed) -> bool {
        let learns = || match (arrival.license(), &assessed.time) {
            (Some(license), Some(time)) => {
                survey.would_learn(license, arrival.is_wanted(assessed), time)
            }
            _ => false,
        };
        !matches!(assessed.deed, Deed::Nothing) || learns()
    }

    /// Remembers what an arrival shows; whether that was not remembered yet.
    fn learn(
        &self,
        survey: &Survey,
        arrival: &Arrival<'_>,
        assessed: &Assessed,
        wanted: bool,
    ) -> Result<bool, Failure> {
        match (arrival.license(), &assessed.time) {
            (Some(license), Some(time)) => self.remember(survey, license, wanted, time),
            _ => Ok(false),
        }
    }

    /// Carries a deed out; whether the store is another one since.
    fn carry_out(&self, writer: &Writer<'_>, deed: &Deed, intent: Intent) -> Result<bool, Failure> {
        match deed {
            Deed::Nothing | Deed::Remember => Ok(false),
            Deed::Keep { name, content, replaces } => self.write(writer, |window| {
                if intent != Intent::Explicit {
                    window.leave_reserve(content.len())?;
                }
                let _ = window.put(name, content.as_bytes())?;
                remove_all(window, replaces);
                window.remove_requests();
                Ok(true)
            }),
            Deed::Trust(bytes) => {
                self.write(writer, |window| window.put_trust(bytes))?;
                if let Err(error) = state::keep_trust(self.root(), bytes) {
                    log::warn!("{error}");
                }
                Ok(true)
            }
        }
    }

    /// Takes the right to write, and brings a removal to its end that was cut off.
    pub(crate) fn writer(&self) -> Result<Writer<'_>, Failure> {
        let writer = self.store().writer()?;
        self.finish_removal(&writer)?;
        Ok(writer)
    }

    /// Writes to the store, and says so if it could not be closed.
    pub(crate) fn write<T, E>(
        &self,
        writer: &Writer<'_>,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let (done, closed) = writer.write(work)?;
        if closed.is_open() {
            log::warn!("/license: is {closed}; the next change closes it");
        }
        Ok(done)
    }

    /// The verdict on an arrival and what is to be done about it.
    fn assess(&self, survey: &Survey, arrival: &Arrival<'_>) -> Assessed {
        match &arrival.document {
            Err(failure) => failure.clone().into(),
            Ok(Document::Trust { document, bytes }) => survey.assess_trust(document, bytes),
            Ok(Document::License(verified)) => {
                if let Some(failure) = arrival.refusal_by(survey) {
                    return failure.into();
                }
                // Not at the time that it says itself: it would vouch for its own first day.
                match self.time(survey) {
                    Ok(time) => survey.assess_license(verified, arrival.intent, time),
                    Err(unavailable) => Failure::from(unavailable).into(),
                }
            }
        }
    }
}

/// Removes files whose content is in the store under another name. One that stays does no harm.
fn remove_all(window: &mut Window<'_>, files: &[FileName]) {
    for file in files {
        if let Err(error) = window.remove(file) {
            log::warn!("{error}");
        }
    }
}

impl<'a> Arrival<'a> {
    fn read(survey: &Survey, name: &'a str, source: impl Read, intent: Intent) -> Self {
        let document = survey.reader().read(source).map_err(NotRead::into);
        Self { name, document, trust: survey.trust.version(), intent }
    }

    fn license(&self) -> Option<&License> {
        match &self.document {
            Ok(Document::License(verified)) => Some(&verified.license),
            _ => None,
        }
    }

    fn into_license(self) -> Option<Box<Verified>> {
        match self.document {
            Ok(Document::License(verified)) => Some(verified),
            _ => None,
        }
    }

    /// Why a licence is refused by the trust document of this survey, if that is another one than it
    /// was verified by: its key may have been revoked meanwhile.
    fn refusal_by(&self, survey: &Survey) -> Option<Failure> {
        let Ok(Document::License(verified)) = &self.document else { return None };
        let content =
            verified.storable.as_ref().filter(|_| survey.trust.version() != self.trust)?;
        survey.reader().read(content.to_string().as_bytes()).err().map(NotRead::into)
    }

    /// Whether it is not to be held against this licence that it was removed once.
    fn is_wanted(&self, assessed: &Assessed) -> bool {
        self.intent == Intent::Explicit && assessed.code.is_accepted()
            || matches!(assessed.deed, Deed::Keep { .. })
    }

    fn content_name(&self) -> Option<FileName> {
        match &self.document {
            Ok(Document::License(verified)) => verified.storable.as_ref().and_then(content_name),
            _ => None,
        }
    }

    fn verdict(&self, code: Code, message: String) -> FileVerdict {
        let license = self.license();
        let units = license.map(License::named).unwrap_or_default();
        FileVerdict {
            file: self.name.to_owned(),
            code,
            message,
            pack: license.map(|license| license.pack.clone()),
            units: units.to_vec(),
        }
    }

    fn unchanged(&self, Assessed { code, message, .. }: Assessed) -> Imported {
        Imported::unchanged(self.verdict(code, message), self.content_name())
    }

    fn imported(&self, assessed: Assessed, survey: &Survey, changed: bool) -> Imported {
        let Assessed { code, message, time, .. } = assessed;
        let untidy = |time: &TimeVerdict| survey.leaves_untidy(self.license(), time);
        Imported {
            verdict: self.verdict(code, message),
            changed,
            noted: false,
            untidy: changed && time.as_ref().is_some_and(untidy),
            content_name: self.content_name(),
        }
    }
}

impl Survey {
    fn assess_trust(&self, document: &TrustDocument, bytes: &[u8]) -> Assessed {
        let (new, old) = (document.version(), self.trust.version());
        match new.cmp(&old) {
            std::cmp::Ordering::Greater => {
                let before = match old {
                    0 => "the first one here".to_owned(),
                    old => format!("newer than {old}"),
                };
                let message = format!("trust document version {new}, {before}");
                let deed = Deed::Trust(bytes.to_owned());
                Assessed { deed, ..Assessed::nothing(Code::Valid, message) }
            }
            std::cmp::Ordering::Equal if document.contradicts(&self.trust) => Assessed::nothing(
                Code::Superseded,
                format!(
                    "trust document version {new} says something else than the one of that version \
                     that is in force; ask the vendor for a newer one"
                ),
            ),
            std::cmp::Ordering::Equal => Assessed::nothing(
                Code::Valid,
                format!("trust document version {new}, in force already"),
            ),
            std::cmp::Ordering::Less => Assessed::nothing(
                Code::Superseded,
                format!("trust document version {new}; version {old} is in force"),
            ),
        }
    }

    /// A licence of another device is not kept, but a roster that leaves this one out takes effect.
    fn assess_foreign(
        &self,
        license: &License,
        unit: Option<&UnitId>,
        time: &TimeVerdict,
    ) -> Assessed {
        let mut message = words::foreign(license, unit);
        let mut deed = Deed::Nothing;
        if let Some(unit) = unit.filter(|unit| license.roster_excludes(unit)) {
            let taken = self.licenses().filter(|own| withdraws(license, own, unit, &self.trust));
            message.push_str(&words::taken(license, taken, time.now));
            deed = Deed::Remember;
        }
        Assessed { deed, ..Assessed::nothing(Code::WrongDevice, message) }
    }

    fn assess_license(&self, verified: &Verified, intent: Intent, time: TimeVerdict) -> Assessed {
        let license = &verified.license;
        let unit = self.unit(Some(license), &time);
        let all: Vec<&License> = self.licenses().chain([license]).collect();
        let assessed = self.judge(&all, unit, &time, |judgement| {
            let Some(state) = judgement.states().last().copied().flatten() else {
                return self.assess_foreign(license, unit, &time);
            };
            self.assess_own(verified, state, intent, time.state)
        });
        Assessed { time: Some(time), ..assessed }
    }

    /// Why a licence stays away that was removed on purpose, and what to do to have it back.
    fn keeps_out(&self, license: &License, intent: Intent) -> Option<String> {
        match (self.past.remover(license)?, intent) {
            (_, Intent::Explicit) | (Remover::Person, Intent::Deployed) => None,
            (Remover::Person, Intent::Automatic) => Some(words::removed().to_owned()),
            (Remover::Profile, _) => {
                let profile = self.settings().licensing.remove.as_ref();
                profile.filter(|profile| profile.takes(license)).map(words::removed_by)
            }
        }
    }

    fn assess_own(
        &self,
        verified: &Verified,
        state: LicenseState,
        intent: Intent,
        clock: ClockState,
    ) -> Assessed {
        let license = &verified.license;
        let message = words::own(license, state, clock);
        let content = verified.storable.as_ref().filter(|_| is_worth_keeping(license, state));
        let Some((content, name)) = content.and_then(|c| Some((c, content_name(c)?))) else {
            return Assessed::nothing(state.into(), message);
        };
        let text = signed_text(content);
        let same = self.held.iter().filter(|held| held.text == Some(text));
        let there = same.clone().any(|held| match intent {
            Intent::Explicit => held.content_name.as_ref() == Some(&name),
            Intent::Automatic | Intent::Deployed => is_signed_by_all_of(&held.license, license),
        });
        if there {
            return Assessed::nothing(state.into(), format!("{message}; already in the store"));
        }
        if let Some(message) = self.keeps_out(license, intent) {
            return Assessed::nothing(Code::Removed, message);
        }
        let replaced = same.filter(|held| is_signed_by_all_of(license, &held.license));
        let replaces =
            replaced.map(|held| held.name.clone()).filter(|file| *file != name).collect();
        let deed = Deed::Keep { name, content: content.to_string(), replaces };
        Assessed { deed, ..Assessed::nothing(state.into(), message) }
    }
}

/// Whether one licence has at least the good signers of another one.
fn is_signed_by_all_of(one: &License, other: &License) -> bool {
    other.signers().iter().all(|signer| one.signers().contains(signer))
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
