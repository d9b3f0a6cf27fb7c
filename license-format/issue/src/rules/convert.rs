//! `convert` and `create-emp`: packs of one product become or bring packs of another.

use std::collections::BTreeSet;

use license_format::{PackId, Product, ServiceName, Term, services};

use super::effect::Usage;
use super::issue::expect_sellable;
use super::split::expect_new;
use super::units::assign;
use super::{Change, Effect, Refusal, Rule};
use crate::{Pack, Status, catalog};

/// Converts a pack of OS 10 into one of today. The new pack has the units, seats, dates, key and
/// order of the old one, names it as its source and supersedes it; the old one is archived as
/// traded in.
///
/// # Errors
/// The pack is closed, or its product is converted into nothing, or by a trade-up only; the ID was
/// used before.
pub fn convert(pack: &Pack, id: &PackId, trade_up: bool) -> Result<Change, Refusal> {
    pack.expect_open()?;
    expect_new(pack, id)?;
    let (product, service) = target(pack, trade_up)?;
    let mut new = pack.clone();
    new.id = id.clone();
    new.serial = None;
    new.source = Some(pack.id.clone());
    become_product(&mut new, product, service);
    new.supersede(pack)?;
    expect_sellable(&new)?;
    let mut old = pack.clone();
    old.close(Status::TradedIn, &new);
    let (pack, from) = (new.id.clone(), old.id.clone());
    let effects = vec![
        Effect::Created { pack: pack.clone(), from: from.clone(), now: Usage::of(&new) },
        Effect::Closed { pack: from, status: Status::TradedIn, into: pack.clone() },
    ];
    Ok(Change::new(vec![new, old], effects, |new| new.id == pack))
}

/// What a pack is converted into.
fn target(pack: &Pack, trade_up: bool) -> Result<(&'static str, &'static str), Refusal> {
    let edition = (catalog::WORKSPACE_EDITION, services::WORKSPACE_EDITION);
    let management = (catalog::ENTERPRISE_MANAGEMENT, services::ENTERPRISE_MANAGEMENT);
    match pack.product.as_str() {
        product if catalog::OS10.contains(&product) => Ok(edition),
        catalog::ZERO_UPGRADE if trade_up => Ok(edition),
        catalog::ZERO_UPGRADE => pack.refuse(Rule::TradeUpOnly(pack.product.clone())),
        catalog::CLOUD_GATEWAY => Ok(management),
        catalog::WORKSPACE_EDITION | catalog::ENTERPRISE_MANAGEMENT => {
            pack.refuse(Rule::NeverBack(pack.product.clone()))
        }
        _ => pack.refuse(Rule::NoConversion(pack.product.clone())),
    }
}

/// Makes the Enterprise Management Pack that OS 11 needs beside a Workspace Edition pack which was
/// bought as a Platform Access Subscription, that is, as a subscription. It has the same key, seats
/// and dates, and the units given.
///
/// # Errors
/// The pack is closed, is no such pack, or has its Enterprise Management Pack; there are more units
/// than seats; the ID was used before.
pub fn create_emp(
    pack: &Pack,
    id: &PackId,
    units: &BTreeSet<license_format::UnitId>,
) -> Result<Change, Refusal> {
    pack.expect_open()?;
    if pack.product.as_str() != catalog::WORKSPACE_EDITION || pack.term != Term::Subscription {
        return pack.refuse(Rule::NotPlatformAccess(pack.product.clone(), pack.term));
    }
    if let Some(emp) = &pack.emp {
        return pack.refuse(Rule::EmpExists(emp.clone()));
    }
    expect_new(pack, id)?;
    let mut emp = pack.clone();
    emp.id = id.clone();
    emp.serial = None;
    emp.issued = None;
    emp.source = Some(pack.id.clone());
    emp.supersedes.clear();
    emp.units.clear();
    become_product(&mut emp, catalog::ENTERPRISE_MANAGEMENT, services::ENTERPRISE_MANAGEMENT);
    let _ = assign(&mut emp, units)?;
    expect_sellable(&emp)?;
    let mut edition = pack.clone();
    edition.emp = Some(id.clone());
    let effect = Effect::Created { pack: id.clone(), from: pack.id.clone(), now: Usage::of(&emp) };
    Ok(Change::new(vec![emp, edition], vec![effect], |pack| pack.id == *id))
}

/// Gives a pack another product and its one service. Both texts are of the catalogue.
fn become_product(pack: &mut Pack, product: &str, service: &str) {
    if let (Some(product), Some(service)) = (Product::parse(product), ServiceName::parse(service)) {
        pack.product = product;
        pack.services = [service].into();
    }
}
