//! What an import decides by the files before it, and by what the store and the memory hold.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap fails the test")]

mod world;
use world::files::{codes, licence, newer_trust, other_unit, stored};
use world::{Licence, World};

use std::fs;

use licd_device::{Batch, Intent, Survey};
use licd_rules::Code;
use license_format::{Product, Term, Terms};
use license_issue as issue;

/// A licence in force.
const PLAIN: Licence = licence("WE-AAAAA", 1, -100, 1000);

/// The contents of the files of the store.
fn contents(world: &World) -> Vec<String> {
    stored(world).into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect()
}

fn import(world: &World, known: &Survey, file: &str, intent: Intent) -> Batch {
    let arrival = known.read("a.lic", file.as_bytes(), intent);
    world.device().import(known, vec![arrival])
}

/// One licence, signed by a key, by this key and another, and by the other.
fn signed() -> [String; 3] {
    let [issuer, later] = [("issuer", 2), ("later", 7)].map(|(name, seed)| world::key(name, seed));
    let sign = |keys: &[_]| issue::license(&PLAIN.terms(), &PLAIN.units(), keys);
    [sign(&[&issuer]), sign(&[&issuer, &later]), sign(&[&later])]
}

#[test]
fn a_licence_with_more_signers_replaces_the_same_one_with_fewer() {
    let [one, both, _] = signed();
    for intent in [Intent::Automatic, Intent::Explicit] {
        let world = World::new();
        assert_eq!(world.import(&newer_trust(), Intent::Explicit), Code::Valid);
        world.copy_by_hand("a.lic", &one);
        let batch = import(&world, &world.device().survey().unwrap(), &both, intent);
        assert_eq!(batch.imported[0].verdict.code, Code::Valid);
        assert_eq!(contents(&world), [both.as_str()], "{intent:?}");
        assert_eq!(batch.survey.licenses().count(), 1, "{intent:?}");
    }
}

#[test]
fn a_licence_with_fewer_signers_takes_no_signer_away() {
    let [one, both, other] = signed();
    let world = World::new();
    let _ = world.import_all(&[&newer_trust(), &both], Intent::Explicit);
    assert_eq!(world.import(&one, Intent::Automatic), Code::Valid);
    assert_eq!(contents(&world), [both.as_str()]);
    assert_eq!(world.import(&one, Intent::Explicit), Code::Valid);
    assert!(contents(&world).contains(&both));
    // Neither has every signer of the other.
    let world = World::new();
    let _ = world.import_all(&[&newer_trust(), &one], Intent::Explicit);
    assert_eq!(world.import(&other, Intent::Automatic), Code::Valid);
    assert_eq!(stored(&world).len(), 2);
}

#[test]
fn of_the_same_licence_in_one_batch_the_one_with_more_signers_stays() {
    let [one, both, _] = signed();
    for files in [&[&*one, &both][..], &[&one, &both, &both]] {
        let world = World::new();
        assert_eq!(world.import(&newer_trust(), Intent::Explicit), Code::Valid);
        let verdicts = world.import_all(files, Intent::Automatic);
        assert!(codes(&verdicts).iter().all(|code| *code == Code::Valid));
        assert_eq!(contents(&world), [both.as_str()]);
    }
}

#[test]
fn of_the_same_licence_in_one_batch_the_last_that_a_person_imports_stays() {
    // The other key is unknown.
    let [one, both, _] = signed();
    for files in [[&*one, &both, &one], [&*both, &one, &both]] {
        let world = World::new();
        let verdicts = world.import_all(&files, Intent::Explicit);
        assert!(codes(&verdicts).iter().all(|code| *code == Code::Valid));
        assert_eq!(contents(&world), [files[2]]);
    }
}

#[test]
fn a_trust_document_of_the_version_in_force_is_accepted_only_if_it_is_the_same() {
    let world = World::new();
    let verdicts = [world::trust(1, &[]), world::trust(1, &[("WE-AAAAA", 1)])]
        .map(|document| world.import(&document, Intent::Explicit));
    assert_eq!(verdicts, [Code::Valid, Code::Superseded]);
}

#[test]
fn what_has_ended_is_stored_unless_it_was_an_evaluation() {
    for (product, term, files) in
        [("WE", Term::Subscription, 1), ("WE", Term::Perpetual, 1), ("WE-E", Term::Evaluation, 0)]
    {
        let world = World::new();
        let product = Product::parse(product).unwrap();
        let terms = Terms { product, term, ..licence("WE-AAAAA", 1, -100, -5).terms() };
        let ended = issue::license(&terms, &PLAIN.units(), &[&world::key("issuer", 2)]);
        assert_eq!(world.import(&ended, Intent::Explicit), Code::Expired, "{term:?}");
        assert_eq!(stored(&world).len(), files, "{term:?}");
    }
}

#[test]
fn a_check_of_several_files_judges_each_as_if_it_came_alone() {
    let world = World::new();
    world.add_card("00:e0:c5:1c:50:88");
    let issuer = world::key("issuer", 2);
    let second = issue::license(&PLAIN.terms(), &[other_unit()].into(), &[&issuer]);
    for files in [[&*second, &PLAIN.sign()], [&PLAIN.sign(), &second]] {
        let verdicts = world.import_all(&files, Intent::Check);
        assert_eq!(codes(&verdicts), [Code::Valid, Code::Valid]);
    }
}

#[test]
fn a_licence_that_moves_the_clock_counts_for_those_after_it() {
    let mut world = World::new();
    world.run_on(1);
    let renewal = licence("WE-AAAAA", 2, 60, 1000).sign();
    let issued = world::day(100).start();
    let terms = Terms { issued, ..licence("WE-BBBBB", 1, -100, 1000).terms() };
    let late = issue::license(&terms, &PLAIN.units(), &[&world::key("issuer", 2)]);
    let verdicts = world.import_all(&[&renewal, &late, &PLAIN.sign()], Intent::Explicit);
    assert_eq!(codes(&verdicts), [Code::Pending, Code::Valid, Code::Superseded]);
}

#[test]
fn an_import_that_changes_nothing_looks_again_only_at_a_device_that_has_changed() {
    let world = World::new();
    let before = world.device().survey().unwrap();
    let known = import(&world, &before, &PLAIN.sign(), Intent::Explicit).survey;
    // The settings are no part of what is compared.
    world.keep_replaced();
    let batch = import(&world, &known, &PLAIN.sign(), Intent::Explicit);
    assert!(!batch.has_written() && !batch.imported[0].changed);
    assert!(batch.survey.settings().system.remotemanager.license_cleanup);
    // Another program removes it.
    let (name, _) = stored(&world).pop_first().unwrap();
    fs::remove_file(world.licenses().join(name)).unwrap();
    let batch = import(&world, &known, &PLAIN.sign(), Intent::Explicit);
    assert!(batch.has_written() && batch.imported[0].changed);
    assert_eq!(stored(&world).len(), 1);
}

#[test]
fn what_hand_copied_files_replace_waits_until_they_are_flushed() {
    let world = World::new();
    let renewal = Licence { serial: 2, ..PLAIN };
    world.copy_by_hand("old.lic", &PLAIN.sign());
    world.copy_by_hand("new.lic", &renewal.sign());
    // The window of a trust document flushes no licences.
    let known = world.device().survey().unwrap();
    let batch = import(&world, &known, &world::trust(2, &[]), Intent::Explicit);
    assert!(batch.imported[0].changed && batch.cleaned.is_empty());
    assert_eq!(stored(&world).len(), 2);
    world.daemon_looks();
    assert_eq!(contents(&world), [renewal.sign()]);
}
