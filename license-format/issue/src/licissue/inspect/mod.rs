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
use crate::failure::Failure;
use crate::files;
use keys::Keys;
use view::View;

pub(crate) fn run(
    args: &Inspect,
    root: Option<&Path>,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let file = files::read_document(&args.file)?;
    let keys = Keys::of(args, root)?;
    let view = match DocumentKind::of(&file) {
        DocumentKind::Trust => trust(&file, &keys, args.threshold),
        DocumentKind::License => match keys.trust(args)? {
            Some((trust, keys)) => verified_licence(&file, &trust, &keys),
            None => unverified_licence(&file),
        },
    }
    .map_err(|error| Failure::refused(&args.file, &error))?;
    view.print(&args.file, json, out).map_err(Failure::of_stdout)
}

fn trust(file: &[u8], keys: &Keys, threshold: NonZeroUsize) -> Result<View, DocumentError> {
    let roots = keys.roots();
    match TrustDocument::verify(file, roots, threshold) {
        Ok(document) => Ok(View::of_trust(file, &document, roots)),
        // The form is right; whether anybody signed it is not known.
        Err(DocumentError::UnknownKey { .. }) if roots.is_empty() => Ok(View::unverified(file)),
        Err(error) => Err(error),
    }
}

fn verified_licence(
    file: &[u8],
    trust: &TrustDocument,
    keys: &[VerifierKey],
) -> Result<View, DocumentError> {
    let mut verifier = Verifier::new(trust, &[]);
    verifier.update(file)?;
    Ok(View::of_licence(file, &verifier.finish()?.license, keys))
}

/// A slicer judges the form alone, attachment included; which unit it looks for is all one.
fn unverified_licence(file: &[u8]) -> Result<View, DocumentError> {
    let unit = UnitId::from_mac([0; 6]);
    let mut slicer = Slicer::new(&unit);
    slicer.update(file)?;
    slicer.finish()?;
    Ok(View::unverified(file))
}
