//! The keys of a document and their values (LF §4, §5, §7).

use super::lines::{binary, number};
use super::{Key, Read, Refused, malformed};

/// A key, the fewest and the most lines with it, and the form of its values.
type Row = (&'static str, usize, usize, fn(&str) -> bool);

/// LF §4.
pub(super) const LICENCE: [Row; 17] = [
    ("pack", 1, 1, is_pack),
    ("serial", 1, 1, is_serial),
    ("product", 1, 1, is_product),
    ("term", 1, 1, |text| matches!(text, "perpetual" | "subscription" | "evaluation")),
    ("category", 1, 1, |text| matches!(text, "maintenance" | "subscription" | "add-on")),
    ("subscription-key", 0, 1, is_pack),
    ("order", 0, 1, |text| is_word(text, 1, 32, |b| b.is_ascii_alphanumeric() || b == b'-')),
    ("supersedes", 0, 16, is_pack),
    ("service", 1, 16, |text| is_word(text, 1, 64, |b| is_capital(b) || b == b'_')),
    ("issued", 1, 1, |text| instant(text).is_some()),
    ("starts", 1, 1, |text| day(text).is_some()),
    ("expires", 1, 1, |text| text == "never" || day(text).is_some()),
    ("grace-days", 0, 1, |text| number(text, 0, 90).is_some()),
    ("warn-days", 0, 1, |text| number(text, 0, 120).is_some()),
    ("roster", 0, 1, |text| text == "complete"),
    ("unit", 0, 16, is_unit),
    ("units", 0, 1, |text| units(text).is_some()),
];

/// LF §7.
pub(super) const TRUST: [Row; 4] = [
    ("version", 1, 1, is_serial),
    ("issued", 1, 1, |text| instant(text).is_some()),
    ("key", 1, 16, |text| Key::parse_issuing(text).is_some()),
    ("withdraw", 0, 1000, is_withdrawal),
];

/// The values of each key in order, with the line of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields(Vec<(&'static str, usize, Vec<String>)>);

impl Fields {
    /// The values of a key.
    #[must_use]
    pub fn all(&self, key: &str) -> &[String] {
        self.0.iter().find(|field| field.0 == key).map_or(&[], |field| &field.2)
    }

    /// The first value of a key; empty without one.
    #[must_use]
    pub fn one(&self, key: &str) -> &String {
        const NONE: &String = &String::new();
        self.all(key).first().unwrap_or(NONE)
    }

    pub(super) fn line(&self, key: &str, at: usize) -> usize {
        self.0.iter().find(|field| field.0 == key).map_or(0, |field| field.1 + at)
    }

    pub(super) fn tree(&self) -> Option<(usize, [u8; 32])> {
        self.all("units").first().and_then(|text| units(text))
    }
}

/// Step 5 of LF §8.
pub(super) fn read_fields(lines: &[String], table: &[Row]) -> Read<Fields> {
    let is_licence = table.len() == LICENCE.len();
    let mut fields = Fields(Vec::new());
    let mut at = 1;
    for (key, fewest, most, is_value) in table {
        let mut values: Vec<String> = Vec::new();
        let first = at + 1;
        while let Some(value) = lines.get(at).and_then(|line| value_of(line, key)) {
            let is_ascending = !matches!(*key, "supersedes" | "service" | "unit")
                || values.last().is_none_or(|last| last.as_str() < value);
            let fits = is_value(value) && is_ascending && values.len() < *most;
            if !fits || !suits(key, value, &values, &fields) {
                return malformed(at + 1);
            }
            values.push(value.to_owned());
            at += 1;
        }
        let is_needed = *key == "units" && fields.all("unit").is_empty();
        if values.len() < *fewest || (is_needed && values.is_empty()) {
            return out_of_place(lines, at, table);
        }
        fields.0.push((key, first, values));
    }
    let is_extension = |line: &String| is_licence && line.starts_with("x-") && line.contains(' ');
    while lines.get(at).is_some_and(is_extension) {
        at += 1;
    }
    if at < lines.len() { out_of_place(lines, at, table) } else { Ok(fields) }
}

fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split_once(' ').filter(|(found, _)| *found == key).map(|(_, value)| value)
}

/// The refusal of a line that does not belong here, or of the end of the text.
fn out_of_place<T>(lines: &[String], at: usize, table: &[Row]) -> Read<T> {
    let key = lines.get(at).and_then(|line| line.split_once(' ')).map(|(key, _)| key);
    let is_licence = table.len() == LICENCE.len();
    match key {
        Some(key)
            if !table.iter().any(|row| row.0 == key) && !(is_licence && key.starts_with("x-")) =>
        {
            Err(Refused { code: "unsupported", line: Some(at + 1) })
        }
        _ => malformed(at + 1),
    }
}

/// Whether a value goes with those before it.
fn suits(key: &str, value: &str, same: &[String], before: &Fields) -> bool {
    match key {
        "supersedes" => value != before.one("pack"),
        "expires" => day(value).is_none_or(|last| {
            let issued = instant(before.one("issued")).map(|seconds| seconds.div_euclid(86_400));
            Some(last) >= day(before.one("starts")) && Some(last) >= issued
        }),
        "grace-days" => before.one("term") != "evaluation",
        "units" => before.all("unit").is_empty(),
        "key" => {
            let id = |text: &str| Key::parse_issuing(text).map(|key| (key.name, key.hash));
            !same.iter().any(|other| id(other) == id(value))
        }
        _ => true,
    }
}

fn is_word(text: &str, least: usize, most: usize, fits: fn(u8) -> bool) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(fits)
}

fn is_capital(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_pack(text: &str) -> bool {
    let groups = text.split('-');
    let all = groups.clone().all(|group| is_word(group, 1, 24, is_capital));
    (4..=24).contains(&text.len()) && groups.count() >= 2 && all
}

pub(super) fn is_product(text: &str) -> bool {
    is_word(text, 2, 12, |byte| is_capital(byte) || byte == b'-')
}

fn is_serial(text: &str) -> bool {
    number(text, 1, i64::MAX as u64).is_some()
}

pub(super) fn is_unit(text: &str) -> bool {
    match text.split_once(':') {
        Some(("mac", mac)) => {
            is_word(mac, 12, 12, |b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
        }
        Some(("udp", drive)) => is_word(drive, 8, 24, is_capital),
        _ => false,
    }
}

fn is_withdrawal(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(pack, serial)| is_pack(pack) && is_serial(serial))
}

fn units(text: &str) -> Option<(usize, [u8; 32])> {
    let (count, root) = text.split_once(' ')?;
    Some((number(count, 1, 1_000_000)? as usize, binary(root)?))
}

/// Days since 0000-01-01, counted one year and one month after the other (LF §4.1).
fn day(text: &str) -> Option<i64> {
    let digits = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let form = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    let years: i64 = year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let before: i64 = lengths[..(month - 1) as usize].iter().sum();
    (form && (1..=length).contains(&day)).then_some(years + before + day - 1)
}

/// Seconds on the scale of days.
fn instant(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let parts: Vec<&str> = time.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return None };
    let part = |text: &str, most: i64| -> Option<i64> {
        let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| fits && *number <= most)
    };
    let (hours, minutes, seconds) = (part(hours, 23)?, part(minutes, 59)?, part(seconds, 59)?);
    Some(day(date)? * 86_400 + hours * 3600 + minutes * 60 + seconds)
}
