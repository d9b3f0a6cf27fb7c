//! `licctl request`

use std::path::Path;

use super::slice::{write, written};
use crate::backend::Backend;
use crate::output::{Answer, Output, Verdict};

pub(crate) fn run(backend: &Backend, output: Option<&Path>, out: &mut Output) -> Answer {
    let report = backend.report()?;
    let request = report.request()?;
    match output {
        Some(_) => write(request.as_bytes(), output, out)?,
        None => written(&backend.device().store_request(&request)?, out)?,
    }
    Ok(Verdict::Yes)
}
