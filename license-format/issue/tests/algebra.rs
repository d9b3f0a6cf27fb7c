//! Properties of packs under any sequence of verbs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

use std::collections::BTreeSet;

use license_format::*;
use license_issue::rules::{self, Change, EarlyIssue, Part};
use license_issue::{Pack, Status, serial_list, serial_table, unit_list};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

fn unit(number: u8) -> UnitId {
    UnitId::from_mac([2, 0, 0, 0, 0, number])
}

fn id(number: usize) -> PackId {
    PackId::parse(&format!("WE-{number:05}")).unwrap()
}

fn now() -> UnixSeconds {
    UnixSeconds::parse("2026-11-22T12:00:00Z").unwrap()
}

fn pack(number: usize, seats: u32, units: BTreeSet<UnitId>) -> Pack {
    Pack {
        id: id(number),
        serial: None,
        issued: None,
        product: Product::parse("WE").unwrap(),
        term: Term::Subscription,
        category: Category::Subscription,
        subscription_key: PackId::parse("ERP-9QK2M"),
        order: None,
        supersedes: BTreeSet::new(),
        services: [ServiceName::parse("SUB_SERVICE_SET_WORKSPACE_EDITION").unwrap()].into(),
        starts: Date::parse("2026-01-01").unwrap(),
        expires: Expiry::parse("2026-12-31").unwrap(),
        grace_days: 0,
        warn_days: 10,
        roster_complete: false,
        seats: Some(seats),
        units,
        recorded: Status::Active,
        source: None,
        successor: None,
        emp: None,
        latest_activation: None,
        redeemed: None,
    }
}

fn units() -> impl Strategy<Value = BTreeSet<UnitId>> {
    btree_set((0_u8..40).prop_map(unit), 0..12)
}

/// A pack within its seats.
fn packs() -> impl Strategy<Value = Pack> {
    (1_usize..100, units(), 0_u32..8).prop_map(|(number, units, more)| {
        let seats = u32::try_from(units.len()).unwrap() + more;
        pack(number, seats, units)
    })
}

/// A verb; the numbers choose the packs.
#[derive(Debug, Clone)]
enum Step {
    Add(usize, BTreeSet<UnitId>),
    Move(usize, usize),
    Split(usize, u32, usize),
    Merge(usize, usize),
    Cleanup(usize),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_usize..9, units()).prop_map(|(at, units)| Step::Add(at, units)),
        (0_usize..9, 0_usize..9).prop_map(|(from, to)| Step::Move(from, to)),
        (0_usize..9, 0_u32..9, 0_usize..5).prop_map(|(at, seats, n)| Step::Split(at, seats, n)),
        (0_usize..9, 0_usize..9).prop_map(|(into, other)| Step::Merge(into, other)),
        (0_usize..9).prop_map(Step::Cleanup),
    ]
}

/// Applies a step, if its rule allows it.
fn apply(packs: &mut Vec<Pack>, step: &Step) {
    let count = packs.len();
    let at = |number: usize| &packs[number % count];
    let change = match step {
        Step::Add(on, units) => rules::add(at(*on), units),
        Step::Move(from, to) => {
            let first = at(*from).units.iter().take(1).cloned().collect();
            rules::move_units(at(*from), at(*to), &first, now())
        }
        Step::Split(on, seats, units) => {
            rules::split(at(*on), &id(1000 + count), *seats, &Part::Count(*units))
        }
        Step::Merge(into, other) => rules::merge(at(*into), std::slice::from_ref(at(*other))),
        Step::Cleanup(keep) => rules::cleanup(packs, &[at(*keep).id.clone()], now()),
    };
    for pack in change.map(|change| change.packs).unwrap_or_default() {
        match packs.iter_mut().find(|known| known.id == pack.id) {
            Some(known) => *known = pack,
            None => packs.push(pack),
        }
    }
}

fn seats(packs: &[Pack]) -> u32 {
    packs.iter().filter(|pack| !pack.recorded.is_closed()).map(|pack| pack.seats.unwrap()).sum()
}

fn all_units(packs: &[Pack]) -> BTreeSet<UnitId> {
    packs.iter().flat_map(|pack| pack.units.iter().cloned()).collect()
}

