//! Days and instants as the format writes them (LF §4): proleptic Gregorian, UTC, no leap seconds.

use core::fmt;

/// Seconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use license_format::UnixSeconds;
///
/// let issued = UnixSeconds::parse("2026-11-22T16:48:10Z").unwrap();
/// assert_eq!(issued, UnixSeconds(1_795_366_090));
/// assert_eq!(issued.plus(60).to_string(), "2026-11-22T16:49:10Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub i64);

/// A calendar day of the years 0000–9999.
///
/// ```
/// use license_format::Date;
///
/// let last_day = Date::parse("2027-11-21").unwrap();
/// assert_eq!(last_day.plus_days(28).to_string(), "2027-12-19");
/// assert_eq!(last_day.end_everywhere().to_string(), "2027-11-22T12:00:00Z");
/// assert_eq!(Date::parse("2027-02-29"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(
    /// Days since 1970-01-01.
    i32,
);

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// 0000-01-01 and 9999-12-31, the first and the last day that four digits can write.
const FIRST: i32 = -719_528;
const LAST: i32 = 2_932_896;

impl Date {
    /// Reads `YYYY-MM-DD`; `None` for any other spelling, or if the calendar has no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let year = digits::<4>(parts.next()?)?;
        let month = digits::<2>(parts.next()?)?;
        let day = digits::<2>(parts.next()?)?;
        Self::from_ymd(year, month, day)
    }

    /// The day of a year (0–9999), month (1–12) and day (1–31); `None` if the calendar has no such
    /// day.
    #[must_use]
    pub fn from_ymd(year: u16, month: u16, day: u16) -> Option<Self> {
        if year > 9999 || !(1..=12).contains(&month) {
            return None;
        }
        let date = Self(days_from_civil(i32::from(year), i32::from(month), i32::from(day)));
        // A day beyond the end of the month converts back to another day.
        (date.ymd() == (i32::from(year), i32::from(month), i32::from(day))).then_some(date)
    }

    /// The UTC day of an instant, clamped to the years 0000–9999.
    #[must_use]
    pub fn of(at: UnixSeconds) -> Self {
        let days = at.0.div_euclid(DAY).clamp(i64::from(FIRST), i64::from(LAST));
        // The clamp above keeps the number within i32.
        Self(i32::try_from(days).unwrap_or(LAST))
    }

    /// The beginning of the day in UTC.
    #[must_use]
    pub fn start(self) -> UnixSeconds {
        UnixSeconds(i64::from(self.0) * DAY)
    }

    /// The end of a term with this last day: 12:00 UTC of the next day, when the day has ended in
    /// every time zone (LF §4.1).
    #[must_use]
    pub fn end_everywhere(self) -> UnixSeconds {
        UnixSeconds((i64::from(self.0) + 1) * DAY + DAY / 2)
    }

    /// The day `days` later (earlier if negative), clamped to the years 0000–9999.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(FIRST, LAST))
    }

    /// Whole days from `earlier` to this day; negative if this day comes first.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The year, month (1–12) and day (1–31).
    #[must_use]
    pub fn ymd(self) -> (i32, i32, i32) {
        civil_from_days(self.0)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl UnixSeconds {
    /// Reads `YYYY-MM-DDTHH:MM:SSZ`, the only RFC 3339 spelling that the format allows (LF §4).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let mut parts = time.splitn(3, ':');
        let hour = digits::<2>(parts.next()?)?;
        let minute = digits::<2>(parts.next()?)?;
        let second = digits::<2>(parts.next()?)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self(Date::parse(date)?.start().0 + seconds))
    }

    /// The instant `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{:02}Z", Date::of(*self), second % 60)
    }
}

