//! Features: the rights from licences on each generation of the operating system.

use license_format::{Date, Expiry, Term};

use crate::judge::{Begun, unlocks};
use crate::state::last_day;
use crate::{Generation, Judgement, License, LicenseState, Version};
use license_format::services::{
    AIT, ENTERPRISE_MANAGEMENT as EMP, ICG, MMCP, NINETY_METER, POWERTERM, SWP, TERADICI,
    WORKSPACE_EDITION as WE,
};

/// The fate of a feature after its licence expires. An expired evaluation allows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// It stays.
    Stays,
    /// It ends.
    Ends,
    /// It stays for releases dated before the last day.
    OlderReleases,
    /// It stays if the licence is perpetual (add-ons).
    ByTerm,
}
use After::{ByTerm, Ends, OlderReleases, Stays};

/// A service that allows a feature.
type Grant = (&'static str, After);

/// A right that programs ask about.
#[derive(Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name, `[a-z0-9-]`; also the name of its file for boot scripts.
    pub name: &'static str,
    os11: &'static [Grant],
    os12: &'static [Grant],
    /// The first version of the system with this feature; `None`: every version.
    since: Option<Version>,
}

/// Allowed on every device, licensed or not.
const fn always(name: &'static str) -> Feature {
    both(name, &[])
}

/// The same grants on both generations.
const fn both(name: &'static str, grants: &'static [Grant]) -> Feature {
    on(name, grants, grants)
}

/// Different grants on each generation.
const fn on(name: &'static str, os11: &'static [Grant], os12: &'static [Grant]) -> Feature {
    Feature { name, os11, os12, since: None }
}

/// An add-on that needs a version of the system.
const fn add_on(name: &'static str, grants: &'static [Grant], since: Version) -> Feature {
    Feature { since: Some(since), ..both(name, grants) }
}

/// The version that brought 90meter and Teradici PCoIP.
const OS_11_01_110: Version = Version::new(11, 1, 110);
/// The version that brought Ericom PowerTerm as an add-on.
const OS_11_02_100: Version = Version::new(11, 2, 100);

/// Part of the Enterprise Management Pack on OS 11 and of the base on OS 12; `service` allows this
/// feature alone.
macro_rules! management {
    ($name:literal $(, $service:ident)?) => {
        on(
            $name,
            &[(EMP, Ends) $(, ($service, ByTerm))?],
            &[(WE, Ends) $(, ($service, ByTerm))?],
        )
    };
}

impl Feature {
    /// Installing an update of the operating system.
    pub const OS_UPDATE: Self = on("os-update", &[(WE, OlderReleases)], &[(WE, Ends)]);

    /// Every feature, by name.
    pub const ALL: [Self; 23] = [
        add_on("90meter", &[(NINETY_METER, ByTerm)], OS_11_01_110),
        both("app-install", &[(WE, Ends)]),
        both("apps", &[(WE, Stays)]),
        management!("asset-inventory", AIT),
        both("auto-update", &[(WE, Ends)]),
        both("codecs", &[(WE, Stays), (MMCP, ByTerm)]),
        on("config-change", &[(WE, Stays)], &[(WE, Ends)]),
        management!("config-change-icg"),
        both("custom-partition", &[(WE, Ends)]),
        management!("icg", ICG),
        always("imi"),
        always("license-deploy"),
        always("onboarding"),
        both("os", &[(WE, Stays)]),
        Self::OS_UPDATE,
        add_on("pcoip", &[(TERADICI, ByTerm)], OS_11_01_110),
        always("power-control"),
        add_on("powerterm", &[(POWERTERM, ByTerm)], OS_11_02_100),
        always("shadow"),
        management!("shadow-icg"),
        management!("shared-workplace", SWP),
        management!("uma"),
        always("ums"),
    ];

    /// The feature of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|feature| feature.name == name)
    }

    /// The services that allow it; empty if it needs no licence.
    pub fn services(&self, generation: Generation) -> impl Iterator<Item = &'static str> {
        self.grants(generation).iter().map(|(name, _)| *name)
    }

    /// Whether a service allows it.
    #[must_use]
    pub fn is_granted_by(&self, service: &str, generation: Generation) -> bool {
        self.services(generation).any(|name| name == service)
    }

    fn grants(&self, generation: Generation) -> &'static [Grant] {
        match generation {
            Generation::Older(_) | Generation::Os11 => self.os11,
            Generation::Os12 => self.os12,
        }
    }
}

/// Why a feature is or is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It needs no licence.
    Always,
    /// A licence in force allows it.
    Licensed,
    /// A licence in its grace allows it.
    Grace,
    /// The starter period allows it.
    Starter,
    /// The licence has expired; this function stays.
    KeptAfterExpiry,
    /// The licence has expired; releases dated before its last day may still be installed.
    OlderReleases,
    /// The licence has expired.
    Expired,
    /// The licence has not started.
    Pending,
    /// The licence was taken back.
    Withdrawn,
    /// There is no licence for it.
    Unlicensed,
    /// The release is dated on or after the last day of the licence.
    NewerRelease,
    /// This version of the system does not have it, whatever the licences.
    NotForThisVersion,
}

