//! The content of a notice, in no language: dozens of gates become the few topics that users know.

use std::iter;

use licd_rules::{Fate, Notice, sort_by, titles};
use license_format::Term;

/// The topics of a service, as users know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    System,
    Apps,
    Codecs,
    NewApps,
    Updates,
    Settings,
    CustomPartition,
    CloudGateway,
    SharedWorkplace,
    AssetInventory,
    RemoteAccess,
    PowerTerm,
    NinetyMeter,
    PcOverIp,
}

impl Topic {
    /// The topic of a feature; `None` for one that needs no licence.
    pub(super) fn of(feature: &str) -> Option<Self> {
        Some(match feature {
            "os" => Self::System,
            "apps" => Self::Apps,
            "codecs" => Self::Codecs,
            "app-install" => Self::NewApps,
            "os-update" | "auto-update" => Self::Updates,
            "config-change" => Self::Settings,
            "custom-partition" => Self::CustomPartition,
            "icg" | "config-change-icg" | "shadow-icg" => Self::CloudGateway,
            "shared-workplace" => Self::SharedWorkplace,
            "asset-inventory" => Self::AssetInventory,
            "uma" => Self::RemoteAccess,
            "powerterm" => Self::PowerTerm,
            "90meter" => Self::NinetyMeter,
            "pcoip" => Self::PcOverIp,
            _ => return None,
        })
    }
}

/// The content of a notice.
pub(super) struct Content<'a> {
    pub(super) notice: &'a Notice,
    /// Topics that stop, altogether or in part.
    pub(super) stops: Vec<Topic>,
    /// Topics that go on.
    pub(super) stays: Vec<Topic>,
    /// Whether releases of the system dated before the last day may still be installed.
    pub(super) older_releases: bool,
}

/// The thing that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    License,
    Maintenance,
    Trial,
}

impl<'a> Content<'a> {
    pub(super) fn of(notice: &'a Notice) -> Self {
        let topics = |wanted: fn(Fate) -> bool| {
            let features = notice.features.iter().filter(|(_, fate)| wanted(*fate));
            let mut topics: Vec<_> =
                features.filter_map(|(feature, _)| Topic::of(feature.name)).collect();
            sort_by(&mut topics, Ord::cmp);
            topics.dedup();
            topics
        };
        let stops = topics(|fate| fate != Fate::Stays);
        let mut stays = topics(|fate| fate == Fate::Stays);
        stays.retain(|topic| !stops.contains(topic));
        let older_releases = notice.features.iter().any(|(_, fate)| *fate == Fate::OlderReleases);
        Self { notice, stops, stays, older_releases }
    }

    pub(super) fn thing(&self) -> Thing {
        match self.notice.term {
            Some(Term::Subscription) | None => Thing::License,
            Some(Term::Perpetual) => Thing::Maintenance,
            Some(Term::Evaluation) => Thing::Trial,
        }
    }

    /// Whether the last day has passed, which is some hours before a licence is over in every time
    /// zone.
    pub(super) fn has_passed(&self) -> bool {
        self.notice.days_left < 0
    }

    /// The days left, from two on. Today and tomorrow depend on the time zone.
    pub(super) fn days(&self) -> Option<i32> {
        Some(self.notice.days_left).filter(|days| *days >= 2)
    }

    /// Whether the grace is still to come or lasts.
    pub(super) fn has_grace(&self) -> bool {
        self.notice.last > self.notice.expires
    }

    /// The names of the services, the same in every language.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let services = iter::once(&self.notice.service).chain(&self.notice.others);
        services.map(|service| titles::service(service).unwrap_or(service)).collect()
    }
}

/// A list of words, with `and` before the last one.
pub(super) fn list(words: &[&str], and: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

/// The day as `DAY MONTH YEAR`, the day with what comes after it and the month as the year has them.
pub(super) fn day(date: license_format::Date, dot: &str, months: &[&str; 12]) -> String {
    let (year, month, day) = date.ymd();
    let month = usize::try_from(month - 1).ok().and_then(|month| months.get(month));
    format!("{day}{dot} {} {year}", month.unwrap_or(&""))
}
