//! What a survey finds, and what it takes over from an earlier one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap fails the test")]

mod world;
use world::{Licence, World};

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;

use licd_device::{Device, Intent};
use licd_files::deployment;
use licd_files::state::{self, Removing};
use licd_fs::stamp::Stamp;
use licd_rules::{BootId, Code, EnterpriseManagement};
use license_format::{Terms, UnitId, UnixSeconds};
use license_issue::{self as issue, TrustKey};

const LICENCE: Licence =
    Licence { pack: "WE-AAAAA", serial: 1, starts: -100, expires: 1000, supersedes: None };
const OTHER_CARD: &str = "00:e0:c5:1c:50:88";

fn for_other_card() -> String {
    let units: BTreeSet<_> = [UnitId::from_mac([0, 0xE0, 0xC5, 0x1C, 0x50, 0x88])].into();
    let terms = Licence { pack: "WE-BBBBB", ..LICENCE }.terms();
    issue::license(&terms, &units, &[&world::key("issuer", 2)])
}

#[test]
fn a_daemon_settles_what_a_crash_has_left_before_its_first_survey() {
    let world = World::new();
    world.copy_by_hand("a.lic", &LICENCE.sign());
    let settled = Cell::new(false);
    let settle = || {
        settled.set(true);
        world.device().settle().unwrap();
    };
    assert_eq!(world.device().first_survey(settle).unwrap().licenses().count(), 1);
    assert!(!settled.get());
    let stamp = Stamp::at(&world.licenses().join("a.lic")).unwrap().unwrap();
    let removing = Removing::new("a.lic".as_ref(), stamp).unwrap();
    state::update(world.device().root(), |memory| memory.removing.push(removing)).unwrap();
    assert_eq!(world.device().first_survey(settle).unwrap().licenses().count(), 0);
    assert!(settled.get());
}

#[test]
fn documents_are_read_by_the_last_survey_until_the_units_change() {
    let world = World::new();
    world.copy_by_hand("a.lic", &LICENCE.sign());
    let last = world.device().survey().unwrap();
    // Only the last one holds licences.
    let holds = || world.device().survey_to_read_by(&last).unwrap().licenses().count();
    assert_eq!(holds(), 1);
    world.add_card(OTHER_CARD);
    assert_eq!(holds(), 0);
}

#[test]
fn a_survey_shows_configuration_and_settings() {
    let world = World::new();
    world.keep_replaced();
    world.set("etc/licd/licd.toml", "[starter]\ndays = 30\n");
    let survey = world.device().survey().unwrap();
    assert_eq!(survey.config().starter.days, 30);
    assert!(!survey.loaded_settings().settings.system.remotemanager.license_cleanup);
}

#[test]
fn a_report_names_what_the_partition_holds_in_vain() {
    let world = World::new();
    let problems = || world.report().problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(problems(), Vec::<String>::new());
    world.copy_by_hand("WE.lic.txt", &LICENCE.sign());
    // The mark of a starter period, which this device does not have.
    fs::create_dir(world.path("license/dsa/starter")).unwrap();
    let problems = problems();
    for subject in ["WE.lic.txt", "dsa/starter"] {
        assert!(problems.iter().any(|problem| problem.contains(subject)), "{problems:?}");
    }
}

#[test]
fn a_survey_knows_whether_the_memory_has_changed_since() {
    let world = World::new();
    world.daemon_looks();
    let survey = world.device().survey().unwrap();
    assert!(world.device().has_read_memory(&survey));
    world.copy_by_hand("a.lic", &LICENCE.sign());
    world.daemon_looks();
    assert!(!world.device().has_read_memory(&survey));
}

#[test]
fn a_licence_that_is_there_needs_no_writing() {
    let world = World::new();
    assert_eq!(world.import(&LICENCE.sign(), Intent::Explicit), Code::Valid);
    // Without the directory of the lock.
    fs::remove_dir_all(world.path("run")).unwrap();
    fs::write(world.path("run"), "").unwrap();
    let new = Licence { pack: "WE-BBBBB", ..LICENCE };
    let verdicts = world.import_all(&[&LICENCE.sign(), &new.sign()], Intent::Explicit);
    let codes: Vec<_> = verdicts.iter().map(|verdict| verdict.code).collect();
    assert_eq!(codes, [Code::Valid, Code::StoreUnwritable]);
}

#[test]
fn a_licence_is_read_again_with_another_trust_document_or_content() {
    let world = World::new();
    let known = world.device().survey().unwrap();
    let arrival = known.read("a.lic", LICENCE.sign().as_bytes(), Intent::Explicit);
    let last = world.device().import(&known, vec![arrival]).survey;
    let count = || world.device().survey_after(Some(&last)).unwrap().licenses().count();
    assert_eq!(count(), 1);
    let later = TrustKey { key: world::key("later", 7).verifier().clone(), products: vec![] };
    let root = world::key("root", 1);
    let trust = issue::trust_document(2, UnixSeconds(0), &[later], &[], &[&root]);
    fs::write(world.path("usr/lib/licd/trust.note"), trust).unwrap();
    assert_eq!(count(), 0);
    fs::write(world.path("usr/lib/licd/trust.note"), world::trust(1, &[])).unwrap();
    assert_eq!(count(), 1);
    let file = fs::read_dir(world.licenses()).unwrap().next().unwrap().unwrap().path();
    fs::write(file, "nonsense\n").unwrap();
    assert_eq!(count(), 0);
}

