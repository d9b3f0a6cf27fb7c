//! The verdicts of a survey on documents that arrive.

use std::cmp::Ordering;
use std::sync::Arc;

use licd_rules::{
    ClockState, Code, License, LicenseState, Past, Remover, Replaced, TimeVerdict, is_settled,
    withdraws,
};
use license_format::{Date, Term, TrustDocument, UnitId};

use super::{Action, Assessed, Grounds};
use crate::import::Intent;
use crate::survey::{Held, Survey};
use crate::{Genuine, messages};

impl Survey {
    pub(super) fn assess_trust(&self, document: &Arc<TrustDocument>, bytes: &[u8]) -> Assessed {
        let (new, old) = (document.version(), self.trust.version());
        match new.cmp(&old) {
            Ordering::Greater => {
                let rank = match old {
                    0 => "the first one".to_owned(),
                    old => format!("newer than {old}"),
                };
                let message = format!("trust document version {new}, {rank}");
                let (document, bytes) = (Arc::clone(document), bytes.to_owned());
                let action = Action::Trust { document, bytes };
                Assessed { action, ..Assessed::nothing(Code::Valid, message) }
            }
            Ordering::Equal if document.contradicts(&self.trust) => Assessed::nothing(
                Code::Superseded,
                format!(
                    "trust document version {new} differs from the one in force with the same \
                     version; ask the vendor for a newer one"
                ),
            ),
            Ordering::Equal => Assessed::nothing(
                Code::Valid,
                format!("trust document version {new}, already in force"),
            ),
            Ordering::Less => Assessed::nothing(
                Code::Superseded,
                format!("trust document version {new}; version {old} is in force"),
            ),
        }
    }

    /// A licence of another device is not stored, but its roster takes effect if it leaves this
    /// device out.
    pub(super) fn assess_foreign(
        &self,
        license: &License,
        unit: Option<&UnitId>,
        time: &TimeVerdict,
    ) -> Assessed {
        let mut message = messages::foreign(license, unit);
        let mut action = Action::Nothing;
        if let Some(unit) = unit.filter(|unit| license.roster_excludes(unit)) {
            let taken = self.licenses().filter(|own| withdraws(license, own, unit, &self.trust));
            message.push_str(&messages::taken(license, taken, time.now));
            action = Action::Record;
        }
        Assessed { action, ..Assessed::nothing(Code::WrongDevice, message) }
    }

    /// The basis for judging a licence that arrives.
    pub(super) fn grounds(&self, license: &License, time: &TimeVerdict) -> Grounds {
        let licenses = self.all();
        let case = self.case(&licenses, time);
        let unit = self.unit(Some(license), time);
        Grounds {
            day: Date::of(time.now),
            unit: unit.cloned(),
            replaced: unit.map(|unit| Replaced::of(&case, unit)),
            is_settled: self.units.len() <= 1
                || self.unit(None, time).is_some_and(|unit| is_settled(unit, case)),
        }
    }

    /// The memory with the effects of the stored licences.
    pub(crate) fn learned(&self, time: &TimeVerdict) -> Past {
        let mut past = Past::clone(&self.past);
        self.teach(&mut past, time);
        // Learning made room for every licence of the store.
        past.shrink_to_fit();
        past
    }

    /// The message for a licence that was removed on purpose and stays away, with its cure.
    fn tombstone_message(&self, license: &License, intent: Intent) -> Option<String> {
        match (self.past.remover(license)?, intent) {
            (_, Intent::Explicit | Intent::Check) | (Remover::Person, Intent::Deployed) => None,
            (Remover::Person, Intent::Automatic) => Some(messages::removed().to_owned()),
            (Remover::Profile, _) => {
                let profile = self.settings().licensing.remove.as_ref();
                profile.filter(|profile| profile.takes(license)).map(messages::removed_by)
            }
        }
    }

    pub(super) fn assess_own(
        &self,
        genuine: &Genuine,
        state: LicenseState,
        intent: Intent,
        clock: ClockState,
        same: &[Arc<Held>],
    ) -> Assessed {
        let license = &genuine.license;
        let message = messages::own(license, state, clock);
        let storable = genuine.storable.as_ref().filter(|_| is_worth_keeping(license, state));
        let Some((storable, name)) = storable.and_then(|it| Some((it, it.name()?))) else {
            return Assessed::nothing(state.into(), message);
        };
        let there = same.iter().any(|held| match intent {
            Intent::Explicit | Intent::Check => held.content == Some(storable.digest),
            Intent::Automatic | Intent::Deployed => is_signed_by_all_of(&held.license, license),
        });
        if there {
            return Assessed::nothing(state.into(), format!("{message}; already in the store"));
        }
        if let Some(message) = self.tombstone_message(license, intent) {
            return Assessed::nothing(Code::Removed, message);
        }
        let replaced = same.iter().filter(|held| is_signed_by_all_of(license, &held.license));
        let replaces =
            replaced.map(|held| held.name.clone()).filter(|file| *file != name).collect();
        let content = storable.content.clone();
        let action = Action::Store { name, content, replaces };
        Assessed { action, ..Assessed::nothing(state.into(), message) }
    }
}

/// Whether one licence has every good signer of another.
fn is_signed_by_all_of(one: &License, other: &License) -> bool {
    other.signers().iter().all(|signer| one.signers().contains(signer))
}

/// Whether a device gains from a licence: an expired one still allows whatever outlasts its term,
/// unless it was an evaluation.
fn is_worth_keeping(license: &License, state: LicenseState) -> bool {
    match state {
        LicenseState::Superseded | LicenseState::Withdrawn => false,
        LicenseState::Expired => license.term != Term::Evaluation,
        _ => true,
    }
}
