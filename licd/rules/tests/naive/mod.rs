//! A second statement of the rules of docs/license-format.md and docs/ums-administrator.md, as plain
//! as it can be.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    reason = "each test crate uses a part of it; a feature without a row fails the test"
)]

/// Who has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A key that may sign everything.
    All,
    /// A key that may sign evaluations of the Workspace Edition only, as this paper is.
    Evaluations,
}

/// What a document says. Days count from today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    pub pack: &'static str,
    pub serial: u64,
    /// Whether it names this device.
    pub is_ours: bool,
    pub has_roster: bool,
    pub starts: i32,
    pub ends: i32,
    pub issued: i32,
    pub replaces: Option<&'static str>,
    pub key: Key,
}

impl Paper {
    fn has_started(&self) -> bool {
        self.starts <= 0
    }

    /// Serial, `supersedes` and roster count against a licence only if the signer may sign that one's
    /// product, too.
    fn counts_against(&self, other: &Paper) -> bool {
        self.key == Key::All || other.key == Key::Evaluations
    }

    /// Whether this one supersedes the other once it has started, on a device that it names.
    fn supersedes(&self, other: &Paper) -> bool {
        let reissues = self.pack == other.pack && self.serial > other.serial;
        let converts = self.replaces == Some(other.pack) && self.issued > other.issued;
        self.is_ours && self.has_started() && self.counts_against(other) && (reissues || converts)
    }

    /// Whether its roster, which leaves this device out, withdraws the other one.
    fn withdraws(&self, other: &Paper) -> bool {
        let is_lower = self.pack == other.pack && other.serial < self.serial;
        self.has_roster
            && !self.is_ours
            && self.has_started()
            && self.counts_against(other)
            && is_lower
    }
}

/// The state of a licence beside these documents; the trust document withdraws serials of `AA-1` up to
/// this one. `None` for a licence of another device.
pub fn standing(paper: &Paper, beside: &[&Paper], withdrawn: u64) -> Option<&'static str> {
    if !paper.is_ours {
        return None;
    }
    let by_trust = paper.pack == "AA-1" && paper.serial <= withdrawn;
    Some(if by_trust || beside.iter().any(|other| other.withdraws(paper)) {
        "withdrawn"
    } else if beside.iter().any(|other| other.supersedes(paper)) {
        "superseded"
    } else if !paper.has_started() {
        "pending"
    } else if paper.ends < 0 {
        "expired"
    } else {
        "valid"
    })
}

/// How a licence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Perpetual,
    Subscription,
    Evaluation,
}

/// A licence as features see it: its term, and where today stands in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub term: Term,
    pub time: Time,
}

/// Where today stands in the time of a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    Before,
    Within,
    /// Within the days of the warning.
    Ending,
    InGrace,
    After,
}

impl Grant {
    pub fn in_force(self) -> bool {
        matches!(self.time, Time::Within | Time::Ending | Time::InGrace)
    }

    /// Expired, and not as if it had never been.
    fn is_over(self) -> bool {
        self.time == Time::After && self.term != Term::Evaluation
    }

    /// As long as it is in force, and for good if it is perpetual.
    fn by_term(self) -> bool {
        self.in_force() || (self.time == Time::After && self.term == Term::Perpetual)
    }
}

/// What a device has: licences of each service.
#[derive(Debug, Clone, Copy)]
pub struct Owned<'a> {
    pub base: &'a [Grant],
    pub management: &'a [Grant],
    pub add_on: &'a [Grant],
    pub is_os12: bool,
}

impl Owned<'_> {
    /// Whether the table of features says yes; every add-on licence here unlocks every add-on.
    pub fn allows(&self, feature: &str) -> bool {
        let any =
            |grants: &[Grant], says: fn(Grant) -> bool| grants.iter().any(|grant| says(*grant));
        let active = |grants: &[Grant]| any(grants, Grant::in_force);
        let active_or_over = any(self.base, |grant| grant.in_force() || grant.is_over());
        let by_term = any(self.add_on, Grant::by_term);
        match feature {
            "ums" | "license-deploy" | "onboarding" | "power-control" | "shadow" | "imi" => true,
            "os" | "apps" => active_or_over,
            "codecs" => active_or_over || by_term,
            "app-install" | "auto-update" | "custom-partition" => active(self.base),
            "config-change" | "os-update" if self.is_os12 => active(self.base),
            // Some updates are still allowed after the end: those of older releases.
            "config-change" | "os-update" => active_or_over,
            "config-change-icg" | "shadow-icg" | "uma" => active(self.manager()),
            // Some add-ons unlock these alone, by their own term.
            "icg" | "shared-workplace" | "asset-inventory" => active(self.manager()) || by_term,
            "powerterm" | "90meter" | "pcoip" => by_term,
            other => panic!("{other}: is not in the table"),
        }
    }

    /// What unlocks the management of a device.
    fn manager(&self) -> &[Grant] {
        if self.is_os12 { self.base } else { self.management }
    }

    /// Whether an update to a release of this day may be installed; `is_before_end` tells whether the
    /// release is dated before the end of each base licence.
    pub fn allows_update(&self, is_newer: bool, is_before_end: impl Fn(Grant) -> bool) -> bool {
        self.base.iter().any(|grant| {
            let dated = grant.is_over() && is_before_end(*grant) && !self.is_os12 && !is_newer;
            grant.in_force() || dated
        })
    }
}
