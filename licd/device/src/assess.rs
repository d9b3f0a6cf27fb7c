//! Judges the documents of a batch in turn and decides the action for each.

use std::cmp::Ordering;

use licd_fs::stamp::Stamp;
use licd_rules::{
    ClockState, Code, LicenseState, Past, Remover, Replaced, TimeVerdict, is_settled, withdraws,
};
use licd_store::{Change, FileName, Window};
use license_format::{Date, License, Term, TrustDocument, UnitId, Verified};

use crate::arrival::{Arrival, Content};
use crate::import::{Imported, Intent};
use crate::partial::Missing;
use crate::read::Document;
use crate::survey::{Held, Survey, content_name, signed_text};
use crate::{Device, Failure, messages};

/// The change that an import makes to the device.
pub(crate) enum Action {
    /// None: the document is refused or already stored.
    Nothing,
    /// Store a licence under this name, and remove others with the same signed text.
    Store { name: FileName, content: String, replaces: Vec<FileName> },
    /// Store a trust document.
    Trust { document: Box<TrustDocument>, bytes: Vec<u8> },
    /// Record a roster that does not list this device.
    Record,
}

/// A judged arrival.
pub(crate) struct Assessed {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) action: Action,
    time: Option<TimeVerdict>,
}

impl Assessed {
    pub(crate) fn nothing(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), action: Action::Nothing, time: None }
    }

    /// Whether it changes the store.
    pub(crate) fn is_stored(&self) -> bool {
        matches!(self.action, Action::Store { .. } | Action::Trust { .. })
    }

    /// Whether it answers the requests for a licence: a licence that counts was stored.
    fn is_answer(&self) -> bool {
        matches!(self.action, Action::Store { .. }) && self.code.is_accepted()
    }

    /// Whether it clears the tombstone of its licence.
    fn clears_tombstone(&self, intent: Intent) -> bool {
        intent == Intent::Explicit && self.code.is_accepted()
            || matches!(self.action, Action::Store { .. })
    }

    /// The result of the arrival, once the action is done.
    pub(crate) fn imported(self, arrival: &Arrival) -> Imported {
        Imported {
            changed: !matches!(self.action, Action::Nothing),
            verdict: arrival.verdict(self.code, self.message),
            content_name: arrival.content_name(),
        }
    }
}

impl From<Failure> for Assessed {
    fn from(Failure { code, message }: Failure) -> Self {
        Self::nothing(code, message)
    }
}

/// Judges arrivals and applies their effects to its survey.
pub(crate) struct Assessor<'a> {
    device: &'a Device,
    survey: Survey,
    /// The basis for judging the next licence.
    grounds: Option<Grounds>,
    /// The memory with the effects of the stored licences.
    learned: Option<Past>,
}

/// The unit that licences are judged for, and the replacements that count for it.
struct Grounds {
    /// The day of the states.
    day: Date,
    unit: Option<UnitId>,
    replaced: Option<Replaced>,
    /// Whether the unit is the same for every licence.
    is_settled: bool,
}

impl<'a> Assessor<'a> {
    pub(crate) fn new(device: &'a Device, survey: Survey) -> Self {
        Self { device, survey, grounds: None, learned: None }
    }

    /// The survey with all effects applied.
    pub(crate) fn into_survey(self) -> Survey {
        self.survey
    }

    /// Judges an arrival. A check comes without an action.
    pub(crate) fn assess(&mut self, arrival: &Arrival) -> Assessed {
        match arrival.intent {
            Intent::Check => {
                let Assessed { code, message, .. } = self.judge(arrival, Intent::Explicit);
                Assessed::nothing(code, message)
            }
            intent => self.judge(arrival, intent),
        }
    }

    fn judge(&mut self, arrival: &Arrival, intent: Intent) -> Assessed {
        match &arrival.content {
            Content::Judged(verdict) => Assessed::nothing(verdict.code, &verdict.message),
            Content::License { verified: Err(failure), .. } => failure.clone().into(),
            Content::Trust { document, bytes } => self.survey.assess_trust(document, bytes),
            // The time excludes its own date: a licence must not attest its own first day.
            Content::License { verified: Ok(verified), .. } => match self.device.time(&self.survey)
            {
                Ok(time) => self.assess_license(verified, intent, time),
                Err(unavailable) => Failure::from(unavailable).into(),
            },
        }
    }

