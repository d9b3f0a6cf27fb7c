//! `licctl verify`

use std::fs::File;
use std::path::{Path, PathBuf};

use licd_device::{Failure, Place};
use licd_rules::Code;

use super::source;
use crate::backend::Backend;
use crate::document::Document;
use crate::output::{Output, VerbResult};

pub(crate) fn run(backend: &Backend, files: &[PathBuf], out: &mut Output) -> VerbResult {
    let verdicts: Vec<_> = files.iter().map(|path| backend.check(document(path)).0).collect();
    source::print(&verdicts, out)?;
    Ok(source::worst(verdicts.iter()))
}

fn document(path: &Path) -> Document {
    match Place::parse(path.as_os_str()) {
        Ok(Place::Url(url)) => Document::opened(url.to_string(), address()),
        _ => source::document(path),
    }
}

fn address() -> Result<File, Failure> {
    Err(Failure {
        code: Code::SourceRefused,
        message:
            "is an address; verify takes files, and “licctl import -n” checks what an address has"
                .to_owned(),
    })
}
