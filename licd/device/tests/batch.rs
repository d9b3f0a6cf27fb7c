//! Documents that arrive together are judged as if they had arrived one by one, trust documents
//! first.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap fails the test")]

mod world;
use world::files::{codes, licence, newer_trust, other_unit, stored};
use world::{Licence, World};

use std::collections::BTreeSet;
use std::fs;

use licd_device::{FileVerdict, Intent};
use licd_files::state::{self, Removing};
use licd_fs::stamp::Stamp;
use licd_rules::{Code, Selector};
use licd_store::FileName;
use license_format::PackId;
use license_issue as issue;
use proptest::prelude::*;

/// Licences of every kind: renewals, replaced ones, ended or not started, a conversion.
const POOL: [Licence; 6] = [
    licence("WE-AAAAA", 1, -100, 1000),
    licence("WE-AAAAA", 2, -50, -5),
    licence("WE-AAAAA", 3, 10, 1000),
    licence("WE-BBBBB", 1, -100, 20),
    licence("WE-BBBBB", 2, -30, 1000),
    Licence { supersedes: Some("WE-AAAAA"), ..licence("WE-CCCCC", 9, -20, 12) },
];

/// Every file that may arrive.
fn files() -> Vec<String> {
    let mut files: Vec<String> = POOL.iter().map(Licence::sign).collect();
    let own = POOL[0].units();
    let others: BTreeSet<_> = [other_unit()].into();
    let all: BTreeSet<_> = own.iter().cloned().chain([other_unit()]).collect();
    let issuer = world::key("issuer", 2);
    let later = world::key("later", 7);
    let terms = |pack, serial| licence(pack, serial, -10, 500).terms();
    let roster = license_format::Terms { roster_complete: true, ..terms("WE-AAAAA", 8) };
    files.extend([
        issue::license(&terms("WE-DDDDD", 1), &others, &[&issuer]),
        issue::license(&roster, &others, &[&issuer]),
        issue::mass_license(&terms("WE-EEEEE", 1), &all, &[&issuer]),
        issue::mass_license(&terms("WE-FFFFF", 1), &all, &[&later]),
        issue::mass_license(&terms("WE-GGGGG", 1), &others, &[&later]),
        issue::license(&terms("WE-HHHHH", 1), &own, &[&later]),
        newer_trust(),
        world::trust(1, &[]),
        "nonsense\n".to_owned(),
    ]);
    files
}

fn is_trust(file: &str) -> bool {
    file.starts_with("igel.com/license-trust/")
}

