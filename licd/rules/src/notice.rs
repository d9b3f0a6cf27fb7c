//! Notices of expiry: what people are told of the end of a licence, and how often.
//!
//! A service is spoken of while its state is `warning`, `grace` or `expired`, once a day at most.
//! The day is that of the time which licences are judged at, UTC. Nobody can do more about it than
//! ask for a renewal, so beyond that:
//!
//! - what another licence at hand carries on is not spoken of: nothing ends;
//! - what stops nothing on this system is no news: an Enterprise Management Pack on OS 12, a
//!   perpetual add-on, a service that this version does not know;
//! - services that end on the same day, and stop on the same day, are spoken of together;
//! - an ended licence is spoken of for [`AFTER_END`] days from the first time, so that also who
//!   comes back from a month of holidays learns why something is gone.
//!
//! The starter period has no warning of its own and is spoken of as a licence would be that does not
//! say how long before its end.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use license_format::{Date, Expiry, Term, UnixSeconds, limits};

use crate::{Case, Feature, Judgement, Reason, ServiceState, ServiceVerdict};
use license_format::services::{ENTERPRISE_MANAGEMENT, WORKSPACE_EDITION};

/// Days on which an ended licence is spoken of: a working week and the days around it.
pub const AFTER_END: i32 = 7;

/// How near the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// In force, ending soon.
    Warning,
    /// Past the last day, and everything is as before for a while.
    Grace,
    /// Over.
    Expired,
}

/// What becomes of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It goes on.
    Stays,
    /// Of updates, those to releases dated before the last day go on.
    OlderReleases,
    /// It cannot be started any more.
    Stops,
}

/// What there is to say of the end of one service, or of several that end together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The service's name; of several the Workspace Edition, else the first.
    pub service: String,
    /// The names of the others that end with it.
    pub others: Vec<String>,
    /// How near the end is.
    pub stage: Stage,
    /// The term of the licence that ends; `None` if several of different terms do.
    pub term: Option<Term>,
    /// Its last day.
    pub expires: Date,
    /// The last day of the service, graces included: features stop after this one.
    pub last: Date,
    /// Days from today to `expires`, negative once it has passed.
    pub days_left: i32,
    /// Every feature that the services allow on this system, and what becomes of it.
    pub features: Vec<(&'static Feature, Fate)>,
}

/// What was said of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The service's name.
    pub service: String,
    /// The stage that was spoken of last.
    pub stage: Stage,
    /// The last day that was spoken of last.
    pub expires: Date,
    /// The day on which that was said first.
    pub first: Date,
    /// The day on which that was said last.
    pub last: Date,
}

/// Whether people are told of the end of the Enterprise Management Pack (the registry's
/// `enable_enterprise_management_notification`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnterpriseManagement {
    /// As of any other service.
    Told,
    /// Never.
    Silenced,
}

/// What follows for today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Told {
    /// The notices that are worth showing to somebody who has not seen them today.
    pub current: Vec<Notice>,
    /// Those of them that are to be announced now.
    pub due: Vec<Notice>,
    /// What is to be remembered once they are.
    pub said: Vec<Said>,
}

// Those of the service's state.
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
    /// What there is to say of services that end or have ended, by name.
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
        together.sort_by(|a, b| a.service.cmp(&b.service));
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

    /// The last day of a service, of which a licence lasts until `last`, and what is judged when it
    /// is over. What will be is judged like what is. `None` if it goes on by another licence; one
    /// that is about to end by then itself only puts the end off.
    fn end_of(&self, service: &str, last: Date) -> Option<(Date, Self)> {
        let then = self.at(last.end_everywhere());
        let next = then.service(service);
        match (next.state, next.last) {
            (ServiceState::Warning | ServiceState::Grace, Some(Expiry::On(later))) => {
                // Later it is: it has not ended by now.
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
    /// Whether it ends, and what it allows stops, when that of `other` does.
    fn ends_with(&self, other: &Self) -> bool {
        (self.stage, self.expires, self.last) == (other.stage, other.expires, other.last)
    }

    /// Speaks of `other` as well, which ends on the same day.
    fn join(&mut self, other: Self) {
        self.term = self.term.filter(|term| Some(*term) == other.term);
        self.others.push(other.service);
        self.others.extend(other.others);
        if let Some(base) = self.others.iter_mut().find(|name| *name == WORKSPACE_EDITION) {
            mem::swap(&mut self.service, base);
            self.others.sort();
        }
        self.features.extend(other.features);
        self.features.sort_by_key(|(feature, _)| feature.name);
        self.features.dedup_by_key(|(feature, _)| feature.name);
    }

    /// Whether anything stops, altogether or in part.
    #[must_use]
    pub fn stops_something(&self) -> bool {
        self.features.iter().any(|(_, fate)| *fate != Fate::Stays)
    }

    /// The day on which this was said first, today if it never was. A day that is still to come is
    /// that of a clock which has been put right since.
    fn first_said(&self, said: &[Said], today: Date) -> Date {
        let same = |said: &&Said| {
            (&said.service, said.stage, said.expires) == (&self.service, self.stage, self.expires)
        };
        let first = said.iter().find(same).map(|said| said.first);
        first.filter(|first| *first <= today).unwrap_or(today)
    }

    fn is_worth_showing(&self, said: &[Said], today: Date) -> bool {
        self.stage != Stage::Expired || today.days_since(self.first_said(said, today)) < AFTER_END
    }
}

/// Decides which notices are shown and which are due, given what was said before.
pub fn tell(notices: Vec<Notice>, said: &[Said], today: Date) -> Told {
    let current: Vec<_> =
        notices.into_iter().filter(|notice| notice.is_worth_showing(said, today)).collect();
    let today_already =
        |service: &str| said.iter().any(|said| said.service == service && said.last == today);
    let due: Vec<_> =
        current.iter().filter(|notice| !today_already(&notice.service)).cloned().collect();
    let newly = |notice: &Notice| Said {
        service: notice.service.clone(),
        stage: notice.stage,
        expires: notice.expires,
        first: notice.first_said(said, today),
        last: today,
    };
    // What was said of the others is kept: a licence may be away for a moment only.
    let kept = said.iter().filter(|said| due.iter().all(|due| due.service != said.service));
    let mut said: Vec<_> = kept.cloned().chain(due.iter().map(newly)).collect();
    said.sort_by(|a, b| a.service.cmp(&b.service));
    Told { current, due, said }
}
