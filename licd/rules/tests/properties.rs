//! Properties of any set of licences, in any order.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{Feature, Generation, License, Past, ServiceState, Upkeep, services};
use license_format::{Expiry, Term};
use proptest::prelude::*;

fn maker() -> impl Strategy<Value = Maker> {
    let packs = prop::sample::select(vec!["WE-AAAAA", "WE-BBBBB", "PAS-CCCCC"]);
    let terms = prop::sample::select(vec![Term::Perpetual, Term::Subscription, Term::Evaluation]);
    let sets = prop::sample::subsequence(services::KNOWN.to_vec(), 1..=3);
    let dates = (0u8..4, 0u8..5);
    let flags = (any::<bool>(), any::<bool>(), 0u8..3);
    (packs, 1u64..5, terms, sets, dates, flags).prop_map(
        |(id, serial, term, set, (from, years), (roster, ours, merge))| {
            let starts = format!("20{}-01-01", from + 24);
            let expires = match years {
                4 => "never".to_owned(),
                years => format!("20{}-12-31", from + 24 + years),
            };
            let mut maker = pack(id)
                .serial(serial)
                .term(term)
                .services(&set)
                .between(&starts, &expires)
                .issued(&format!("20{}-01-01T00:00:00Z", from + 23));
            if merge == 2 && id != "WE-AAAAA" {
                maker = maker.supersedes(&["WE-AAAAA"]);
            }
            if roster {
                maker = maker.roster();
            }
            if ours { maker } else { maker.units(&[stranger()]) }
        },
    )
}

/// The same with two keys, each allowed to sign every product.
fn of_two_keys() -> impl Strategy<Value = Maker> {
    let signers = prop::sample::subsequence(vec!["issuer", "second"], 1..=2);
    (maker(), signers).prop_map(|(maker, signers)| maker.signed_by(&signers))
}

fn answers(device: &Device) -> (Vec<licd_rules::ServiceVerdict>, Vec<licd_rules::FeatureVerdict>) {
    device.with(|j| (j.services(), Feature::ALL.iter().map(|f| j.feature(f)).collect()))
}

