//! `licctl verify`

use std::path::PathBuf;

use super::source;
use crate::backend::{Backend, Document};
use crate::output::{Output, VerbResult};

pub(crate) fn run(backend: &Backend, files: &[PathBuf], out: &mut Output) -> VerbResult {
    let document = |path: &PathBuf| Document { name: source::name(path), file: source::open(path) };
    let verdicts: Vec<_> = files.iter().map(|path| backend.check(document(path)).0).collect();
    source::print(&verdicts, out)?;
    Ok(source::worst(verdicts.iter()))
}
