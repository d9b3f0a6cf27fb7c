//! `licctl features`

use super::feature::line;
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

pub(crate) fn run(desk: &Desk, out: &mut Out) -> Answer {
    let report = desk.report()?;
    if out.is_json() {
        out.value(&report.features_only())?;
        return Ok(Verdict::Yes);
    }
    for (name, answer) in &report.features {
        out.line(format_args!("{}", line(name, answer)))?;
    }
    Ok(Verdict::Yes)
}
