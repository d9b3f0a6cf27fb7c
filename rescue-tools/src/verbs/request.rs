//! `licctl request`

use std::path::Path;

use super::slice::write;
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

pub(crate) fn run(desk: &Desk, output: Option<&Path>, out: &mut Out) -> Answer {
    let report = desk.report()?;
    let request = report.request()?;
    match output {
        Some(_) => write(request.as_bytes(), output, out)?,
        None => {
            let place = desk.device().store_request(&request)?;
            out.line(format_args!(
                "{}: written; send it to whoever issues your licences",
                place.display()
            ))?;
        }
    }
    Ok(Verdict::Yes)
}
