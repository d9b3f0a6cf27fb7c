//! `licissue issue`.

use std::collections::BTreeSet;

use license_format::{Date, UnitId, UnixSeconds, limits};
use license_issue::rules::{self, Change, EarlyIssue, RuleError};
use license_issue::{Pack, Status};

use crate::args::{Issue, NewPackTerms};
use crate::command::{Console, PackCommand};
use crate::error::CommandError;
use crate::lists;
use crate::packs::PackFiles;
use crate::request;

pub(crate) fn run(args: &Issue, console: &mut Console<'_>) -> Result<(), CommandError> {
    if args.licences.sign.is_empty() && !args.licences.dry_run {
        let what = "is missing, and every licence needs a signature";
        return Err(CommandError::usage("--sign", what, "name a .key file of keygen"));
    }
    let mut command = PackCommand::new("issue", &args.licences)?;
    let mut units = lists::units(&args.units)?;
    for file in &args.request {
        units.found.insert(request::unit(file)?);
    }
    command.lists = units.summaries;
    let (mut files, pack) = PackFiles::open_or_none(args.file())?;
    let change = match pack {
        None => {
            let pack = Pack { units: units.found, ..described_pack(args, command.now)? };
            files.add(args.file(), &pack.id)?;
            check_new_pack(pack)
        }
        Some(_) if args.new.is_given() => {
            let what = "exists, so its terms are not taken from the command line";
            let remedy = "leave them out; the other verbs change a pack";
            return Err(CommandError::usage(args.file().display(), what, remedy));
        }
        Some(pack) => exchange_units(&pack, &args.remove, &units.found, command.now),
    }
    .and_then(|change| expect_issuable(change, args, command.now))
    .map_err(|error| command.refused(&error))?;
    command.finish(&files, change, console)
}

/// Without a key, the dry run checks that a licence could be issued.
fn expect_issuable(change: Change, args: &Issue, now: UnixSeconds) -> Result<Change, RuleError> {
    for pack in change.packs.iter().filter(|_| args.licences.sign.is_empty()) {
        let _ = rules::issue(pack, now, EarlyIssue::of(args.licences.early))?;
    }
    Ok(change)
}

/// Checks the units of a new pack by the rule for adding units.
fn check_new_pack(pack: Pack) -> Result<Change, RuleError> {
    let units = pack.units.clone();
    let _ = rules::add(&Pack { units: BTreeSet::new(), ..pack.clone() }, &units)?;
    Ok(Change { due: vec![pack.id.clone()], packs: vec![pack], effects: Vec::new() })
}

/// Removes units and adds others. The next licence is due in any case.
fn exchange_units(
    pack: &Pack,
    removed: &[UnitId],
    added: &BTreeSet<UnitId>,
    now: UnixSeconds,
) -> Result<Change, RuleError> {
    let due = vec![pack.id.clone()];
    let mut change = Change { packs: vec![pack.clone()], due, effects: Vec::new() };
    if !removed.is_empty() {
        let step = rules::remove(pack, &removed.iter().cloned().collect(), now)?;
        change = Change { due: change.due, ..step };
    }
    let Some(pack) = change.packs.first().filter(|_| !added.is_empty()) else { return Ok(change) };
    let step = rules::add(pack, added)?;
    change.effects.extend(step.effects);
    if !step.packs.is_empty() {
        change.packs = step.packs;
    }
    Ok(change)
}

/// The pack that the command line describes.
fn described_pack(args: &Issue, now: UnixSeconds) -> Result<Pack, CommandError> {
    let missing = |flag| {
        let what = format_args!("does not exist, and {flag} is not given");
        let remedy = "describe the new pack, or correct the path";
        CommandError::usage(args.file().display(), what, remedy)
    };
    let NewPackTerms { pack, product, term, category, expires, .. } = &args.new;
    if args.new.service.is_empty() {
        return Err(missing("--service"));
    }
    Ok(Pack {
        id: pack.clone().ok_or_else(|| missing("--pack"))?,
        serial: None,
        issued: None,
        product: product.clone().ok_or_else(|| missing("--product"))?,
        term: term.ok_or_else(|| missing("--term"))?,
        category: category.ok_or_else(|| missing("--category"))?,
        subscription_key: args.new.subscription_key.clone(),
        order: args.new.order.clone(),
        supersedes: BTreeSet::new(),
        services: args.new.service.iter().cloned().collect(),
        starts: args.new.starts.unwrap_or(Date::of(now)),
        expires: expires.ok_or_else(|| missing("--expires"))?,
        grace_days: args.new.grace_days.unwrap_or(0),
        warn_days: args.new.warn_days.unwrap_or(limits::WARN_DAYS),
        roster_complete: args.new.roster_complete,
        seats: args.new.seats,
        units: BTreeSet::new(),
        recorded: Status::Active,
        source: None,
        successor: None,
        emp: None,
        latest_activation: args.new.latest_activation,
        redeemed: None,
    })
}
