//! `licctl remove`

use licd_device::Left;
use licd_rules::Selector;
use licensing_words as words;
use serde::Serialize;

use crate::backend::Backend;
use crate::output::{Output, VerbResult, Verdict};

#[derive(Serialize)]
struct Removed {
    schema: u32,
    removed: u32,
    left: Vec<Left>,
}

pub(crate) fn run(backend: &Backend, selector: &Selector, out: &mut Output) -> VerbResult {
    let licd_device::Removed { count: removed, left } = backend.remove(selector)?;
    if out.is_json() {
        out.value(&Removed { schema: 1, removed, left })?;
    } else {
        let words = words::of_user();
        out.line(format_args!("{selector}: {}", words.removed(removed)))?;
        for Left { file, pack, class } in &left {
            out.line(format_args!("{}: {file}", words.stays(pack, class)))?;
        }
    }
    Ok(Verdict::of(removed > 0))
}
