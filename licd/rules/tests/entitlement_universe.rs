//! Features, updates and services, compared with a naive reading of the rules for every combination
//! of licences of the base, the management pack and the add-ons.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
mod naive;

use licd_rules::*;
use maker::{EMP, Maker, WE, date, noon, pack, trust};
use naive::{Grant, Owned, Term, Time};

const TODAY: &str = "2026-06-15";
const ADD_ONS: [&str; 7] = [
    services::POWERTERM,
    services::NINETY_METER,
    services::TERADICI,
    services::MMCP,
    services::SWP,
    services::ICG,
    services::AIT,
];
const TERMS: [Term; 3] = [Term::Perpetual, Term::Subscription, Term::Evaluation];
const TIMES: [Time; 5] = [Time::Before, Time::Within, Time::Ending, Time::InGrace, Time::After];
const GRACE: u8 = 10;

/// Every grant. An evaluation has no grace.
fn grants() -> Vec<Grant> {
    let all = TERMS.iter().flat_map(|term| TIMES.map(|time| Grant { term: *term, time }));
    all.filter(|grant| (grant.term, grant.time) != (Term::Evaluation, Time::InGrace)).collect()
}

/// First and last day, in days from today.
fn days(grant: Grant) -> (i32, i32) {
    match grant.time {
        Time::Before => (20, 300),
        Time::Within => (-100, 200),
        Time::Ending => (-100, 5),
        Time::InGrace => (-100, -4),
        Time::After => (-100, -50),
    }
}

fn licence(id: &str, services: &[&str], grant: Grant) -> Maker {
    let (starts, ends) = days(grant);
    let on = |day: i32| date(TODAY).plus_days(day).to_string();
    let (term, grace) = match grant.term {
        Term::Perpetual => (license_format::Term::Perpetual, GRACE),
        Term::Subscription => (license_format::Term::Subscription, GRACE),
        Term::Evaluation => (license_format::Term::Evaluation, 0),
    };
    pack(id).services(services).term(term).grace(grace).between(&on(starts), &on(ends))
}

fn judgement<T>(
    licenses: &[&License],
    generation: Generation,
    ask: impl FnOnce(&Judgement<'_>) -> T,
) -> T {
    let (unit, trust, past) = (maker::unit(), trust(&[]), Past::default());
    ask(&Judgement::of(Case {
        licenses,
        past: &past,
        trust: &trust,
        unit: Some(&unit),
        now: noon(TODAY),
        generation,
        version: None,
        starter: None,
    }))
}

/// No licence of a kind, or one of every grant.
fn choices(id: &str, services: &[&str]) -> Vec<Option<(Grant, License)>> {
    let made = grants().into_iter().map(|grant| (grant, licence(id, services, grant).verified()));
    [None].into_iter().chain(made.map(Some)).collect()
}

#[test]
fn every_feature_is_allowed_as_the_table_says() {
    let (bases, packs) = (choices("WE-1", &[WE]), choices("EMP-1", &[EMP]));
    let add_ons = choices("ADD-1", &ADD_ONS);
    let mut answers = 0;
    for generation in [Generation::Older(10), Generation::Os11, Generation::Os12] {
        for base in &bases {
            for management in &packs {
                for add_on in &add_ons {
                    let grant = |of: &Option<(Grant, _)>| of.as_ref().map(|(grant, _)| *grant);
                    let (base_grant, add_on_grant) = (grant(base), grant(add_on));
                    let management_grant = grant(management);
                    let owned = Owned {
                        base: base_grant.as_slice(),
                        management: management_grant.as_slice(),
                        add_on: add_on_grant.as_slice(),
                        is_os12: generation == Generation::Os12,
                    };
                    let all = [base, management, add_on].into_iter().flatten();
                    let licenses: Vec<_> = all.map(|(_, license)| license).collect();
                    judgement(&licenses, generation, |judgement| {
                        for feature in &Feature::ALL {
                            let is_allowed = judgement.feature(feature).reason.allows();
                            let (name, expected) = (feature.name, owned.allows(feature.name));
                            assert_eq!(is_allowed, expected, "{name}, {generation:?}: {owned:?}");
                            answers += 1;
                        }
                    });
                }
            }
        }
    }
    assert_eq!(answers, 3 * 15 * 15 * 15 * 23);
}

/// Two licences of the base: each allows by itself, and the better one is shown.
#[test]
fn a_second_licence_takes_nothing_away_and_the_better_one_is_shown() {
    let (ones, others) = (choices("WE-1", &[WE]), choices("WE-2", &[WE]));
    let mut pairs = 0;
    for generation in [Generation::Os11, Generation::Os12] {
        for one in &ones {
            for other in &others {
                let both: Vec<_> = [one, other].into_iter().flatten().collect();
                let grants: Vec<_> = both.iter().map(|(grant, _)| *grant).collect();
                let licenses: Vec<_> = both.iter().map(|(_, license)| license).collect();
                let is_os12 = generation == Generation::Os12;
                let owned = Owned { base: &grants, management: &[], add_on: &[], is_os12 };
                judgement(&licenses, generation, |judgement| {
                    for feature in &Feature::ALL {
                        let is_allowed = judgement.feature(feature).reason.allows();
                        assert_eq!(
                            is_allowed,
                            owned.allows(feature.name),
                            "{}: {owned:?}",
                            feature.name
                        );
                    }
                    for (released, to) in releases() {
                        let day = date(TODAY).plus_days(released);
                        let is_newer = !is_os12 && to.starts_with("12");
                        let version = Version::parse(to);
                        let is_allowed = judgement.update(day, version).reason.allows();
                        let expected =
                            owned.allows_update(is_newer, |grant| released < days(grant).1);
                        assert_eq!(is_allowed, expected, "{released} {to}: {owned:?}");
                    }
                    let shown = judgement.service(WE);
                    let expires = shown.expires.map(|day| day.to_string());
                    assert_eq!((shown.state.as_str(), expires), best(&grants), "{owned:?}");
                });
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 2 * 15 * 15);
}

/// Releases before, at and after the end of a licence that is over, of this generation and the next.
fn releases() -> impl Iterator<Item = (i32, &'static str)> {
    let days = [-60, -51, -50, -49, 0];
    days.into_iter().flat_map(|day| ["11.09.100", "12.4.0", ""].map(|version| (day, version)))
}

/// State and date of the best of these licences: in force first, then those that are no evaluations,
/// then the later end.
fn best(grants: &[Grant]) -> (&'static str, Option<String>) {
    let rank = |grant: &&Grant| (grant.in_force(), grant.term != Term::Evaluation, days(**grant).1);
    let Some(best) = grants.iter().max_by_key(rank) else { return ("none", None) };
    let state = match best.time {
        Time::Before => "pending",
        Time::Within => "valid",
        Time::Ending => "warning",
        Time::InGrace => "grace",
        Time::After => "expired",
    };
    (state, Some(date(TODAY).plus_days(days(*best).1).to_string()))
}
