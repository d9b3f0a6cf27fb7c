//! Notices of expiry: content, time, frequency and fate of the features.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{
    AFTER_END, Announced, EnterpriseManagement, Fate, Generation, Notice, Selection, Stage,
    Starter, select, services as s,
};
use license_format::{Date, Term};

use EnterpriseManagement::{Notified, Silenced};

fn notices(device: &Device) -> Vec<Notice> {
    device.with(|judgement| judgement.notices(Notified))
}

fn the_notice(device: &Device) -> Notice {
    let mut notices = notices(device);
    assert_eq!(notices.len(), 1, "{notices:?}");
    notices.remove(0)
}

fn named(notice: &Notice, fate: Fate) -> Vec<&'static str> {
    let features = notice.features.iter().filter(|(_, found)| *found == fate);
    features.map(|(feature, _)| feature.name).collect()
}

/// The notices of successive days, with the record carried over.
fn days(from: &str, count: i32, makers: &[Maker]) -> Vec<(i32, Stage)> {
    let (mut announced, mut shown) = (Vec::new(), Vec::new());
    for day in 0..count {
        let today = date(from).plus_days(day);
        let device = device(today.start().plus(13 * 3600), makers);
        let selection = select(notices(&device), &announced, today);
        shown.extend(selection.due.iter().map(|notice| (day, notice.stage)));
        announced = selection.announced;
        // Again on the same day, an hour later or after a restart.
        assert_eq!(select(notices(&device), &announced, today).due, []);
    }
    shown
}

fn announced(stage: Stage, expires: &str, first: &str, last: &str) -> Announced {
    Announced {
        service: WE.into(),
        stage,
        expires: date(expires),
        first: date(first),
        last: date(last),
    }
}

#[test]
fn the_stage_changes_at_the_moments_at_which_licences_are_judged() {
    let license = [pack("WE-1").between("2026-01-01", "2026-11-30").warn(10).grace(3)];
    for (now, stage, left) in [
        ("2026-11-19T23:59:59Z", None, 0),
        ("2026-11-20T00:00:00Z", Some(Stage::Warning), 10),
        ("2026-11-30T12:00:00Z", Some(Stage::Warning), 0),
        ("2026-12-01T11:59:59Z", Some(Stage::Warning), -1),
        ("2026-12-01T12:00:00Z", Some(Stage::Grace), -1),
        ("2026-12-04T11:59:59Z", Some(Stage::Grace), -4),
        ("2026-12-04T12:00:00Z", Some(Stage::Expired), -4),
    ] {
        let notices = notices(&device(at(now), &license));
        let found = notices.first().map(|notice| (notice.stage, notice.days_left));
        assert_eq!(found, stage.map(|stage| (stage, left)), "{now}");
        for notice in notices {
            assert_eq!((notice.expires, notice.last), (date("2026-11-30"), date("2026-12-03")));
            assert_eq!(notice.term, Some(Term::Subscription));
        }
    }
}

#[test]
fn a_service_that_is_not_about_to_end_has_no_notice() {
    let now = noon("2026-06-01");
    let ending = || pack("WE-1").between("2026-01-01", "2026-06-05");
    for quiet in [
        vec![],
        vec![pack("WE-1")],
        vec![pack("WE-1").between("2026-01-01", "never")],
        vec![pack("WE-1").between("2026-07-01", "2026-07-05")],
        vec![ending().warn(0)],
        vec![ending().services(&["SUB_SERVICE_FUTURE"])],
        vec![ending().units(&[stranger()])],
    ] {
        assert_eq!(notices(&device(now, &quiet)), [], "{quiet:?}");
    }
    let withdrawn = Device { trust: trust(&[("WE-1", 9)]), ..device(now, &[ending()]) };
    assert_eq!(notices(&withdrawn), []);
}

