//! `licctl update-allowed`

use license_format::Date;
use serde::Serialize;

use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

#[derive(Serialize)]
struct Update {
    schema: u32,
    released: String,
    allowed: bool,
    reason: String,
}

pub(crate) fn run(desk: &Desk, released: Date, out: &mut Out) -> Answer {
    let (allowed, reason) = desk.update(released)?;
    if out.is_json() {
        out.value(&Update { schema: 1, released: released.to_string(), allowed, reason })?;
    } else {
        let word = if allowed { "allowed" } else { "not allowed" };
        out.line(format_args!("release of {released}: {word} ({reason})"))?;
    }
    Ok(Verdict::of(allowed))
}
