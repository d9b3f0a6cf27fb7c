use super::*;

fn split_off(pack: &Pack, seats: u32, part: &Part) -> Result<Change, RuleError> {
    split(pack, &id("WE-NEW01"), seats, part)
}

#[test]
fn gateway_packs_split_in_tens() {
    let change = split(&icg("ICG-AAAAA"), &id("ICG-BBBBB"), 40, &Part::Overflow).unwrap();
    let (old, new) = (changed(&change, "ICG-AAAAA"), changed(&change, "ICG-BBBBB"));
    assert_eq!((old.seats, old.units.len()), (Some(50), 50));
    assert_eq!((new.seats, new.units.len()), (Some(40), 40));
    assert_eq!(new.subscription_key, old.subscription_key);
    assert_eq!((new.source.clone(), new.serial), (Some(id("ICG-AAAAA")), None));
    assert_eq!(due(&change), ["ICG-AAAAA", "ICG-BBBBB"]);
    let message = "ICG-AAAAA: 45 seats are not a multiple of ten, and ICG packs are split in tens";
    refused(split(&icg("ICG-AAAAA"), &id("ICG-BBBBB"), 45, &Part::Overflow), message);
    let odd = Pack { seats: Some(95), ..icg("ICG-AAAAA") };
    let message = "ICG-AAAAA: 55 seats are not a multiple of ten";
    refused(split(&odd, &id("ICG-BBBBB"), 40, &Part::Overflow), message);
}

#[test]
fn a_split_moves_chosen_counted_or_overflowing_units() {
    let pack = pack("WE-AAAAA");
    let moved = |part: &Part| {
        let change = split_off(&pack, 4, part).unwrap();
        let (old, new) = (changed(&change, "WE-AAAAA"), changed(&change, "WE-NEW01"));
        assert_eq!((old.seats, new.seats), (Some(6), Some(4)));
        assert_eq!(&old.units | &new.units, pack.units);
        new.units.clone()
    };
    assert_eq!(moved(&Part::Overflow), BTreeSet::new());
    assert_eq!(moved(&Part::Count(2)), units(1..3));
    assert_eq!(moved(&Part::Units(units(0..1))), units(0..1));
    let message = "WE-AAAAA: has 3 units, and 4 cannot leave it";
    refused(split_off(&pack, 4, &Part::Count(4)), message);
    let missing = Part::Units(units(7..8));
    refused(split_off(&pack, 4, &missing), "WE-AAAAA: 020000000007 is not in the pack");
    refused(split_off(&pack, 2, &Part::Count(3)), "WE-NEW01: has 2 seats, and 3 units need");
    let keep = Part::Count(0);
    refused(split_off(&pack, 8, &keep), "WE-AAAAA: has 2 seats, and 3 units need one each");
}

#[test]
fn a_split_without_seats_on_both_sides_is_refused() {
    let pack = pack("WE-AAAAA");
    for seats in [0, 10, 11] {
        let message = format!("WE-AAAAA: has 10 seats, and {seats} cannot be split off");
        refused(split_off(&pack, seats, &Part::Overflow), &message);
    }
    let message = "WE-AAAAA: the ID WE-AAAAA was used before";
    refused(split(&pack, &pack.id, 4, &Part::Overflow), message);
    let keyless = Pack { subscription_key: None, ..pack.clone() };
    refused(split_off(&keyless, 4, &Part::Overflow), "WE-AAAAA: has no Subscription Key");
    let uncounted = Pack { seats: None, ..pack };
    refused(split_off(&uncounted, 4, &Part::Overflow), "WE-AAAAA: states no seats");
    let message = "WE-AAAAA: is TRADED_IN";
    refused(split_off(&closed(Status::TradedIn, "WE-AAAAA"), 4, &Part::Overflow), message);
}

#[test]
fn a_merge_joins_units_and_seats_and_supersedes_the_others() {
    let into = pack("WE-AAAAA");
    let other = Pack {
        units: units(2..6),
        supersedes: [id("WE-OLD01"), id("WE-AAAAA")].into(),
        ..pack("WE-BBBBB")
    };
    let change = merge(&into, &[other, pack("WE-CCCCC")]).unwrap();
    let merged = changed(&change, "WE-AAAAA");
    assert_eq!((merged.seats, &merged.units), (Some(30), &units(0..6)));
    let superseded = ["WE-BBBBB", "WE-CCCCC", "WE-OLD01"].map(id);
    assert_eq!(merged.supersedes, BTreeSet::from(superseded));
    assert_eq!(due(&change), ["WE-AAAAA"]);
    for name in ["WE-BBBBB", "WE-CCCCC"] {
        let other = changed(&change, name);
        assert_eq!(
            (other.recorded, other.successor.clone()),
            (Status::Merged, Some(id("WE-AAAAA")))
        );
        assert!(other.units.is_empty());
    }
    assert_eq!(change.effects[0].to_string(), "WE-BBBBB: MERGED, replaced by WE-AAAAA");
}

