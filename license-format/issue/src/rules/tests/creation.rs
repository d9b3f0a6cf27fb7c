use super::*;
use crate::lists::SerialNumber;

#[test]
fn packs_of_os_10_convert_to_workspace_edition_and_close() {
    for product in ["UDP", "UDC3", "SAM", "UDC2UPGR"] {
        let old = Pack { supersedes: [id("UDP-OLD01")].into(), ..os10("UDP-AAAAA", product) };
        let change = convert(&old, &id("WE-NEW01"), false).unwrap();
        let (new, archived) = (changed(&change, "WE-NEW01"), changed(&change, "UDP-AAAAA"));
        assert_eq!(new.product.as_str(), "WE");
        assert_eq!(new.services, services(["SUB_SERVICE_SET_WORKSPACE_EDITION"]));
        assert_eq!((&new.units, new.seats, new.expires), (&old.units, old.seats, old.expires));
        assert_eq!((new.term, &new.subscription_key), (old.term, &old.subscription_key));
        assert_eq!(new.source, Some(id("UDP-AAAAA")));
        assert_eq!(new.supersedes, BTreeSet::from(["UDP-AAAAA", "UDP-OLD01"].map(id)));
        assert_eq!(archived.recorded, Status::TradedIn);
        assert_eq!(archived.successor, Some(id("WE-NEW01")));
        assert!(archived.units.is_empty());
        assert_eq!(due(&change), ["WE-NEW01"]);
        refused(
            issue(archived, now(), EarlyIssue::Allowed),
            "UDP-AAAAA: is TRADED_IN and was replaced",
        );
    }
}

#[test]
fn gateway_packs_convert_to_enterprise_management() {
    let change = convert(&icg("ICG-AAAAA"), &id("EMP-NEW01"), false).unwrap();
    let new = changed(&change, "EMP-NEW01");
    assert_eq!(new.product.as_str(), "EMP");
    assert_eq!(new.services, services(["SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK"]));
    assert_eq!((new.units.len(), new.seats), (90, Some(90)));
    let message = "EMP-NEW01: made from ICG-AAAAA; 90 of 90 seats used";
    assert_eq!(change.effects[0].to_string(), message);
}

#[test]
fn only_a_trade_up_converts_a_zero_upgrade() {
    let upgrade = os10("IZ-AAAAA", "IZUPGR");
    let message = "IZ-AAAAA: is IZUPGR, which is converted in the course of a trade-up only";
    refused(convert(&upgrade, &id("WE-NEW01"), false), message);
    let change = convert(&upgrade, &id("WE-NEW01"), true).unwrap();
    assert_eq!(changed(&change, "WE-NEW01").product.as_str(), "WE");
}

#[test]
fn converted_products_do_not_convert_back() {
    let new = id("UDP-NEW01");
    let message = "WE-AAAAA: is WE, what others are converted into, and never back";
    refused(convert(&pack("WE-AAAAA"), &new, true), message);
    let emp = os10("EMP-AAAAA", "EMP");
    refused(convert(&emp, &new, true), "EMP-AAAAA: is EMP, what others are converted into");
    let message = "PWT-AAAAA: there is no conversion from PWT";
    refused(convert(&os10("PWT-AAAAA", "PWT"), &new, true), message);
    let old = os10("UDP-AAAAA", "UDP");
    refused(convert(&old, &old.id, false), "UDP-AAAAA: the ID UDP-AAAAA was used before");
    let traded = Pack { recorded: Status::TradedIn, ..old };
    refused(convert(&traded, &id("WE-NEW01"), false), "UDP-AAAAA: is TRADED_IN");
}

#[test]
fn a_platform_access_subscription_gets_one_management_pack() {
    let edition = pack("WE-AAAAA");
    let change = create_emp(&edition, &id("EMP-NEW01"), &units(0..2)).unwrap();
    let emp = changed(&change, "EMP-NEW01");
    assert_eq!((emp.product.as_str(), emp.seats), ("EMP", edition.seats));
    assert_eq!((emp.starts, emp.expires), (edition.starts, edition.expires));
    assert_eq!((&emp.subscription_key, &emp.units), (&edition.subscription_key, &units(0..2)));
    assert_eq!(emp.source, Some(id("WE-AAAAA")));
    assert_eq!(due(&change), ["EMP-NEW01"]);
    assert!(issue(emp, now(), EarlyIssue::Refused).is_ok());
    let with = changed(&change, "WE-AAAAA");
    let message = "WE-AAAAA: has its Enterprise Management Pack, EMP-NEW01";
    refused(create_emp(with, &id("EMP-NEW02"), &BTreeSet::new()), message);
    let (half, new) = (Part::Overflow, id("WE-BBBBB"));
    let halves = split(with, &new, 5, &half).unwrap();
    refused(create_emp(changed(&halves, "WE-BBBBB"), &id("EMP-NEW02"), &BTreeSet::new()), "WE-B");
}

