//! The portal's verbs: each reads its packs, asks its rule, and keeps what the rule decided.

use std::path::Path;

use license_format::PackId;
use license_issue::rules::{self, Change, Part, Refusal};
use license_issue::{Pack, catalog};

use crate::args::{
    Cleanup, Convert, Coterm, CreateEmp, Merge, Move, OnUnits, Redeem, Renew, Split, Target,
};
use crate::failure::Failure;
use crate::lists;
use crate::packs::PackFiles;
use crate::work::{Console, Work};

pub(crate) fn add(args: &OnUnits, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut work = Work::begin("add", &args.licences)?;
    let units = lists::some_units(&args.units)?;
    work.lists = units.summaries;
    work.on(&[&args.file], console, |packs, _| one(packs, |pack| rules::add(pack, &units.found)))
}

pub(crate) fn remove(args: &OnUnits, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut work = Work::begin("remove", &args.licences)?;
    let units = lists::some_units(&args.units)?;
    work.lists = units.summaries;
    work.on(&[&args.file], console, |packs, now| {
        one(packs, |pack| rules::remove(pack, &units.found, now))
    })
}

pub(crate) fn move_units(args: &Move, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut work = Work::begin("move", &args.licences)?;
    let units = lists::some_units(&args.units)?;
    work.lists = units.summaries;
    work.on(&[&args.from, &args.to], console, |packs, now| match packs {
        [from, to] => rules::move_units(from, to, &units.found, now),
        _ => Ok(Change::default()),
    })
}

pub(crate) fn merge(args: &Merge, console: &mut Console<'_>) -> Result<(), Failure> {
    let work = Work::begin("merge", &args.licences)?;
    work.on(&args.files, console, |packs, _| match packs {
        [into, others @ ..] => rules::merge(into, others),
        [] => Ok(Change::default()),
    })
}

pub(crate) fn coterm(args: &Coterm, console: &mut Console<'_>) -> Result<(), Failure> {
    let work = Work::begin("coterm", &args.licences)?;
    work.on(&args.files, console, |packs, _| rules::coterm(packs))
}

pub(crate) fn renew(args: &Renew, console: &mut Console<'_>) -> Result<(), Failure> {
    let work = Work::begin("renew", &args.licences)?;
    work.on(&args.files, console, |packs, _| {
        let chosen = match args.choose.is_empty() {
            true => packs.iter().map(|pack| pack.id.clone()).collect(),
            false => args.choose.iter().cloned().collect(),
        };
        let mut change = rules::renew(packs, &chosen, args.expires)?;
        for pack in change.packs.iter_mut().filter(|pack| chosen.contains(&pack.id)) {
            pack.order = args.order.clone().or(pack.order.take());
        }
        Ok(change)
    })
}

pub(crate) fn cleanup(args: &Cleanup, console: &mut Console<'_>) -> Result<(), Failure> {
    let work = Work::begin("cleanup", &args.licences)?;
    work.on(&args.files, console, |packs, now| rules::cleanup(packs, &args.keep, now))
}

pub(crate) fn redeem(args: &Redeem, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut work = Work::begin("redeem", &args.licences)?;
    let (serials, table) = lists::serials(args)?;
    work.lists = serials.summaries;
    work.on(&[&args.file], console, |packs, now| {
        one(packs, |pack| rules::redeem(pack, &rules::units_of(pack, &serials.found, &table)?, now))
    })
}

pub(crate) fn split(args: &Split, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut work = Work::begin("split", &args.licences)?;
    let units = lists::units(&args.units)?;
    let part = match args.count {
        Some(count) => Part::Count(count),
        None if units.summaries.is_empty() && units.found.is_empty() => Part::Overflow,
        None => Part::Units(units.found),
    };
    work.lists = units.summaries;
    make(
        work,
        &args.file,
        &args.new,
        |pack| pack.product.as_str(),
        console,
        |pack, id| rules::split(pack, id, args.seats, &part),
    )
}

pub(crate) fn convert(args: &Convert, console: &mut Console<'_>) -> Result<(), Failure> {
    let work = Work::begin("convert", &args.licences)?;
    make(work, &args.file, &args.new, converted, console, |pack, id| {
        rules::convert(pack, id, args.trade_up)
    })
}

pub(crate) fn create_emp(args: &CreateEmp, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut work = Work::begin("create-emp", &args.licences)?;
    let units = lists::units(&args.units)?;
    work.lists = units.summaries;
    make(
        work,
        &args.file,
        &args.new,
        |_| catalog::ENTERPRISE_MANAGEMENT,
        console,
        |pack, id| rules::create_emp(pack, id, &units.found),
    )
}

fn one(
    packs: &[Pack],
    rule: impl FnOnce(&Pack) -> Result<Change, Refusal>,
) -> Result<Change, Refusal> {
    packs.first().map_or(Ok(Change::default()), rule)
}

/// What a pack of this product is converted into, for the new pack's ID.
fn converted(pack: &Pack) -> &str {
    match pack.product.as_str() {
        catalog::CLOUD_GATEWAY => catalog::ENTERPRISE_MANAGEMENT,
        _ => catalog::WORKSPACE_EDITION,
    }
}

/// Has a rule make a new pack from one.
fn make(
    work: Work<'_>,
    path: &Path,
    target: &Target,
    product: fn(&Pack) -> &str,
    console: &mut Console<'_>,
    rule: impl FnOnce(&Pack, &PackId) -> Result<Change, Refusal>,
) -> Result<(), Failure> {
    let (mut files, packs) = PackFiles::open(&[path])?;
    let Some(pack) = packs.first() else { return Ok(()) };
    let named = target.file.as_ref().and_then(|file| PackId::parse(file.file_stem()?.to_str()?));
    let id = match target.pack.clone().or(named) {
        Some(id) => id,
        None => random_id(product(pack))?,
    };
    let change = rule(pack, &id).map_err(|refusal| Failure::of_rule(&refusal))?;
    let beside = || path.with_file_name(format!("{id}.toml"));
    files.add(&target.file.clone().unwrap_or_else(beside), &id)?;
    work.finish(&files, change, console)
}

/// The characters of random IDs: none that looks like another. There are 32 of them, so that five
/// bits choose one.
const CHARACTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// An ID as the portal makes them: the product, a dash, five letters or digits.
fn random_id(product: &str) -> Result<PackId, Failure> {
    let failed = |what: &dyn std::fmt::Display| {
        Failure::new("the system", format_args!("gives no random bytes: {what}"), "name --pack")
    };
    let mut bytes = [0; 5];
    getrandom::fill(&mut bytes).map_err(|error| failed(&error))?;
    let characters = bytes.iter().filter_map(|byte| CHARACTERS.get(usize::from(byte & 31)));
    let suffix: String = characters.map(|byte| char::from(*byte)).collect();
    PackId::parse(&format!("{product}-{suffix}")).ok_or_else(|| failed(&product))
}