proptest! {
    #[test]
    fn merging_a_split_restores_units_and_seats(
        whole in packs(),
        part in 1_u32..12,
        count in 0_usize..6,
    ) {
        let Ok(Change { packs: parts, .. }) =
            rules::split(&whole, &id(500), part, &Part::Count(count))
        else { return Ok(()) };
        prop_assert_eq!(seats(&parts), whole.seats.unwrap());
        prop_assert_eq!(parts[0].units.len() + parts[1].units.len(), whole.units.len());
        let merged = rules::merge(&parts[0], &parts[1..]).unwrap().packs;
        prop_assert_eq!((&merged[0].units, merged[0].seats), (&whole.units, whole.seats));
        prop_assert_eq!(seats(&merged), whole.seats.unwrap());
    }

    #[test]
    fn verbs_preserve_units_and_seats(
        first in vec(packs(), 1..4),
        steps in vec(steps(), 0..20),
    ) {
        let mut packs = first;
        packs.sort_by(|a, b| a.id.cmp(&b.id));
        packs.dedup_by(|a, b| a.id == b.id);
        let bought = seats(&packs);
        for step in &steps {
            let before = all_units(&packs);
            apply(&mut packs, step);
            prop_assert!(all_units(&packs).is_superset(&before), "{step:?}");
            prop_assert_eq!(seats(&packs), bought, "{:?}", step);
            for pack in &packs {
                prop_assert!(pack.units.len() <= pack.seats.unwrap() as usize);
                prop_assert!(!pack.recorded.is_closed() || pack.units.is_empty());
                prop_assert_eq!(pack.check(), Ok(()));
                prop_assert_eq!(Pack::parse(&pack.to_toml()), Ok(pack.clone()));
            }
        }
    }

    #[test]
    fn a_cleanup_leaves_every_unit_in_one_pack(first in vec(packs(), 1..5)) {
        let mut packs = first;
        packs.sort_by(|a, b| a.id.cmp(&b.id));
        packs.dedup_by(|a, b| a.id == b.id);
        let before = all_units(&packs);
        let keep = packs.len() - 1;
        apply(&mut packs, &Step::Cleanup(keep));
        prop_assert_eq!(all_units(&packs), before.clone());
        prop_assert_eq!(packs.iter().map(|pack| pack.units.len()).sum::<usize>(), before.len());
    }

    #[test]
    fn issued_licences_have_the_units_of_the_pack_and_unique_serials(
        pack in packs(),
        superseded in btree_set((200_usize..300).prop_map(id), 0..50),
    ) {
        let pack = Pack { supersedes: superseded.clone(), ..pack };
        let Ok((issued, terms)) = rules::issue(&pack, now(), EarlyIssue::Refused) else {
            prop_assert!(pack.units.is_empty());
            return Ok(());
        };
        prop_assert!(terms.windows(2).all(|pair| pair[0].serial < pair[1].serial));
        prop_assert_eq!(terms.last().map(|terms| terms.serial), issued.serial);
        let named: BTreeSet<PackId> =
            terms.iter().flat_map(|terms| terms.supersedes.iter().cloned()).collect();
        prop_assert_eq!(named, superseded);
        let key = license_issue::SigningKey::from_seed(KeyName::parse("k").unwrap(), &[9; 32]);
        for terms in &terms {
            let keys = [key.as_ref().unwrap()];
            prop_assert!(license_issue::verified_license(terms, &pack.units, &keys, true).is_ok());
        }
    }

    #[test]
    fn a_list_of_units_reads_back_in_every_form(
        units in btree_set((0_u8..255).prop_map(unit), 0..30),
        separators in vec(select(vec![",", ";", "\n", "\r\n", " ; ", ",\n", "\r"]), 30),
        typed in any::<bool>(),
        quoted in any::<bool>(),
    ) {
        let quote = if quoted { "\"" } else { "" };
        let kind = if typed { ",MAC" } else { "" };
        let text: String = units
            .iter()
            .zip(&separators)
            .map(|(unit, end)| format!("{quote}{unit}{quote}{kind}{end}"))
            .collect();
        let list = unit_list(text.as_bytes());
        prop_assert_eq!((list.read, list.valid()), (units.len(), units.len()));
        prop_assert_eq!(list.found, units);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let list = unit_list(&bytes);
        prop_assert!(list.found.len() <= list.valid() && list.valid() <= list.read);
        let _ = (serial_list(&bytes), serial_table(&bytes));
        let _ = Pack::parse(&String::from_utf8_lossy(&bytes));
    }
}
