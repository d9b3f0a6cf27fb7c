//! `licctl request`

use std::path::Path;

use super::slice::{write, write_to, written};
use crate::backend::Backend;
use crate::output::{Output, VerbResult, Verdict};

/// The mode of a new file with a person's data: only its owner reads it.
const PRIVATE: u32 = 0o600;

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
        Some(waiting) => write_to(path, waiting.as_bytes(), PRIVATE, out)?,
        None => write(request.as_bytes(), output, out)?,
    }
    Ok(Verdict::Yes)
}
