//! What becomes of a document that arrives: judge, store.

use std::io::Read;

use licd_edge::intake;
use licd_edge::state::State;
use licd_edge::store::{Change, Closed, FileName, StoreError, Window};
use licd_rules::{Code, LicenseState, Roster, Selector, TimeVerdict};
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
    Remember(Roster),
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
        let (verdict, _, verified) = self.assess(name, source);
        (verdict, verified)
    }

    /// Imports from a source: reads, verifies, judges and stores it.
    pub fn import(&self, name: &str, source: impl Read) -> Imported {
        let (mut verdict, deed, _) = self.assess(name, source);
        match self.carry_out(deed) {
            Ok(changed) => Imported { verdict, changed },
            Err(failure) => {
                verdict.code = failure.code;
                verdict.message = failure.message;
                Imported { verdict, changed: false }
            }
        }
    }

    fn assess(&self, name: &str, source: impl Read) -> (FileVerdict, Deed, Option<Box<Verified>>) {
        let survey = self.survey();
        survey.assess(name, source, &self.time(&survey))
    }

    fn carry_out(&self, deed: Deed) -> Result<bool, Failure> {
        match deed {
            Deed::Nothing => return Ok(false),
            Deed::Keep { name, content } => {
                self.write(|window| {
                    window.put(&name, content.as_bytes())?;
                    window.remove_requests();
                    Ok(())
                })?;
            }
            Deed::Trust(bytes) => {
                self.write(|window| window.put_trust(&bytes))?;
            }
            Deed::Remember(roster) => {
                let (mut state, _) = State::load(self.root());
                let before = state.rosters().to_vec();
                state.remember(roster);
                if state.rosters() == before {
                    return Ok(false);
                }
                state.save(self.root())?;
            }
        }
        Ok(true)
    }

    /// Removes the genuine licences that `selector` takes, whatever unit they name, and returns how
    /// many files that were.
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
        self.write(|window| {
            let mut removed = 0;
            for held in &taken {
                removed += u32::from(window.remove(&held.name)? == Change::Made);
            }
            Ok(removed)
        })
    }

    /// Writes to the store, and says so if it could not be closed.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, StoreError>,
    ) -> Result<T, Failure> {
        let (done, closed) = self.store().write(work)?;
        if matches!(closed, Closed::HeldBy(_)) {
            log::warn!("/license: is {closed}; it is tried again");
        }
        Ok(done)
    }
}

impl Survey {
    /// The verdict on a source and what is to be done about it.
    fn assess(
        &self,
        name: &str,
        source: impl Read,
        time: &TimeVerdict,
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
                let (code, message, deed) = self.assess_license(&verified, time);
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
        if let Some(roster) = unit.and_then(|unit| Roster::of(license, unit)) {
            message.push_str(&words::taken(&roster, self.licenses(), unit, time.now));
            deed = Deed::Remember(roster);
        }
        (Code::WrongDevice, message, deed)
    }

    fn assess_license(&self, verified: &Verified, time: &TimeVerdict) -> (Code, String, Deed) {
        let license = &verified.license;
        let unit = self.unit(Some(license));
        let all: Vec<&License> = self.licenses().chain([license]).collect();
        self.judge(&all, unit, time, |judgement| {
            let Some(state) = judgement.states().last().copied().flatten() else {
                return self.assess_foreign(license, unit, time);
            };
            let message = words::own(license, state);
            let content = verified.storable.as_ref().filter(|_| is_worth_keeping(license, state));
            let Some((content, name)) = content.and_then(|c| Some((c, content_name(c)?))) else {
                return (state.into(), message, Deed::Nothing);
            };
            if self.held.iter().any(|held| held.content_name.as_ref() == Some(&name)) {
                return (state.into(), format!("{message}; already in the store"), Deed::Nothing);
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