words!(Reason {
    Always = "always",
    Licensed = "licensed",
    Grace = "grace",
    Starter = "starter",
    KeptAfterExpiry = "kept-after-expiry",
    OlderReleases = "older-releases-only",
    Expired = "expired",
    Pending = "pending",
    Withdrawn = "withdrawn",
    Unlicensed = "unlicensed",
    NewerRelease = "release-after-expiry",
    NotForThisVersion = "not-for-this-version",
});

impl Reason {
    /// Whether this is a reason to allow.
    #[must_use]
    pub fn allows(self) -> bool {
        match self {
            Self::Always
            | Self::Licensed
            | Self::Grace
            | Self::Starter
            | Self::KeptAfterExpiry
            | Self::OlderReleases => true,
            Self::Expired
            | Self::Pending
            | Self::Withdrawn
            | Self::Unlicensed
            | Self::NewerRelease
            | Self::NotForThisVersion => false,
        }
    }

    /// Precedence among answers: allowing ones first, from best to worst.
    fn rank(self) -> u8 {
        match self {
            Self::Always => 10,
            Self::Licensed => 9,
            Self::Grace => 8,
            Self::Starter => 7,
            Self::KeptAfterExpiry => 6,
            Self::OlderReleases => 5,
            Self::NewerRelease => 4,
            Self::Pending => 3,
            Self::Expired => 2,
            Self::Withdrawn => 1,
            Self::Unlicensed | Self::NotForThisVersion => 0,
        }
    }
}

/// The verdict on one feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct FeatureVerdict {
    /// The reason; [`Reason::allows`] is the yes or no.
    pub reason: Reason,
    /// The last day of the licence that allows it, or did; `None` if it has no end.
    pub until: Option<Expiry>,
}

impl Judgement<'_> {
    /// Whether any licence of any granting service allows a feature.
    pub fn feature(&self, feature: &Feature) -> FeatureVerdict {
        let lacks = |since| self.case.version.is_some_and(|version| version < since);
        if feature.since.is_some_and(lacks) {
            return FeatureVerdict { reason: Reason::NotForThisVersion, until: None };
        }
        self.answer(feature.grants(self.case.generation), None)
    }

    /// Whether a release of this date, and of version `to` if known, may be installed. A newer
    /// generation counts as an update on OS 12: the licence must be in force, whatever the date.
    pub fn update(&self, released: Date, to: Option<Version>) -> FeatureVerdict {
        let generation = match to {
            Some(to) if to.is_beyond(self.case.generation) => Generation::Os12,
            _ => self.case.generation,
        };
        self.answer(Feature::OS_UPDATE.grants(generation), Some(released))
    }

    fn answer(&self, grants: &[Grant], released: Option<Date>) -> FeatureVerdict {
        if grants.is_empty() {
            return FeatureVerdict { reason: Reason::Always, until: None };
        }
        let answers = grants.iter().flat_map(|(service, after)| {
            let own = self.own().filter(|(license, _)| unlocks(license, service));
            let starter = self.starter_for(service).map(answer_of_starter);
            own.map(|(license, state)| answer_of(license, state, *after, released)).chain(starter)
        });
        let best = answers.max_by_key(|answer| (answer.reason.rank(), answer.until));
        best.unwrap_or(FeatureVerdict { reason: Reason::Unlicensed, until: None })
    }
}

/// The verdict of the starter period, as an evaluation.
fn answer_of_starter(begun: Begun) -> FeatureVerdict {
    let (reason, starter) = match begun {
        Begun::Counts(starter) => (Reason::Starter, starter),
        Begun::Over(starter) => (Reason::Expired, starter),
    };
    FeatureVerdict { reason, until: Some(Expiry::On(starter.last)) }
}

/// The verdict of one licence on one feature.
fn answer_of(
    license: &License,
    state: LicenseState,
    after: After,
    released: Option<Date>,
) -> FeatureVerdict {
    let until = Some(license.expires);
    let (reason, until) = match state {
        LicenseState::Pending => (Reason::Pending, None),
        LicenseState::Valid | LicenseState::Warning => (Reason::Licensed, until),
        LicenseState::Grace => (Reason::Grace, Some(last_day(license))),
        LicenseState::Superseded => (Reason::Unlicensed, None),
        LicenseState::Withdrawn => (Reason::Withdrawn, None),
        LicenseState::Expired => match (after, license.term, released) {
            (_, Term::Evaluation, _) | (Ends, ..) | (ByTerm, Term::Subscription, _) => {
                (Reason::Expired, until)
            }
            (Stays, ..) | (ByTerm, Term::Perpetual, _) => (Reason::KeptAfterExpiry, None),
            (OlderReleases, _, Some(released)) if Expiry::On(released) >= license.expires => {
                (Reason::NewerRelease, until)
            }
            (OlderReleases, ..) => (Reason::OlderReleases, until),
        },
    };
    FeatureVerdict { reason, until }
}
