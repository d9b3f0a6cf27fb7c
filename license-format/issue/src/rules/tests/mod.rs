//! A test for each verb and each rule.

mod creation;
mod issue;
mod merge;
mod renewal;
mod units;

use std::collections::BTreeSet;

use license_format::{
    Category, Date, Expiry, PackId, Product, ServiceName, Term, UnitId, UnixSeconds,
};

use super::*;
use crate::pack::{Pack, Status};

/// A day on which the packs of these tests are in force.
const NOW: &str = "2026-11-22T12:00:00Z";

fn at(time: &str) -> UnixSeconds {
    UnixSeconds::parse(time).unwrap()
}

fn now() -> UnixSeconds {
    at(NOW)
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn until(text: &str) -> Expiry {
    Expiry::parse(text).unwrap()
}

fn id(text: &str) -> PackId {
    PackId::parse(text).unwrap()
}

fn services<const N: usize>(names: [&str; N]) -> BTreeSet<ServiceName> {
    names.into_iter().map(|name| ServiceName::parse(name).unwrap()).collect()
}

/// The unit with this number.
fn unit(number: u32) -> UnitId {
    let [a, b, c, d] = number.to_be_bytes();
    UnitId::from_mac([2, 0, a, b, c, d])
}

fn units(numbers: std::ops::Range<u32>) -> BTreeSet<UnitId> {
    numbers.map(unit).collect()
}

/// A Workspace Edition subscription of ten seats and three units.
fn pack(name: &str) -> Pack {
    Pack {
        id: id(name),
        serial: None,
        issued: None,
        product: Product::parse("WE").unwrap(),
        term: Term::Subscription,
        category: Category::Subscription,
        subscription_key: PackId::parse("ERP-9QK2M"),
        order: None,
        supersedes: BTreeSet::new(),
        services: services(["SUB_SERVICE_SET_WORKSPACE_EDITION"]),
        starts: day("2026-01-01"),
        expires: until("2026-12-31"),
        grace_days: 0,
        warn_days: 10,
        roster_complete: false,
        seats: Some(10),
        units: units(0..3),
        recorded: Status::Active,
        source: None,
        successor: None,
        emp: None,
        latest_activation: None,
        redeemed: None,
    }
}

/// A pack of a product of OS 10, with a service of OS 10.
fn os10(name: &str, product: &str) -> Pack {
    Pack {
        product: Product::parse(product).unwrap(),
        term: Term::Perpetual,
        category: Category::Maintenance,
        services: services(["SUB_SERVICE_SET_OF_OS10"]),
        ..pack(name)
    }
}

/// A Cloud Gateway pack of ninety seats and ninety units.
fn icg(name: &str) -> Pack {
    Pack {
        product: Product::parse("ICG").unwrap(),
        services: services(["SUB_SERVICE_SET_ICG"]),
        seats: Some(90),
        units: units(0..90),
        ..pack(name)
    }
}

/// A pack with this closed status.
fn closed(status: Status, name: &str) -> Pack {
    Pack { recorded: status, ..pack(name) }
}

const CLOSED: [Status; 3] = [Status::Merged, Status::Stopped, Status::TradedIn];

/// Expects an error with this beginning.
#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, RuleError>, message: &str) {
    let error = outcome.unwrap_err().to_string();
    assert!(error.starts_with(message), "{error} instead of {message}");
}

/// The changed pack with this ID.
#[track_caller]
fn changed<'a>(change: &'a Change, name: &str) -> &'a Pack {
    change.packs.iter().find(|pack| pack.id == id(name)).unwrap()
}

fn due(change: &Change) -> Vec<&str> {
    change.due.iter().map(PackId::as_str).collect()
}

#[test]
fn every_error_names_the_pack_first_and_the_cure_last() {
    for rule in [
        Rule::NoUnits,
        Rule::NoKey,
        Rule::Closed(Status::Stopped, None),
        Rule::NotInTens(45),
        Rule::OutOfSerials,
    ] {
        let text = RuleError { pack: id("WE-AAAAA"), rule: rule.clone() }.to_string();
        assert!(text.starts_with("WE-AAAAA: ") && text.ends_with(rule.remedy()), "{text}");
    }
}
