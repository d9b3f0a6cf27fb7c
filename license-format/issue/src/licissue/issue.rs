//! `licissue issue`.

use std::collections::BTreeSet;
use std::io::Write;

use license_format::Date;
use license_issue::Pack;

use crate::args::{Issue, NewPack};
use crate::document;
use crate::failure::Failure;
use crate::files::{self, Lock};

/// The default of `warn-days`, written out so that the pack file shows it.
const WARN_DAYS: u8 = 10;

pub(crate) fn run(args: &Issue, json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let keys = files::signing_keys(&args.signing.sign)?;
    let units = files::units(&args.units)?;
    let _lock = Lock::folders_of(&[&args.pack_file])?;
    let mut pack = match files::load_pack_if_any(&args.pack_file)? {
        None => create(args)?,
        Some(pack) if !args.new.is_given() => pack,
        Some(_) => {
            return Err(Failure::usage(
                args.pack_file.display(),
                "exists, so its terms are not taken from the command line",
                "leave them out; `renew` and `merge` change a pack",
            ));
        }
    };
    pack.units.extend(units);
    for unit in &args.remove {
        if !pack.units.remove(unit) {
            return Err(Failure::new(unit, "is not in the pack", "check the unit ID"));
        }
    }
    let path = &args.pack_file;
    let licence = document::next_licence(&mut pack, path, &args.signing, &keys, args.mass)?;
    files::save_pack(path, &pack)?;
    licence.deliver(args.signing.output.as_deref(), json, out)
}

/// A pack as the command line describes it.
fn create(args: &Issue) -> Result<Pack, Failure> {
    let missing = |flag| {
        let what = format_args!("does not exist, and {flag} is not given");
        let remedy = "describe the new pack, or correct the path";
        Failure::usage(args.pack_file.display(), what, remedy)
    };
    let NewPack { pack, product, term, category, expires, .. } = &args.new;
    if args.new.service.is_empty() {
        return Err(missing("--service"));
    }
    let today = Date::of(document::issued(&args.signing));
    Ok(Pack {
        id: pack.clone().ok_or_else(|| missing("--pack"))?,
        serial: None,
        product: product.clone().ok_or_else(|| missing("--product"))?,
        term: term.ok_or_else(|| missing("--term"))?,
        category: category.ok_or_else(|| missing("--category"))?,
        subscription_key: args.new.subscription_key.clone(),
        order: args.new.order.clone(),
        supersedes: BTreeSet::new(),
        services: args.new.service.iter().cloned().collect(),
        starts: args.new.starts.unwrap_or(today),
        expires: expires.ok_or_else(|| missing("--expires"))?,
        grace_days: args.new.grace_days.unwrap_or(0),
        warn_days: args.new.warn_days.unwrap_or(WARN_DAYS),
        roster_complete: args.new.roster_complete,
        units: BTreeSet::new(),
        merged_into: None,
    })
}