#[test]
fn a_service_that_another_licence_continues_has_no_notice() {
    let now = noon("2026-12-25");
    let ends = || pack("WE-1").grace(10);
    let next = |starts| pack("WE-2").between(starts, "2027-12-31");
    assert_eq!(notices(&device(now, &[ends()])).len(), 1);
    // A renewal within the grace is early enough, one after it is not.
    assert_eq!(notices(&device(now, &[ends(), next("2027-01-10")])), []);
    assert_eq!(notices(&device(now, &[ends(), next("2027-01-12")])).len(), 1);
    let evaluation = next("2026-12-01").term(Term::Evaluation);
    assert_eq!(notices(&device(now, &[ends(), evaluation])), []);
}

#[test]
fn a_second_ending_licence_only_postpones_the_end() {
    let license = |id, last, grace| pack(id).between("2026-01-01", last).grace(grace);
    let now = noon("2026-12-28");
    let both = [license("WE-1", "2026-12-31", 2), license("WE-2", "2026-12-30", 28)];
    let notice = the_notice(&device(now, &both));
    assert_eq!((notice.expires, notice.last), (date("2026-12-31"), date("2027-01-27")));
    assert!(notice.stops_something());
    let chain =
        [license("WE-1", "2026-12-31", 0), license("WE-2", "2027-01-05", 0).term(Term::Evaluation)];
    let notice = the_notice(&device(now, &chain));
    assert_eq!((notice.expires, notice.last), (date("2026-12-31"), date("2027-01-05")));
}

#[test]
fn fates_of_features_follow_the_table_of_features() {
    use Fate::{OlderReleases, Stays, Stops};
    use Generation::{Os11, Os12};
    const ADD_ONS: &[&str] = &[s::POWERTERM, s::TERADICI];
    type Row = (Generation, Term, &'static [&'static str], &'static str, Vec<&'static str>);
    let base12 = vec![
        "app-install",
        "asset-inventory",
        "auto-update",
        "config-change",
        "config-change-icg",
        "custom-partition",
        "icg",
        "os-update",
        "shadow-icg",
        "shared-workplace",
        "uma",
    ];
    let table: [Row; 7] = [
        (Os12, Term::Subscription, &[WE], WE, base12.clone()),
        (Os12, Term::Perpetual, &[WE], WE, base12),
        (Os11, Term::Perpetual, &[WE], WE, vec!["app-install", "auto-update", "custom-partition"]),
        (Os12, Term::Subscription, &[EMP], EMP, vec![]),
        (
            Os11,
            Term::Subscription,
            &[WE, EMP],
            WE,
            vec![
                "app-install",
                "asset-inventory",
                "auto-update",
                "config-change-icg",
                "custom-partition",
                "icg",
                "shadow-icg",
                "shared-workplace",
                "uma",
            ],
        ),
        (Os12, Term::Perpetual, ADD_ONS, s::POWERTERM, vec![]),
        (Os12, Term::Subscription, ADD_ONS, s::POWERTERM, vec!["pcoip", "powerterm"]),
    ];
    for (generation, term, services, of, stops) in table {
        let license = pack("PK-1").services(services).term(term);
        for now in ["2026-12-30", "2027-02-01"] {
            let device = Device { generation, ..device(noon(now), std::slice::from_ref(&license)) };
            let notices = notices(&device);
            let case = format!("{generation:?} {term:?} {of} {now}");
            if stops.is_empty() {
                assert_eq!(notices, [], "{case}");
                continue;
            }
            let notice = notices.iter().find(|notice| notice.service == of).unwrap();
            assert_eq!(notices.len(), 1, "{case}");
            assert_eq!(named(notice, Stops), stops, "{case}");
            let older = (generation, of) == (Os11, WE);
            assert_eq!(
                named(notice, OlderReleases),
                if older { vec!["os-update"] } else { vec![] }
            );
            if of == WE {
                assert!(named(notice, Stays).contains(&"apps"), "{case}");
                assert!(!named(notice, Stays).contains(&"ums"), "{case}: needs no licence");
            }
            assert!(notice.stops_something(), "{case}");
        }
    }
}

