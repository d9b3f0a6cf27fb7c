//! The state of each service, as UMS shows it.

use alloc::string::String;
use alloc::vec::Vec;

use license_format::{Expiry, PackId, Term, services};

use crate::judge::{Begun, unlocks};
use crate::state::{days_left, last_day};
use crate::{Judgement, License, LicenseState, sort_by};

/// The state of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum ServiceState {
    /// No licence for it.
    None,
    /// The starter period counts; there is no better licence.
    Starter,
    /// Its best licence has not started.
    Pending,
    /// In force.
    Valid,
    /// In force, ending soon.
    Warning,
    /// In its grace.
    Grace,
    /// Ended.
    Expired,
    /// Every licence for it is withdrawn.
    Withdrawn,
}

/// UMS's word for the state of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceStatus {
    /// In force.
    Licensed,
    /// Never licensed, not yet, no longer, or in the starter period.
    Unlicensed,
    /// Ended.
    Expired,
}

words!(ServiceState {
    None = "none",
    Starter = "starter",
    Pending = "pending",
    Valid = "valid",
    Warning = "warning",
    Grace = "grace",
    Expired = "expired",
    Withdrawn = "withdrawn",
});

impl ServiceState {
    /// Whether a licence or the starter period allows everything that the service unlocks.
    #[must_use]
    pub fn in_force(self) -> bool {
        matches!(self, Self::Starter | Self::Valid | Self::Warning | Self::Grace)
    }

    /// UMS's word.
    #[must_use]
    pub fn status(self) -> ServiceStatus {
        match self {
            Self::Valid | Self::Warning | Self::Grace => ServiceStatus::Licensed,
            // UMS keeps looking for a licence while a device is in its starter period.
            Self::None | Self::Starter | Self::Pending | Self::Withdrawn => {
                ServiceStatus::Unlicensed
            }
            Self::Expired => ServiceStatus::Expired,
        }
    }
}

words!(ServiceStatus {
    Licensed = "LICENSED",
    Unlicensed = "UNLICENSED",
    Expired = "EXPIRED",
});

impl From<LicenseState> for ServiceState {
    fn from(state: LicenseState) -> Self {
        match state {
            LicenseState::Pending => Self::Pending,
            LicenseState::Valid => Self::Valid,
            LicenseState::Warning => Self::Warning,
            LicenseState::Grace => Self::Grace,
            LicenseState::Expired => Self::Expired,
            LicenseState::Superseded => Self::None,
            LicenseState::Withdrawn => Self::Withdrawn,
        }
    }
}

/// One service of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceVerdict {
    /// The service's name.
    pub service: String,
    /// Its state.
    pub state: ServiceState,
    /// The last day of the best licence.
    pub expires: Option<Expiry>,
    /// The last day of its grace, until which every right stays.
    pub last: Option<Expiry>,
    /// The term of the best licence.
    pub term: Option<Term>,
    /// Days from today to `expires`, negative once it has passed.
    pub days_left: Option<i32>,
    /// The pack of the best licence.
    pub pack: Option<PackId>,
}

impl Judgement<'_> {
    /// The Workspace Edition, the Enterprise Management Pack and every other service that a licence
    /// of this device names, by name.
    #[must_use]
    pub fn services(&self) -> Vec<ServiceVerdict> {
        let always = [services::WORKSPACE_EDITION, services::ENTERPRISE_MANAGEMENT];
        let named = self.own().flat_map(|(license, _)| license.services.iter().map(|s| s.as_str()));
        let mut names: Vec<&str> = always.into_iter().chain(named).collect();
        sort_by(&mut names, Ord::cmp);
        names.dedup();
        names.into_iter().map(|name| self.service(name)).collect()
    }

    /// One service, with the state and dates of its best licence.
    #[must_use]
    pub fn service(&self, name: &str) -> ServiceVerdict {
        let withdrawn = self
            .own()
            .any(|(license, state)| state == LicenseState::Withdrawn && unlocks(license, name));
        let licenses = self.counting(name).map(Candidate::from);
        // A withdrawn licence is worth showing; a starter period that is over is not.
        let starter = self.starter_for(name).map(Candidate::from);
        let starter = starter.filter(|starter| starter.in_force || !withdrawn);
        let best = licenses.chain(starter).max_by_key(Candidate::goodness);
        let state = match &best {
            Some(best) => best.state,
            None if withdrawn => ServiceState::Withdrawn,
            None => ServiceState::None,
        };
        let expires = best.as_ref().map(|best| best.expires);
        ServiceVerdict {
            service: name.into(),
            state,
            expires,
            last: best.as_ref().map(|best| best.last),
            term: best.as_ref().map(|best| best.term),
            days_left: expires.and_then(|expires| days_left(expires, self.case.now)),
            pack: best.and_then(|best| best.license).map(|license| license.pack.clone()),
        }
    }
}

/// A licence or starter period that may decide the state of a service.
struct Candidate<'a> {
    state: ServiceState,
    in_force: bool,
    term: Term,
    expires: Expiry,
    last: Expiry,
    /// `None`: the starter period.
    license: Option<&'a License>,
}

impl<'a> Candidate<'a> {
    /// In force first, then lasting terms before evaluations, then the later end; the rest makes
    /// the choice independent of the order of files.
    fn goodness(&self) -> impl Ord + use<'a> {
        let tie = self.license.map(|license| (license.serial, &license.pack));
        let perpetual = self.term == Term::Perpetual;
        (self.in_force, self.term != Term::Evaluation, self.expires, self.last, perpetual, tie)
    }
}

impl<'a> From<(&'a License, LicenseState)> for Candidate<'a> {
    fn from((license, state): (&'a License, LicenseState)) -> Self {
        Self {
            state: state.into(),
            in_force: state.in_force(),
            term: license.term,
            expires: license.expires,
            last: last_day(license),
            license: Some(license),
        }
    }
}

impl From<Begun> for Candidate<'_> {
    fn from(begun: Begun) -> Self {
        let (state, starter) = match begun {
            Begun::Counts(starter) => (ServiceState::Starter, starter),
            Begun::Over(starter) => (ServiceState::Expired, starter),
        };
        Self {
            state,
            in_force: state.in_force(),
            term: Term::Evaluation,
            expires: Expiry::On(starter.last),
            last: Expiry::On(starter.last),
            license: None,
        }
    }
}
