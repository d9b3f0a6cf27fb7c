//! A survey reads memory and store as they were at one moment, while another program writes.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;
use world::{Licence, World};

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use licd_device::{Device, Intent};
use licd_rules::{LicenseState, Selector};
use license_format::PackId;

/// Devices on which one writer and one reader meet.
const DEVICES: usize = 40;

const OLD: Licence =
    Licence { pack: "WE-AAAAA", serial: 1, starts: -100, expires: 1000, supersedes: None };
const NEW: Licence = Licence { pack: "WE-BBBBB", serial: 2, supersedes: Some("WE-AAAAA"), ..OLD };

/// Surveys a device until the writer has ended, and asserts what each survey shows of its licences.
fn read_while(
    world: &World,
    write: impl FnOnce() + Send,
    holds: impl Fn(&[(String, LicenseState)]) -> bool,
) {
    let has_ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            write();
            has_ended.store(true, Ordering::Release);
        });
        while !has_ended.load(Ordering::Acquire) {
            let survey = world.device().survey().unwrap();
            let report = survey.report(&world.device().time(&survey).unwrap());
            let states: Vec<_> =
                report.licenses.iter().map(|one| (one.pack.to_string(), one.state)).collect();
            assert!(holds(&states), "{states:?}");
        }
    });
}

/// Another program on the same device.
fn other_program(world: &World) -> Device {
    Device::at(world.device().root().clone())
}

#[test]
fn a_replaced_licence_does_not_count_while_its_successor_is_removed() {
    for _ in 0..DEVICES {
        let world = World::new();
        world.copy_by_hand("old.lic", &OLD.sign());
        world.copy_by_hand("new.lic", &NEW.sign());
        let other = other_program(&world);
        let removes = || {
            let selector = Selector::Pack(PackId::parse(NEW.pack).unwrap());
            assert_eq!(other.remove(None, &selector).unwrap().count, 1);
        };
        let is_replaced = |(pack, state): &(String, LicenseState)| {
            pack != OLD.pack || *state == LicenseState::Superseded
        };
        read_while(&world, removes, |states| states.iter().all(is_replaced));
    }
}

#[test]
fn a_licence_counts_at_every_moment_of_its_renewal() {
    for _ in 0..DEVICES {
        let world = World::new();
        world.copy_by_hand("old.lic", &OLD.sign());
        let other = other_program(&world);
        let renews = || {
            let survey = other.survey_for_import().unwrap();
            let arrival = survey.read("new.lic", NEW.sign().as_bytes(), Intent::Explicit);
            assert!(other.import(&survey, vec![arrival]).has_written());
        };
        read_while(&world, renews, |states| {
            states.iter().any(|(_, state)| *state == LicenseState::Valid)
        });
    }
}

#[test]
fn many_files_are_read_as_each_of_them_alone() {
    let world = World::new();
    let packs: Vec<String> = (0..200).map(|number| format!("WE-{number:05}")).collect();
    for pack in &packs {
        // A file that is no licence is refused in its place.
        world.copy_by_hand(
            &format!("{pack}.lic"),
            &Licence { pack: pack.clone().leak(), ..OLD }.sign(),
        );
        world.copy_by_hand(&format!("{pack}-b.lic"), "tea\n");
    }
    let survey = world.device().survey().unwrap();
    assert!(survey.licenses().map(|license| license.pack.to_string()).eq(packs.iter().cloned()));
    let report = survey.report(&world.device().time(&survey).unwrap());
    let refused = report.rejected.iter().map(|rejected| rejected.file.clone());
    assert!(refused.eq(packs.iter().map(|pack| format!("{pack}-b.lic"))));
    // They share their lists, whichever thread has read them.
    let first = survey.licenses().next().unwrap();
    assert!(survey.licenses().all(|one| std::ptr::eq(one.signers(), first.signers())));
}