#[test]
fn trust_documents_are_verified_again_by_other_root_keys() {
    let world = World::new();
    world.copy_by_hand("a.lic", &LICENCE.sign());
    world.daemon_looks();
    let last = world.device().survey().unwrap();
    let count = || world.device().survey_after(Some(&last)).unwrap().licenses().count();
    assert_eq!(count(), 1);
    let other = format!("{}\n", world::key("other", 9).verifier());
    fs::write(world.path("usr/lib/licd/roots.d/root.vkey"), other).unwrap();
    assert_eq!(count(), 0);
}

#[test]
fn a_trust_document_is_remembered_when_it_is_gone_from_the_store() {
    let world = World::new();
    let withdraws = world::trust(2, &[("WE-AAAAA", 1)]);
    let stored = world.path("license/dsa/trust.note");
    fs::write(&stored, &withdraws).unwrap();
    world.daemon_looks();
    fs::remove_file(stored).unwrap();
    assert_eq!(fs::read_to_string(world.path("var/lib/licd/trust.note")).unwrap(), withdraws);
    assert_eq!(world.import(&LICENCE.sign(), Intent::Explicit), Code::Withdrawn);
}

#[test]
fn of_two_trust_documents_of_one_version_the_first_stays_in_force() {
    let world = World::new();
    let withdraws = world::trust(1, &[("WE-AAAAA", 1)]);
    fs::write(world.path("license/dsa/trust.note"), withdraws).unwrap();
    let problems = world.report().problems;
    let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("version 1"), "{said:?}");
    assert_eq!(world.import(&LICENCE.sign(), Intent::Explicit), Code::Valid);
}

#[test]
fn a_licence_attests_the_time_of_its_issue() {
    let mut world = World::new();
    world.run_on(0);
    let issued = world::day(30).start();
    let terms = Terms { issued, ..LICENCE.terms() };
    let file = issue::license(&terms, &LICENCE.units(), &[&world::key("issuer", 2)]);
    assert!(world.time().now < issued);
    world.copy_by_hand("a.lic", &file);
    assert!(world.time().now >= issued);
}

#[test]
fn users_read_of_a_licence_that_ends_soon() {
    let world = World::new();
    let notices = || {
        let survey = world.device().survey().unwrap();
        survey.notices(EnterpriseManagement::Notified, &world.device().time(&survey).unwrap())
    };
    assert_eq!(notices(), []);
    let terms = Terms { warn_days: 10, ..Licence { expires: 5, ..LICENCE }.terms() };
    let file = issue::license(&terms, &LICENCE.units(), &[&world::key("issuer", 2)]);
    world.copy_by_hand("a.lic", &file);
    assert_eq!(notices().len(), 1);
}

#[test]
fn a_licence_takes_the_unit_from_no_other() {
    let world = World::new();
    let is_certain = || {
        let survey = world.device().survey().unwrap();
        survey.has_certain_unit(&world.device().time(&survey).unwrap())
    };
    assert!(is_certain());
    world.add_card(OTHER_CARD);
    assert!(!is_certain());
    assert_eq!(world.import(&for_other_card(), Intent::Explicit), Code::Valid);
    assert_eq!(world.import(&LICENCE.sign(), Intent::Explicit), Code::WrongDevice);
}

#[test]
fn a_restart_is_pending_in_the_start_of_its_deployment() {
    let mut world = World::new();
    let boot = || {
        let text = fs::read_to_string(world.path("proc/sys/kernel/random/boot_id")).unwrap();
        text.trim_end().to_owned()
    };
    let report = |device: &Device| {
        let survey = device.survey().unwrap();
        survey.report(&device.time(&survey).unwrap())
    };
    assert!(!report(world.device()).restart_pending);
    let id = BootId::parse(&boot()).unwrap();
    deployment::remember(world.device().root(), &id, "WE-AAAAA/1").unwrap();
    assert!(report(world.device()).restart_pending);
    let plan = format!(
        r#"{{"boot":"{}","plan":"restart","problem":{{"subject":"restart","message":"blocked"}}}}"#,
        boot()
    );
    fs::create_dir_all(world.path("run/licd")).unwrap();
    fs::write(world.path("run/licd/restart.json"), plan).unwrap();
    let has_problem = |world: &World| {
        let problems = report(world.device()).problems;
        problems.iter().any(|problem| problem.to_string().contains("blocked"))
    };
    assert!(has_problem(&world));
    world.restart();
    assert!(!has_problem(&world));
    assert!(!report(world.device()).restart_pending);
}
