//! Notices of expiry: their content and frequency.
//!
//! A service has a notice while its state is `warning`, `grace` or `expired`, once a day at most.
//! The day is that of the time licences are judged at, UTC. The only remedy is a renewal, so these
//! rules limit the notices:
//!
//! - a service that another licence continues has no notice: nothing ends;
//! - an end that stops nothing on this system has no notice: an Enterprise Management Pack on OS
//!   12, a perpetual add-on, a service unknown to this version;
//! - services with the same last day and the same stop day share a notice;
//! - an ended licence has notices for [`AFTER_END`] days from the first one, so a user who returns
//!   from a long absence also sees the reason.
//!
//! The starter period sets no warning days and is treated like a licence with the default.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use license_format::{Date, Expiry, Term, UnixSeconds, limits};

use crate::{Case, Feature, Judgement, Reason, ServiceState, ServiceVerdict, sort_by};
use license_format::services::{ENTERPRISE_MANAGEMENT, WORKSPACE_EDITION};

/// Days of notices after the end: a working week and the weekend around it.
pub const AFTER_END: i32 = 7;

/// How near the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// In force, ending soon.
    Warning,
    /// Past the last day, with all rights for a while.
    Grace,
    /// Over.
    Expired,
}

/// The fate of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It stays.
    Stays,
    /// Updates to releases dated before the last day stay.
    OlderReleases,
    /// It stops.
    Stops,
}

/// The end of one service, or of several that end together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The service's name; of several, the Workspace Edition or else the first.
    pub service: String,
    /// The names of the other services that end with it.
    pub others: Vec<String>,
    /// How near the end is.
    pub stage: Stage,
    /// The term of the ending licence; `None` if several licences of different terms end.
    pub term: Option<Term>,
    /// Its last day.
    pub expires: Date,
    /// The last day of the service with its grace; features stop after it.
    pub last: Date,
    /// Days from today to `expires`, negative once it has passed.
    pub days_left: i32,
    /// Every feature that the services allow on this system, with its fate.
    pub features: Vec<(&'static Feature, Fate)>,
}

/// The record of the last notice that was announced for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The service's name.
    pub service: String,
    /// The stage of that notice.
    pub stage: Stage,
    /// The expiry date in that notice.
    pub expires: Date,
    /// The day of the first notice with this stage and date.
    pub first: Date,
    /// The day of the last one.
    pub last: Date,
}

/// Whether the Enterprise Management Pack has notices of expiry (the registry's
/// `enable_enterprise_management_notification`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnterpriseManagement {
    /// Like any other service.
    Notified,
    /// Never.
    Silenced,
}

/// The notices for today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Selection {
    /// Notices for a user who has not seen them today.
    pub current: Vec<Notice>,
    /// The subset to announce now.
    pub due: Vec<Notice>,
    /// The records to keep after the announcement.
    pub announced: Vec<Announced>,
}

// The words of the service state.
words!(Stage { Warning = "warning", Grace = "grace", Expired = "expired" });

impl Stage {
    fn of(verdict: &ServiceVerdict) -> Option<Self> {
        match verdict.state {
            ServiceState::Starter => {
                let soon = verdict.days_left? <= limits::WARN_DAYS.into();
                soon.then_some(Self::Warning)
            }
            ServiceState::Warning => Some(Self::Warning),
            ServiceState::Grace => Some(Self::Grace),
            ServiceState::Expired => Some(Self::Expired),
            ServiceState::None
            | ServiceState::Pending
            | ServiceState::Valid
            | ServiceState::Withdrawn => None,
        }
    }
}

