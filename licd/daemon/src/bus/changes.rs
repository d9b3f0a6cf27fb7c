//! How one published state differs from the one before, as far as the bus shows it. That is found out by
//! the thread that refreshes: a device may have thousands of licences, and the bus's thread answers
//! calls meanwhile.

use std::cmp::Ordering;

use licd_device::LicenseReport;

use super::license::Licenses;

/// How the licences of one report differ from those of the one before.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct LicenseChanges {
    /// Objects that are gone, by path.
    pub(super) gone: Vec<String>,
    /// Objects that are new, by path.
    pub(super) new: Vec<(String, LicenseReport)>,
    /// Objects that show something else.
    pub(super) changed: Vec<Changed>,
}

/// An object that shows something else.
#[derive(Debug, PartialEq)]
pub(super) struct Changed {
    pub(super) path: String,
    pub(super) before: LicenseReport,
    pub(super) now: LicenseReport,
}

impl LicenseChanges {
    /// Compares the licences of two reports.
    pub(crate) fn between(before: Licenses<'_>, now: Licenses<'_>) -> Self {
        let mut changes = Self::default();
        let (mut before, mut now) = (before.each().peekable(), now.each().peekable());
        loop {
            let order = match (before.peek(), now.peek()) {
                (None, None) => return changes,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let old = before.next_if(|_| order != Ordering::Greater);
            let new = now.next_if(|_| order != Ordering::Less);
            match (old, new) {
                (Some((name, _)), None) => changes.gone.push(name.path()),
                (None, Some((name, license))) => changes.new.push((name.path(), license.clone())),
                (Some((_, old)), Some((name, new))) if old != new => {
                    let (before, now) = (old.clone(), new.clone());
                    changes.changed.push(Changed { path: name.path(), before, now });
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use licd_rules::LicenseState;

    use super::*;
    use crate::bus::license::{Names, tests::license};

    fn between(before: &[LicenseReport], now: &[LicenseReport]) -> LicenseChanges {
        let names = [before, now].map(Names::of);
        LicenseChanges::between(Licenses::new(before, &names[0]), Licenses::new(now, &names[1]))
    }

    fn path(name: &str) -> String {
        format!("/com/igel/License1/license/{name}")
    }

    #[test]
    fn only_what_differs_is_shown() {
        let (a, b, c) = (license("WE-A", 1, "a"), license("WE-B", 1, "b"), license("WE-C", 1, "c"));
        let expired = LicenseReport { state: LicenseState::Expired, ..b.clone() };
        let before = [a.clone(), b.clone(), c.clone()];
        let now = [a, expired.clone(), license("WE-D", 7, "d")];
        let changes = between(&before, &now);
        assert_eq!(changes.gone, [path("WE_C_1")]);
        assert_eq!(changes.new, [(path("WE_D_7"), license("WE-D", 7, "d"))]);
        let changed = Changed { path: path("WE_B_1"), before: b, now: expired };
        assert_eq!(changes.changed, [changed]);
        assert_eq!(between(&now, &now), LicenseChanges::default());
    }

    /// What a caller knows that follows the changes.
    fn shown(reports: &[LicenseReport]) -> BTreeMap<String, LicenseReport> {
        let names = Names::of(reports);
        let each = Licenses::new(reports, &names).each();
        each.map(|(name, license)| (name.path(), license.clone())).collect()
    }

    #[test]
    fn licences_that_share_a_name_are_numbered_as_in_a_whole_report() {
        let issues = [("WE-A", 1), ("WE-A", 1), ("WE-A-1", 2), ("WE-A", 1), ("WE-A-1", 3)];
        let all: Vec<_> = (0_u8..)
            .zip(issues)
            .map(|(n, (pack, serial))| license(pack, serial, &char::from(b'a' + n).to_string()))
            .collect();
        let subsets: Vec<Vec<_>> = (0..1_usize << all.len())
            .map(|bits| {
                let chosen = all.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1);
                chosen.map(|(_, license)| license.clone()).collect()
            })
            .collect();
        for (before, now) in
            subsets.iter().flat_map(|one| subsets.iter().map(move |two| (one, two)))
        {
            let LicenseChanges { gone, new, changed } = between(before, now);
            let mut known = shown(before);
            for path in gone {
                assert!(known.remove(&path).is_some());
            }
            for (path, license) in new {
                assert!(known.insert(path, license).is_none());
            }
            for Changed { path, before, now } in changed {
                assert_eq!(known.insert(path, now), Some(before));
            }
            assert_eq!(known, shown(now));
        }
    }
}
