use super::*;

fn under(name: &str, key: &str, expires: &str) -> Pack {
    Pack { subscription_key: Some(id(key)), expires: until(expires), ..pack(name) }
}

#[test]
fn co_terming_takes_the_key_and_date_that_end_last() {
    let packs = [
        under("WE-AAAAA", "ERP-AAAAA", "2027-03-31"),
        under("WE-BBBBB", "ERP-BBBBB", "2028-01-15"),
        under("WE-CCCCC", "ERP-CCCCC", "2027-12-31"),
        under("WE-DDDDD", "ERP-BBBBB", "2027-01-31"),
    ];
    let change = coterm(&packs).unwrap();
    assert_eq!(due(&change), ["WE-AAAAA", "WE-CCCCC", "WE-DDDDD"]);
    for name in due(&change) {
        let pack = changed(&change, name);
        assert_eq!(pack.subscription_key, Some(id("ERP-BBBBB")), "{name}");
        assert_eq!(pack.expires, until("2028-01-15"), "{name}");
    }
    let message = "WE-AAAAA: ends on 2028-01-15 under Subscription Key ERP-BBBBB";
    assert_eq!(change.effects[0].to_string(), message);
}

#[test]
fn packs_without_key_or_end_are_not_co_termed() {
    let one = under("WE-AAAAA", "ERP-AAAAA", "2027-03-31");
    let other = under("WE-BBBBB", "ERP-BBBBB", "2028-01-15");
    let keyless = Pack { subscription_key: None, ..other.clone() };
    refused(coterm(&[one.clone(), keyless]), "WE-BBBBB: has no Subscription Key");
    let endless = Pack { expires: Expiry::Never, ..other.clone() };
    refused(coterm(&[one.clone(), endless]), "WE-BBBBB: never ends and has no date to share");
    let stopped = Pack { recorded: Status::Stopped, ..other.clone() };
    refused(coterm(&[one.clone(), stopped]), "WE-BBBBB: is STOPPED");
    refused(coterm(&[one.clone(), one.clone()]), "WE-AAAAA: is named twice");
    let same = Pack { id: id("WE-CCCCC"), ..one.clone() };
    refused(coterm(&[one, same]), "WE-AAAAA: shares key and date with the others already");
}

#[test]
fn chosen_packs_are_renewed_and_others_lose_the_key() {
    let packs = ["WE-AAAAA", "WE-BBBBB", "WE-CCCCC"].map(pack);
    let chosen = BTreeSet::from([id("WE-AAAAA"), id("WE-CCCCC")]);
    let change = renew(&packs, &chosen, until("2027-12-31")).unwrap();
    assert_eq!(due(&change), ["WE-AAAAA", "WE-CCCCC"]);
    for name in due(&change) {
        let renewed = changed(&change, name);
        assert_eq!(renewed.expires, until("2027-12-31"));
        assert_eq!(renewed.subscription_key, Some(id("ERP-9QK2M")));
    }
    let left = changed(&change, "WE-BBBBB");
    assert_eq!((left.expires, &left.subscription_key), (until("2026-12-31"), &None));
    let message = "WE-BBBBB: not renewed; has lost its Subscription Key, ends on 2026-12-31";
    assert_eq!(change.effects[1].to_string(), message);
}

#[test]
fn a_pack_left_out_of_a_renewal_works_until_its_end() {
    let packs = ["WE-AAAAA", "WE-BBBBB"].map(pack);
    let change = renew(&packs, &[id("WE-AAAAA")].into(), until("2027-12-31")).unwrap();
    let (renewed, left) = (changed(&change, "WE-AAAAA"), changed(&change, "WE-BBBBB"));
    assert!(issue(left, now(), EarlyIssue::Refused).is_ok());
    assert!(add(left, &units(5..6)).is_ok() && remove(left, &units(0..1), now()).is_ok());
    let alone = [left.clone()];
    let chosen = [left.id.clone()].into();
    let message = "WE-BBBBB: has no Subscription Key, and a pack without one is neither renewed";
    refused(renew(&alone, &chosen, until("2028-12-31")), message);
    refused(merge(renewed, &alone), message);
    refused(coterm(&[renewed.clone(), left.clone()]), message);
}

#[test]
fn a_renewal_with_another_key_or_an_earlier_day_is_refused() {
    let packs = ["WE-AAAAA", "WE-BBBBB"].map(pack);
    let chosen = BTreeSet::from([id("WE-AAAAA")]);
    for day in ["2026-12-31", "2026-06-30"] {
        let message = format!("WE-AAAAA: ends on 2026-12-31, and {day} is no later day");
        refused(renew(&packs, &chosen, until(day)), &message);
    }
    let other = [pack("WE-AAAAA"), under("WE-BBBBB", "ERP-OTHER", "2026-12-31")];
    let message = "WE-BBBBB: differs from WE-AAAAA in “subscription-key”";
    refused(renew(&other, &chosen, until("2027-12-31")), message);
    let message = "WE-CCCCC: was chosen, but its file was not named";
    refused(renew(&packs, &[id("WE-CCCCC")].into(), until("2027-12-31")), message);
    let merged = [closed(Status::Merged, "WE-AAAAA"), pack("WE-BBBBB")];
    refused(renew(&merged, &chosen, until("2027-12-31")), "WE-AAAAA: is MERGED");
    let change = renew(&merged, &[id("WE-BBBBB")].into(), until("2027-12-31")).unwrap();
    assert_eq!(change.packs.len(), 1, "what is closed is left as it is");
}
