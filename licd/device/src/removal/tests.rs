use std::fs;

use licd_rules::Code;

use super::*;
use crate::world::{Licence, World};

const LICENCE: Licence =
    Licence { pack: "WE-AAAAA", serial: 1, starts: -100, expires: 1000, supersedes: None };

fn failure() -> Failure {
    Failure::new(Code::StoreUnwritable, "/license: is write-protected")
}

/// Records the removal of a licence, ends it as `end` says, and returns the result, whether the record is
/// still there, and whether a tombstone is.
fn ended(
    end: impl FnOnce(&License, &Device) -> Result<u32, Failure>,
) -> (Result<u32, Failure>, bool, bool) {
    let world = World::new();
    world.copy_by_hand("a.lic", &LICENCE.sign());
    let device = world.device();
    let survey = device.survey().unwrap();
    let taken = survey.taken_by(&Selector::All);
    let time = device.time(&survey).unwrap();
    device.intend(&survey, &taken, &time, Remover::Person).unwrap().unwrap();
    let result = end(&taken[0].license, device);
    let (memory, _) = state::load(device.root()).unwrap();
    (result, !memory.removing.is_empty(), !memory.past.removed.is_empty())
}

#[test]
fn a_removal_that_was_not_recorded_fails() {
    let (result, ..) = ended(|_, device| Outcome::default().conclude(device, Err(failure())));
    assert_eq!(result, Err(failure()));
}

#[test]
fn a_removal_that_the_disk_may_lack_stays_recorded() {
    let removed = || Outcome { intended: true, removed: 2, left: Vec::new() };
    let lacking = ended(|_, device| removed().conclude(device, Err(failure())));
    assert_eq!(lacking, (Ok(2), true, true));
    let flushed = ended(|_, device| removed().conclude(device, Ok(())));
    assert_eq!(flushed, (Ok(2), false, true));
}

#[test]
fn a_licence_that_could_not_be_removed_has_no_tombstone() {
    let busy = StoreError::Busy { place: "/license".into(), holder: None };
    let alone = Failure::from(busy.clone());
    for (removed, said) in [(0, ""), (2, "; licences removed before that: 2")] {
        for done in [Ok(()), Err(failure())] {
            let (result, is_recorded, is_remembered) = ended(|license, device| {
                let left = vec![(license, busy.clone())];
                Outcome { intended: true, removed, left }.conclude(device, done)
            });
            let message = format!("{}{said}", alone.message);
            assert_eq!(result, Err(Failure { message, ..alone.clone() }));
            assert!(!is_recorded && !is_remembered);
        }
    }
}

#[test]
fn a_removal_that_could_never_be_recorded_writes_nothing_at_its_end() {
    let world = World::new();
    let removed = Outcome { intended: true, removed: 1, left: Vec::new() };
    assert_eq!(removed.conclude(world.device(), Ok(())), Ok(1));
    assert!(!fs::exists(world.path("var/lib/licd/state.toml")).unwrap());
}
