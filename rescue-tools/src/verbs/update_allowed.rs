//! `licctl update-allowed`

use licd_rules::{Feature, Generation};
use license_format::Date;
use licensing_words::{English, Words as _};
use serde::Serialize;

use super::features::with_code;
use crate::backend::Backend;
use crate::output::{Output, VerbResult, Verdict};

#[derive(Serialize)]
struct Update {
    schema: u32,
    released: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    allowed: bool,
    reason: &'static str,
}

pub(crate) fn run(
    backend: &Backend,
    released: Date,
    version: Option<String>,
    out: &mut Output,
) -> VerbResult {
    let reason = backend.update(released, version.as_deref())?;
    let allowed = reason.allows();
    if out.is_json() {
        let (released, reason) = (released.to_string(), reason.as_str());
        out.value(&Update { schema: 1, released, version, allowed, reason })?;
    } else {
        let word = if allowed { "allowed" } else { "not allowed" };
        let release = version.map_or("release".to_owned(), |version| format!("release {version}"));
        // The same on every generation.
        let services: Vec<_> = Feature::OS_UPDATE.services(Generation::Os12).collect();
        let why = with_code(&English.reason(reason, None, &services), reason);
        out.line(format_args!("{release} of {released}: {word}: {why}"))?;
    }
    Ok(Verdict::of(allowed))
}
