use super::*;

#[test]
fn units_are_added_up_to_the_seats_and_count_once() {
    let pack = pack("WE-AAAAA");
    let change = add(&pack, &units(2..10)).unwrap();
    assert_eq!(changed(&change, "WE-AAAAA").units, units(0..10));
    let message = change.effects[0].to_string();
    assert_eq!(message, "WE-AAAAA: units added: 7, there already: 1; 10 of 10 seats used");
    refused(add(&pack, &units(2..11)), "WE-AAAAA: has 10 seats, and 11 units need one each");
    let nothing = add(&pack, &units(0..3)).unwrap();
    assert!(nothing.packs.is_empty() && nothing.due.is_empty());
}

#[test]
fn closed_packs_and_impossible_units_are_refused() {
    for status in CLOSED {
        let message = format!("WE-AAAAA: is {status}");
        refused(add(&closed(status, "WE-AAAAA"), &units(5..6)), &message);
    }
    let zero = [UnitId::from_mac([0; 6])].into();
    refused(add(&pack("WE-AAAAA"), &zero), "WE-AAAAA: units: 000000000000 is the address of no");
}

#[test]
fn units_leave_a_pack_only_while_it_is_in_force() {
    let pack = pack("WE-AAAAA");
    let change = remove(&pack, &units(0..1), now()).unwrap();
    assert_eq!(changed(&change, "WE-AAAAA").units, units(1..3));
    assert_eq!(due(&change), ["WE-AAAAA"]);
    for (time, status) in [
        ("2025-12-31T23:59:59Z", Status::NotActivatedYet),
        ("2027-01-01T12:00:00Z", Status::Expired),
    ] {
        let message = format!("WE-AAAAA: is {status}, and units leave a pack only while");
        refused(remove(&pack, &units(0..1), at(time)), &message);
    }
    refused(remove(&pack, &units(3..4), now()), "WE-AAAAA: 020000000003 is not in the pack");
    let stopped = closed(Status::Stopped, "WE-AAAAA");
    refused(remove(&stopped, &units(0..1), now()), "WE-AAAAA: is STOPPED");
}

#[test]
fn a_pack_without_units_needs_no_licence() {
    let change = remove(&pack("WE-AAAAA"), &units(0..3), now()).unwrap();
    assert!(change.due.is_empty() && changed(&change, "WE-AAAAA").units.is_empty());
}

#[test]
fn a_unit_moves_to_another_pack_of_the_same_product() {
    let (from, mut to) = (pack("WE-AAAAA"), pack("WE-BBBBB"));
    to.units = units(2..5);
    to.subscription_key = None;
    let change = move_units(&from, &to, &units(0..1), now()).unwrap();
    assert_eq!(changed(&change, "WE-AAAAA").units, units(1..3));
    assert_eq!(changed(&change, "WE-BBBBB").units.len(), 4);
    assert_eq!(due(&change), ["WE-AAAAA", "WE-BBBBB"]);

    refused(move_units(&from, &from, &units(0..1), now()), "WE-AAAAA: is named twice");
    let other = icg("ICG-AAAAA");
    let message = "ICG-AAAAA: differs from WE-AAAAA in “product”";
    refused(move_units(&from, &other, &units(0..1), now()), message);
    to.seats = Some(3);
    refused(move_units(&from, &to, &units(0..1), now()), "WE-BBBBB: has 3 seats");
    assert!(move_units(&from, &to, &units(2..3), now()).is_ok(), "it is in both and counts once");
    refused(move_units(&from, &to, &units(4..5), now()), "WE-AAAAA: 020000000004 is not in");
    let late = at("2027-02-01T00:00:00Z");
    refused(move_units(&from, &to, &units(2..3), late), "WE-AAAAA: is EXPIRED");
    to.recorded = Status::TradedIn;
    refused(move_units(&from, &to, &units(2..3), now()), "WE-BBBBB: is TRADED_IN");
}

#[test]
fn a_unit_in_several_packs_stays_in_the_last_to_end_or_the_chosen() {
    let early = Pack { units: units(0..5), ..pack("WE-AAAAA") };
    let late = Pack { units: units(3..8), expires: until("2027-06-30"), ..pack("WE-BBBBB") };
    let other = Pack { units: units(0..5), ..icg("ICG-AAAAA") };
    let packs = [early, late, other];
    let change = cleanup(&packs, &[], now()).unwrap();
    assert_eq!(due(&change), ["WE-AAAAA"]);
    assert_eq!(changed(&change, "WE-AAAAA").units, units(0..3));
    assert_eq!(change.effects[0].to_string(), "WE-AAAAA: units removed: 2; 3 of 10 seats used");

    let change = cleanup(&packs, &[id("WE-AAAAA")], now()).unwrap();
    assert_eq!(due(&change), ["WE-BBBBB"]);
    assert_eq!(changed(&change, "WE-BBBBB").units, units(5..8));
    let message = "WE-CCCCC: was chosen, but its file was not named";
    refused(cleanup(&packs, &[id("WE-CCCCC")], now()), message);
}

#[test]
fn the_first_named_of_equal_packs_keeps_the_unit() {
    let packs = [pack("WE-BBBBB"), pack("WE-AAAAA")];
    assert_eq!(due(&cleanup(&packs, &[], now()).unwrap()), Vec::<&str>::new());
    let change = cleanup(&packs, &[], now()).unwrap();
    assert_eq!(change.packs.len(), 1);
    assert!(changed(&change, "WE-AAAAA").units.is_empty());
}

#[test]
fn packs_not_in_force_do_not_count_in_a_cleanup() {
    let running = pack("WE-AAAAA");
    let next = Pack { starts: day("2027-01-01"), expires: until("2027-12-31"), ..pack("WE-BBBBB") };
    let stopped = Pack { expires: Expiry::Never, ..closed(Status::Stopped, "WE-CCCCC") };
    let change = cleanup(&[running, next, stopped], &[], now()).unwrap();
    assert_eq!((change.packs.len(), &change.effects[..]), (0, &[Effect::NoDuplicates][..]));
}
