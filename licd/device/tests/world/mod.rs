//! A device in a temporary directory, with a clock derived from the machine's running time, and the
//! vendor's licences for it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test crate uses a part of it; a failed unwrap fails the test"
)]

pub mod files;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use licd_device::{Batch, Device, Extent, FileVerdict, Intent, Report};
use licd_files::state;
use licd_fs::root::Root;
use licd_rules::{Code, Feature, Past, TimeVerdict};
use license_format::{
    Category, Date, Expiry, KeyName, PackId, Product, Serial, ServiceName, Term, Terms, UnitId,
    UnixSeconds,
};
use license_issue::{self as issue, SigningKey, TrustKey};
use tempfile::TempDir;

const SYNCHRONIZED: &str = "run/systemd/timesync/synchronized";

pub fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]).unwrap()
}

pub fn trust(version: u64, withdrawn: &[(&str, u64)]) -> String {
    let issuer = TrustKey { key: key("issuer", 2).verifier().clone(), products: vec![] };
    let withdrawn: Vec<_> = withdrawn
        .iter()
        .map(|(pack, serial)| (PackId::parse(pack).unwrap(), Serial::new(*serial).unwrap()))
        .collect();
    issue::trust_document(version, UnixSeconds(0), &[issuer], &withdrawn, &[&key("root", 1)])
}

/// The day this many days after the test's day.
pub fn day(days: i32) -> Date {
    Date::of(licd_machine::clock::now()).plus_days(days)
}

/// A subscription for the device.
#[derive(Debug, Clone)]
pub struct Licence {
    pub pack: &'static str,
    pub serial: u64,
    /// Days from today.
    pub starts: i32,
    pub expires: i32,
    pub supersedes: Option<&'static str>,
}

impl Licence {
    pub fn sign(&self) -> String {
        issue::license(&self.terms(), &self.units(), &[&key("issuer", 2)])
    }

    /// The device.
    pub fn units(&self) -> BTreeSet<UnitId> {
        [UnitId::from_mac([0, 0xE0, 0xC5, 0x1C, 0x50, 0x87])].into()
    }

    pub fn terms(&self) -> Terms {
        Terms {
            pack: PackId::parse(self.pack).unwrap(),
            serial: Serial::new(self.serial).unwrap(),
            product: Product::parse("WE").unwrap(),
            term: Term::Subscription,
            category: Category::Subscription,
            subscription_key: None,
            order: None,
            supersedes: self.supersedes.and_then(PackId::parse).into_iter().collect(),
            services: [ServiceName::parse("SUB_SERVICE_SET_WORKSPACE_EDITION").unwrap()]
                .into_iter()
                .collect(),
            issued: self.issued(),
            starts: day(self.starts),
            expires: Expiry::On(day(self.expires)),
            grace_days: 0,
            warn_days: 0,
            roster_complete: false,
        }
    }

    /// Higher serials are later, and all are long ago.
    pub fn issued(&self) -> UnixSeconds {
        UnixSeconds(1_500_000_000 + i64::try_from(self.serial).unwrap())
    }

    /// Whether this replaces another once it has started.
    pub fn replaces(&self, other: &Self) -> bool {
        let reissue = self.pack == other.pack && self.serial > other.serial;
        reissue || self.supersedes == Some(other.pack) && self.issued() > other.issued()
    }
}