    /// Whether an arrival changes the store or the memory.
    pub(crate) fn has_effect(&mut self, arrival: &Arrival) -> bool {
        let assessed = self.assess(arrival);
        !matches!(assessed.action, Action::Nothing) || self.would_learn(arrival, &assessed)
    }

    /// Whether a licence adds to the memory.
    fn would_learn(&mut self, arrival: &Arrival, assessed: &Assessed) -> bool {
        let (Some(license), Some(time)) = (arrival.license(), &assessed.time) else { return false };
        let survey = &self.survey;
        let learned = self.learned.get_or_insert_with(|| survey.learned(time));
        let mut past = learned.clone();
        if let Some(unit) = self.grounds.as_ref().and_then(|grounds| grounds.unit.as_ref()) {
            past.learn([license], unit, time.now);
        }
        if assessed.clears_tombstone(arrival.intent) {
            past.restore(license);
        }
        past != self.survey.past
    }

    /// The memory with the effects of everything at hand.
    pub(crate) fn learned(&self) -> Result<Past, Failure> {
        Ok(self.survey.learned(&self.device.time(&self.survey)?))
    }

    /// Judges the arrivals and carries out their actions, trust documents first; returns the verdicts
    /// in the order of arrival. A write that fails refuses its own arrival only. Without a window,
    /// only judges, up to the first arrival that needs one.
    pub(crate) fn carry_out_all(
        &mut self,
        arrivals: &mut [Arrival],
        mut window: Option<&mut Window<'_>>,
    ) -> Vec<Assessed> {
        let mut order: Vec<(usize, &mut Arrival)> = arrivals.iter_mut().enumerate().collect();
        order.sort_by_key(|(_, arrival)| !arrival.is_trust());
        let mut done: Vec<(usize, Assessed)> = Vec::new();
        for (place, arrival) in order {
            arrival.verify_by(&self.survey.trust);
            let assessed = self.assess(arrival);
            if window.is_none() && assessed.is_stored() {
                return vec![assessed];
            }
            let carried_out = carry_out(window.as_deref_mut(), &assessed.action, arrival.intent);
            done.push((
                place,
                match carried_out {
                    Ok(stamp) => {
                        self.note(arrival, &assessed, stamp);
                        assessed
                    }
                    Err(failure) => failure.into(),
                },
            ));
        }
        if let Some(window) = window
            && done.iter().any(|(_, one)| one.is_answer())
        {
            window.remove_requests();
        }
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, assessed)| assessed).collect()
    }

    /// Applies the effects of an arrival to the survey.
    fn note(&mut self, arrival: &Arrival, assessed: &Assessed, stamp: Option<Stamp>) {
        if let Action::Trust { document, .. } = &assessed.action {
            self.survey.trust = document.clone().into();
            // The document may revoke or admit keys. A file that is unavailable now does not count.
            self.survey.read_store(self.device, None, &mut Missing::default());
            self.grounds = None;
        }
        let (Some(verified), Some(time)) = (arrival.verified(), &assessed.time) else { return };
        let license = &verified.license;
        if let Some(unit) = self.grounds.as_ref().and_then(|grounds| grounds.unit.as_ref()) {
            self.survey.past.learn([license], unit, time.now);
        }
        if assessed.clears_tombstone(arrival.intent) {
            self.survey.past.restore(license);
        }
        if let Action::Store { name, content, replaces } = &assessed.action {
            replaces.iter().for_each(|file| self.survey.drop_held(file));
            self.hold(name, content, verified, stamp);
        }
        self.keep_grounds(license, assessed, time);
    }

    /// Adds a stored licence to the survey. Of a mass licence, the store holds only the slice.
    fn hold(&mut self, name: &FileName, content: &str, verified: &Verified, stamp: Option<Stamp>) {
        let (stamp, is_settled) = (stamp.unwrap_or_default(), stamp.is_some());
        let held = |verified: &Verified| Held::new(name.clone(), stamp, verified, is_settled);
        if !verified.is_cut() {
            self.survey.hold(held(verified));
        } else if let Ok(Document::License { verified, .. }) =
            self.survey.reader().read(content.as_bytes())
        {
            self.survey.hold(held(&verified));
        }
    }

    /// Keeps the basis for the next licence, unless this one may have changed the unit.
    fn keep_grounds(&mut self, license: &License, assessed: &Assessed, time: &TimeVerdict) {
        let units = &self.survey.units;
        let kept = self.grounds.take_if(|grounds| {
            let strengthens = |unit: &UnitId| {
                matches!(assessed.action, Action::Store { .. })
                    && assessed.code.is_accepted()
                    && units.iter().all(|other| other == unit || !license.names(other))
            };
            units.len() <= 1 || grounds.unit.as_ref().is_some_and(strengthens)
        });
        self.grounds = kept.map(|mut grounds| {
            if let Some(replaced) = &mut grounds.replaced {
                replaced.add(license, time.now);
            }
            grounds
        });
    }

    fn assess_license(
        &mut self,
        verified: &Verified,
        intent: Intent,
        time: TimeVerdict,
    ) -> Assessed {
        let license = &verified.license;
        let day = Date::of(time.now);
        let grounds = self.grounds.take_if(|grounds| grounds.is_settled && grounds.day == day);
        let grounds = grounds.unwrap_or_else(|| self.survey.grounds(license, &time));
        let own = grounds.unit.as_ref().filter(|unit| license.names(unit));
        let assessed = match own.and(grounds.replaced.as_ref()) {
            Some(replaced) => {
                let state = replaced.state(license, &self.survey.trust, time.now);
                self.survey.assess_own(verified, state, intent, time.state)
            }
            None => self.survey.assess_foreign(license, grounds.unit.as_ref(), &time),
        };
        self.grounds = Some(grounds);
        Assessed { time: Some(time), ..assessed }
    }
}

