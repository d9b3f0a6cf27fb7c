//! `licctl feature`

use licd_device::FeatureReport;
use licd_rules::{Code, Feature};
use serde::Serialize;

use super::features::why;
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

#[derive(Serialize)]
struct One<'a> {
    schema: u32,
    feature: &'a str,
    #[serde(flatten)]
    answer: &'a FeatureReport,
}

pub(crate) fn run(desk: &Desk, feature: &Feature, quiet: bool, out: &mut Out) -> Answer {
    let report = desk.report()?;
    let Some(answer) = report.features.get(feature.name) else {
        return Err(licd_device::Failure {
            code: Code::Unsupported,
            message: format!("{}: this licd does not know the feature", feature.name),
        });
    };
    if !quiet && out.is_json() {
        out.value(&One { schema: 1, feature: feature.name, answer })?;
    } else if !quiet {
        let word = if answer.allowed { "allowed" } else { "not allowed" };
        let why = why(&report, feature.name, answer);
        out.line(format_args!("{}: {word}: {why}", feature.name))?;
    }
    Ok(Verdict::of(answer.allowed))
}
