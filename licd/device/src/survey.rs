//! Everything that is known of a device, read once.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use licd_files::config::{self, Config};
use licd_files::deployment::Deployments;
use licd_files::settings::Settings;
use licd_files::{settings, state};
use licd_fs::look::{Looked, Unavailable};
use licd_fs::stamp::Stamp;
use licd_machine::usb::RootDrive;
use licd_machine::{clock, links, system, usb};
use licd_rules::{
    Attested, Case, Code, EnterpriseManagement, Feature, FeatureVerdict, Generation, Judgement,
    Notice, Past, StarterMark, StarterVerdict, TimeVerdict, Version, choose, is_settled,
};
use licd_store::{Entry, FileName, Listing, Opened, Stamps, StoreError, StoreState};
use license_format::{
    Date, License, Storable, TrustDocument, UnitId, UnixSeconds, Verified, VerifierKey, limits,
};

use sha2::{Digest, Sha256};

use crate::partial::{Missing, Partial};
use crate::problem::{Area, MachineProblem, PartitionProblem, Problem, TrustPlace, TrustProblem};
use crate::read::{Document, Reader};
use crate::report::{
    Clock, Hardware, LicenseReport, LinkReport, Mac, Os, Parts, Rejected, Report, ServiceReport,
    StoreReport,
};
use crate::{Device, Failure, words};

/// The generation of a system that does not say which it is: the newest.
const DEFAULT_GENERATION: Generation = Generation::Os12;

/// Times that a survey is taken until nothing is missing from it, and the pause between two of them:
/// most shortages are over in a moment.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// Everything that is known of a device at one moment, except the time.
#[derive(Clone)]
pub struct Survey {
    config: Config,
    /// Whether a deployment wants the device to restart.
    restart_pending: bool,
    /// By what it is known whether this still holds, as of before it was read; `None` if that could
    /// not be told.
    stamps: Option<DeviceStamps>,
    settings: Arc<settings::Loaded>,
    roots: Vec<VerifierKey>,
    pub(crate) trust: Arc<TrustDocument>,
    /// The trust document in force as it came, if it is not the one that is remembered.
    trust_to_keep: Option<Vec<u8>>,
    /// The units that the device may be, best first.
    pub(crate) units: Vec<UnitId>,
    mac: Option<[u8; 6]>,
    serial: Option<String>,
    pub(crate) generation: Generation,
    version: Option<String>,
    released: Option<Date>,
    /// By name.
    pub(crate) held: Vec<Arc<Held>>,
    rejected: Vec<Rejected>,
    pub(crate) past: Past,
    store: StoreState,
    /// When the image was made, by its own word.
    built: Option<UnixSeconds>,
    starter_mark: Option<StarterMark>,
    /// What came of the download links when they were asked last.
    links: Vec<LinkReport>,
    problems: Vec<Problem>,
}

/// A genuine licence of the store.
pub struct Held {
    /// The file.
    pub name: FileName,
    /// The name that its content has when it is imported.
    pub content_name: Option<FileName>,
    /// The text that is signed; `None` if nothing of the file could be stored.
    pub(crate) text: Option<TextHash>,
    /// The licence.
    pub license: License,
    /// What would be stored of it if it were imported, if the file lists a whole pack.
    pub(crate) cut: Option<Cut>,
    /// The file as it was read.
    pub(crate) stamp: Stamp,
    /// Whether a change of the file would show in its stamp.
    is_settled: bool,
}

/// By what it is known whether a survey still holds, but for the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DeviceStamps {
    store: Stamps,
    memory: [Option<Stamp>; 2],
}

/// Which licences are taken from an earlier survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Those whose files have not changed.
    Unchanged,
    /// Those of them that cannot be read now.
    Unreadable,
}

/// The slice of a mass licence.
#[derive(Clone)]
pub(crate) struct Cut {
    pub(crate) name: FileName,
    pub(crate) content: String,
}

impl Device {
    /// Reads everything. What is there and cannot be used is left out and named in the report.
    ///
    /// # Errors
    /// [`Partial`]: something could not be looked at, not even after a moment.
    pub fn survey(&self) -> Result<Survey, Box<Partial>> {
        self.survey_after(None)
    }

