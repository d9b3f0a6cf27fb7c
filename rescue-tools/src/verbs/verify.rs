//! `licctl verify`

use std::path::PathBuf;

use licd_device::FileVerdict;

use super::source;
use crate::desk::Desk;
use crate::out::{Answer, Out};

pub(crate) fn run(desk: &Desk, files: &[PathBuf], out: &mut Out) -> Answer {
    let verdicts: Vec<_> = files
        .iter()
        .map(|path| (source::name(path), source::open(path)))
        .map(|(name, file)| match file {
            Ok(file) => desk.device().check(&name, file).0,
            Err(failure) => FileVerdict::unread(&name, failure),
        })
        .collect();
    source::print(&verdicts, out)?;
    Ok(source::worst(verdicts.iter()))
}
