//! `licctl unit-id`

use std::io::{Write as _, stderr};

use licd_device::Failure;
use licensing_words as words;
use serde::Serialize;

use crate::backend::Backend;
use crate::output::{Output, VerbResult, Verdict};

#[derive(Serialize)]
struct Unit<'a> {
    schema: u32,
    unit_id: Option<&'a str>,
}

pub(crate) fn run(backend: &Backend, out: &mut Output) -> VerbResult {
    let report = backend.report()?;
    let unit = report.unit_id.as_ref().map(ToString::to_string);
    if unit.is_none() {
        explain();
    }
    print(unit.as_deref(), out)?;
    Ok(Verdict::of(unit.is_some()))
}

/// Gives the reason on standard error: standard output is for the unit ID, which scripts read.
fn explain() {
    let why = words::of_user().problem(
        "there is no unit ID: no network interface has a permanent address, and the system \
         does not run from a USB drive; licctl doctor gives the reason",
    );
    let _ = writeln!(stderr(), "licctl: {why}");
}

fn print(unit: Option<&str>, out: &mut Output) -> Result<(), Failure> {
    match unit {
        _ if out.is_json() => out.value(&Unit { schema: 1, unit_id: unit }),
        Some(unit) => out.line(format_args!("{unit}")),
        None => Ok(()),
    }
}