    /// The same, without reading again the licences that have not changed since `last`.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_after(&self, last: Option<&Survey>) -> Result<Survey, Box<Partial>> {
        self.survey_with(last, Reuse::Unchanged)
    }

    /// The same, but everything is read. A file that cannot be read now and is the one that `last`
    /// has read is taken from there.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_anew(&self, last: Option<&Survey>) -> Result<Survey, Box<Partial>> {
        self.survey_with(last, Reuse::Unreadable)
    }

    fn survey_with(&self, last: Option<&Survey>, reuse: Reuse) -> Result<Survey, Box<Partial>> {
        let last = last.map(|last| (last, reuse));
        let mut taken = self.try_to_survey(last);
        for _ in 1..TRIES {
            if taken.is_ok() {
                break;
            }
            thread::sleep(PAUSE);
            taken = self.try_to_survey(last);
        }
        taken
    }

    /// What documents are read by that arrive: `last`, or what is known if other units are there by
    /// now, of which nobody need have told.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub fn survey_to_read_by(&self, last: &Survey) -> Result<Survey, Failure> {
        let mut missing = Missing::default();
        let (units, _) = self.units(&mut missing, &mut Vec::new());
        match missing.is_empty() && units == last.units {
            true => Ok(last.clone()),
            false => {
                self.survey_without_licenses().map_err(|partial| Failure::from(&partial.missing))
            }
        }
    }

    /// A survey but for the licences of the store: configuration, settings, trust and units.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_without_licenses(&self) -> Result<Survey, Box<Partial>> {
        let mut missing = Missing::default();
        let survey = self.look_around(None, &mut missing);
        Partial::unless_whole(survey, missing)
    }

    fn try_to_survey(&self, last: Option<(&Survey, Reuse)>) -> Result<Survey, Box<Partial>> {
        let mut missing = Missing::default();
        let mut survey = self.look_around(self.stamps().ok(), &mut missing);
        survey.read_store(self, last, &mut missing);
        survey.look_at_partition(self, &mut missing);
        Partial::unless_whole(survey, missing)
    }

    /// Everything but the licences of the store.
    fn look_around(&self, stamps: Option<DeviceStamps>, missing: &mut Missing) -> Survey {
        let mut problems = Vec::new();
        let (config, faults) = missing.fact(Config::load(self.root()));
        problems.extend(faults.into_iter().map(Problem::from));
        let settings = missing.fact(settings::load(self.root()));
        problems.extend(settings.problem.clone().map(Problem::from));
        let (links, notice) = self.link_reports(&settings.settings).unwrap_or_else(|unavailable| {
            missing.file(Area::System, unavailable);
            (Vec::new(), None)
        });
        problems.extend(notice.map(Problem::from));
        let (roots, faults) = missing.fact(config::roots(self.root()));
        problems.extend(faults.into_iter().map(Problem::from));
        let (memory, notice) = missing.fact(state::load(self.root()));
        problems.extend(notice.map(Problem::from));
        let (units, mac) = self.units(missing, &mut problems);
        let os = missing.fact(system::os_release(self.root()));
        let starter = missing.of_store(StoreError::looked(self.store().starter()).map(Some));
        let starter_mark = starter.unwrap_or(Ok(None)).unwrap_or_else(|error| {
            problems.push(error.into());
            // It may have begun before.
            Some(StarterMark::Forgone)
        });
        problems.extend(missing.fact(self.time_notices()).into_iter().map(Problem::from));
        let restart_pending = missing.fact(self.is_restart_pending(&mut problems));
        let mut survey = Survey {
            stamps,
            restart_pending,
            settings: Arc::new(settings),
            roots,
            trust: Arc::new(TrustDocument::empty()),
            trust_to_keep: None,
            units,
            mac,
            serial: missing.fact(system::serial_number(self.root())),
            generation: config.system.generation.or(os.generation).unwrap_or(DEFAULT_GENERATION),
            version: config.system.version.clone().or(os.version),
            released: config.system.released.or(os.released),
            held: Vec::new(),
            rejected: Vec::new(),
            past: memory.past,
            store: missing.of_store(self.store().state().map(Some)).unwrap_or(StoreState::Damaged),
            built: os.released.map(Date::start),
            starter_mark,
            links,
            problems,
            config,
        };
        survey.look_at_generation();
        survey.find_trust(self, missing);
        survey
    }

    /// Whether a deployment has ended since the system started, and why the restart that it wants
    /// cannot be had.
    fn is_restart_pending(&self, problems: &mut Vec<Problem>) -> Looked<bool> {
        let Some(boot) = clock::reading(self.root())?.at.boot else { return Ok(false) };
        let (deployments, notice) = Deployments::load(self.root())?;
        problems.extend(notice.map(Problem::from));
        // Published, not remembered: it may be that nothing can be remembered.
        let plan = self.published_restart()?;
        let plan = plan.filter(|plan| plan.boot == boot.to_string());
        problems.extend(plan.and_then(|plan| plan.problem));
        Ok(deployments.is_pending(&boot))
    }

    fn stamps(&self) -> Result<DeviceStamps, StoreError> {
        Ok(DeviceStamps { store: self.store().stamps()?, memory: state::stamps(self.root())? })
    }

    /// Whether store and memory are as they were when this survey was taken.
    pub(crate) fn is_current(&self, survey: &Survey) -> bool {
        survey.stamps.is_some() && self.stamps().ok() == survey.stamps
    }

    /// The same, and the device is still the same unit.
    pub(crate) fn still_holds(&self, survey: &Survey) -> bool {
        let mut missing = Missing::default();
        let (units, _) = self.units(&mut missing, &mut Vec::new());
        missing.is_empty() && units == survey.units && self.is_current(survey)
    }

    /// The units that the device may be, best first, and its best MAC address.
    fn units(
        &self,
        missing: &mut Missing,
        problems: &mut Vec<Problem>,
    ) -> (Vec<UnitId>, Option<[u8; 6]>) {
        let links = missing.fact(links::list(self.root()).map(Some)).unwrap_or(Ok(Vec::new()));
        let links = links.unwrap_or_else(|error| {
            problems.push(error.into());
            Vec::new()
        });
        let mac = links.first().map(|link| link.mac);
        let macs = || links.iter().take(limits::UNITS).map(|l| UnitId::from_mac(l.mac)).collect();
        let drive = missing.fact(usb::root_drive(self.root()).map(Some));
        let units = match drive.unwrap_or(Ok(RootDrive::NotUsb)) {
            Ok(RootDrive::Unit(drive)) => vec![drive],
            Ok(RootDrive::NotUsb) => macs(),
            Ok(RootDrive::NoSerial) => {
                problems.push(MachineProblem::DriveWithoutSerial.into());
                macs()
            }
            Ok(RootDrive::UnfitSerial { serial }) => {
                problems.push(MachineProblem::UnfitSerial { serial }.into());
                macs()
            }
            Ok(RootDrive::OutOfReach { mount }) => {
                problems.push(MachineProblem::DriveOutOfReach { mount }.into());
                macs()
            }
            Err(error) => {
                problems.push(error.into());
                macs()
            }
        };
        (units, mac)
    }
}

