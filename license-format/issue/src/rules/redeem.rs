//! `redeem`: the licences that were bought with hardware.

use std::collections::BTreeSet;

use license_format::{Date, Expiry, UnitId, UnixSeconds};

use super::units::assign;
use super::{Change, Effect, Refusal, Rule};
use crate::{Pack, SerialNumber, SerialTable};

/// The units of devices by their serial numbers.
///
/// # Errors
/// The table lacks one of them.
pub fn units_of(
    pack: &Pack,
    serials: &BTreeSet<SerialNumber>,
    table: &SerialTable,
) -> Result<BTreeSet<UnitId>, Refusal> {
    let unit = |serial: &SerialNumber| match table.get(serial) {
        Some(unit) => Ok(unit.clone()),
        None => pack.refuse(Rule::UnknownSerial(serial.clone())),
    };
    serials.iter().map(unit).collect()
}

/// Assigns units to a hardware-bundled pack. The first redemption starts its term: on that day, or
/// on the latest activation date if that has passed. The term is as long as the pack says, in whole
/// months if it is of whole months. Units redeemed later join the term.
///
/// # Errors
/// The pack is closed or not hardware-bundled, or would have more units than seats.
pub fn redeem(pack: &Pack, units: &BTreeSet<UnitId>, now: UnixSeconds) -> Result<Change, Refusal> {
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

/// The end of a term from `starts` to `expires` that starts on `first` instead.
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

/// The same day so many months later, or the last one of that month if it has no such day.
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
    // Beyond the year 9999 the calendar of licences ends.
    (of_month - 3..=of_month).rev().find_map(in_month).unwrap_or_else(|| day.plus_days(i32::MAX))
}