/// Exactly `N` decimal digits.
fn digits<const N: usize>(text: &str) -> Option<u16> {
    (text.len() == N && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to a proleptic Gregorian date: the algorithm `days_from_civil` of Howard
/// Hinnant's "chrono-Compatible Low-Level Date Algorithms" (years count from March).
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: `civil_from_days` of the same source.
fn civil_from_days(days: i32) -> (i32, i32, i32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::ToString;

    /// The lengths of the months, counted by the rule of the Gregorian calendar alone.
    fn months(year: i32) -> [i32; 12] {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    }

    #[test]
    fn every_day_of_ten_thousand_years_is_the_next_one_of_the_calendar() {
        let part = |number: i32| u16::try_from(number).unwrap();
        let mut day = Date(FIRST);
        for year in 0..=9999 {
            for (month, length) in (1..).zip(months(year)) {
                for number in 1..=length {
                    assert_eq!(day.ymd(), (year, month, number));
                    assert_eq!(Date::from_ymd(part(year), part(month), part(number)), Some(day));
                    day.0 += 1;
                }
                assert_eq!(Date::from_ymd(part(year), part(month), part(length + 1)), None);
            }
        }
        assert_eq!(day.0, LAST + 1);
        assert_eq!(Date::from_ymd(1970, 1, 1), Some(Date(0)));
        assert_eq!(Date::from_ymd(10_000, 1, 1), None);
    }

    #[test]
    fn days_read_back_as_written() {
        // A prime number of days meets all days of all months.
        for days in (FIRST..=LAST).step_by(97) {
            assert_eq!(Date::parse(&Date(days).to_string()), Some(Date(days)));
        }
        assert_eq!(Date(FIRST).to_string(), "0000-01-01");
        assert_eq!(Date(LAST).to_string(), "9999-12-31");
    }

    #[test]
    fn days_and_instants_stay_within_the_calendar() {
        let (first, last) = (Date(FIRST), Date(LAST));
        assert_eq!([first.plus_days(-1), first.plus_days(i32::MIN)], [first, first]);
        assert_eq!([last.plus_days(1), last.plus_days(i32::MAX)], [last, last]);
        assert_eq!(
            [Date::of(UnixSeconds(i64::MIN)), Date::of(UnixSeconds(i64::MAX))],
            [first, last]
        );
        assert_eq!(Date::of(UnixSeconds(last.start().0 + DAY - 1)), last);
        assert_eq!([Date::of(UnixSeconds(-1)), Date::of(UnixSeconds(0))], [Date(-1), Date(0)]);
        assert_eq!(UnixSeconds(i64::MAX).plus(1), UnixSeconds(i64::MAX));
        assert_eq!([last.days_since(first), first.days_since(last)], [3_652_424, -3_652_424]);
    }

    #[test]
    fn every_second_of_a_day_reads_back_as_written() {
        let start = UnixSeconds::parse("2026-11-22T00:00:00Z").unwrap();
        for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
            for second in [0, 1, 29, 58, 59] {
                let at = start.plus((hour * 60 + minute) * 60 + second);
                let text = std::format!("2026-11-22T{hour:02}:{minute:02}:{second:02}Z");
                assert_eq!((at.to_string(), UnixSeconds::parse(&text)), (text, Some(at)));
            }
        }
    }

    #[test]
    fn days_missing_from_the_calendar_are_refused() {
        for text in [
            "2027-02-29",
            "2100-02-29",
            "2026-04-31",
            "2026-00-10",
            "2026-13-01",
            "2026-01-00",
            "2026-1-01",
            "26-01-01",
            "+026-01-01",
            "2026-01-01 ",
            "2026-01-01-",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2028-02-29").is_some());
        assert!(Date::parse("2000-02-29").is_some());
    }

    #[test]
    fn only_one_spelling_of_an_instant_is_accepted() {
        let at = UnixSeconds::parse("2026-11-22T16:48:10Z").unwrap();
        assert_eq!(at, UnixSeconds(1_795_366_090));
        assert_eq!(at.to_string(), "2026-11-22T16:48:10Z");
        for text in [
            "2026-11-22T16:48:10+00:00",
            "2026-11-22t16:48:10Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T23:59:60Z",
            "2026-11-22T16:48Z",
            "2026-11-22T16:48:10.5Z",
        ] {
            assert_eq!(UnixSeconds::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_last_day_ends_at_noon_utc_of_the_next_day() {
        let day = Date::parse("2027-11-21").unwrap();
        assert_eq!(day.end_everywhere().to_string(), "2027-11-22T12:00:00Z");
    }
}