pub struct World {
    dir: TempDir,
    device: Device,
    uptime: i64,
    boots: u32,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let write = |name: &str, text: &str| {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            fs::write(path(name), text).unwrap();
        };
        write("usr/lib/licd/licd.toml", "[trust]\nthreshold = 1\n");
        write("usr/lib/licd/roots.d/root.vkey", &format!("{}\n", key("root", 1).verifier()));
        write("usr/lib/licd/trust.note", &trust(1, &[]));
        write(SYNCHRONIZED, "");
        fs::create_dir_all(path("license/dsa/licenses")).unwrap();
        let device = Device::at(Root::new(dir.path()).unwrap());
        let mut world = Self { dir, device, uptime: 0, boots: 0 };
        world.make_card("0000:00:1f.6", "eth0", "00:e0:c5:1c:50:87");
        world.restart();
        world
    }

    /// Adds a network card after the first one.
    pub fn add_card(&self, mac: &str) {
        self.make_card("0000:00:1f.7", "eth1", mac);
    }

    fn make_card(&self, slot: &str, name: &str, mac: &str) {
        let card = format!("sys/devices/pci0000:00/{slot}");
        let interface = format!("{card}/net/{name}");
        for (file, text) in [("address", mac), ("addr_assign_type", "0"), ("type", "1")] {
            let path = self.path(&format!("{interface}/{file}"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        let link = |to: &str, at: &str| {
            fs::create_dir_all(self.path(at).parent().unwrap()).unwrap();
            // Relative, as sysfs makes them.
            let up = "../".repeat(Path::new(at).components().count() - 1);
            symlink(format!("{up}{to}"), self.path(at)).unwrap();
        };
        link(&card, &format!("{interface}/device"));
        link(&interface, &format!("sys/class/net/{name}"));
        fs::create_dir_all(self.path("sys/bus/pci")).unwrap();
        link("sys/bus/pci", &format!("{card}/subsystem"));
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn licenses(&self) -> PathBuf {
        self.path("license/dsa/licenses")
    }

    /// Switches the clean-up off.
    pub fn keep_replaced(&self) {
        self.set("etc/licd/settings.toml", "[system.remotemanager]\nlicense_cleanup = false\n");
    }

    /// Writes a file of settings or configuration.
    pub fn set(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path("etc/licd")).unwrap();
        fs::write(self.path(file), text).unwrap();
    }

    /// Restarts the system.
    pub fn restart(&mut self) {
        let survey = self.device.survey().unwrap();
        let _ = self.device.rest(&survey);
        self.boots += 1;
        self.uptime = 0;
        self.tell_moment();
        self.device = Device::at(Root::new(self.dir.path()).unwrap());
    }

    /// Advances time without a time server.
    pub fn run_on(&mut self, days: u16) {
        let _ = self.time();
        let _ = fs::remove_file(self.path(SYNCHRONIZED));
        self.uptime += i64::from(days) * 24 * 60 * 60;
        self.tell_moment();
    }

    /// Synchronises with a time server: it is today.
    pub fn synchronize(&self) {
        fs::write(self.path(SYNCHRONIZED), "").unwrap();
    }

    fn tell_moment(&self) {
        let boot = self.path("proc/sys/kernel/random/boot_id");
        fs::create_dir_all(boot.parent().unwrap()).unwrap();
        fs::write(boot, format!("5b1f1d0c-7a6f-4c3e-9d2b-{:012x}\n", self.boots)).unwrap();
        fs::write(self.path("proc/uptime"), format!("{}.00 0.00\n", self.uptime)).unwrap();
    }

    pub fn time(&self) -> TimeVerdict {
        self.device.time(&self.device.survey().unwrap()).unwrap()
    }

    /// The daemon's reaction to a change.
    pub fn daemon_looks(&self) {
        let survey = self.device.survey().unwrap();
        let time = self.device.time(&survey).unwrap();
        self.device.keep_time().unwrap();
        self.device.keep_past(&survey, &time).unwrap();
        let _ = self.device.clean_up(&survey, &time).unwrap();
    }

    pub fn import(&self, file: &str, intent: Intent) -> Code {
        self.import_all(&[file], intent).remove(0).code
    }

    /// Imports files that arrive together.
    pub fn import_all(&self, files: &[&str], intent: Intent) -> Vec<FileVerdict> {
        // As licd does it, if the device can be read.
        let known = self.device.survey().or_else(|_| self.device.survey_for_import());
        let survey = match known {
            Ok(survey) => survey,
            Err(failure) => {
                return files.iter().map(|_| FileVerdict::unread("", failure.clone())).collect();
            }
        };
        let arrivals = files.iter().map(|file| survey.read("a.lic", file.as_bytes(), intent));
        let batch = self.device.import(&survey, arrivals.collect());
        self.assert_shown(&batch);
        batch.imported.into_iter().map(|imported| imported.verdict).collect()
    }

    /// Imports files that arrive together, and looks at the device once.
    pub fn import_at_once(&self, files: &[&str], intent: Intent) -> Option<Vec<FileVerdict>> {
        let batch = self.device.import_at_once(|survey| {
            files.iter().map(|file| survey.read("a.lic", file.as_bytes(), intent)).collect()
        })?;
        Some(batch.imported.into_iter().map(|imported| imported.verdict).collect())
    }

    /// What a batch shows is what another survey shows, which reads no file again.
    fn assert_shown(&self, batch: &Batch) {
        // Some tests leave no descriptors for another survey.
        let Some(anew) = self.device.survey().ok().filter(|_| batch.shows_device()) else {
            return;
        };
        let time = self.device.time(&anew).unwrap();
        assert_eq!(batch.survey.report(&time), anew.report(&time));
        assert!(self.device.has_read_memory(&batch.survey));
        // The tombstone of a licence that is back by hand ends when the daemon looks, not with an import.
        let learned = || {
            let (memory, _) = state::load(self.device.root()).unwrap();
            Past { removed: Vec::new(), ..memory.past }
        };
        let before = learned();
        self.device.keep_past(&batch.survey, &time).unwrap();
        assert_eq!(learned(), before);
    }

    pub fn remove(&self, selector: &licd_rules::Selector) -> u32 {
        self.device.remove(None, selector).unwrap().count
    }

    pub fn report(&self) -> Report {
        self.assert_same_verdicts();
        let survey = self.device.survey().unwrap();
        survey.report(&self.device.time(&survey).unwrap())
    }

    /// A program that surveys for verdicts comes to the same as one that surveys for a report.
    fn assert_same_verdicts(&self) {
        let [reporter, judge] = [(), ()].map(|()| Device::at(Root::new(self.dir.path()).unwrap()));
        let survey = reporter.survey().unwrap();
        let report = survey.report(&reporter.time(&survey).unwrap());
        let survey = judge.survey_for(Extent::Verdicts).unwrap();
        let time = judge.time(&survey).unwrap();
        for feature in Feature::ALL {
            let answer = survey.feature(&feature, &time);
            assert_eq!(Some(&answer), report.features.get(feature.name), "{}", feature.name);
        }
    }

    pub fn copy_by_hand(&self, name: &str, file: &str) {
        fs::write(self.licenses().join(Path::new(name)), file).unwrap();
    }
}