/// Carries a action out and returns the stamp of the stored file.
fn carry_out(
    window: Option<&mut Window<'_>>,
    action: &Action,
    intent: Intent,
) -> Result<Option<Stamp>, Failure> {
    match (action, window) {
        (Action::Store { name, content, replaces }, Some(window)) => {
            if intent != Intent::Explicit {
                window.leave_reserve(content.len())?;
            }
            let (_, stamp) = window.put_stamped(name, content.as_bytes())?;
            remove_all(window, replaces);
            Ok(stamp)
        }
        (Action::Trust { bytes, .. }, Some(window)) => {
            let _: Change = window.put_trust(bytes)?;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// Removes files whose content is stored under another name. A leftover does no harm.
fn remove_all(window: &mut Window<'_>, files: &[FileName]) {
    for file in files {
        if let Err(error) = window.remove(file) {
            log::warn!("{error}");
        }
    }
}

impl Survey {
    fn assess_trust(&self, document: &TrustDocument, bytes: &[u8]) -> Assessed {
        let (new, old) = (document.version(), self.trust.version());
        match new.cmp(&old) {
            Ordering::Greater => {
                let rank = match old {
                    0 => "the first one".to_owned(),
                    old => format!("newer than {old}"),
                };
                let message = format!("trust document version {new}, {rank}");
                let (document, bytes) = (document.clone().into(), bytes.to_owned());
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
    fn assess_foreign(
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
    fn grounds(&self, license: &License, time: &TimeVerdict) -> Grounds {
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
    fn learned(&self, time: &TimeVerdict) -> Past {
        let mut past = self.past.clone();
        self.teach(&mut past, time);
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

    fn assess_own(
        &self,
        verified: &Verified,
        state: LicenseState,
        intent: Intent,
        clock: ClockState,
    ) -> Assessed {
        let license = &verified.license;
        let message = messages::own(license, state, clock);
        let content = verified.storable.as_ref().filter(|_| is_worth_keeping(license, state));
        let Some((content, name)) = content.and_then(|c| Some((c, content_name(c)?))) else {
            return Assessed::nothing(state.into(), message);
        };
        let text = signed_text(content);
        let same = self.held.iter().filter(|held| held.text == Some(text));
        let there = same.clone().any(|held| match intent {
            Intent::Explicit | Intent::Check => held.content_name.as_ref() == Some(&name),
            Intent::Automatic | Intent::Deployed => is_signed_by_all_of(&held.license, license),
        });
        if there {
            return Assessed::nothing(state.into(), format!("{message}; already in the store"));
        }
        if let Some(message) = self.tombstone_message(license, intent) {
            return Assessed::nothing(Code::Removed, message);
        }
        let replaced = same.filter(|held| is_signed_by_all_of(license, &held.license));
        let replaces =
            replaced.map(|held| held.name.clone()).filter(|file| *file != name).collect();
        let action = Action::Store { name, content: content.to_string(), replaces };
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
