//! `licctl request`

use std::path::Path;

use super::slice::{write, written};
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

pub(crate) fn run(desk: &Desk, output: Option<&Path>, out: &mut Out) -> Answer {
    let report = desk.report()?;
    let request = report.request()?;
    match output {
        Some(_) => write(request.as_bytes(), output, out)?,
        None => written(&desk.device().store_request(&request)?, out)?,
    }
    Ok(Verdict::Yes)
}
