//! `licctl remove`

use licd_rules::Selector;
use serde::Serialize;

use super::status::count;
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

#[derive(Serialize)]
struct Removed {
    schema: u32,
    removed: u32,
}

pub(crate) fn run(desk: &Desk, selector: &Selector, out: &mut Out) -> Answer {
    let removed = desk.remove(selector)?;
    if out.is_json() {
        out.value(&Removed { schema: 1, removed })?;
    } else {
        out.line(format_args!("{selector}: {} removed", count(removed as usize, "licence")))?;
    }
    Ok(Verdict::of(removed > 0))
}
