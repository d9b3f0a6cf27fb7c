//! `licctl request`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use licd_device::Failure;
use licd_fs::printable::reason;
use licd_rules::Code;

use super::slice::{write, written};
use super::source;
use crate::backend::Backend;
use crate::output::{Output, VerbResult, Verdict};

pub(crate) fn run(backend: &Backend, output: Option<&Path>, out: &mut Output) -> VerbResult {
    let report = backend.report()?;
    let request = report.request()?;
    let Some(path) = output else {
        written(&backend.device().store_request(&request)?, out)?;
        return Ok(Verdict::Yes);
    };
    // Another machine may answer the request of an activation that waits. Only root reads it.
    let waiting = report.unit_id.and_then(|unit| backend.device().waiting_request(&unit));
    match waiting.filter(|_| path.as_os_str() != "-") {
        Some(waiting) => write_private(&waiting, path, out)?,
        None => write(request.as_bytes(), output, out)?,
    }
    Ok(Verdict::Yes)
}

/// Writes a person's data to a file that, if it is new, only its owner reads.
fn write_private(text: &str, path: &Path, out: &mut Output) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let done = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    done.map_err(|error| Failure {
        code: Code::StoreUnwritable,
        message: format!("{}: cannot be written: {}", source::name(path), reason(&error)),
    })?;
    written(path, out)
}
