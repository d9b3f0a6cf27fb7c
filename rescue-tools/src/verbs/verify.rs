//! `licctl verify`

use std::path::PathBuf;

use super::source;
use crate::desk::{Desk, Document};
use crate::out::{Answer, Out};

pub(crate) fn run(desk: &Desk, files: &[PathBuf], out: &mut Out) -> Answer {
    let document = |path: &PathBuf| Document { name: source::name(path), file: source::open(path) };
    let verdicts: Vec<_> = files.iter().map(|path| desk.check(document(path)).0).collect();
    source::print(&verdicts, out)?;
    Ok(source::worst(verdicts.iter()))
}