impl Survey {
    /// Notes that another look is due before anything is compared with this survey.
    pub(crate) fn holds_no_longer(&mut self) {
        self.stamps = None;
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            roots: &self.roots,
            threshold: self.config.trust.threshold,
            trust: &self.trust,
            units: &self.units,
        }
    }

    /// The newest of the trust documents of the image, of the store, and of those seen before
    /// (LF §7).
    fn find_trust(&mut self, device: &Device, missing: &mut Missing) {
        match missing.fact(state::trust(device.root()).map(Some)).unwrap_or(Ok(None)) {
            Ok(Some(bytes)) => match self.reader().read(bytes.as_slice()) {
                Ok(Document::Trust { document, bytes }) => self.adopt(document, bytes),
                Ok(Document::License { .. }) | Err(_) => self.note(TrustProblem::Damaged),
            },
            Ok(None) => {}
            Err(flaw) => self.note(TrustProblem::Unreadable(Arc::new(flaw))),
        }
        // It needs not be kept again.
        self.trust_to_keep = None;
        match missing.fact(config::trust_note(device.root()).map(Some)).unwrap_or(Ok(None)) {
            Ok(Some(bytes)) => {
                let adopted = self.consider(TrustPlace::Image, bytes.as_slice());
                missing.fact(adopted);
            }
            Ok(None) => {}
            Err(problem) => self.note(problem),
        }
        match missing.of_store(StoreError::looked(device.store().trust()).map(Some)) {
            Some(Ok(Opened::File { file, .. })) => {
                let adopted = self.consider(TrustPlace::Store, file);
                missing.of_store(adopted);
            }
            Some(Ok(Opened::Gone)) | None => {}
            Some(Ok(Opened::NotRegular)) => self.note(TrustProblem::NotAFile),
            Some(Err(error)) => self.note(error),
        }
        if self.trust.version() == 0 {
            self.note(TrustProblem::Missing);
        }
    }

    fn note(&mut self, problem: impl Into<Problem>) {
        self.problems.push(problem.into());
    }

    /// Takes the trust document of a place if it is newer.
    fn consider(&mut self, place: TrustPlace, source: impl Read) -> Looked<()> {
        match self.reader().read(source).map_err(|refused| refused.looked(&place.to_string())) {
            Ok(Document::Trust { document, bytes }) => self.adopt(document, bytes),
            Ok(Document::License { .. }) => self.note(TrustProblem::License(place)),
            Err(refused) => self.note(TrustProblem::Refused(place, refused?)),
        }
        Ok(())
    }

    fn adopt(&mut self, document: Box<TrustDocument>, bytes: Vec<u8>) {
        if document.contradicts(&self.trust) {
            let version = document.version();
            let problem = TrustProblem::Contradiction { version }.into();
            // The store may be read more than once.
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        if document.version() > self.trust.version() {
            self.trust = document.into();
            self.trust_to_keep = Some(bytes);
        }
    }

    /// The trust document in force, if it is not remembered yet.
    pub(crate) fn trust_to_keep(&self) -> Option<&[u8]> {
        self.trust_to_keep.as_deref()
    }

    /// Reads every file of the store, and again if a newer trust document was among them, so that
    /// it does not matter in which order files were copied there by hand.
    pub(crate) fn read_store(
        &mut self,
        device: &Device,
        last: Option<(&Self, Reuse)>,
        missing: &mut Missing,
    ) {
        let listing =
            match missing.of_store(StoreError::looked(device.store().licenses()).map(Some)) {
                Some(Ok(listing)) => listing,
                Some(Err(error)) => return self.note(error),
                None => return,
            };
        if listing.truncated {
            self.note(PartitionProblem::TooManyFiles);
        }
        loop {
            let trust = Arc::clone(&self.trust);
            self.held.clear();
            self.rejected.clear();
            let unread = self.read_listing(&listing, last);
            if self.trust == trust {
                return unread.into_iter().for_each(|file| missing.file(Area::Store, file));
            }
        }
    }

    /// Reads the files, and returns why some could not be.
    fn read_listing(
        &mut self,
        listing: &Listing,
        last: Option<(&Self, Reuse)>,
    ) -> Vec<Unavailable> {
        let mut unread = Vec::new();
        let same = last.filter(|(last, reuse)| *reuse == Reuse::Unchanged && last.reads_as(self));
        for entry in &listing.entries {
            if let Some(held) = same.and_then(|(last, _)| self.unchanged(last, entry)) {
                self.held.push(held);
                continue;
            }
            match self.read_entry(listing, entry) {
                Ok(Ok(ReadEntry::Gone)) => {}
                Ok(Ok(ReadEntry::License(held))) => self.held.push(held),
                Ok(Ok(ReadEntry::Trust { document, bytes })) => self.adopt(document, bytes),
                Ok(Err(failure)) => self.reject(entry, failure),
                Err(unavailable) => match last.and_then(|(last, _)| last.known(listing, entry)) {
                    Some(held) => {
                        self.held.push(held);
                        self.note(PartitionProblem::Unread(unavailable));
                    }
                    None => {
                        self.reject(entry, Failure::from(&unavailable));
                        unread.push(unavailable);
                    }
                },
            }
        }
        unread
    }

    /// Whether both find the same in the same file.
    fn reads_as(&self, other: &Self) -> bool {
        let (own, others) = (self.reader(), other.reader());
        (own.roots, own.threshold, own.units) == (others.roots, others.threshold, others.units)
            && own.trust == others.trust
    }

    /// The licence that another survey has read from a file that has not changed since.
    fn unchanged(&self, last: &Self, entry: &Entry) -> Option<Arc<Held>> {
        let stamp = self.stamps.as_ref()?.store.of(&entry.name)?;
        last.held(&entry.name).filter(|held| held.is_settled && held.stamp == stamp).cloned()
    }

    /// The licence of a file.
    pub(crate) fn held(&self, name: &FileName) -> Option<&Arc<Held>> {
        self.held.get(self.place_of(name).ok()?)
    }

    fn place_of(&self, name: &FileName) -> Result<usize, usize> {
        self.held.binary_search_by(|held| held.name.cmp(name))
    }

    /// Takes note of a licence that was stored.
    pub(crate) fn hold(&mut self, held: Held) {
        self.rejected.retain(|rejected| rejected.file != held.name.to_string());
        self.drop_held(&held.name);
        if let Err(place) = self.place_of(&held.name) {
            self.held.insert(place, Arc::new(held));
        }
    }

    /// Takes note of a licence that was removed.
    pub(crate) fn drop_held(&mut self, name: &FileName) {
        if let Ok(place) = self.place_of(name) {
            self.held.remove(place);
        }
    }

    fn reject(&mut self, entry: &Entry, Failure { code, message }: Failure) {
        let file = entry.name.to_string();
        self.rejected.push(Rejected { file, code, message });
    }

    /// The licence that this survey read from a file, if it is still the same file.
    fn known(&self, listing: &Listing, entry: &Entry) -> Option<Arc<Held>> {
        let stamp = listing.stamp(entry).ok().flatten()?;
        self.held(&entry.name).filter(|held| held.stamp == stamp).cloned()
    }

    fn read_entry(&self, listing: &Listing, entry: &Entry) -> Looked<Result<ReadEntry, Failure>> {
        let (file, stamp) = match StoreError::looked(listing.open(entry))? {
            Ok(Opened::File { file, stamp }) => (file, stamp),
            Ok(Opened::Gone) => return Ok(Ok(ReadEntry::Gone)),
            Ok(Opened::NotRegular) => {
                let message = "is no regular file and is not read; remove it";
                return Ok(Err(Failure::new(Code::SourceRefused, message)));
            }
            Err(error) => return Ok(Err(Failure::new(Code::SourceRefused, error.to_string()))),
        };
        match self.reader().read(file) {
            Ok(Document::License { verified, .. }) => {
                let held = Held::new(entry.name.clone(), stamp, &verified, !stamp.is_recent());
                Ok(Ok(ReadEntry::License(Arc::new(held))))
            }
            Ok(Document::Trust { document, bytes }) => Ok(Ok(ReadEntry::Trust { document, bytes })),
            Err(refused) => refused.looked(&entry.name.to_string()).map(Err),
        }
    }

    /// Notes that the system is older than what licences are made for.
    fn look_at_generation(&mut self) {
        if let Generation::Older(major) = self.generation {
            self.note(MachineProblem::OldSystem(major));
        }
    }

    /// Notes what speaks against the partition itself.
    fn look_at_partition(&mut self, device: &Device, missing: &mut Missing) {
        if let Some(holders) = missing.of_store(device.store().holders()) {
            self.note(PartitionProblem::Open(holders));
        }
        match device.store().strays() {
            Ok(strays) => self.problems.extend(PartitionProblem::strays(strays).map(Problem::from)),
            Err(unavailable) => missing.file(Area::Store, unavailable),
        }
        if missing.of_store(device.store().is_nearly_full()) {
            self.note(PartitionProblem::NearlyFull);
        }
    }

    /// The unit ID of the device; if no licence that counts names it, as if `also` were installed. So
    /// an import never takes the unit away that other licences are for.
    pub(crate) fn unit(&self, also: Option<&License>, time: &TimeVerdict) -> Option<&UnitId> {
        let mut licenses = self.all();
        let now = choose(&self.units, self.case(&licenses, time));
        if also.is_none() || now.is_some_and(|unit| is_settled(unit, self.case(&licenses, time))) {
            return now;
        }
        licenses.extend(also);
        choose(&self.units, self.case(&licenses, time))
    }

    /// What a judgement of these licences rests on, but for the unit and the starter period.
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

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings.settings
    }

    /// The settings as they were read, to be kept for the day when they are broken.
    pub fn loaded_settings(&self) -> &settings::Loaded {
        &self.settings
    }

    /// The genuine licences of the store, by file name.
    pub fn licenses(&self) -> impl Iterator<Item = &License> {
        self.held.iter().map(|held| &held.license)
    }

    /// The same, to be judged.
    pub(crate) fn all(&self) -> Vec<&License> {
        self.licenses().collect()
    }

    /// What the image and the documents at hand say of the time.
    pub(crate) fn attested(&self) -> Attested {
        Attested::of(self.built, &self.trust, self.licenses())
    }

    /// What is to be done about the starter period.
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

    /// Judges these licences on this device, and hands the judgement over.
    pub(crate) fn judge<T>(
        &self,
        licenses: &[&License],
        unit: Option<&UnitId>,
        time: &TimeVerdict,
        ask: impl FnOnce(&Judgement<'_>) -> T,
    ) -> T {
        self.with_case(licenses, unit, time, |case| ask(&Judgement::of(case)))
    }

    /// Hands over what a judgement of these licences rests on.
    pub(crate) fn with_case<T>(
        &self,
        licenses: &[&License],
        unit: Option<&UnitId>,
        time: &TimeVerdict,
        ask: impl FnOnce(Case<'_>) -> T,
    ) -> T {
        ask(Case { unit, starter: self.starter(time).begun(), ..self.case(licenses, time) })
    }

    /// Whether a release of this date, and of this version if that is known, may be installed.
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

    /// What there is to say at this time of services that end or have ended.
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
            rejected.sort_by(|a, b| a.file.cmp(&b.file));
            Report::new(Parts {
                unit_id: unit.cloned(),
                hardware: self.hardware(unit),
                os: Os {
                    generation: self.generation,
                    version: self.version.clone(),
                    released: self.released,
                },
                clock: Clock { state: time.state, now: clock::now() },
                store: StoreReport { state: self.store, licenses: own.len() },
                services: judgement.services().iter().map(ServiceReport::from).collect(),
                licenses: own,
                rejected,
                features: Feature::ALL
                    .iter()
                    .map(|feature| (feature.name.to_owned(), judgement.feature(feature).into()))
                    .collect(),
                links: self.links.clone(),
                restart_pending: self.restart_pending,
                problems: self.problems.clone(),
            })
        })
    }

    /// The licences of this device, and the others with the verdict on them.
    fn by_device(
        &self,
        judgement: &Judgement<'_>,
        unit: Option<&UnitId>,
    ) -> (Vec<LicenseReport>, Vec<Rejected>) {
        let (mut own, mut foreign) = (Vec::new(), Vec::new());
        for (held, state) in self.held.iter().zip(judgement.states()) {
            let file = held.name.to_string();
            match state {
                Some(state) => own.push(LicenseReport::new(&held.license, *state, file)),
                None => foreign.push(Rejected {
                    file,
                    code: Code::WrongDevice,
                    message: words::foreign(&held.license, unit),
                }),
            }
        }
        (own, foreign)
    }

    fn hardware(&self, unit: Option<&UnitId>) -> Hardware {
        let mac = unit.and_then(UnitId::to_mac).or(self.mac);
        Hardware {
            kind: unit.map(UnitId::kind).into(),
            mac: mac.map(Mac),
            serial: self.serial.clone(),
        }
    }
}

