//! What is remembered of licences, and for how long.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{
    Case, Generation, LicenseState, Past, REMEMBERED, Remover, Replaced, Taken, Tombstone,
};
use license_format::{PackId, Serial};

fn serial(serial: u64) -> Serial {
    Serial::new(serial).unwrap()
}

fn pack_id(number: usize) -> PackId {
    PackId::parse(&format!("WE-{number:05}")).unwrap()
}

/// A replacement of this pack by this signer.
fn taken(number: usize, below: u64, starts: &str, by: &str) -> Taken<Serial> {
    Taken {
        unit: unit(),
        pack: pack_id(number),
        below: serial(below),
        starts: date(starts),
        signer: Some(signer(by)),
    }
}

#[test]
fn a_removed_licence_has_its_last_remover_until_it_is_restored() {
    let five = pack("WE-AAAAA").serial(5).verified();
    let others = [pack("WE-AAAAA").serial(6).verified(), pack("WE-BBBBB").serial(5).verified()];
    let mut past = Past::default();
    past.remove(&[&five], Remover::Person);
    assert_eq!(past.remover(&five), Some(Remover::Person));
    past.remove(&[&five], Remover::Profile);
    assert_eq!(past.remover(&five), Some(Remover::Profile));
    assert_eq!(past.removed.len(), 1);
    for other in &others {
        assert_eq!(past.remover(other), None);
        past.restore(other);
    }
    assert_eq!(past.remover(&five), Some(Remover::Profile));
    past.restore(&five);
    assert_eq!(past.remover(&five), None);
}

#[test]
fn the_oldest_removals_are_forgotten_beyond_the_limit() {
    let tombstone = |n| Tombstone { pack: pack_id(n), serial: Serial::FIRST, by: Remover::Person };
    let mut past = Past { removed: (0..REMEMBERED).map(tombstone).collect(), ..Past::default() };
    past.tidy();
    assert_eq!(past.removed.len(), REMEMBERED);
    let last = pack("WE-AAAAA").verified();
    past.remove(&[&last], Remover::Person);
    assert_eq!(past.removed.len(), REMEMBERED);
    assert_eq!(past.removed[0].pack, pack_id(1));
    assert_eq!(past.remover(&last), Some(Remover::Person));
}

#[test]
fn a_removal_of_too_many_licences_remembers_the_last_ones() {
    let first = pack("WE-AAAAA").verified();
    let last = pack("WE-BBBBB").verified();
    let all: Vec<_> = [&first].into_iter().chain([&last; REMEMBERED]).collect();
    let mut past = Past::default();
    past.remove(&all, Remover::Person);
    assert_eq!(past.remover(&first), None);
    assert_eq!(past.remover(&last), Some(Remover::Person));
}

#[test]
fn the_highest_replacement_that_starts_first_covers_the_others_of_its_pack_and_signer() {
    let kept = |entries: &[Taken<Serial>]| {
        let mut past = Past { reissued: entries.to_vec(), ..Past::default() };
        past.tidy();
        past.reissued.iter().map(|entry| entry.below.get()).collect::<Vec<_>>()
    };
    let (five, six) = (taken(1, 5, "2026-02-01", "issuer"), taken(1, 6, "2026-02-01", "issuer"));
    assert_eq!(kept(&[five.clone(), six.clone()]), [6]);
    assert_eq!(kept(&[six.clone(), six.clone()]), [6]);
    // The lower one counts until the higher one starts.
    let later = taken(1, 6, "2026-02-02", "issuer");
    assert_eq!(kept(&[five.clone(), later]), [6, 5]);
    let earlier = taken(1, 6, "2026-01-31", "issuer");
    assert_eq!(kept(&[five.clone(), earlier]), [6]);
    assert_eq!(kept(&[five.clone(), taken(2, 6, "2026-02-01", "issuer")]), [5, 6]);
    assert_eq!(kept(&[five, taken(1, 6, "2026-02-01", "second")]).len(), 2);
}

#[test]
fn two_memories_are_equal_as_of_a_day_if_they_have_the_same_effect_from_then_on() {
    let day = date("2026-06-01");
    let memory = |entries: &[Taken<Serial>]| {
        let converted = entries.iter().map(|entry| Taken {
            unit: entry.unit.clone(),
            pack: entry.pack.clone(),
            below: at("2026-01-01T00:00:00Z").plus(entry.below.get() as i64),
            starts: entry.starts,
            signer: entry.signer,
        });
        Past {
            rosters: entries.to_vec(),
            reissued: entries.to_vec(),
            converted: converted.collect(),
            removed: vec![Tombstone {
                pack: pack_id(1),
                serial: Serial::FIRST,
                by: Remover::Person,
            }],
        }
    };
    let (five, six) = (taken(1, 5, "2026-02-01", "issuer"), taken(1, 6, "2026-03-01", "issuer"));
    let both = memory(&[five.clone(), six.clone()]).as_of(day);
    // The lower one counts no longer.
    assert_eq!(both, memory(std::slice::from_ref(&six)).as_of(day));
    assert_eq!(both, memory(&[Taken { starts: day, ..six }]));
    let lower = memory(&[five]).as_of(day);
    for differs in [
        Past { rosters: lower.rosters, ..both.clone() },
        Past { reissued: lower.reissued, ..both.clone() },
        Past { converted: lower.converted, ..both.clone() },
        Past { removed: Vec::new(), ..both.clone() },
    ] {
        assert_ne!(both, differs);
    }
}

#[test]
fn one_signer_takes_no_memory_from_another() {
    let days = ["2026-02-01", "2026-02-02", "2026-02-03"];
    let many = (0..3 * REMEMBERED).map(|n| taken(n, 5, days[n / REMEMBERED], "issuer"));
    let few = (0..10).map(|n| taken(n, 5, "2020-01-01", "second"));
    let mut past = Past { reissued: many.chain(few).collect(), ..Past::default() };
    past.tidy();
    assert_eq!(past.reissued.len(), REMEMBERED);
    let of = |name| past.reissued.iter().filter(move |entry| entry.signer == Some(signer(name)));
    assert_eq!(of("second").count(), 10);
    // Those that start last.
    assert!(of("issuer").all(|entry| entry.starts == date(days[2])));
}

#[test]
fn a_licence_that_arrives_replaces_older_ones_of_its_pack() {
    let old = pack("WE-AAAAA").serial(5).verified();
    let (unit, trust, past) = (unit(), trust(&[]), Past::default());
    let now = noon("2026-06-01");
    let case = Case {
        licenses: &[&old],
        past: &past,
        trust: &trust,
        unit: Some(&unit),
        now,
        generation: Generation::Os12,
        version: None,
        starter: None,
    };
    let mut replaced = Replaced::of(&case, &unit);
    assert_eq!(replaced.state(&old, &trust, now), LicenseState::Valid);
    replaced.add(&pack("WE-AAAAA").serial(6).verified(), now);
    assert_eq!(replaced.state(&old, &trust, now), LicenseState::Superseded);
}

#[test]
fn room_beyond_the_entries_is_given_back() {
    let mut past = Past {
        rosters: Vec::with_capacity(8),
        reissued: Vec::with_capacity(8),
        converted: Vec::with_capacity(8),
        removed: Vec::new(),
    };
    past.shrink_to_fit();
    let room = [past.rosters.capacity(), past.reissued.capacity(), past.converted.capacity()];
    assert_eq!(room, [0; 3]);
}
