//! `licctl feature`

use licd_device::FeatureReport;
use licd_rules::{Code, Feature};
use licensing_words::{English, why};
use serde::Serialize;

use super::features::with_code;
use crate::backend::Backend;
use crate::output::{Output, VerbResult, Verdict};

#[derive(Serialize)]
struct Answered<'a> {
    schema: u32,
    feature: &'a str,
    #[serde(flatten)]
    answer: &'a FeatureReport,
}

pub(crate) fn run(
    backend: &Backend,
    feature: &Feature,
    quiet: bool,
    out: &mut Output,
) -> VerbResult {
    let (answer, generation) = backend.feature(feature)?;
    let Some(answer) = answer else {
        return Err(licd_device::Failure {
            code: Code::Unsupported,
            message: format!("{}: this licd does not know the feature", feature.name),
        });
    };
    if !quiet && out.is_json() {
        out.value(&Answered { schema: 1, feature: feature.name, answer: &answer })?;
    } else if !quiet {
        let word = if answer.allowed { "allowed" } else { "not allowed" };
        let why = why(generation, feature.name, &answer, &English);
        let why = with_code(&why, answer.reason);
        out.line(format_args!("{}: {word}: {why}", feature.name))?;
    }
    Ok(Verdict::of(answer.allowed))
}