/// What a device may do. A service named only by a cleared licence is no longer listed, nor that it was
/// withdrawn.
fn rights(device: &Device) -> (Vec<licd_rules::ServiceVerdict>, Vec<(bool, Option<Expiry>)>) {
    let (mut services, features) = answers(device);
    let nothing = [ServiceState::None, ServiceState::Withdrawn];
    services.retain(|service| !nothing.contains(&service.state));
    (services, features.into_iter().map(|one| (one.reason.allows(), one.until)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.min(192),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_files_changes_nothing(
        (makers, shuffled) in prop::collection::vec(maker(), 0..6)
            .prop_flat_map(|makers| (Just(makers.clone()), Just(makers).prop_shuffle())),
        year in 2024u16..2030,
        old in any::<bool>(),
    ) {
        let generation = if old { Generation::Os11 } else { Generation::Os12 };
        let now = noon(&format!("{year}-06-01"));
        let one = Device { generation, ..device(now, &makers) };
        let two = Device { generation, ..device(now, &shuffled) };
        prop_assert_eq!(answers(&one), answers(&two));
    }

    #[test]
    fn another_licence_takes_no_feature_away_unless_it_replaces_or_withdraws(
        makers in prop::collection::vec(maker(), 0..5),
        added in maker(),
        year in 2024u16..2030,
        old in any::<bool>(),
    ) {
        let generation = if old { Generation::Os11 } else { Generation::Os12 };
        let now = noon(&format!("{year}-06-01"));
        let before = Device { generation, ..device(now, &makers) };
        let all: Vec<_> = makers.into_iter().chain([added]).collect();
        let after = Device { generation, ..device(now, &all) };
        let kept = after.states()[..before.licenses.len()] == before.states()[..];
        for feature in &Feature::ALL {
            prop_assert!(
                !kept || !before.allows(feature.name) || after.allows(feature.name),
                "{} was taken away", feature.name
            );
        }
    }

    #[test]
    fn a_licence_that_counted_stops_counting_only_for_one_that_has_started(
        makers in prop::collection::vec(maker(), 1..5),
        added in maker(),
        year in 2024u16..2030,
    ) {
        let now = noon(&format!("{year}-06-01"));
        let before = device(now, &makers);
        let all: Vec<_> = makers.into_iter().chain([added]).collect();
        let after = device(now, &all);
        let started = after.licenses.last().unwrap().starts.start() <= now;
        let changed = after.states()[..before.licenses.len()] != before.states()[..];
        prop_assert!(started || !changed);
    }

    #[test]
    fn the_memory_is_independent_of_the_order_of_arrival(
        (makers, shuffled) in prop::collection::vec(maker(), 0..8)
            .prop_flat_map(|makers| (Just(makers.clone()), Just(makers).prop_shuffle())),
        year in 2024u16..2030,
    ) {
        let now = noon(&format!("{year}-06-01"));
        let learned = |makers: &[Maker]| {
            let mut past = Past::default();
            for maker in makers {
                past.learn([&maker.verified()], &unit(), now);
            }
            past
        };
        prop_assert_eq!(learned(&makers), learned(&shuffled));
    }

    #[test]
    fn the_memory_replaces_licences_that_are_gone(
        makers in prop::collection::vec(maker(), 0..7),
        gone in any::<prop::sample::Index>(),
        year in 2024u16..2030,
        later in 0u16..3,
    ) {
        let now = noon(&format!("{year}-06-01"));
        let mut all = device(now, &makers);
        all.past.learn(&all.licenses, &unit(), now);
        if makers.is_empty() {
            return Ok(());
        }
        let gone = gone.index(makers.len());
        // At a later time, only licences that had started are gone, with their effect remembered.
        let started = all.licenses[gone].starts.start() <= now || !all.licenses[gone].names(&unit());
        prop_assume!(started);
        let mut left = device(noon(&format!("{}-06-01", year + later)), &makers);
        left.past = all.past.clone();
        let mut expected = left.states();
        expected.remove(gone);
        left.licenses.remove(gone);
        prop_assert_eq!(left.states(), expected);
    }

    #[test]
    fn the_clean_up_changes_no_later_judgement(
        makers in prop::collection::vec(maker(), 0..7),
        year in 2024u16..2030,
        later in 0u16..3,
        whole in any::<bool>(),
    ) {
        let now = noon(&format!("{year}-06-01"));
        let mut all = device(now, &makers);
        if whole {
            all.past.learn(&all.licenses, &unit(), now);
        }
        let fates = all.upkeep();
        let states = all.states();
        for ((fate, state), license) in fates.iter().zip(&states).zip(&all.licenses) {
            let is_waited_for = !license.supersedes.is_empty() && license.starts.start() > now;
            let may_go = *state == Some("superseded") && !is_waited_for;
            prop_assert!(*fate == Upkeep::Keep || may_go, "{:?}", state);
            prop_assert!(!whole || (*fate == Upkeep::Remove) == may_go);
        }
        let then = noon(&format!("{}-06-01", year + later));
        let mut full = device(then, &makers);
        full.past = all.past.clone();
        let mut cleared = device(then, &makers);
        cleared.past = all.past.clone();
        let mut fates = fates.iter();
        cleared.licenses.retain(|_| *fates.next().unwrap() == Upkeep::Keep);
        prop_assert_eq!(rights(&full), rights(&cleared));
    }

    #[test]
    fn a_revoked_key_leaves_no_trace_after_learning_and_clean_up(
        makers in prop::collection::vec(of_two_keys(), 0..7),
        year in 2024u16..2030,
        later in 0u16..3,
    ) {
        let now = noon(&format!("{year}-06-01"));
        let mut all = device(now, &makers);
        all.trust = trust_in(&[("issuer", &[]), ("second", &[])], &[]);
        all.past.learn(&all.licenses, &unit(), now);
        let mut fates = all.upkeep().into_iter();
        let then = noon(&format!("{}-06-01", year + later));
        let is_of = |license: &License| license.signers().contains(&signer("issuer"));
        // The key is revoked, and licences with its signature alone are no longer genuine.
        let mut left = device(then, &makers);
        left.past = all.past.clone();
        left.licenses.retain(|license| fates.next() == Some(Upkeep::Keep) && is_of(license));
        // A device that has never met the key sees only the other's signatures.
        let mut pure = device(then, &makers.iter().filter(|maker| is_of(&maker.verified()))
            .map(|maker| maker.clone().signed_by(&["issuer"])).collect::<Vec<_>>());
        pure.past.learn(&pure.licenses, &unit(), now);
        prop_assert_eq!(rights(&left), rights(&pure));
    }
}
