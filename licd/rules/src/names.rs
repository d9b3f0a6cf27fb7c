//! File names of licences and trust documents, and similar names.

/// The extension of licence files, in any letter case: FAT may store only capitals.
const ENDING: &[u8] = b".lic";
/// The name of a trust document, in the store and on a stick.
pub const TRUST: &str = "trust.note";

/// Whether a name is that of a licence: `.lic` at the end, in any letter case, and no dot at the
/// start, since macOS leaves `._WE.lic` next to each `WE.lic`.
#[must_use]
pub fn is_license(name: &[u8]) -> bool {
    let end = name.len().checked_sub(ENDING.len()).and_then(|at| name.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(ENDING)) && !name.starts_with(b".")
}

/// Whether a name is that of a trust document, in any letter case.
#[must_use]
pub fn is_trust(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(TRUST.as_bytes())
}

/// Whether a name resembles one of the two without being one, as editors, browsers, mail programs
/// and file managers produce: `WE.lic.txt`, `WE.lic.gz`, `WE.lic (1)` or `trust (1).note`.
#[must_use]
pub fn is_near_miss(name: &[u8]) -> bool {
    if is_license(name) || is_trust(name) || name.starts_with(b".") {
        return false;
    }
    let name = name.to_ascii_lowercase();
    let after = |at: usize| name.get(at + ENDING.len());
    let is_word = |at: usize| after(at).is_some_and(u8::is_ascii_alphanumeric);
    let mut places =
        (0..name.len()).filter(|at| name.get(*at..).is_some_and(|n| n.starts_with(ENDING)));
    let license = places.any(|at| !is_word(at));
    let note = name.windows(5).any(|part| part == b".note");
    license || name.starts_with(b"trust") && note
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_ends_in_lic_in_any_case_and_begins_with_no_dot() {
        for name in ["WE.lic", "WE.LIC", "a b.Lic", "é.lic"] {
            assert!(is_license(name.as_ref()) && !is_near_miss(name.as_ref()), "{name}");
        }
        for name in ["", "lic", ".lic", "._WE.lic", "WE.lic.txt", "WE.licence"] {
            assert!(!is_license(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn names_changed_by_other_programs_are_recognised() {
        for name in [
            "WE.lic.txt",
            "WE.LIC.GZ",
            "WE.lic (1)",
            "WE.lic~",
            "WE.lic ",
            "trust (1).note",
            "Trust.note.txt",
        ] {
            assert!(is_near_miss(name.as_ref()), "{name}");
        }
        for name in [
            "WE.licence",
            "readme.txt",
            "._WE.lic.txt",
            ".lic",
            "TRUST.NOTE",
            "a.note",
            "trustees.txt",
            "fetch.json",
        ] {
            assert!(!is_near_miss(name.as_ref()), "{name}");
        }
    }
}
