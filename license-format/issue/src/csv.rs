//! Lists of unit IDs as the licence portal exchanges them.

use std::collections::BTreeSet;
use std::fmt;

use license_format::UnitId;

/// An entry of a list that is no unit ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEntry {
    /// The line it stands on, counted from 1.
    pub line: usize,
    /// The entry, with unprintable characters escaped, cut at 40 characters.
    pub entry: String,
}

impl fmt::Display for BadEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: “{}” is not a unit ID", self.line, self.entry)
    }
}

impl std::error::Error for BadEntry {}

/// What a title line is called, once case, blanks and punctuation are gone.
const TITLE: &str = "unitid";
/// How much of a bad entry is shown.
const SHOWN: usize = 40;

/// Reads a list of unit IDs: entries parted by commas, semicolons or line ends, blanks and double
/// quotes around them, empty ones passed over, the same one twice taken once. A byte order mark and
/// a first line `Unit ID` are passed over as well. An entry is what [`UnitId::parse_human`] takes,
/// or a unit string as licence files spell it.
///
/// # Errors
/// The first entry that is neither; no list is better than half of one.
pub fn unit_list(bytes: &[u8]) -> Result<BTreeSet<UnitId>, BadEntry> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut units = BTreeSet::new();
    for (index, line) in lines(bytes).enumerate() {
        if index == 0 && is_title(line) {
            continue;
        }
        for entry in line.split(|byte| matches!(byte, b',' | b';')) {
            match str::from_utf8(entry).map(bare) {
                Ok("") => {}
                text => match text.ok().and_then(unit) {
                    Some(unit) => drop(units.insert(unit)),
                    None => return Err(BadEntry { line: index + 1, entry: shown(entry) }),
                },
            }
        }
    }
    Ok(units)
}

/// Lines that end in LF, CRLF or, as old spreadsheets write them, CR.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let carriage_returns_only = !bytes.contains(&b'\n');
    bytes.split(move |byte| *byte == if carriage_returns_only { b'\r' } else { b'\n' })
}

/// The entry without blanks and without one pair of quotes.
fn bare(entry: &str) -> &str {
    let entry = entry.trim();
    let unquoted = entry.strip_prefix('"').and_then(|entry| entry.strip_suffix('"'));
    unquoted.unwrap_or(entry).trim()
}

fn unit(entry: &str) -> Option<UnitId> {
    UnitId::parse_human(entry).or_else(|| UnitId::parse(entry))
}

fn is_title(line: &[u8]) -> bool {
    let letters = line.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters.map(u8::to_ascii_lowercase).eq(TITLE.bytes())
}

fn shown(entry: &[u8]) -> String {
    let text = String::from_utf8_lossy(entry);
    crate::escaped(&text.trim().chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let units = unit_list(text.as_bytes()).unwrap();
        units.iter().map(|unit| String::from(unit.as_str())).collect()
    }

    const TWO: [&str; 2] = ["mac:00E0C51C5087", "udp:85641000D308482019"];

    #[test]
    fn every_separator_parts_entries_and_duplicates_are_merged() {
        for text in [
            "00E0C51C5087,#85641000D308482019",
            "00e0c51c5087;#85641000d308482019;",
            "00:E0:C5:1C:50:87\n#85641000D308482019\n",
            "\u{feff}00-e0-c5-1c-50-87\r\n\r\n#85641000D308482019\r\n",
            "00E0C51C5087\r#85641000D308482019\r",
            " 00E0C51C5087 ,, ; \t#85641000D308482019 , 00:e0:c5:1c:50:87",
            "\"00E0C51C5087\";\"#85641000D308482019\"",
            "Unit ID\n00E0C51C5087\n#85641000D308482019",
            "UNIT_ID;\r\nmac:00E0C51C5087\r\nudp:85641000D308482019",
        ] {
            assert_eq!(read(text), TWO, "{text:?}");
        }
    }

    #[test]
    fn a_list_without_entries_is_empty() {
        for text in ["", "\n", " ; , \r\n", "\u{feff}", "Unit ID"] {
            assert!(read(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_bad_entry_is_named_with_its_line() {
        for (text, line, entry) in [
            ("00E0C51C5087\n00E0C51C50", 2, "00E0C51C50"),
            ("00E0C51C5087;oops,00E0C51C5088", 1, "oops"),
            ("85641000D308482019", 1, "85641000D308482019"),
            ("00E0C51C5087\r\n\r\n\x1b[31m", 3, "\\u{1b}[31m"),
            ("00E0C51C5087\nUnit ID", 2, "Unit ID"),
            ("#123", 1, "#123"),
            ("\"\"\"", 1, "\"\"\""),
        ] {
            let error = unit_list(text.as_bytes()).unwrap_err();
            assert_eq!(error, BadEntry { line, entry: entry.into() }, "{text:?}");
        }
        assert_eq!(unit_list(b"00E0C51C5087\n\xff\xfe").unwrap_err().line, 2);
    }
}
