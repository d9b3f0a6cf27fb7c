//! Selecting the licences to remove.
//!
//! A licence belongs to one class, and a class selector takes only that class: “all Enterprise
//! Management Packs” must not remove the base in the same file.

use core::fmt;

use license_format::{PackId, Term};

use license_format::services;

use crate::Terms;
use crate::judge::unlocks;

/// The licences to remove, selected by content, never by file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Every licence of this device.
    All,
    /// Every licence of the class of evaluations.
    Evaluation,
    /// Every licence of the class of this service.
    Service(&'static str),
    /// Every issue of one pack.
    Pack(PackId),
}

/// The class of a licence for removals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class<'a> {
    /// An evaluation, whatever it unlocks.
    Evaluation,
    /// The Workspace Edition if it unlocks that, else the Enterprise Management Pack, else its
    /// first service.
    Service(&'a str),
}

impl<'a> Class<'a> {
    /// The class of a licence with these terms: the first that applies.
    #[must_use]
    pub fn of(terms: &'a Terms) -> Self {
        if terms.term == Term::Evaluation {
            return Self::Evaluation;
        }
        let sets = [services::WORKSPACE_EDITION, services::ENTERPRISE_MANAGEMENT];
        let set = sets.into_iter().find(|set| unlocks(terms, set));
        let first = || terms.services.first().map_or("", |service| service.as_str());
        Self::Service(set.unwrap_or_else(first))
    }
}

/// The words for services.
const SERVICES: [(&str, &str); 5] = [
    ("workspace-edition", services::WORKSPACE_EDITION),
    ("enterprise-management-pack", services::ENTERPRISE_MANAGEMENT),
    ("powerterm", services::POWERTERM),
    ("90meter", services::NINETY_METER),
    ("teradici", services::TERADICI),
];

impl Selector {
    /// The words that [`Selector::parse`] takes, for messages.
    pub const FORMS: &str = "all, evaluation, workspace-edition, enterprise-management-pack, \
                             powerterm, 90meter, teradici or pack:ID";

    /// The words among them.
    pub fn words() -> impl Iterator<Item = &'static str> {
        ["all", "evaluation"].into_iter().chain(SERVICES.map(|(word, _)| word))
    }

    /// Parses a selector.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            "evaluation" => Some(Self::Evaluation),
            _ => match text.strip_prefix("pack:") {
                Some(pack) => PackId::parse(pack).map(Self::Pack),
                None => {
                    let known = SERVICES.iter().find(|(word, _)| *word == text);
                    known.map(|(_, service)| Self::Service(service))
                }
            },
        }
    }

    /// Whether it selects a licence with these terms.
    #[must_use]
    pub fn takes(&self, terms: &Terms) -> bool {
        match self {
            Self::All => true,
            Self::Evaluation => Class::of(terms) == Class::Evaluation,
            Self::Service(name) => Class::of(terms) == Class::Service(name),
            Self::Pack(pack) => terms.pack == *pack,
        }
    }

    /// Whether a licence of another class also unlocks the selected service, so the device keeps
    /// the service and a message must say so.
    #[must_use]
    pub fn leaves(&self, terms: &Terms) -> bool {
        match self {
            Self::Service(name) => unlocks(terms, name) && !self.takes(terms),
            Self::All | Self::Evaluation | Self::Pack(_) => false,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Evaluation => f.write_str("evaluation"),
            Self::Pack(pack) => write!(f, "pack:{pack}"),
            Self::Service(name) => f.write_str(word(name)),
        }
    }
}

/// The word of its selector, or else the name of the service.
impl fmt::Display for Class<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Evaluation => "evaluation",
            Self::Service(name) => word(name),
        })
    }
}

fn word(name: &str) -> &str {
    let known = SERVICES.iter().find(|(_, service)| *service == name);
    known.map_or(name, |(word, _)| *word)
}
