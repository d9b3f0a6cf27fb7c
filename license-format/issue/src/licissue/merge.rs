//! `licissue merge`.

use std::io::Write;
use std::path::Path;

use license_issue::{Pack, PackError};

use crate::args::Merge;
use crate::document;
use crate::failure::Failure;
use crate::files::{self, Lock};

pub(crate) fn run(args: &Merge, json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let keys = files::signing_keys(&args.signing.sign)?;
    let paths: Vec<&Path> =
        args.others.iter().chain([&args.into]).map(|path| path.as_path()).collect();
    let _lock = Lock::folders_of(&paths)?;
    let mut pack = files::load_pack(&args.into)?;
    let mut others =
        args.others.iter().map(|path| files::load_pack(path)).collect::<Result<Vec<_>, _>>()?;
    for (other, path) in others.iter_mut().zip(&args.others) {
        take_in(&mut pack, other, path)?;
    }
    args.term.inspect(|term| pack.term = *term);
    args.starts.inspect(|starts| pack.starts = *starts);
    args.expires.inspect(|expires| pack.expires = *expires);
    pack.subscription_key = args.subscription_key.clone().or(pack.subscription_key);
    pack.order = args.order.clone().or(pack.order);

    let licence = document::next_licence(&mut pack, &args.into, &args.signing, &keys, false)?;
    files::save_pack(&args.into, &pack)?;
    // After a crash from here on, the same merge can be asked for again.
    for (other, path) in others.iter().zip(&args.others) {
        files::save_pack(path, other)?;
    }
    licence.deliver(args.signing.output.as_deref(), json, out)
}

/// Moves what `other` has to `pack`. A device that still holds a licence of a pack that `other`
/// took in earlier may never have seen one of `other`, so those are superseded as well.
fn take_in(pack: &mut Pack, other: &mut Pack, path: &Path) -> Result<(), Failure> {
    if other.id == pack.id {
        let what = "is the pack that the others are to be merged into";
        return Err(Failure::usage(path.display(), what, "name it once, after --into"));
    }
    if let Some(into) = other.merged_into.as_ref().filter(|into| **into != pack.id) {
        let error = PackError::Merged(into.clone());
        return Err(Failure::new(path.display(), error, "name that pack instead"));
    }
    pack.supersedes.insert(other.id.clone());
    pack.supersedes.extend(other.supersedes.iter().filter(|id| **id != pack.id).cloned());
    pack.services.extend(other.services.iter().cloned());
    pack.units.extend(other.units.iter().cloned());
    other.merged_into = Some(pack.id.clone());
    Ok(())
}