#[test]
fn other_packs_get_no_management_pack() {
    let new = id("EMP-NEW01");
    let bought = Pack { term: Term::Perpetual, ..pack("WE-AAAAA") };
    let message =
        "WE-AAAAA: is WE with the term perpetual, not a Workspace Edition that was bought";
    refused(create_emp(&bought, &new, &BTreeSet::new()), message);
    refused(create_emp(&icg("ICG-AAAAA"), &new, &BTreeSet::new()), "ICG-AAAAA: is ICG with");
    let message = "EMP-NEW01: has 10 seats, and 11 units need one each";
    refused(create_emp(&pack("WE-AAAAA"), &new, &units(0..11)), message);
    let stopped = closed(Status::Stopped, "WE-AAAAA");
    refused(create_emp(&stopped, &new, &BTreeSet::new()), "WE-AAAAA: is STOPPED");
}

/// A hardware-bundled pack of one year.
fn bundled() -> Pack {
    Pack {
        units: BTreeSet::new(),
        starts: day("2027-03-01"),
        expires: until("2028-02-29"),
        latest_activation: Some(day("2027-03-01")),
        ..pack("WE-AAAAA")
    }
}

#[test]
fn an_early_redemption_starts_the_term_on_its_day() {
    assert_eq!(bundled().status(now()), Status::NotActivatedYet);
    let change = redeem(&bundled(), &units(0..1), now()).unwrap();
    let redeemed = changed(&change, "WE-AAAAA");
    assert_eq!((redeemed.starts, redeemed.expires), (day("2026-11-22"), until("2027-11-21")));
    assert_eq!(redeemed.status(now()), Status::Active);
    assert!(issue(redeemed, now(), EarlyIssue::Refused).is_ok());
    let message = "WE-AAAAA: redeemed; starts on 2026-11-22, ends on 2027-11-21";
    assert_eq!(change.effects[0].to_string(), message);
}

#[test]
fn a_late_redemption_starts_the_term_on_the_latest_activation_date() {
    let change = redeem(&bundled(), &units(0..1), at("2027-07-01T08:00:00Z")).unwrap();
    let redeemed = changed(&change, "WE-AAAAA");
    assert_eq!((redeemed.starts, redeemed.expires), (day("2027-03-01"), until("2028-02-29")));
    let change = redeem(&bundled(), &units(0..1), at("2027-03-01T08:00:00Z")).unwrap();
    assert_eq!(changed(&change, "WE-AAAAA").starts, day("2027-03-01"));
}

#[test]
fn units_redeemed_later_join_the_running_term() {
    let change = redeem(&bundled(), &units(0..1), now()).unwrap();
    let first = changed(&change, "WE-AAAAA");
    let change = redeem(first, &units(1..3), at("2027-01-10T00:00:00Z")).unwrap();
    let then = changed(&change, "WE-AAAAA");
    assert_eq!((then.starts, then.expires), (first.starts, first.expires));
    assert_eq!((then.redeemed, then.units.len()), (first.redeemed, 3));
    refused(redeem(then, &units(3..11), now()), "WE-AAAAA: has 10 seats, and 11 units need");
}

#[test]
fn a_bundled_term_of_days_keeps_its_number_of_days() {
    for (starts, expires, latest, moved) in [
        ("2027-03-01", "2027-03-30", "2027-03-01", "2026-12-21"),
        ("2027-01-31", "2030-01-30", "2027-01-31", "2029-11-21"),
        ("2027-03-01", "never", "2027-03-01", "never"),
    ] {
        let pack = Pack {
            starts: day(starts),
            expires: until(expires),
            latest_activation: Some(day(latest)),
            ..bundled()
        };
        let change = redeem(&pack, &units(0..1), now()).unwrap();
        assert_eq!(changed(&change, "WE-AAAAA").expires, until(moved), "{starts} {expires}");
    }
}

#[test]
fn only_bundled_packs_are_redeemed_and_only_redeemed_ones_are_issued() {
    let message = "WE-AAAAA: was not bought with hardware";
    refused(redeem(&pack("WE-AAAAA"), &units(0..1), now()), message);
    let by_hand = Pack { units: units(0..1), ..bundled() };
    let message = "WE-AAAAA: is NOT_ACTIVATED_YET: bought with hardware and not redeemed";
    refused(issue(&by_hand, now(), EarlyIssue::Allowed), message);
    let stopped = Pack { recorded: Status::Stopped, ..bundled() };
    refused(redeem(&stopped, &units(0..1), now()), "WE-AAAAA: is STOPPED");
}

#[test]
fn a_serial_number_must_have_a_unit() {
    let serial = |text: &str| SerialNumber::parse(text).unwrap();
    let table = [(serial("A1"), unit(1)), (serial("B2"), unit(2))].into();
    let found = units_of(&bundled(), &[serial("a1")].into(), &table).unwrap();
    assert_eq!(found, units(1..2));
    let message = "WE-AAAAA: no unit is known for serial number C3";
    refused(units_of(&bundled(), &[serial("A1"), serial("C3")].into(), &table), message);
}
