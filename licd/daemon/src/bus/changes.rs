//! How one published state differs from the one before, as far as the bus shows it. That is found out by
//! the thread that refreshes: a device may have thousands of licences, and the bus's thread answers
//! calls meanwhile.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use licd_device::{LicenseReport, Report};
use license_format::{PackId, Serial};

use super::license::paths;

/// How the licences of one report differ from those of the one before.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct LicenseChanges {
    /// Objects that are gone, by path.
    pub(super) gone: Vec<String>,
    /// Objects that are new or show something else, by path.
    pub(super) shown: Vec<(String, LicenseReport)>,
}

/// What the paths of licences begin with: several files may share it, and are numbered.
type Name<'a> = (&'a PackId, Serial);

impl LicenseChanges {
    /// Compares two reports.
    pub(crate) fn between(before: &Report, now: &Report) -> Self {
        let names = different(&before.licenses, &now.licenses);
        if names.is_empty() {
            return Self::default();
        }
        let of = |report| paths(licenses_named(report, &names));
        let (before, now): (BTreeMap<_, _>, BTreeMap<_, _>) = (of(before), of(now));
        let gone = before.keys().filter(|path| !now.contains_key(*path)).cloned().collect();
        let shown = now.into_iter().filter(|(path, license)| before.get(path) != Some(license));
        Self { gone, shown: shown.map(|(path, license)| (path, license.clone())).collect() }
    }
}

fn licenses_named<'a>(
    report: &'a Report,
    names: &HashSet<Name<'_>>,
) -> impl Iterator<Item = &'a LicenseReport> {
    report.licenses.iter().filter(|license| names.contains(&name(license)))
}

fn name(license: &LicenseReport) -> Name<'_> {
    (&license.pack, license.serial)
}

/// The names of all licences that are in one report only, or differ. Both are sorted by file.
fn different<'a>(before: &'a [LicenseReport], now: &'a [LicenseReport]) -> HashSet<Name<'a>> {
    let mut names = HashSet::new();
    let (mut before, mut now) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let order = match (before.peek(), now.peek()) {
            (None, None) => return names,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.file.cmp(&new.file),
        };
        let old = before.next_if(|_| order != Ordering::Greater);
        let new = now.next_if(|_| order != Ordering::Less);
        if old != new {
            names.extend(old.into_iter().chain(new).map(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use licd_rules::LicenseState;

    const LICENSE: &str = r#"{"pack":"WE-PACK1","serial":1,"product":"WE","category":"subscription",
        "order":null,"term":"subscription","issued":"2026-11-22T16:48:10Z","starts":"2026-11-22",
        "expires":"never","state":"valid","file":"1.lic"}"#;

    fn license(pack: &str, serial: u64, file: &str) -> LicenseReport {
        let mut license: LicenseReport = serde_json::from_str(LICENSE).unwrap();
        license.pack = PackId::parse(pack).unwrap();
        license.serial = Serial::new(serial).unwrap();
        license.file = file.to_owned();
        license
    }

    /// Makes reports of these licences.
    fn reports() -> impl Fn(&[LicenseReport]) -> Report {
        let (_dir, shared, _inbox) = crate::shared::tests::shared();
        move |licenses| {
            let mut report = shared.published().report.clone();
            report.licenses = licenses.to_vec();
            report
        }
    }

    fn path(name: &str) -> String {
        format!("/com/igel/License1/license/{name}")
    }

    #[test]
    fn only_what_differs_is_shown() {
        let (a, b, c) = (license("WE-A", 1, "a"), license("WE-B", 1, "b"), license("WE-C", 1, "c"));
        let report = reports();
        let expired = LicenseReport { state: LicenseState::Expired, ..b.clone() };
        let before = report(&[a.clone(), b, c.clone()]);
        let now = report(&[a, expired.clone(), license("WE-D", 7, "d")]);
        let changes = LicenseChanges::between(&before, &now);
        assert_eq!(changes.gone, [path("WE_C_1")]);
        let shown = [(path("WE_B_1"), expired), (path("WE_D_7"), license("WE-D", 7, "d"))];
        assert_eq!(changes.shown, shown);
        assert_eq!(LicenseChanges::between(&now, &now), LicenseChanges::default());
    }

    #[test]
    fn licences_that_share_a_name_are_numbered_as_in_a_whole_report() {
        let report = reports();
        let all = ["a", "b", "c", "d"].map(|file| license("WE-A", 1, file));
        let subsets: Vec<Vec<_>> = (0..16_usize)
            .map(|bits| {
                let chosen = all.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1);
                chosen.map(|(_, license)| license.clone()).collect()
            })
            .collect();
        for (before, now) in
            subsets.iter().flat_map(|one| subsets.iter().map(move |two| (one, two)))
        {
            let changes = LicenseChanges::between(&report(before), &report(now));
            let mut shown = paths(before.iter());
            shown.retain(|path, _| !changes.gone.contains(path));
            shown.extend(changes.shown.iter().map(|(path, license)| (path.clone(), license)));
            assert_eq!(shown, paths(now.iter()));
        }
    }
}
