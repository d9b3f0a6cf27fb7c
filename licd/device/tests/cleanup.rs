//! What the clean-up removes, what it makes of the list of a whole pack, and what it leaves alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap fails the test")]

mod world;
use world::{Licence, World};

use std::fs;

use licd_device::{Cleaned, Intent};
use licd_rules::{Code, ServiceState};
use license_format::UnitId;
use license_issue as issue;

const OLD: Licence =
    Licence { pack: "WE-AAAAA", serial: 1, starts: -100, expires: 1000, supersedes: None };
const NEW: Licence = Licence { serial: 2, ..OLD };

/// The list of a whole pack, which names this device, too.
fn list(licence: &Licence) -> String {
    let other = UnitId::from_mac([0, 0xE0, 0xC5, 0x1C, 0x50, 0x88]);
    let units = licence.units().into_iter().chain([other]).collect();
    issue::mass_license(&licence.terms(), &units, &[&world::key("issuer", 2)])
}

/// The only file that an import of this stores.
fn stored_of(file: &str) -> (String, String) {
    let world = World::new();
    assert_eq!(world.import(file, Intent::Explicit), Code::Valid);
    stored(&world).remove(0)
}

/// The files of the store, by name.
fn stored(world: &World) -> Vec<(String, String)> {
    let names = fs::read_dir(world.licenses()).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    let content = |name: &String| fs::read_to_string(world.licenses().join(name)).unwrap();
    names.into_iter().map(|name| (name.clone(), content(&name))).collect()
}

/// Cleans up as licd does, and returns the removed files, each with the slice in its place.
fn clean_up(world: &World) -> Vec<(String, Option<String>)> {
    let survey = world.device().survey().unwrap();
    let time = world.device().time(&survey).unwrap();
    world.device().keep_past(&survey, &time).unwrap();
    let cleaned = world.device().clean_up(&survey, &time).unwrap().into_iter();
    let names = |Cleaned { file, slice, .. }| {
        (file.to_string(), slice.map(|it: licd_store::FileName| it.to_string()))
    };
    cleaned.map(names).collect()
}

#[test]
fn the_list_of_a_whole_pack_becomes_the_slice_of_the_device() {
    let list = list(&OLD);
    let (name, slice) = stored_of(&list);
    assert!(slice != list);
    let world = World::new();
    world.copy_by_hand("pack.lic", &list);
    assert_eq!(clean_up(&world), [("pack.lic".to_owned(), Some(name.clone()))]);
    assert_eq!(stored(&world), [(name.clone(), slice.clone())]);
    // A list that has the name of its slice is replaced in its place.
    world.copy_by_hand(&name, &list);
    assert_eq!(clean_up(&world), []);
    assert_eq!(stored(&world), [(name, slice)]);
    assert_eq!(world.report().state, ServiceState::Valid);
}

#[test]
fn a_replaced_list_goes_without_leaving_its_slice() {
    let world = World::new();
    world.copy_by_hand("old.lic", &list(&OLD));
    world.copy_by_hand("new.lic", &NEW.sign());
    assert_eq!(clean_up(&world), [("old.lic".to_owned(), None)]);
    assert_eq!(stored(&world), [("new.lic".to_owned(), NEW.sign())]);
}

#[test]
fn a_list_that_only_a_wild_clock_calls_replaced_becomes_a_slice() {
    let mut world = World::new();
    assert_eq!(
        world.import(&Licence { starts: 10, ..NEW }.sign(), Intent::Explicit),
        Code::Pending
    );
    world.run_on(40);
    let list = list(&OLD);
    world.copy_by_hand("pack.lic", &list);
    let slice = stored_of(&list);
    assert_eq!(clean_up(&world), [("pack.lic".to_owned(), Some(slice.0.clone()))]);
    assert!(stored(&world).contains(&slice));
}

#[test]
fn the_settings_may_leave_the_store_as_it_is() {
    let world = World::new();
    world.keep_replaced();
    for (name, file) in [("old.lic", OLD.sign()), ("new.lic", NEW.sign()), ("pack.lic", list(&OLD))]
    {
        world.copy_by_hand(name, &file);
    }
    assert_eq!(clean_up(&world), []);
    assert_eq!(stored(&world).len(), 3);
}

#[test]
fn a_clean_up_that_failed_a_moment_ago_is_not_tried_again() {
    let world = World::new();
    world.copy_by_hand("old.lic", &OLD.sign());
    world.copy_by_hand("new.lic", &NEW.sign());
    let survey = world.device().survey().unwrap();
    let time = world.device().time(&survey).unwrap();
    // The directory of the lock.
    fs::rename(world.path("run"), world.path("aside")).unwrap();
    fs::write(world.path("run"), "").unwrap();
    let failure = world.device().clean_up(&survey, &time).err().unwrap();
    assert_eq!(failure.code, Code::StoreUnwritable);
    fs::remove_file(world.path("run")).unwrap();
    fs::rename(world.path("aside"), world.path("run")).unwrap();
    assert_eq!(world.device().clean_up(&survey, &time).err(), Some(failure));
    assert_eq!(stored(&world).len(), 2);
}
