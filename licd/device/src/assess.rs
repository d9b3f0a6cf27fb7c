//! Judges the documents of a batch in turn and decides the action for each.

mod verdicts;

use std::sync::Arc;

use licd_fs::look::Looked;
use licd_fs::stamp::Stamp;
use licd_rules::{Attested, Code, License, Past, Replaced, TimeVerdict, sort_by};
use licd_store::FileName;
use license_format::{Date, TrustDocument, UnitId};

use crate::arrival::{Arrival, Content};
use crate::genuine::Digest;
use crate::import::{Imported, Intent};
use crate::partial::Missing;
use crate::read::Document;
use crate::survey::{Held, Survey};
use crate::{Device, Failure, Genuine, Storable};

/// The change that an import makes to the device.
pub(crate) enum Action {
    /// None: the document is refused or already stored.
    Nothing,
    /// Store a licence under this name, and remove others with the same signed text.
    Store { name: FileName, content: String, replaces: Vec<FileName> },
    /// Store a trust document.
    Trust { document: Arc<TrustDocument>, bytes: Vec<u8> },
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

    /// The file that it stores, and those that this one replaces.
    pub(crate) fn files(&self) -> impl Iterator<Item = &FileName> {
        let (name, replaces) = match &self.action {
            Action::Store { name, replaces, .. } => (Some(name), replaces.as_slice()),
            _ => (None, [].as_slice()),
        };
        name.into_iter().chain(replaces)
    }

    /// Whether it answers the requests for a licence: a licence that counts was stored.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self.action, Action::Store { .. }) && self.code.is_accepted()
    }

    /// Whether it is recorded only.
    pub(crate) fn is_roster(&self) -> bool {
        matches!(self.action, Action::Record)
    }

    /// Whether it finds its document in the store, unchanged.
    pub(crate) fn is_there_already(&self) -> bool {
        matches!(self.action, Action::Nothing)
            && (self.code.is_accepted() || self.code == Code::Expired)
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
    pub(crate) device: &'a Device,
    pub(crate) survey: Survey,
    /// The times that the licences at hand attest, and the names of the licences by their text: a store
    /// may hold ten thousand.
    attested: Option<Attested>,
    by_text: Option<Vec<(Digest, FileName)>>,
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
        let (attested, by_text, grounds, learned) = Default::default();
        Self { device, survey, attested, by_text, grounds, learned }
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
            Content::License { verified: Ok(genuine), .. } => match self.time() {
                Ok(time) => self.assess_license(genuine, intent, time),
                Err(unavailable) => Failure::from(unavailable).into(),
            },
        }
    }

    fn time(&mut self) -> Looked<TimeVerdict> {
        let attested = self.attested.get_or_insert_with(|| self.survey.attested());
        self.device.time_by(attested)
    }

    /// Judges an arrival, and whether it changes the store or the memory.
    pub(crate) fn foresee(&mut self, arrival: &Arrival) -> (Assessed, bool) {
        let assessed = self.assess(arrival);
        let acts = !matches!(assessed.action, Action::Nothing);
        let has_effect = acts || self.would_learn(arrival, &assessed);
        (assessed, has_effect)
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
        past != *self.survey.past
    }

    /// Applies the effects of an arrival to the survey.
    pub(crate) fn note(&mut self, arrival: &Arrival, assessed: &Assessed, stamp: Option<Stamp>) {
        if let Action::Trust { document, .. } = &assessed.action {
            self.survey.trust = Arc::clone(document);
            // The document may revoke or admit keys. A file that is unavailable now does not count.
            let _ =
                self.survey.read_store(&self.device.store().view(), None, &mut Missing::default());
            (self.attested, self.by_text, self.grounds) = Default::default();
        }
        let (Some(genuine), Some(time)) = (arrival.genuine(), &assessed.time) else { return };
        let license = &genuine.license;
        if let Some(unit) = self.grounds.as_ref().and_then(|grounds| grounds.unit.as_ref()) {
            Arc::make_mut(&mut self.survey.past).learn([license], unit, time.now);
        }
        if assessed.clears_tombstone(arrival.intent) {
            Arc::make_mut(&mut self.survey.past).restore(license);
        }
        if let Action::Store { name, content, replaces } = &assessed.action {
            replaces.iter().for_each(|file| self.drop_held(file));
            self.hold(name, content, genuine, stamp);
        }
        self.keep_grounds(license, assessed, time);
    }

    /// Adds a stored licence to the survey. Of a mass licence, the store holds only the slice.
    fn hold(&mut self, name: &FileName, content: &str, genuine: &Genuine, stamp: Option<Stamp>) {
        let (stamp, is_settled) = (stamp.unwrap_or_default(), stamp.is_some());
        let held = |genuine: &Genuine| Held::new(name.clone(), stamp, genuine, is_settled);
        let held = if !genuine.storable.as_ref().is_some_and(Storable::is_slice) {
            held(genuine)
        } else if let Ok(Document::License { genuine, .. }) =
            self.survey.reader().read(content.as_bytes())
        {
            held(&genuine)
        } else {
            return;
        };
        self.drop_held(name);
        if let Some(attested) = &mut self.attested {
            attested.add(&held.license);
        }
        if let (Some(by_text), Some(text)) = (&mut self.by_text, held.text) {
            let named = (text, name.clone());
            let (Ok(place) | Err(place)) = by_text.binary_search(&named);
            by_text.insert(place, named);
        }
        self.survey.hold(held);
    }

    /// Drops a licence whose file was replaced.
    fn drop_held(&mut self, name: &FileName) {
        let Some(held) = self.survey.held(name) else { return };
        if let (Some(by_text), Some(text)) = (&mut self.by_text, held.text)
            && let Ok(place) = by_text.binary_search(&(text, name.clone()))
        {
            by_text.remove(place);
        }
        self.survey.drop_held(name);
        // What it attested may be attested by no other.
        self.attested = None;
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

    fn assess_license(&mut self, genuine: &Genuine, intent: Intent, time: TimeVerdict) -> Assessed {
        let license = &genuine.license;
        let day = Date::of(time.now);
        let grounds = self.grounds.take_if(|grounds| grounds.is_settled && grounds.day == day);
        let grounds = grounds.unwrap_or_else(|| self.survey.grounds(license, &time));
        let own = grounds.unit.as_ref().filter(|unit| license.names(unit));
        let assessed = match own.and(grounds.replaced.as_ref()) {
            Some(replaced) => {
                let state = replaced.state(license, &self.survey.trust, time.now);
                let same = self.with_text_of(genuine);
                self.survey.assess_own(genuine, state, intent, time.state, &same)
            }
            None => self.survey.assess_foreign(license, grounds.unit.as_ref(), &time),
        };
        self.grounds = Some(grounds);
        Assessed { time: Some(time), ..assessed }
    }

    /// The licences at hand with the same signed text, by file name.
    fn with_text_of(&mut self, genuine: &Genuine) -> Vec<Arc<Held>> {
        let Some(storable) = &genuine.storable else { return Vec::new() };
        let survey = &self.survey;
        let by_text = self.by_text.get_or_insert_with(|| {
            let texts = survey.held.iter().filter_map(|held| Some((held.text?, held.name.clone())));
            let mut by_text: Vec<_> = texts.collect();
            sort_by(&mut by_text, Ord::cmp);
            by_text
        });
        let first = by_text.partition_point(|(text, _)| *text < storable.text);
        let with_text = by_text.iter().skip(first).take_while(|(text, _)| *text == storable.text);
        with_text.filter_map(|(_, name)| survey.held(name).cloned()).collect()
    }
}