#[test]
fn an_ended_evaluation_leaves_only_features_of_other_licences() {
    let trial = || pack("WE-E1").term(Term::Evaluation);
    let alone = the_notice(&device(noon("2026-12-30"), &[trial()]));
    assert_eq!(named(&alone, Fate::Stays), Vec::<&str>::new());
    let codecs =
        pack("ADDON-1").services(&[s::MMCP]).term(Term::Perpetual).between("2026-01-01", "never");
    let kept = the_notice(&device(noon("2026-12-30"), &[trial(), codecs]));
    assert_eq!(named(&kept, Fate::Stays), ["codecs"]);
    let starter = Starter { first: date("2026-11-01"), last: date("2026-11-30") };
    let over = Device { starter: Some(starter), ..device(noon("2026-12-05"), &[]) };
    assert_eq!(the_notice(&over).stage, Stage::Expired);
    let on = Device { starter: Some(starter), ..device(noon("2026-11-29"), &[]) };
    let on = the_notice(&on);
    assert_eq!((on.stage, on.days_left, on.term), (Stage::Warning, 1, Some(Term::Evaluation)));
    assert_eq!((on.expires, on.last), (date("2026-11-30"), date("2026-11-30")));
    for (now, spoken) in [("2026-11-19", false), ("2026-11-20", true)] {
        let device = Device { starter: Some(starter), ..device(noon(now), &[]) };
        assert_eq!(notices(&device).len(), usize::from(spoken), "{now}");
    }
    let renewed = pack("WE-2").between("2026-11-25", "2027-11-25");
    let carried_on = Device { starter: Some(starter), ..device(noon("2026-11-29"), &[renewed]) };
    assert_eq!(notices(&carried_on), []);
}

#[test]
fn services_that_end_on_the_same_day_share_a_notice() {
    let one = [pack("PAS-1").services(&[EMP, WE])];
    let two = [pack("WE-1"), pack("EMP-1").services(&[EMP])];
    for now in ["2026-12-30", "2027-01-03"] {
        let of = |makers: &[Maker]| the_notice(&device(noon(now), makers).os11());
        let notice = of(&one);
        assert_eq!(notice, of(&two));
        assert_eq!(
            (notice.service.as_str(), notice.others.as_slice()),
            (WE, &[EMP.to_owned()][..])
        );
        assert_eq!(notice.term, Some(Term::Subscription));
        let stops = named(&notice, Fate::Stops);
        assert!(stops.contains(&"custom-partition") && stops.contains(&"icg"), "{stops:?}");
        // Licences of different terms have no common term.
        let mixed = [pack("WE-1").term(Term::Perpetual), pack("EMP-1").services(&[EMP])];
        assert_eq!(of(&mixed).term, None);
        // The pack changes nothing here.
        let modern = the_notice(&device(noon(now), &two));
        assert_eq!((modern.service.as_str(), modern.others.len()), (WE, 0));
    }
    let days = [pack("WE-1"), pack("EMP-1").services(&[EMP]).between("2026-01-01", "2026-12-30")];
    assert_eq!(notices(&device(noon("2026-12-29"), &days).os11()).len(), 2);
}

#[test]
fn a_notice_names_only_what_this_version_of_the_system_has() {
    let license = [pack("ADDON-1").services(&[s::POWERTERM, s::TERADICI])];
    let on = |version| notices(&device(noon("2026-12-30"), &license).os11().os_version(version));
    assert_eq!(on("11.01.100"), []);
    let [notice] = on("11.01.110").try_into().unwrap();
    assert_eq!(
        (notice.service.as_str(), named(&notice, Fate::Stops)),
        (s::TERADICI, vec!["pcoip"])
    );
    let [notice] = on("11.02.100").try_into().unwrap();
    assert_eq!(named(&notice, Fate::Stops), ["pcoip", "powerterm"]);
}

#[test]
fn only_the_enterprise_management_pack_can_be_silenced() {
    for services in [vec![WE], vec![EMP], vec![EMP, WE]] {
        let device = device(noon("2026-12-30"), &[pack("PK-1").services(&services)]).os11();
        let notices = |how| device.with(|judgement| judgement.notices(how));
        let names = |notices: Vec<Notice>| -> Vec<String> {
            let services = notices.into_iter().map(|n| [vec![n.service], n.others].concat());
            let mut services = services.collect::<Vec<_>>().concat();
            services.sort();
            services
        };
        assert_eq!(names(notices(Notified)), services);
        let rest: Vec<_> = services.iter().copied().filter(|service| *service != EMP).collect();
        assert_eq!(names(notices(Silenced)), rest);
    }
}