impl Judgement<'_> {
    /// Notices for services that end or have ended, by name.
    #[must_use]
    pub fn notices(&self, management: EnterpriseManagement) -> Vec<Notice> {
        let silenced = |service: &str| {
            management == EnterpriseManagement::Silenced && service == ENTERPRISE_MANAGEMENT
        };
        let services = self.services().into_iter();
        let notices = services
            .filter(|verdict| !silenced(&verdict.service))
            .filter_map(|verdict| self.notice(verdict))
            .filter(Notice::stops_something);
        let mut together: Vec<Notice> = Vec::new();
        for notice in notices {
            match together.iter_mut().find(|first| first.ends_with(&notice)) {
                Some(first) => first.join(notice),
                None => together.push(notice),
            }
        }
        sort_by(&mut together, |a, b| a.service.cmp(&b.service));
        together
    }

    fn notice(&self, verdict: ServiceVerdict) -> Option<Notice> {
        let stage = Stage::of(&verdict)?;
        let (Some(Expiry::On(expires)), Some(Expiry::On(last))) = (verdict.expires, verdict.last)
        else {
            return None;
        };
        let (last, then) = match stage {
            Stage::Warning | Stage::Grace => self.end_of(&verdict.service, last)?,
            Stage::Expired => (last, self.at(self.case.now)),
        };
        let own = Feature::ALL.iter();
        let own = own.filter(|f| f.is_granted_by(&verdict.service, self.case.generation));
        let own = own.filter(|f| self.feature(f).reason != Reason::NotForThisVersion);
        Some(Notice {
            others: Vec::new(),
            stage,
            term: Some(verdict.term?),
            expires,
            last,
            days_left: verdict.days_left?,
            features: own.map(|feature| (feature, then.fate(feature))).collect(),
            service: verdict.service,
        })
    }

    /// The real last day of a service whose licence lasts until `last`, and the judgement after it.
    /// The future is judged like the present. `None` if another licence continues the service; a
    /// licence that is itself about to end then only postpones the end.
    fn end_of(&self, service: &str, last: Date) -> Option<(Date, Self)> {
        let then = self.at(last.end_everywhere());
        let next = then.service(service);
        match (next.state, next.last) {
            (ServiceState::Warning | ServiceState::Grace, Some(Expiry::On(later))) => {
                // Always later: that licence has not ended yet.
                self.end_of(service, later)
            }
            (state, _) if state.in_force() => None,
            _ => Some((last, then)),
        }
    }

    fn at(&self, now: UnixSeconds) -> Self {
        Self::of(Case { now, ..self.case })
    }

    fn fate(&self, feature: &Feature) -> Fate {
        match self.feature(feature).reason {
            Reason::OlderReleases => Fate::OlderReleases,
            reason if reason.allows() => Fate::Stays,
            _ => Fate::Stops,
        }
    }
}

impl Notice {
    /// Whether both end, and stop features, on the same days.
    fn ends_with(&self, other: &Self) -> bool {
        (self.stage, self.expires, self.last) == (other.stage, other.expires, other.last)
    }

    /// Merges a notice that ends on the same day.
    fn join(&mut self, other: Self) {
        self.term = self.term.filter(|term| Some(*term) == other.term);
        self.others.push(other.service);
        self.others.extend(other.others);
        if let Some(base) = self.others.iter_mut().find(|name| *name == WORKSPACE_EDITION) {
            mem::swap(&mut self.service, base);
            sort_by(&mut self.others, Ord::cmp);
        }
        self.features.extend(other.features);
        sort_by(&mut self.features, |(a, _), (b, _)| a.name.cmp(b.name));
        self.features.dedup_by_key(|(feature, _)| feature.name);
    }

    /// Whether a feature stops or is restricted.
    #[must_use]
    pub fn stops_something(&self) -> bool {
        self.features.iter().any(|(_, fate)| *fate != Fate::Stays)
    }

    /// The day of the first such notice, or today. A future day comes from a clock that has been
    /// corrected since.
    fn first_announced(&self, announced: &[Announced], today: Date) -> Date {
        let is_same = |record: &&Announced| {
            (&record.service, record.stage, record.expires)
                == (&self.service, self.stage, self.expires)
        };
        let first = announced.iter().find(is_same).map(|record| record.first);
        first.filter(|first| *first <= today).unwrap_or(today)
    }

    fn is_worth_showing(&self, announced: &[Announced], today: Date) -> bool {
        self.stage != Stage::Expired
            || today.days_since(self.first_announced(announced, today)) < AFTER_END
    }
}

/// Selects the notices to show and those to announce, by the records of earlier announcements.
pub fn select(notices: Vec<Notice>, announced: &[Announced], today: Date) -> Selection {
    let current: Vec<_> =
        notices.into_iter().filter(|notice| notice.is_worth_showing(announced, today)).collect();
    let is_announced = |service: &str| {
        announced.iter().any(|record| record.service == service && record.last == today)
    };
    let due: Vec<_> =
        current.iter().filter(|notice| !is_announced(&notice.service)).cloned().collect();
    let record = |notice: &Notice| Announced {
        service: notice.service.clone(),
        stage: notice.stage,
        expires: notice.expires,
        first: notice.first_announced(announced, today),
        last: today,
    };
    // Records of other services stay: a licence may be absent for a moment.
    let is_kept = |old: &&Announced| due.iter().all(|notice| notice.service != old.service);
    let kept = announced.iter().filter(is_kept).cloned();
    let mut announced: Vec<_> = kept.chain(due.iter().map(record)).collect();
    sort_by(&mut announced, |a, b| a.service.cmp(&b.service));
    Selection { current, due, announced }
}
