//! Files of the partition that look like licences and are not looked at, in words.

use std::path::Path;

use licd_fs::textfile::escaped_path;
use licd_rules::names;
use licd_store::Stray;

use crate::problem::Problem;

/// Strays that are named one by one; a copied archive must not fill the report.
const NAMED: usize = 16;

/// A sentence for each, and one for all that are beyond [`NAMED`].
pub(crate) fn problems(strays: &[Stray]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = strays.iter().take(NAMED).map(problem).collect();
    if let Some(more) = strays.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let message = format!(
            "holds {more} more files that look like licences and are not looked at; “find /license” \
             lists them"
        );
        problems.push(Problem::new("/license", message));
    }
    problems
}

fn problem(stray: &Stray) -> Problem {
    let (path, why) = match stray {
        Stray::Misplaced(path) => (path, "lies where none is looked for"),
        Stray::Misnamed(path) => (path, misnamed(path)),
    };
    let file = escaped_path(&Path::new("/license").join(path));
    let message = format!("{why}; import it with “licctl import {file}”, then remove it");
    Problem::new(file, message)
}

fn misnamed(path: &Path) -> &'static str {
    let is_note = path.file_name().is_some_and(|name| {
        let name = name.as_encoded_bytes();
        names::is_trust(name) || name.to_ascii_lowercase().starts_with(b"trust")
    });
    match is_note {
        true => "is not looked at, since it is not called trust.note",
        false => "is not looked at, since its name does not end in .lic",
    }
}
