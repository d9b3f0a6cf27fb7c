//! Features allowed by a licence, row by row, on both generations.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{Feature, Generation, Reason, Version, services as s};
use license_format::Term;

/// feature; OS 11: service, allowed when expired; OS 12: the same. `None`: never needs a licence.
type Row = (&'static str, Option<(&'static str, bool)>, Option<(&'static str, bool)>);

const TABLE: [Row; 20] = [
    ("ums", None, None),
    ("license-deploy", None, None),
    ("onboarding", None, None),
    ("power-control", None, None),
    ("shadow", None, None),
    ("imi", None, None),
    ("os", Some((WE, true)), Some((WE, true))),
    ("apps", Some((WE, true)), Some((WE, true))),
    ("codecs", Some((WE, true)), Some((WE, true))),
    ("app-install", Some((WE, false)), Some((WE, false))),
    ("os-update", Some((WE, true)), Some((WE, false))),
    ("auto-update", Some((WE, false)), Some((WE, false))),
    ("config-change", Some((WE, true)), Some((WE, false))),
    ("custom-partition", Some((WE, false)), Some((WE, false))),
    ("icg", Some((EMP, false)), Some((WE, false))),
    ("config-change-icg", Some((EMP, false)), Some((WE, false))),
    ("shadow-icg", Some((EMP, false)), Some((WE, false))),
    ("shared-workplace", Some((EMP, false)), Some((WE, false))),
    ("asset-inventory", Some((EMP, false)), Some((WE, false))),
    ("uma", Some((EMP, false)), Some((WE, false))),
];

const ADD_ONS: [(&str, &str); 7] = [
    (s::POWERTERM, "powerterm"),
    (s::NINETY_METER, "90meter"),
    (s::TERADICI, "pcoip"),
    (s::MMCP, "codecs"),
    (s::SWP, "shared-workplace"),
    (s::ICG, "icg"),
    (s::AIT, "asset-inventory"),
];

fn on(generation: Generation, now: &str, makers: &[Maker]) -> Device {
    Device { generation, ..device(noon(now), makers) }
}

#[test]
fn every_row_holds_for_licensed_expired_and_never_licensed_devices() {
    let both = [(Generation::Os11, 1), (Generation::Os12, 2)];
    for (row, (generation, column)) in TABLE.iter().flat_map(|row| both.map(|b| (row, b))) {
        let (feature, need) = (row.0, if column == 1 { row.1 } else { row.2 });
        let case = |what: &str| format!("{feature} on {generation:?}, {what}");
        let never = on(generation, "2026-06-01", &[]);
        assert_eq!(never.allows(feature), need.is_none(), "{}", case("never licensed"));
        let Some((service, kept)) = need else { continue };
        for term in [Term::Perpetual, Term::Subscription] {
            let license = pack("PK-1").term(term).services(&[service]).grace(10);
            let active = on(generation, "2026-06-01", std::slice::from_ref(&license));
            assert!(active.allows(feature), "{}", case("active"));
            let grace = on(generation, "2027-01-05", std::slice::from_ref(&license));
            assert!(grace.allows(feature), "{}", case("in grace"));
            let expired = on(generation, "2027-06-01", std::slice::from_ref(&license));
            assert_eq!(expired.allows(feature), kept, "{}", case("expired"));
            let pending = on(generation, "2025-06-01", &[license]);
            assert!(!pending.allows(feature), "{}", case("pending"));
        }
        let evaluation = pack("PK-1").term(Term::Evaluation).services(&[service]);
        assert!(on(generation, "2026-06-01", std::slice::from_ref(&evaluation)).allows(feature));
        assert!(
            !on(generation, "2027-06-01", &[evaluation]).allows(feature),
            "{}",
            case("evaluation")
        );
    }
}

#[test]
fn an_add_on_unlocks_its_feature_alone_and_follows_its_own_term() {
    for generation in [Generation::Os11, Generation::Os12] {
        for (service, feature) in ADD_ONS {
            for term in [Term::Perpetual, Term::Subscription, Term::Evaluation] {
                let license = pack("PK-1").term(term).services(&[service]);
                let active = on(generation, "2026-06-01", std::slice::from_ref(&license));
                for row in &Feature::ALL {
                    let free = TABLE.iter().any(|r| r.0 == row.name && r.1.is_none());
                    assert_eq!(
                        active.allows(row.name),
                        row.name == feature || free,
                        "{service}: {}",
                        row.name
                    );
                }
                let expired = on(generation, "2027-06-01", &[license]);
                assert_eq!(expired.allows(feature), term == Term::Perpetual, "{service} {term}");
            }
        }
    }
}

#[test]
fn the_table_and_the_add_ons_cover_every_feature() {
    let mut names: Vec<_> =
        TABLE.iter().map(|r| r.0).chain(["powerterm", "90meter", "pcoip"]).collect();
    names.sort_unstable();
    assert_eq!(Feature::ALL.each_ref().map(|f| f.name).as_slice(), names);
}

#[test]
fn an_unknown_service_unlocks_nothing() {
    let device = device(noon("2026-06-01"), &[pack("PK-1").services(&["SUB_SERVICE_SET_FUTURE"])]);
    assert!(Feature::ALL.iter().all(|f| device.allows(f.name)
        == matches!(
            f.name,
            "ums" | "license-deploy" | "onboarding" | "power-control" | "shadow" | "imi"
        )));
    assert_eq!(device.service("SUB_SERVICE_SET_FUTURE").0, "valid");
}

#[test]
fn on_os_11_releases_from_before_the_end_of_maintenance_may_still_be_installed() {
    let license = pack("PK-1").term(Term::Perpetual).between("2021-08-01", "2022-08-01");
    let expired = device(noon("2022-09-01"), std::slice::from_ref(&license)).os11();
    assert!(expired.update("2022-03-29"));
    assert!(expired.update("2022-07-31"));
    assert!(!expired.update("2022-08-01"));
    assert!(!expired.update("2022-08-19"));
    assert!(device(noon("2022-07-01"), std::slice::from_ref(&license)).os11().update("2022-08-19"));
    let os12 = device(noon("2022-09-01"), std::slice::from_ref(&license));
    assert!(!os12.update("2022-03-29"));
    let evaluation = device(noon("2022-09-01"), &[license.term(Term::Evaluation)]).os11();
    assert!(!evaluation.update("2022-03-29"));
    assert!(!device(noon("2022-09-01"), &[]).os11().update("2022-03-29"));
}

#[test]
fn adding_a_licence_never_takes_a_feature_away() {
    let perpetual = pack("WE-AAAAA").term(Term::Perpetual).between("2020-01-01", "2021-01-01");
    let dated = pack("WE-BBBBB").between("2026-01-01", "2026-06-01");
    let alone = device(noon("2026-07-01"), std::slice::from_ref(&perpetual)).os11();
    let two = device(noon("2026-07-01"), &[perpetual, dated]).os11();
    for feature in &Feature::ALL {
        assert!(two.allows(feature.name) || !alone.allows(feature.name), "{}", feature.name);
    }
}

#[test]
fn an_add_on_needs_a_version_of_the_system_or_an_unknown_one() {
    let services = [s::POWERTERM, s::NINETY_METER, s::TERADICI];
    let licensed = || device(noon("2026-06-01"), &[pack("ADDON-1").services(&services)]).os11();
    for (version, has_powerterm, has_cards) in [
        ("11.01.100", false, false),
        ("11.1.109.99", false, false),
        ("11.01.110", false, true),
        ("11.2", false, true),
        ("11.02.99", false, true),
        ("11.02.100", true, true),
        ("11.10.100", true, true),
        ("12.4.0-rc1", true, true),
        ("9.12.200", false, false),
    ] {
        let device = licensed().os_version(version);
        for (feature, has) in
            [("powerterm", has_powerterm), ("90meter", has_cards), ("pcoip", has_cards)]
        {
            let verdict = device.feature(feature);
            let reason = if has { Reason::Licensed } else { Reason::NotForThisVersion };
            assert_eq!(verdict.reason, reason, "{feature} on {version}");
            assert_eq!(verdict.reason.allows(), has);
            assert_eq!(verdict.until.is_some(), has);
        }
    }
    assert!(licensed().allows("powerterm") && licensed().allows("pcoip"));
    let base = device(noon("2026-06-01"), &[pack("WE-1")]).os11().os_version("11.01.100");
    assert!(base.allows("os") && base.allows("custom-partition"));
}

#[test]
fn versions_are_compared_number_by_number() {
    let parse = |text| Version::parse(text).unwrap();
    assert!(parse("11.09.310") < parse("11.10.100"));
    assert!(parse("11.08.230") < parse("11.08.230.01"));
    assert_eq!(parse("12.4"), parse("12.04.0"));
    assert_eq!(parse("12.4.0-rc1"), parse("12.4.0"));
    assert_eq!(parse("12.4.0.rc1"), parse("12.4.0"));
    assert_eq!(parse("1.2.3.4.5"), parse("1.2.3.4"));
    for text in ["", "rc1", ".", ".12", "12..4", "99999999999", "-12"] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}

#[test]
fn an_update_to_a_newer_generation_needs_a_licence_in_force_whatever_its_date() {
    let license = || {
        let license = pack("WE-1").between("2021-03-10", "2022-08-01").grace(10);
        license.term(Term::Perpetual)
    };
    for (now, older, newer) in [
        ("2022-07-01", "licensed", "licensed"),
        ("2022-08-05", "grace", "grace"),
        ("2022-09-01", "older-releases-only", "expired"),
    ] {
        let os11 = device(noon(now), &[license()]).os11();
        assert_eq!(os11.update_to("11.09.310", "2022-03-29"), older, "{now}");
        assert_eq!(os11.update_to("12.01.100", "2022-03-29"), newer, "{now}");
        assert_eq!(os11.update_to("12", "2020-01-01"), newer, "{now}");
    }
    let expired = device(noon("2022-09-01"), &[license()]).os11();
    assert_eq!(expired.update_to("11.09.310", "2022-08-01"), "release-after-expiry");
    // OS 12 requires the same for its own releases.
    let os12 = device(noon("2022-09-01"), &[license()]);
    for version in ["12.4.0", "13.0", "11.09.310"] {
        assert_eq!(os12.update_to(version, "2022-03-29"), "expired");
    }
    let trial = device(noon("2022-03-01"), &[license().term(Term::Evaluation).grace(0)]).os11();
    assert_eq!(trial.update_to("12.01.100", "2022-03-29"), "licensed");
    let never = device(noon("2022-03-01"), &[]).os11();
    assert_eq!(never.update_to("12.01.100", "2022-03-29"), "unlicensed");
}

#[test]
fn a_system_older_than_11_is_judged_as_11_and_keeps_its_number() {
    let license = [pack("PAS-1").services(&[EMP, WE]).term(Term::Perpetual)];
    for now in ["2026-06-01", "2027-06-01"] {
        let eleven = on(Generation::Os11, now, &license);
        for major in 1..=10 {
            let generation = Generation::from_major(major).unwrap();
            assert_eq!(u64::from(generation.major()), major);
            let older = on(generation, now, &license);
            for feature in &Feature::ALL {
                assert_eq!(older.feature(feature.name), eleven.feature(feature.name));
            }
            for (version, day) in [("11.09.310", "2026-03-29"), ("12.01.100", "2026-03-29")] {
                assert_eq!(older.update_to(version, day), eleven.update_to(version, day));
            }
        }
    }
    for major in 1..=12 {
        assert_eq!(Generation::from_major(major.into()).unwrap().major(), major);
    }
    assert_eq!((Generation::from_major(0), Generation::from_major(13)), (None, None));
}

#[test]
fn an_expired_evaluation_takes_nothing_that_outlasts_a_subscription() {
    let subscription = pack("WE-AAAAA").between("2025-01-01", "2025-12-31");
    let evaluation = pack("WE-BBBBB").term(Term::Evaluation).between("2026-01-01", "2026-03-31");
    let device = device(noon("2026-06-01"), &[subscription, evaluation]);
    assert_eq!(device.feature("os").reason, Reason::KeptAfterExpiry);
    assert_eq!(device.feature("app-install").reason, Reason::Expired);
}
