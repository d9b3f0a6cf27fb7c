//! `licissue renew`.

use std::collections::BTreeSet;
use std::io::Write;

use license_format::{PackId, UnitId};
use license_issue::{Pack, PackError};

use crate::args::Renew;
use crate::document;
use crate::failure::Failure;
use crate::files::{self, Lock};

pub(crate) fn run(args: &Renew, json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let keys = files::signing_keys(&args.signing.sign)?;
    let units = files::units(&args.units)?;
    let path = args.new_pack.as_ref().map(|id| match &args.new_pack_file {
        Some(path) => path.clone(),
        None => files::folder_of(&args.pack_file).join(format!("{id}.toml")),
    });
    let path = path.as_ref().unwrap_or(&args.pack_file);
    let _lock = Lock::folders_of(&[&args.pack_file, path])?;
    let mut old = files::load_pack(&args.pack_file)?;
    if args.expires < old.expires {
        let what = format_args!("lies before {}, when the pack expires now", old.expires);
        return Err(Failure::new(
            format_args!("--expires {}", args.expires),
            what,
            "give a later day",
        ));
    }
    let mut pack = match (&args.new_pack, units.is_empty()) {
        (None, true) => old.clone(),
        (Some(id), false) => decouple(&mut old, id, units)?,
        (Some(_), true) | (None, false) => {
            let what = "goes with the units to renew, and they with it";
            return Err(Failure::usage("--new-pack", what, "give both or neither"));
        }
    };
    pack.expires = args.expires;
    args.starts.inspect(|starts| pack.starts = *starts);
    pack.order = args.order.clone().or(pack.order);

    let licence = document::next_licence(&mut pack, path, &args.signing, &keys, false)?;
    if args.new_pack.is_some() {
        if files::load_pack_if_any(path)?.is_some() {
            let what = "exists, and the new pack would overwrite it";
            return Err(Failure::new(path.display(), what, "give another --new-pack"));
        }
        // The new pack first: after a crash between the two a unit is in both, not in none.
        files::save_pack(path, &pack)?;
        files::save_pack(&args.pack_file, &old)?;
    } else {
        files::save_pack(path, &pack)?;
    }
    licence.deliver(args.signing.output.as_deref(), json, out)
}

/// Moves units of a pack to a new one without Subscription Key. The new pack supersedes the one
/// that its units come from, so that on them it replaces what they have once it has started.
fn decouple(old: &mut Pack, id: &PackId, units: BTreeSet<UnitId>) -> Result<Pack, Failure> {
    if *id == old.id || old.supersedes.contains(id) {
        let what = "is an ID that was used before";
        return Err(Failure::new(id, what, "give another --new-pack"));
    }
    if let Some(into) = &old.merged_into {
        let error = PackError::Merged(into.clone());
        return Err(Failure::new(&old.id, error, "renew that pack instead"));
    }
    if let Some(stranger) = units.iter().find(|unit| !old.units.contains(*unit)) {
        return Err(Failure::new(stranger, "is not in the pack", "check the unit ID"));
    }
    old.units.retain(|unit| !units.contains(unit));
    let mut supersedes = old.supersedes.clone();
    supersedes.insert(old.id.clone());
    Ok(Pack {
        id: id.clone(),
        serial: None,
        subscription_key: None,
        supersedes,
        units,
        ..old.clone()
    })
}
