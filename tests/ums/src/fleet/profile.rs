//! Removal profiles.

/// What a device removes at every start: one of the seven profiles of the manual, or nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RemovalProfile {
    /// No profile is assigned.
    #[default]
    None,
    /// All local licences.
    All,
    /// All evaluation licences.
    Evaluation,
    /// All licences of the Enterprise Management Pack.
    EnterpriseManagementPack,
    /// All licences of the Workspace Edition.
    WorkspaceEdition,
    /// All licences of PowerTerm.
    PowerTerm,
    /// All licences of 90meter.
    NinetyMeter,
    /// All licences of Teradici.
    Teradici,
}

impl RemovalProfile {
    /// Every value, in the order of the manual.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::All,
        Self::Evaluation,
        Self::EnterpriseManagementPack,
        Self::WorkspaceEdition,
        Self::PowerTerm,
        Self::NinetyMeter,
        Self::Teradici,
    ];

    /// The value of the device's setting `licensing.remove`.
    #[must_use]
    pub fn selector(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::All => "all",
            Self::Evaluation => "evaluation",
            Self::EnterpriseManagementPack => "enterprise-management-pack",
            Self::WorkspaceEdition => "workspace-edition",
            Self::PowerTerm => "powerterm",
            Self::NinetyMeter => "90meter",
            Self::Teradici => "teradici",
        }
    }

    /// The name of the profile in the manual.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "no removal profile",
            Self::All => "Remove all local licenses",
            Self::Evaluation => "Remove all evaluation licenses",
            Self::EnterpriseManagementPack => "Remove all Enterprise Management Pack licenses",
            Self::WorkspaceEdition => "Remove all Workspace Edition licenses",
            Self::PowerTerm => "Remove all PowerTerm licenses",
            Self::NinetyMeter => "Remove all 90meter licenses",
            Self::Teradici => "Remove all Teradici licenses",
        }
    }

    /// Reads a selector.
    #[must_use]
    pub fn parse(selector: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.selector() == selector)
    }
}
