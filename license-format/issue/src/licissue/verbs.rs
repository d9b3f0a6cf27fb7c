//! The portal's verbs. Each reads its packs, applies its rule and saves the result.

use std::path::Path;

use license_format::PackId;
use license_issue::rules::{self, Change, Part, RuleError};
use license_issue::{Pack, products};

use crate::args::{
    Cleanup, Convert, Coterm, CreateEmp, Merge, Move, NewPackFile, PackAndUnits, Redeem, Renew,
    Split,
};
use crate::command::{Console, PackCommand};
use crate::error::CommandError;
use crate::lists;
use crate::packs::PackFiles;

pub(crate) fn add(args: &PackAndUnits, console: &mut Console<'_>) -> Result<(), CommandError> {
    let mut command = PackCommand::new("add", &args.licences)?;
    let units = lists::required_units(&args.units)?;
    command.lists = units.summaries;
    command
        .run(&[&args.file], console, |packs, _| one(packs, |pack| rules::add(pack, &units.found)))
}

pub(crate) fn remove(args: &PackAndUnits, console: &mut Console<'_>) -> Result<(), CommandError> {
    let mut command = PackCommand::new("remove", &args.licences)?;
    let units = lists::required_units(&args.units)?;
    command.lists = units.summaries;
    command.run(&[&args.file], console, |packs, now| {
        one(packs, |pack| rules::remove(pack, &units.found, now))
    })
}

pub(crate) fn move_units(args: &Move, console: &mut Console<'_>) -> Result<(), CommandError> {
    let mut command = PackCommand::new("move", &args.licences)?;
    let units = lists::required_units(&args.units)?;
    command.lists = units.summaries;
    command.run(&[&args.from, &args.to], console, |packs, now| match packs {
        [from, to] => rules::move_units(from, to, &units.found, now),
        _ => Ok(Change::default()),
    })
}

pub(crate) fn merge(args: &Merge, console: &mut Console<'_>) -> Result<(), CommandError> {
    let command = PackCommand::new("merge", &args.licences)?;
    command.run(&args.files, console, |packs, _| match packs {
        [into, others @ ..] => rules::merge(into, others),
        [] => Ok(Change::default()),
    })
}

pub(crate) fn coterm(args: &Coterm, console: &mut Console<'_>) -> Result<(), CommandError> {
    let command = PackCommand::new("coterm", &args.licences)?;
    command.run(&args.files, console, |packs, _| rules::coterm(packs))
}

pub(crate) fn renew(args: &Renew, console: &mut Console<'_>) -> Result<(), CommandError> {
    let command = PackCommand::new("renew", &args.licences)?;
    command.run(&args.files, console, |packs, _| {
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

pub(crate) fn cleanup(args: &Cleanup, console: &mut Console<'_>) -> Result<(), CommandError> {
    let command = PackCommand::new("cleanup", &args.licences)?;
    command.run(&args.files, console, |packs, now| rules::cleanup(packs, &args.keep, now))
}

pub(crate) fn redeem(args: &Redeem, console: &mut Console<'_>) -> Result<(), CommandError> {
    let mut command = PackCommand::new("redeem", &args.licences)?;
    let (serials, table) = lists::serials(args)?;
    command.lists = serials.summaries;
    command.run(&[&args.file], console, |packs, now| {
        one(packs, |pack| rules::redeem(pack, &rules::units_of(pack, &serials.found, &table)?, now))
    })
}

pub(crate) fn split(args: &Split, console: &mut Console<'_>) -> Result<(), CommandError> {
    let mut command = PackCommand::new("split", &args.licences)?;
    let units = lists::units(&args.units)?;
    let part = match args.count {
        Some(count) => Part::Count(count),
        None if units.summaries.is_empty() && units.found.is_empty() => Part::Overflow,
        None => Part::Units(units.found),
    };
    command.lists = units.summaries;
    create_pack(
        command,
        &args.file,
        &args.new,
        |pack| pack.product.as_str(),
        console,
        |pack, id| rules::split(pack, id, args.seats, &part),
    )
}

pub(crate) fn convert(args: &Convert, console: &mut Console<'_>) -> Result<(), CommandError> {
    let command = PackCommand::new("convert", &args.licences)?;
    create_pack(command, &args.file, &args.new, converted, console, |pack, id| {
        rules::convert(pack, id, args.trade_up)
    })
}

pub(crate) fn create_emp(args: &CreateEmp, console: &mut Console<'_>) -> Result<(), CommandError> {
    let mut command = PackCommand::new("create-emp", &args.licences)?;
    let units = lists::units(&args.units)?;
    command.lists = units.summaries;
    create_pack(
        command,
        &args.file,
        &args.new,
        |_| products::ENTERPRISE_MANAGEMENT,
        console,
        |pack, id| rules::create_emp(pack, id, &units.found),
    )
}

fn one(
    packs: &[Pack],
    rule: impl FnOnce(&Pack) -> Result<Change, RuleError>,
) -> Result<Change, RuleError> {
    packs.first().map_or(Ok(Change::default()), rule)
}

/// The product that a pack converts to, for the ID of the new pack.
fn converted(pack: &Pack) -> &str {
    match pack.product.as_str() {
        products::CLOUD_GATEWAY => products::ENTERPRISE_MANAGEMENT,
        _ => products::WORKSPACE_EDITION,
    }
}

/// Creates a pack from another by a rule.
fn create_pack(
    command: PackCommand<'_>,
    path: &Path,
    target: &NewPackFile,
    product: fn(&Pack) -> &str,
    console: &mut Console<'_>,
    rule: impl FnOnce(&Pack, &PackId) -> Result<Change, RuleError>,
) -> Result<(), CommandError> {
    let (mut files, packs) = PackFiles::open(&[path])?;
    let Some(pack) = packs.first() else { return Ok(()) };
    let named = target.file.as_ref().and_then(|file| PackId::parse(file.file_stem()?.to_str()?));
    let id = match target.pack.clone().or(named) {
        Some(id) => id,
        None => random_id(product(pack))?,
    };
    let change = rule(pack, &id).map_err(|error| command.refused(&error))?;
    let default_path = || path.with_file_name(format!("{id}.toml"));
    files.add(&target.file.clone().unwrap_or_else(default_path), &id)?;
    command.finish(&files, change, console)
}

/// The characters of random IDs; no two look alike. Five bits choose one of the 32.
const CHARACTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// An ID in the form of the portal: the product, a dash, five letters or digits.
fn random_id(product: &str) -> Result<PackId, CommandError> {
    let failed = |what: &dyn std::fmt::Display| {
        CommandError::new(
            "the system",
            format_args!("gives no random bytes: {what}"),
            "name --pack",
        )
    };
    let mut bytes = [0; 5];
    getrandom::fill(&mut bytes).map_err(|error| failed(&error))?;
    let characters = bytes.iter().filter_map(|byte| CHARACTERS.get(usize::from(byte & 31)));
    let suffix: String = characters.map(|byte| char::from(*byte)).collect();
    PackId::parse(&format!("{product}-{suffix}")).ok_or_else(|| failed(&product))
}