#[test]
fn a_superseding_licence_is_issued_later_even_within_a_second() {
    let (other, _) = issue(&pack("WE-BBBBB"), now(), EarlyIssue::Refused).unwrap();
    let change = merge(&pack("WE-AAAAA"), &[other]).unwrap();
    let merged = changed(&change, "WE-AAAAA");
    let (merged, terms) = issue(merged, now(), EarlyIssue::Refused).unwrap();
    assert_eq!(terms[0].issued, now().plus(1));
    let (_, terms) = issue(&merged, now().plus(60), EarlyIssue::Refused).unwrap();
    assert_eq!(terms[0].issued, now().plus(60));
}

#[test]
fn a_merge_keeps_the_earliest_and_latest_days() {
    let later =
        Pack { starts: day("2025-06-01"), expires: until("2027-05-31"), ..pack("WE-BBBBB") };
    let change = merge(&pack("WE-AAAAA"), &[later]).unwrap();
    let merged = changed(&change, "WE-AAAAA");
    assert_eq!((merged.starts, merged.expires), (day("2025-06-01"), until("2027-05-31")));
}

#[test]
fn only_packs_of_one_key_and_product_merge() {
    let into = pack("WE-AAAAA");
    let other = pack("WE-BBBBB");
    for (key, other) in [
        ("subscription-key", Pack { subscription_key: Some(id("ERP-OTHER")), ..other.clone() }),
        ("product", icg("WE-BBBBB")),
        ("term", Pack { term: Term::Perpetual, ..other.clone() }),
        ("category", Pack { category: Category::Maintenance, ..other.clone() }),
        ("services", Pack { services: services(["OTHER"]), ..other.clone() }),
    ] {
        let message = format!("WE-BBBBB: differs from WE-AAAAA in “{key}”");
        refused(merge(&into, &[other]), &message);
    }
    for (first, second) in [(&into, &other), (&other, &into)] {
        let uncounted = Pack { seats: None, ..second.clone() };
        let message = format!("{}: states no seats", second.id);
        refused(merge(first, std::slice::from_ref(&uncounted)), &message);
        refused(merge(&uncounted, std::slice::from_ref(first)), &message);
    }
    let keyless = |pack: &Pack| Pack { subscription_key: None, ..pack.clone() };
    refused(merge(&keyless(&into), &[keyless(&other)]), "WE-BBBBB: has no Subscription Key");
    refused(merge(&into, std::slice::from_ref(&into)), "WE-AAAAA: is named twice");
    for status in CLOSED {
        let message = format!("WE-BBBBB: is {status}");
        refused(merge(&into, &[closed(status, "WE-BBBBB")]), &message);
        refused(merge(&closed(status, "WE-BBBBB"), std::slice::from_ref(&into)), &message);
    }
    let bundled = Pack { latest_activation: Some(day("2027-01-01")), ..other };
    refused(merge(&into, &[bundled]), "WE-BBBBB: is NOT_ACTIVATED_YET: bought with hardware");
}

#[test]
fn a_merge_of_packs_without_seats_has_none() {
    let uncounted = |name| Pack { seats: None, ..pack(name) };
    let change = merge(&uncounted("WE-AAAAA"), &[uncounted("WE-BBBBB")]).unwrap();
    assert_eq!(changed(&change, "WE-AAAAA").seats, None);
}

#[test]
fn more_than_sixteen_merged_packs_are_superseded_in_groups() {
    let others: Vec<Pack> = (0..20).map(|n| pack(&format!("WE-B{n:04}"))).collect();
    let change = merge(&pack("WE-AAAAA"), &others).unwrap();
    let (_, terms) = issue(changed(&change, "WE-AAAAA"), now(), EarlyIssue::Refused).unwrap();
    let named: Vec<usize> = terms.iter().map(|terms| terms.supersedes.len()).collect();
    assert_eq!(named, [16, 4]);
    let too_many: Vec<Pack> = (0..257).map(|n| pack(&format!("WE-B{n:04}"))).collect();
    let message = "WE-AAAAA: supersedes: there are 257, and there may be 0 to 256";
    refused(merge(&pack("WE-AAAAA"), &too_many), message);
}