/// The verdicts of separate imports, trust documents first, in the order of the files.
fn one_by_one(world: &World, files: &[&str], intent: Intent) -> Vec<FileVerdict> {
    let mut order: Vec<_> = (0..files.len()).collect();
    order.sort_by_key(|n| !is_trust(files[*n]));
    let mut verdicts: Vec<_> =
        order.iter().map(|n| (*n, world.import_all(&[files[*n]], intent).remove(0))).collect();
    verdicts.sort_by_key(|(n, _)| *n);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

/// The report and the state, without the time.
fn known(world: &World) -> (String, String) {
    let mut report = world.report();
    report.clock.now = license_format::UnixSeconds(0);
    let state = fs::read_to_string(world.path("var/lib/licd/state.toml")).unwrap_or_default();
    // A pending removal holds inodes and times, which differ between worlds.
    let (state, _) = state.split_once("[[removing]]").unwrap_or((&state, ""));
    (licd_device::to_json(&report), state.to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.min(48),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_batch_has_the_result_of_separate_imports(
        there in prop::collection::vec(0..15_usize, 0..4),
        removed in any::<bool>(),
        chosen in prop::collection::vec(0..15_usize, 1..10),
        wanted in any::<bool>(),
        two_cards in any::<bool>(),
    ) {
        let files = files();
        let intent = if wanted { Intent::Explicit } else { Intent::Automatic };
        let chosen: Vec<&str> = chosen.iter().map(|n| &*files[*n]).collect();
        let prepared = || {
            let world = World::new();
            // The clean-up of a batch comes at its end.
            world.keep_replaced();
            if two_cards {
                world.add_card("00:e0:c5:1c:50:88");
            }
            for n in &there {
                let _ = world.import(&files[*n], Intent::Explicit);
            }
            if removed {
                world.remove(&Selector::parse("pack:WE-AAAAA").unwrap());
            }
            world
        };
        let (together, apart, at_once) = (prepared(), prepared(), prepared());
        let verdicts = together.import_all(&chosen, intent);
        prop_assert_eq!(at_once.import_at_once(&chosen, intent), Some(verdicts.clone()));
        prop_assert_eq!(verdicts, one_by_one(&apart, &chosen, intent));
        prop_assert_eq!(stored(&together), stored(&apart));
        prop_assert_eq!(known(&together), known(&apart));
        prop_assert_eq!(stored(&at_once), stored(&apart));
        prop_assert_eq!(known(&at_once), known(&apart));
    }
}

#[test]
fn an_import_at_once_keeps_no_other_program_waiting() {
    let world = World::new();
    let file = POOL[0].sign();
    let writer = world.device().store().writer().unwrap();
    assert!(world.device().import_at_once(|_| panic!("another program writes")).is_none());
    drop(writer);
    for n in 0..128 {
        world.copy_by_hand(&format!("{n}.lic"), "");
    }
    assert!(world.import_at_once(&["nonsense"], Intent::Explicit).is_some());
    world.copy_by_hand("128.lic", "");
    assert!(world.device().import_at_once(|_| panic!("the survey takes long")).is_none());
    assert_eq!(world.import(&file, Intent::Explicit), Code::Valid);
}

#[test]
fn a_removal_that_was_cut_off_is_finished_before_an_import_at_once() {
    let world = World::new();
    let file = POOL[0].sign();
    assert_eq!(world.import(&file, Intent::Explicit), Code::Valid);
    let (name, _) = stored(&world).pop_first().unwrap();
    let stamp = Stamp::at(&world.licenses().join(&name)).unwrap().unwrap();
    let cut_off = Removing::new(name.as_ref(), stamp).unwrap();
    state::update(world.device().root(), |memory| memory.removing.push(cut_off)).unwrap();
    assert!(world.device().import_at_once(|_| panic!("a removal was cut off")).is_none());
    assert_eq!(world.import(&POOL[3].sign(), Intent::Explicit), Code::Valid);
    assert!(!world.licenses().join(name).exists());
}

#[test]
fn licences_may_come_before_the_trust_document_that_names_their_key() {
    let files = files();
    let chosen = [&*files[11], &files[9], &files[10], &files[12]];
    let world = World::new();
    let verdicts = codes(&world.import_all(&chosen, Intent::Explicit));
    assert_eq!(verdicts, [Code::Valid, Code::Valid, Code::WrongDevice, Code::Valid]);
    assert_eq!(stored(&world).len(), 2);
}

#[test]
fn a_key_revoked_in_the_same_batch_signs_nothing() {
    let world = World::new();
    let _ = world.import(&newer_trust(), Intent::Explicit);
    let later = world::key("later", 7);
    let own = issue::license(&licence("WE-HHHHH", 1, -10, 9).terms(), &POOL[0].units(), &[&later]);
    let verdicts = world.import_all(&[&own, &world::trust(3, &[])], Intent::Explicit);
    assert_eq!(codes(&verdicts), [Code::UnknownKey, Code::Valid]);
    assert!(stored(&world).is_empty());
}

#[test]
fn a_failed_write_refuses_its_own_licence_only() {
    let reissue = licence("WE-AAAAA", 2, -50, 1000).sign();
    let other = World::new();
    let _ = other.import(&reissue, Intent::Explicit);
    let (name, _) = stored(&other).pop_first().unwrap();

    let world = World::new();
    let obstacle = world.licenses().join(name);
    fs::create_dir(&obstacle).unwrap();
    let (first, last) = (POOL[0].sign(), POOL[4].sign());
    let verdicts = codes(&world.import_all(&[&first, &reissue, &last], Intent::Explicit));
    assert_eq!(verdicts, [Code::Valid, Code::StoreUnwritable, Code::Valid]);
    fs::remove_dir(&obstacle).unwrap();

    let in_force = |report: licd_device::Report| {
        let all = report.licenses.into_iter();
        let all = all.filter(|license| license.state.in_force());
        all.map(|license| (license.pack.to_string(), license.serial.get())).collect::<BTreeSet<_>>()
    };
    let expected = [("WE-AAAAA".to_owned(), 1), ("WE-BBBBB".to_owned(), 2)].into();
    assert_eq!(in_force(world.report()), expected);
    assert_eq!(world.import(&reissue, Intent::Explicit), Code::Valid);
    // It has replaced the first one.
    assert_eq!(stored(&world).len(), 2);
}

#[test]
fn a_store_that_goes_away_does_not_hide_why_a_file_is_refused() {
    let world = World::new();
    let survey = world.device().survey_for_import().unwrap();
    let terms = licence("WE-AAAAA", 1, -10, 9).terms();
    let signed = |units, key| issue::license(&terms, &units, &[&key]);
    let files = [
        POOL[0].sign(),
        signed([other_unit()].into(), world::key("issuer", 2)),
        signed(POOL[0].units(), world::key("stranger", 66)),
    ];
    let read = |file: &String| survey.read("a.lic", file.as_bytes(), Intent::Explicit);
    let arrivals = files.iter().map(read).collect();
    // Others change the device meanwhile.
    let _ = world.import(&POOL[4].sign(), Intent::Explicit);
    fs::rename(world.path("license"), world.path("aside")).unwrap();
    let batch = world.device().import(&survey, arrivals);
    let codes: Vec<_> = batch.imported.iter().map(|one| one.verdict.code).collect();
    assert_eq!(codes, [Code::StoreUnwritable, Code::WrongDevice, Code::UnknownKey]);
}

#[test]
fn a_roster_that_could_not_be_recorded_is_recorded_by_the_next_import() {
    let world = World::new();
    let state = world.path("var/lib/licd");
    let aside = world.path("var/lib/aside");
    fs::rename(&state, &aside).unwrap();
    fs::write(&state, "").unwrap();
    let roster = &files()[7];
    let import = |survey: &licd_device::Survey| {
        let arrival = survey.read("roster.lic", roster.as_bytes(), Intent::Explicit);
        let mut batch = world.device().import(survey, vec![arrival]);
        (batch.imported.remove(0).verdict.code, batch.survey)
    };
    let (code, survey) = import(&world.device().survey_for_import().unwrap());
    assert_eq!(code, Code::StoreUnwritable);
    fs::remove_file(&state).unwrap();
    fs::rename(&aside, &state).unwrap();
    assert_eq!(import(&survey).0, Code::WrongDevice);
    assert!(known(&world).1.contains("WE-AAAAA"));
}

#[test]
fn a_memory_that_cannot_be_written_refuses_only_the_rosters_of_a_batch() {
    let world = World::new();
    fs::rename(world.path("var/lib/licd"), world.path("var/lib/aside")).unwrap();
    fs::write(world.path("var/lib/licd"), "").unwrap();
    let files = files();
    let verdicts = world.import_all(&[&files[3], &files[7], "nonsense\n"], Intent::Explicit);
    let codes: Vec<_> = verdicts.iter().map(|verdict| verdict.code).collect();
    assert_eq!(codes, [Code::Valid, Code::StoreUnwritable, Code::Malformed]);
    assert_eq!(stored(&world).len(), 1);
}

#[test]
fn a_removal_is_forgotten_once_its_licence_is_imported_on_purpose() {
    let (ended, valid) = (POOL[1].sign(), POOL[3].sign());
    let is_remembered = |world: &World| known(world).1.contains("[[removed]]");
    let removed = |file: &str, pack: &str| {
        let world = World::new();
        let _ = world.import(file, Intent::Explicit);
        let selector = Selector::Pack(PackId::parse(pack).unwrap());
        assert_eq!(world.remove(&selector), 1);
        assert!(is_remembered(&world));
        world
    };
    // The daemon, which forgets the removal of what is back, does not look in between.
    let import = |world: &World, file: &str, intent| {
        codes(&world.import_at_once(&[file], intent).unwrap())[0]
    };
    let world = removed(&valid, "WE-BBBBB");
    for (intent, code, stays) in [
        (Intent::Check, Code::Valid, true),
        (Intent::Automatic, Code::Removed, true),
        (Intent::Explicit, Code::Valid, false),
    ] {
        assert_eq!(import(&world, &valid, intent), code);
        assert_eq!(is_remembered(&world), stays, "{intent:?}");
    }
    // The file is there again by other means.
    let world = removed(&valid, "WE-BBBBB");
    world.copy_by_hand("a.lic", &valid);
    for (intent, stays) in [(Intent::Automatic, true), (Intent::Explicit, false)] {
        assert_eq!(import(&world, &valid, intent), Code::Valid);
        assert_eq!(is_remembered(&world), stays, "{intent:?}");
    }
    // One that is refused stays removed.
    let world = removed(&ended, "WE-AAAAA");
    world.copy_by_hand("b.lic", &POOL[0].sign());
    let newer = Licence { serial: 3, ..POOL[0] };
    assert_eq!(world.import(&newer.sign(), Intent::Explicit), Code::Valid);
    assert_eq!(import(&world, &ended, Intent::Explicit), Code::Superseded);
    assert!(is_remembered(&world));
}

#[test]
fn an_import_returns_the_survey_of_the_device_afterwards() {
    let world = World::new();
    let survey = world.device().survey().unwrap();
    let files = files();
    let read = |file: &String| survey.read("a.lic", file.as_bytes(), Intent::Explicit);
    let batch = world.device().import(&survey, files.iter().map(read).collect());
    let after = world.device().survey_after(Some(&batch.survey)).unwrap();
    let report = |survey: &licd_device::Survey| {
        let mut report = survey.report(&world.device().time(survey).unwrap());
        report.clock.now = license_format::UnixSeconds(0);
        licd_device::to_json(&report)
    };
    assert_eq!(report(&after), report(&world.device().survey().unwrap()));
}

#[test]
fn a_file_that_has_changed_in_place_is_read_again() {
    let world = World::new();
    let _ = world.import(&POOL[0].sign(), Intent::Explicit);
    let before = world.device().survey().unwrap();
    let (name, content) = stored(&world).pop_first().unwrap();
    let damaged: Vec<u8> =
        content.iter().map(|byte| if *byte == b'W' { b'X' } else { *byte }).collect();
    fs::write(world.licenses().join(&name), damaged).unwrap();
    let after = world.device().survey_after(Some(&before)).unwrap();
    assert_eq!(after.licenses().count(), 0);
}

#[test]
fn a_check_gives_the_verdict_of_an_import_and_changes_nothing() {
    let world = World::new();
    let before = (stored(&world), known(&world));
    for file in files() {
        let expected = World::new().import(&file, Intent::Explicit);
        assert_eq!(world.import(&file, Intent::Check), expected, "{file}");
    }
    assert_eq!((stored(&world), known(&world)), before);
}

#[test]
fn a_survey_knows_which_files_it_has_read() {
    let world = World::new();
    let survey = world.device().survey_for_import().unwrap();
    let read = |n: usize| survey.read("a.lic", POOL[n].sign().as_bytes(), Intent::Explicit);
    let batch = world.device().import(&survey, vec![read(0), read(2), read(3)]);
    let after = world.device().survey_after(Some(&batch.survey)).unwrap();
    let name = |name: &str| FileName::new(name).unwrap();
    let names: Vec<_> = stored(&world).iter().map(|(file, _)| name(file)).collect();
    let knows = |file: &FileName| world.device().has_read(&after, file);
    assert!(names.len() == 3 && names.iter().all(knows) && knows(&name("none.lic")));
    // Another inode, another content, no file, and one that was not there.
    let path = |file: &FileName| world.licenses().join(file.as_os_str());
    fs::copy(path(&names[0]), path(&name("new.lic"))).unwrap();
    fs::rename(path(&name("new.lic")), path(&names[0])).unwrap();
    fs::write(path(&names[1]), fs::read(path(&names[2])).unwrap()).unwrap();
    fs::remove_file(path(&names[2])).unwrap();
    fs::write(path(&name("none.lic")), "").unwrap();
    assert!(!names.iter().any(knows) && !knows(&name("none.lic")));
    // A file that was changed a moment ago may change again without a trace.
    let again = world.device().survey_after(Some(&after)).unwrap();
    assert!(!world.device().has_read(&again, &names[1]));
}

#[test]
fn an_import_shows_the_device_without_another_survey() {
    let world = World::new();
    let mut known = world.device().survey().unwrap();
    // A new licence, its renewal, which clears it away, and one that is there already.
    for (licence, changed) in [(&POOL[3], true), (&POOL[4], true), (&POOL[4], false)] {
        let arrival = known.read("a.lic", licence.sign().as_bytes(), Intent::Explicit);
        let batch = world.device().import(&known, vec![arrival]);
        assert_eq!((batch.imported[0].changed, batch.shows_device()), (changed, true));
        let (file, _) = stored(&world).pop_first().unwrap();
        assert!(world.device().has_read(&batch.survey, &FileName::new(file).unwrap()));
        for cleaned in &batch.cleaned {
            assert!(world.device().has_read(&batch.survey, &cleaned.file));
        }
        assert!(world.device().has_read_memory(&batch.survey));
        known = batch.survey;
    }
    // The next one finds a file that was copied meanwhile.
    world.copy_by_hand("copied.lic", &POOL[0].sign());
    let arrival = known.read("a.lic", POOL[2].sign().as_bytes(), Intent::Explicit);
    let batch = world.device().import(&known, vec![arrival]);
    assert_eq!((batch.survey.licenses().count(), batch.shows_device()), (3, true));
}

#[test]
fn an_import_does_not_show_what_it_has_not_looked_at() {
    let import = |world: &World, file: &str| {
        let known = world.device().survey().unwrap();
        let arrival = known.read("a", file.as_bytes(), Intent::Explicit);
        let batch = world.device().import(&known, vec![arrival]);
        assert!(batch.imported[0].changed);
        batch.shows_device()
    };
    // A trust document may admit licences that were refused; a request is answered by a licence.
    let world = World::new();
    assert!(!import(&world, &newer_trust()));
    assert!(import(&world, &POOL[0].sign()));
    fs::write(world.path("license/fetch-activation.json"), "{}").unwrap();
    assert!(!import(&world, &POOL[4].sign()));
}

/// Imports a licence and returns the packs of the files that its window has removed.
fn replaced_by(world: &World, licence: &Licence) -> Vec<String> {
    let survey = world.device().survey_for_import().unwrap();
    let arrival = survey.read("a.lic", licence.sign().as_bytes(), Intent::Explicit);
    let batch = world.device().import(&survey, vec![arrival]);
    assert_eq!(batch.imported[0].verdict.code, Code::Valid);
    batch.cleaned.iter().map(|cleaned| cleaned.pack.to_string()).collect()
}

#[test]
fn an_import_clears_away_what_it_replaces() {
    let world = World::new();
    assert_eq!(replaced_by(&world, &POOL[3]), Vec::<String>::new());
    assert_eq!(replaced_by(&world, &POOL[4]), ["WE-BBBBB"]);
    assert_eq!(world.report().licenses.len(), 1);
    assert_eq!(world.import(&POOL[3].sign(), Intent::Explicit), Code::Superseded);
}

#[test]
fn an_import_keeps_what_it_replaces_where_the_settings_say_so() {
    let world = World::new();
    world.keep_replaced();
    for licence in &POOL[3..5] {
        assert_eq!(replaced_by(&world, licence), Vec::<String>::new());
    }
    assert_eq!(world.report().licenses.len(), 2);
}

#[test]
fn a_licence_that_alone_replaces_others_waits_for_the_memory_to_be_flushed() {
    let world = World::new();
    // POOL[5] has taken the place of WE-AAAAA; what renews it does not say so.
    let renewal = licence("WE-CCCCC", 10, -10, 1000);
    for licence in [&POOL[5], &renewal] {
        assert_eq!(replaced_by(&world, licence), Vec::<String>::new());
    }
    world.daemon_looks();
    assert_eq!(stored(&world).len(), 1);
    assert_eq!(world.import(&POOL[0].sign(), Intent::Explicit), Code::Superseded);
}
