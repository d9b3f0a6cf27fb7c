//! `licissue slice`.

use std::io::Write;

use license_format::Slicer;
use serde_json::json;

use crate::args::Slice;
use crate::document::Document;
use crate::error::CommandError;
use crate::files;

pub(crate) fn run(args: &Slice, json: bool, out: &mut impl Write) -> Result<(), CommandError> {
    let refused = |error| CommandError::refused(&args.mass, &error);
    let unit = args.unit()?;
    let mut slicer = Slicer::new(unit);
    slicer.update(&files::read_document(&args.mass)?).map_err(refused)?;
    let Some(slice) = slicer.finish().map_err(refused)? else {
        let what = format_args!("is not named in {}", args.mass.display());
        return Err(CommandError::new(unit, what, "check the unit ID, or take another file"));
    };
    let facts = vec![("kind", json!("slice")), ("unit", json!(unit.to_string()))];
    let title = format!("slice of {}", unit);
    Document { title, facts, text: slice.to_string() }.write(args.output.as_deref(), json, out)
}
