use license_format::{Serial, limits};

use super::*;
use crate::rules::issue as issue_pack;

fn issue(pack: &Pack) -> Result<(Pack, Vec<license_format::Terms>), RuleError> {
    issue_pack(pack, now(), EarlyIssue::Refused)
}

#[test]
fn a_pack_over_its_seats_is_not_issued() {
    let mut full = Pack { seats: Some(3), ..pack("WE-AAAAA") };
    let (issued, terms) = issue(&full).unwrap();
    assert_eq!((issued.serial, terms.len()), (Some(Serial::FIRST), 1));
    full.units.insert(unit(3));
    refused(issue(&full), "WE-AAAAA: has 3 seats, and 4 units need one each");
    full.seats = None;
    assert!(issue(&full).is_ok());
}

#[test]
fn every_issue_has_the_next_serial_until_the_highest() {
    let mut pack = Pack { serial: Serial::new(182), ..pack("WE-AAAAA") };
    for number in 183..186 {
        let (issued, terms) = issue(&pack).unwrap();
        assert_eq!(terms[0].serial.get(), number);
        pack = issued;
    }
    pack.serial = Serial::new(i64::MAX.unsigned_abs());
    refused(issue(&pack), "WE-AAAAA: has used the highest serial");
}

#[test]
fn a_licence_before_the_start_must_be_allowed_early() {
    let pack = Pack { starts: day("2026-11-23"), ..pack("WE-AAAAA") };
    assert_eq!(pack.status(now()), Status::NotActivatedYet);
    refused(issue(&pack), "WE-AAAAA: is NOT_ACTIVATED_YET and starts on 2026-11-23");
    assert!(issue_pack(&pack, now(), EarlyIssue::Allowed).is_ok());
    assert!(issue_pack(&pack, at("2026-11-23T00:00:00Z"), EarlyIssue::Refused).is_ok());
}

#[test]
fn nothing_is_issued_after_the_last_day() {
    let pack = pack("WE-AAAAA");
    assert!(issue_pack(&pack, at("2026-12-31T23:59:59Z"), EarlyIssue::Refused).is_ok());
    let late = issue_pack(&pack, at("2027-01-01T00:00:00Z"), EarlyIssue::Allowed);
    refused(late, "WE-AAAAA: ended on 2026-12-31, and no licence is issued after");
    let endless = Pack { expires: Expiry::Never, ..pack };
    assert!(issue_pack(&endless, at("2099-01-01T00:00:00Z"), EarlyIssue::Refused).is_ok());
}

#[test]
fn nothing_is_issued_from_a_closed_pack_or_one_without_units() {
    for status in CLOSED {
        let message = format!("WE-AAAAA: is {status}");
        refused(issue_pack(&closed(status, "WE-AAAAA"), now(), EarlyIssue::Allowed), &message);
    }
    let merged = Pack { successor: Some(id("WE-BBBBB")), ..closed(Status::Merged, "WE-AAAAA") };
    refused(issue(&merged), "WE-AAAAA: is MERGED and was replaced by WE-BBBBB");
    let empty = Pack { units: BTreeSet::new(), ..pack("WE-AAAAA") };
    refused(issue(&empty), "WE-AAAAA: has no units");
}

#[test]
fn a_pack_that_devices_would_refuse_is_not_issued() {
    let emp = services(["SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK"]);
    let wrong = Pack { services: emp, ..pack("WE-AAAAA") };
    let set = "SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK";
    refused(issue(&wrong), &format!("WE-AAAAA: devices refuse {set} in product WE"));
    let evaluation = Pack { term: Term::Evaluation, ..pack("WE-AAAAA") };
    refused(issue(&evaluation), "WE-AAAAA: devices refuse the term evaluation for product WE");
    let product = Product::parse("WE-E").unwrap();
    let paid = Pack { product: product.clone(), ..pack("WE-AAAAA") };
    refused(issue(&paid), "WE-AAAAA: devices refuse the term subscription for product WE-E");
    assert!(issue(&Pack { product, ..evaluation }).is_ok());
    let own = Pack { supersedes: [id("WE-AAAAA")].into(), ..pack("WE-AAAAA") };
    refused(issue(&own), "WE-AAAAA: supersedes: names the pack itself");
    let broadcast = Pack { units: [UnitId::from_mac([255; 6])].into(), ..pack("WE-AAAAA") };
    refused(issue(&broadcast), "WE-AAAAA: units: FFFFFFFFFFFF is the address of no device");
}

#[test]
fn many_superseded_packs_take_several_licences() {
    let many: BTreeSet<PackId> = (0..40).map(|number| id(&format!("WE-{number:05}"))).collect();
    let pack = Pack { supersedes: many.clone(), ..pack("WE-AAAAA") };
    let (issued, terms) = issue(&pack).unwrap();
    assert_eq!(issued.serial, Serial::new(3));
    let serials: Vec<u64> = terms.iter().map(|terms| terms.serial.get()).collect();
    assert_eq!(serials, [1, 2, 3]);
    assert!(terms.iter().all(|terms| terms.supersedes.len() <= limits::SUPERSEDES));
    let named: BTreeSet<PackId> =
        terms.iter().flat_map(|terms| terms.supersedes.iter().cloned()).collect();
    assert_eq!(named, many);
}
