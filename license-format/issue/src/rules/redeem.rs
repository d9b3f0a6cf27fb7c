//! `redeem`: activates licences that come with hardware.

use std::collections::BTreeSet;

use license_format::{Date, Expiry, UnitId, UnixSeconds};

use super::change::Change;
use super::effect::Effect;
use super::error::{Rule, RuleError};
use super::units::assign;
use crate::lists::{SerialNumber, SerialTable};
use crate::pack::Pack;

/// The units of these serial numbers.
///
/// # Errors
/// The table lacks a serial number.
pub fn units_of(
    pack: &Pack,
    serials: &BTreeSet<SerialNumber>,
    table: &SerialTable,
) -> Result<BTreeSet<UnitId>, RuleError> {
    let unit = |serial: &SerialNumber| match table.get(serial) {
        Some(unit) => Ok(unit.clone()),
        None => pack.refuse(Rule::UnknownSerial(serial.clone())),
    };
    serials.iter().map(unit).collect()
}

/// Assigns units to a hardware-bundled pack. The first redemption starts its term, on that day or on an
/// earlier latest activation date. The term keeps its length, in months if it has whole months. Units
/// redeemed later join the term.
///
/// # Errors
/// The pack is closed, not hardware-bundled, or would have more units than seats.
pub fn redeem(
    pack: &Pack,
    units: &BTreeSet<UnitId>,
    now: UnixSeconds,
) -> Result<Change, RuleError> {
    pack.expect_open()?;
    let Some(latest) = pack.latest_activation else { return pack.refuse(Rule::NotBundled) };
    let mut redeemed = pack.clone();
    let mut effects = Vec::new();
    if pack.redeemed.is_none() {
        let today = Date::of(now);
        let first = today.min(latest);
        redeemed.redeemed = Some(today);
        redeemed.expires = moved(pack.starts, pack.expires, first);
        redeemed.starts = first;
        let (pack, ends) = (pack.id.clone(), redeemed.expires);
        effects.push(Effect::Started { pack, on: first, ends });
    }
    effects.push(assign(&mut redeemed, units)?);
    Ok(Change::new(vec![redeemed], effects, |_| true))
}

/// The last day of a term from `starts` to `expires` that is moved to start on `first`.
fn moved(starts: Date, expires: Expiry, first: Date) -> Expiry {
    let Expiry::On(last) = expires else { return expires };
    let after = last.plus_days(1);
    let ((y1, m1, d1), (y2, m2, d2)) = (starts.ymd(), after.ymd());
    let months = (y2 - y1) * 12 + (m2 - m1);
    Expiry::On(match d1 == d2 {
        true => plus_months(first, months).plus_days(-1),
        false => first.plus_days(last.days_since(starts)),
    })
}

/// The same day `months` later, or the last day of a shorter month.
fn plus_months(day: Date, months: i32) -> Date {
    let (year, month, of_month) = day.ymd();
    let month = year * 12 + month - 1 + months;
    let number = |value: i32| u16::try_from(value).ok();
    let in_month = |of_month: i32| {
        Date::from_ymd(
            number(month.div_euclid(12))?,
            number(month.rem_euclid(12) + 1)?,
            number(of_month)?,
        )
    };
    // The calendar of licences ends with the year 9999.
    (of_month - 3..=of_month).rev().find_map(in_month).unwrap_or_else(|| day.plus_days(i32::MAX))
}
