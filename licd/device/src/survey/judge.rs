//! Judgement of a survey at a given time: the unit ID, the licences and the report.

use licd_machine::clock;
use licd_rules::{
    Case, Code, EnterpriseManagement, Feature, FeatureVerdict, Generation, Judgement, License,
    Notice, StarterVerdict, TimeVerdict, Version, choose, is_certain, is_settled, sort_by,
};
use license_format::{Date, UnitId};

use super::Survey;
use crate::messages;
use crate::report::{
    Clock, FeatureReport, Hardware, LicenseReport, Mac, Os, Parts, Rejected, Report, ServiceReport,
    StoreReport,
};

impl Survey {
    /// The unit ID of the device. If no licence that counts names it, `also` takes part in the
    /// choice as if it were installed, so an import never takes the unit away from other licences.
    pub(crate) fn unit(&self, also: Option<&License>, time: &TimeVerdict) -> Option<&UnitId> {
        let mut licenses = self.all();
        let now = choose(&self.units, self.case(&licenses, time));
        if also.is_none() || now.is_some_and(|unit| is_settled(unit, self.case(&licenses, time))) {
            return now;
        }
        licenses.extend(also);
        choose(&self.units, self.case(&licenses, time))
    }

    /// Whether no licence that this survey lacks could change the unit ID.
    #[must_use]
    pub fn has_certain_unit(&self, time: &TimeVerdict) -> bool {
        is_certain(&self.units, self.case(&self.all(), time))
    }

    /// The case for these licences, without unit and starter period.
    pub(crate) fn case<'a>(&'a self, licenses: &'a [&'a License], time: &TimeVerdict) -> Case<'a> {
        Case {
            licenses,
            past: &self.past,
            trust: &self.trust,
            unit: None,
            now: time.now,
            generation: self.generation,
            version: self.version.as_deref().and_then(Version::parse),
            starter: None,
        }
    }

    /// The decision on the starter period.
    pub(crate) fn starter(&self, time: &TimeVerdict) -> StarterVerdict {
        let unit = self.unit(None, time);
        let own = |license: &License| unit.is_some_and(|unit| license.names(unit));
        let licensed = self.licenses().any(own)
            || unit.is_some_and(|unit| self.past.was_licensed(unit, &self.trust));
        StarterVerdict::of(
            self.config.starter.days,
            self.starter_mark,
            licensed,
            time.now,
            time.state,
        )
    }

    /// Judges these licences on this device and passes the judgement to `ask`.
    pub(crate) fn judge<T>(
        &self,
        licenses: &[&License],
        unit: Option<&UnitId>,
        time: &TimeVerdict,
        ask: impl FnOnce(&Judgement<'_>) -> T,
    ) -> T {
        self.with_case(licenses, unit, time, |case| ask(&Judgement::of(case)))
    }

    /// Passes the case of these licences to `ask`.
    pub(crate) fn with_case<T>(
        &self,
        licenses: &[&License],
        unit: Option<&UnitId>,
        time: &TimeVerdict,
        ask: impl FnOnce(Case<'_>) -> T,
    ) -> T {
        ask(Case { unit, starter: self.starter(time).begun(), ..self.case(licenses, time) })
    }

    /// Whether a release of this date, and of version `to` if known, may be installed.
    pub fn update(
        &self,
        released: Date,
        to: Option<Version>,
        time: &TimeVerdict,
    ) -> FeatureVerdict {
        let licenses = self.all();
        self.judge(&licenses, self.unit(None, time), time, |judgement| {
            judgement.update(released, to)
        })
    }

    /// Whether a feature is allowed.
    #[must_use]
    pub fn feature(&self, feature: &Feature, time: &TimeVerdict) -> FeatureReport {
        let licenses = self.all();
        self.judge(&licenses, self.unit(None, time), time, |judgement| {
            judgement.feature(feature).into()
        })
    }

    /// The generation of the system that licences are judged for.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Notices at this time for services that end or have ended.
    #[must_use]
    pub fn notices(&self, management: EnterpriseManagement, time: &TimeVerdict) -> Vec<Notice> {
        let licenses: Vec<&License> = self.licenses().collect();
        self.judge(&licenses, self.unit(None, time), time, |judgement| {
            judgement.notices(management)
        })
    }

    /// The status report as of this time.
    #[must_use]
    pub fn report(&self, time: &TimeVerdict) -> Report {
        let licenses = self.all();
        let unit = self.unit(None, time);
        self.judge(&licenses, unit, time, |judgement| {
            let (own, foreign) = self.by_device(judgement, unit);
            let mut rejected = [self.rejected.clone(), foreign].concat();
            sort_by(&mut rejected, |a, b| a.file.cmp(&b.file));
            Report::new(Parts {
                unit_id: unit.cloned(),
                hardware: self.hardware(unit),
                os: Os {
                    generation: self.generation,
                    version: self.version.clone(),
                    released: self.released,
                },
                clock: Clock { state: time.state, now: clock::now() },
                store: StoreReport { state: self.shown.store, licenses: own.len() },
                services: judgement.services().iter().map(ServiceReport::from).collect(),
                licenses: own,
                rejected,
                features: Feature::ALL
                    .iter()
                    .map(|feature| (feature.name.to_owned(), judgement.feature(feature).into()))
                    .collect(),
                links: self.shown.links.clone(),
                restart_pending: self.shown.restart_pending,
                problems: self.problems.clone(),
            })
        })
    }

    /// The licences of this device, and those of other devices with their verdict.
    fn by_device(
        &self,
        judgement: &Judgement<'_>,
        unit: Option<&UnitId>,
    ) -> (Vec<LicenseReport>, Vec<Rejected>) {
        let (mut own, mut foreign) = (Vec::new(), Vec::new());
        for (held, state) in self.held.iter().zip(judgement.states()) {
            let file = held.name.to_string();
            match state {
                Some(state) => own.push(LicenseReport::new(&held.license, *state, file.into())),
                None => foreign.push(Rejected {
                    file,
                    code: Code::WrongDevice,
                    message: messages::foreign(&held.license, unit),
                }),
            }
        }
        // A device may have thousands of them, for as long as the report stands.
        own.shrink_to_fit();
        (own, foreign)
    }

    fn hardware(&self, unit: Option<&UnitId>) -> Hardware {
        let mac = unit.and_then(UnitId::to_mac).or(self.mac);
        Hardware {
            kind: unit.map(UnitId::kind).into(),
            mac: mac.map(Mac),
            serial: self.shown.serial.clone(),
        }
    }
}
