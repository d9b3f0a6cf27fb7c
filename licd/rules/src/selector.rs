//! Which licences a removal takes.

use core::fmt;

use license_format::{PackId, Term, Terms};

use license_format::services;

/// Which licences a removal takes: by what they are, never by the names of their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Every licence of this device.
    All,
    /// Every evaluation.
    Evaluation,
    /// Every licence that unlocks this service, whatever else it unlocks: afterwards the device has
    /// none for it.
    Service(&'static str),
    /// Every issue of one pack.
    Pack(PackId),
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

    /// Reads a selector; `None` if it is none.
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

    /// Whether a licence with these terms is taken.
    #[must_use]
    pub fn takes(&self, terms: &Terms) -> bool {
        match self {
            Self::All => true,
            Self::Evaluation => terms.term == Term::Evaluation,
            Self::Service(name) => terms.services.iter().any(|service| service.as_str() == *name),
            Self::Pack(pack) => terms.pack == *pack,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Evaluation => f.write_str("evaluation"),
            Self::Pack(pack) => write!(f, "pack:{pack}"),
            Self::Service(name) => {
                let word = SERVICES.iter().find(|(_, service)| service == name);
                f.write_str(word.map_or(*name, |(word, _)| *word))
            }
        }
    }
}