#[test]
fn a_service_has_a_notice_once_a_day_until_a_week_after_its_end() {
    let license = [pack("WE-1").between("2026-01-01", "2026-11-30").warn(3).grace(2)];
    let shown = days("2026-11-25", 60, &license);
    let expected: Vec<_> = (2..6)
        .map(|day| (day, Stage::Warning))
        .chain((6..8).map(|day| (day, Stage::Grace)))
        .chain((8..8 + AFTER_END).map(|day| (day, Stage::Expired)))
        .collect();
    // At 13:00 the last day has ended everywhere.
    assert_eq!(shown.first(), Some(&(2, Stage::Warning)));
    let of = |stage| shown.iter().filter(|(_, found)| *found == stage).count();
    assert_eq!(of(Stage::Expired), 7);
    assert_eq!(shown.len(), expected.len());
    let mut days: Vec<_> = shown.iter().map(|(day, _)| *day).collect();
    days.dedup();
    assert_eq!(days, (2..2 + i32::try_from(shown.len()).unwrap()).collect::<Vec<_>>());
}

#[test]
fn an_end_that_stops_nothing_has_no_notice() {
    let add_on = pack("PWT-1").services(&[s::POWERTERM]).term(Term::Perpetual);
    let shown = days("2027-02-01", 30, &[add_on]);
    assert_eq!(shown, []);
}

#[test]
fn a_user_who_was_away_at_the_end_sees_the_notice_for_a_week() {
    let shown = days("2027-03-01", 30, &[pack("WE-1")]);
    assert_eq!(shown, (0..AFTER_END).map(|day| (day, Stage::Expired)).collect::<Vec<_>>());
}

#[test]
fn a_day_with_a_notice_has_no_second_one() {
    let today: Date = date("2026-12-31");
    let before = [announced(Stage::Warning, "2026-12-31", "2026-12-25", "2026-12-31")];
    for license in [
        pack("WE-1"),
        pack("WE-1").serial(2).between("2026-01-01", "2027-01-03"),
        pack("WE-1").between("2026-01-01", "2026-12-01"),
    ] {
        let Selection { current, due, announced } =
            select(notices(&device(noon("2026-12-31"), &[license])), &before, today);
        assert_eq!((current.len(), due, announced.as_slice()), (1, vec![], &before[..]));
    }
    // The service disappears and comes back.
    let Selection { due, announced, .. } = select(vec![], &before, today);
    assert_eq!((due, announced.as_slice()), (vec![], &before[..]));
}

#[test]
fn a_notice_dated_in_the_future_silences_nothing() {
    let wild = [announced(Stage::Expired, "2026-12-31", "2099-01-01", "2099-01-01")];
    let today = date("2027-01-05");
    let selection = select(notices(&device(noon("2027-01-05"), &[pack("WE-1")])), &wild, today);
    assert_eq!(selection.due.len(), 1);
    assert_eq!(
        selection.announced,
        [announced(Stage::Expired, "2026-12-31", "2027-01-05", "2027-01-05")]
    );
}

#[test]
fn a_renewed_licence_has_notices_again_when_it_ends() {
    let before = [announced(Stage::Expired, "2025-12-31", "2026-01-01", "2026-01-07")];
    let today = date("2027-01-05");
    let selection = select(notices(&device(noon("2027-01-05"), &[pack("WE-1")])), &before, today);
    assert_eq!(selection.due.len(), 1);
}

#[test]
fn stages_share_their_words_with_states() {
    for stage in [Stage::Warning, Stage::Grace, Stage::Expired] {
        assert_eq!(Stage::parse(stage.as_str()), Some(stage));
    }
    assert_eq!(Stage::parse("valid"), None);
}