/// What a file of the store is.
enum ReadEntry {
    License(Arc<Held>),
    Trust { document: Box<TrustDocument>, bytes: Vec<u8> },
    Gone,
}

impl Held {
    pub(crate) fn new(name: FileName, stamp: Stamp, verified: &Verified, is_settled: bool) -> Self {
        let content = verified.storable.as_ref();
        let content_name = content.and_then(content_name);
        let text = content.map(signed_text);
        let cut = content.zip(content_name.clone()).filter(|_| verified.is_cut());
        let cut = cut.map(|(content, name)| Cut { name, content: content.to_string() });
        let license = verified.license.clone();
        Self { name, content_name, text, cut, license, stamp, is_settled }
    }
}

/// What tells one signed text from another: its SHA-256.
pub(crate) type TextHash = [u8; 32];

/// The hash of the text that is signed, whatever signature lines follow it.
pub(crate) fn signed_text(content: &Storable) -> TextHash {
    let content = content.to_string();
    let text = content.split_once("\n\n").map_or(content.as_str(), |(text, _)| text);
    Sha256::digest(text).into()
}

/// The name of a licence that is imported: the first half of the SHA-256 of what is stored.
pub(crate) fn content_name(content: &Storable) -> Option<FileName> {
    let digest = Sha256::digest(content.to_string());
    let half = digest.iter().take(16).map(|byte| format!("{byte:02X}"));
    FileName::new(half.chain([".lic".to_owned()]).collect::<String>())
}
