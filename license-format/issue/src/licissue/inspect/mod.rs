//! `licissue inspect`.

mod keys;
mod view;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use license_format::{
    DocumentError, DocumentKind, Slicer, TrustDocument, UnitId, Verifier, VerifierKey,
};

use crate::args::Inspect;
use crate::error::CommandError;
use crate::files;
use keys::Keys;
use view::View;

pub(crate) fn run(
    args: &Inspect,
    root: Option<&Path>,
    json: bool,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let file = files::read_document(&args.file)?;
    let keys = Keys::of(args, root)?;
    let view = match DocumentKind::of(&file) {
        DocumentKind::Trust => trust(&file, &keys, args.threshold),
        DocumentKind::License => match keys.trust(args)? {
            Some((trust, keys)) => verified_license(&file, &trust, &keys),
            None => unverified_license(&file),
        },
    }
    .map_err(|error| CommandError::refused(&args.file, &error))?;
    view.print(&args.file, json, out).map_err(CommandError::of_stdout)
}

fn trust(file: &[u8], keys: &Keys, threshold: NonZeroUsize) -> Result<View, DocumentError> {
    let roots = keys.roots();
    match TrustDocument::verify(file, roots, threshold) {
        Ok(document) => Ok(View::of_trust(file, &document, roots)),
        // The form is right. Without root keys, the signatures cannot be checked.
        Err(DocumentError::UnknownKey { .. }) if roots.is_empty() => Ok(View::unverified(file)),
        Err(error) => Err(error),
    }
}

fn verified_license(
    file: &[u8],
    trust: &TrustDocument,
    keys: &[VerifierKey],
) -> Result<View, DocumentError> {
    let mut verifier = Verifier::new(trust, &[]);
    verifier.update(file)?;
    Ok(View::of_license(file, &verifier.finish()?.license, keys))
}

/// A slicer checks the form with the attachment and no signature. Any unit will do.
fn unverified_license(file: &[u8]) -> Result<View, DocumentError> {
    let unit = UnitId::from_mac([0; 6]);
    let mut slicer = Slicer::new(&unit);
    slicer.update(file)?;
    slicer.finish()?;
    Ok(View::unverified(file))
}
