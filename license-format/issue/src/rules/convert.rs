//! `convert` and `create-emp`: packs of one product lead to packs of another.

use std::collections::BTreeSet;

use license_format::{PackId, Product, ServiceName, Term, services};

use super::change::Change;
use super::effect::{Effect, Usage};
use super::error::{Rule, RuleError};
use super::issue::expect_acceptable;
use super::split::expect_new;
use super::units::assign;
use crate::pack::{Pack, Status};
use crate::products;

/// Converts a pack of OS 10. The new pack takes over units, seats, dates, key and order, names the old
/// one as its source and supersedes it. The old pack is closed as traded in.
///
/// # Errors
/// The pack is closed; its product has no conversion, or only in a trade-up; the ID was used before.
pub fn convert(pack: &Pack, id: &PackId, trade_up: bool) -> Result<Change, RuleError> {
    pack.expect_open()?;
    expect_new(pack, id)?;
    let (product, service) = target(pack, trade_up)?;
    let mut new = pack.clone();
    new.id = id.clone();
    new.serial = None;
    new.source = Some(pack.id.clone());
    set_product(&mut new, product, service);
    new.supersede(pack)?;
    expect_acceptable(&new)?;
    let mut old = pack.clone();
    old.close(Status::TradedIn, &new);
    let (pack, from) = (new.id.clone(), old.id.clone());
    let effects = vec![
        Effect::Created { pack: pack.clone(), from: from.clone(), now: Usage::of(&new) },
        Effect::Closed { pack: from, status: Status::TradedIn, into: pack.clone() },
    ];
    Ok(Change::new(vec![new, old], effects, |new| new.id == pack))
}

/// The product and the service that a pack converts to.
fn target(pack: &Pack, trade_up: bool) -> Result<(&'static str, &'static str), RuleError> {
    let edition = (products::WORKSPACE_EDITION, services::WORKSPACE_EDITION);
    let management = (products::ENTERPRISE_MANAGEMENT, services::ENTERPRISE_MANAGEMENT);
    match pack.product.as_str() {
        product if products::OS10.contains(&product) => Ok(edition),
        products::ZERO_UPGRADE if trade_up => Ok(edition),
        products::ZERO_UPGRADE => pack.refuse(Rule::TradeUpOnly(pack.product.clone())),
        products::CLOUD_GATEWAY => Ok(management),
        products::WORKSPACE_EDITION | products::ENTERPRISE_MANAGEMENT => {
            pack.refuse(Rule::ConversionTarget(pack.product.clone()))
        }
        _ => pack.refuse(Rule::NoConversion(pack.product.clone())),
    }
}

/// Creates the Enterprise Management Pack that OS 11 needs in addition to a Platform Access
/// Subscription, which is a Workspace Edition pack with the term subscription. The new pack has the
/// same key, seats and dates, and these units.
///
/// # Errors
/// The pack is closed, no Platform Access Subscription, or has its Enterprise Management Pack; the
/// units exceed the seats; the ID was used before.
pub fn create_emp(
    pack: &Pack,
    id: &PackId,
    units: &BTreeSet<license_format::UnitId>,
) -> Result<Change, RuleError> {
    pack.expect_open()?;
    if pack.product.as_str() != products::WORKSPACE_EDITION || pack.term != Term::Subscription {
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
    set_product(&mut emp, products::ENTERPRISE_MANAGEMENT, services::ENTERPRISE_MANAGEMENT);
    let _ = assign(&mut emp, units)?;
    expect_acceptable(&emp)?;
    let mut edition = pack.clone();
    edition.emp = Some(id.clone());
    let effect = Effect::Created { pack: id.clone(), from: pack.id.clone(), now: Usage::of(&emp) };
    Ok(Change::new(vec![emp, edition], vec![effect], |pack| pack.id == *id))
}

/// Sets the product of a pack and its only service; both texts are valid constants.
fn set_product(pack: &mut Pack, product: &str, service: &str) {
    if let (Some(product), Some(service)) = (Product::parse(product), ServiceName::parse(service)) {
        pack.product = product;
        pack.services = [service].into();
    }
}
