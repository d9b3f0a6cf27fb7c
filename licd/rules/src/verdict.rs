//! The verdicts: one set for JSON, D-Bus errors, the journal and exit codes.

use license_format::DocumentError;

use crate::LicenseState;

/// The verdict on a file or a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Code {
    /// In force on this device now.
    Valid,
    /// Genuine, for this device, not started.
    Pending,
    /// Not a document of the format.
    Malformed,
    /// Needs a newer licd.
    Unsupported,
    /// Larger than any licence.
    TooLarge,
    /// Altered, or a forgery.
    BadSignature,
    /// Signed only by keys unknown to this device.
    UnknownKey,
    /// Signed by a key that may not sign this product.
    UntrustedProduct,
    /// Genuine, for another unit.
    WrongDevice,
    /// Genuine, for this device, ended.
    Expired,
    /// Genuine, for this device, replaced by a later one.
    Superseded,
    /// Genuine, for this device, withdrawn by the vendor.
    Withdrawn,
    /// Genuine, for this device, removed on purpose.
    Removed,
    /// The source does not answer or does not exist.
    SourceUnreachable,
    /// The source refuses the file.
    SourceRefused,
    /// The source sends more than any licence can be.
    SourceTooLarge,
    /// The store cannot be written.
    StoreUnwritable,
    /// The store has no room.
    StoreFull,
    /// The caller lacks permission.
    NotAuthorized,
    /// Another process holds the store.
    Busy,
    /// The daemon does not answer.
    Timeout,
}

words!(Code {
    Valid = "valid",
    Pending = "pending",
    Malformed = "malformed",
    Unsupported = "unsupported",
    TooLarge = "too-large",
    BadSignature = "bad-signature",
    UnknownKey = "unknown-key",
    UntrustedProduct = "untrusted-product",
    WrongDevice = "wrong-device",
    Expired = "expired",
    Superseded = "superseded",
    Withdrawn = "withdrawn",
    Removed = "removed",
    SourceUnreachable = "source-unreachable",
    SourceRefused = "source-refused",
    SourceTooLarge = "source-too-large",
    StoreUnwritable = "store-unwritable",
    StoreFull = "store-full",
    NotAuthorized = "not-authorized",
    Busy = "busy",
    Timeout = "timeout",
});

impl Code {
    /// The verdict on a source of several files: that of an accepted file if there is one and every
    /// other refusal is `wrong-device`; else the gravest. `None` without files.
    pub fn of_all(codes: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        let refused = |code: &Self| !code.is_accepted() && *code != Self::WrongDevice;
        match codes.clone().find(|code| code.is_accepted()) {
            Some(accepted) if !codes.clone().any(|code| refused(&code)) => Some(accepted),
            _ => codes.max_by_key(|code| code.exit_code()),
        }
    }

    /// The last part of the D-Bus error name.
    #[must_use]
    pub fn error_name(self) -> &'static str {
        match self {
            Self::Valid => "Valid",
            Self::Pending => "Pending",
            Self::Malformed => "Malformed",
            Self::Unsupported => "Unsupported",
            Self::TooLarge => "TooLarge",
            Self::BadSignature => "BadSignature",
            Self::UnknownKey => "UnknownKey",
            Self::UntrustedProduct => "UntrustedProduct",
            Self::WrongDevice => "WrongDevice",
            Self::Expired => "Expired",
            Self::Superseded => "Superseded",
            Self::Withdrawn => "Withdrawn",
            Self::Removed => "Removed",
            Self::SourceUnreachable => "SourceUnreachable",
            Self::SourceRefused => "SourceRefused",
            Self::SourceTooLarge => "SourceTooLarge",
            Self::StoreUnwritable => "StoreUnwritable",
            Self::StoreFull => "StoreFull",
            Self::NotAuthorized => "NotAuthorized",
            Self::Busy => "Busy",
            Self::Timeout => "Timeout",
        }
    }

    /// licctl's exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Valid | Self::Pending => 0,
            Self::Malformed
            | Self::Unsupported
            | Self::TooLarge
            | Self::BadSignature
            | Self::UnknownKey
            | Self::UntrustedProduct => 3,
            Self::WrongDevice => 4,
            Self::Expired | Self::Superseded | Self::Withdrawn | Self::Removed => 5,
            Self::SourceUnreachable | Self::SourceRefused | Self::SourceTooLarge => 6,
            Self::StoreUnwritable | Self::StoreFull => 7,
            Self::NotAuthorized => 8,
            Self::Busy | Self::Timeout => 9,
        }
    }

    /// Parses the last part of a D-Bus error name.
    #[must_use]
    pub fn from_error_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.error_name() == name)
    }

    /// Whether such an import succeeded.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self.exit_code() == 0
    }
}

impl From<&DocumentError> for Code {
    fn from(error: &DocumentError) -> Self {
        match error {
            DocumentError::Malformed { .. } => Self::Malformed,
            DocumentError::Unsupported { .. } => Self::Unsupported,
            DocumentError::BadSignature { .. } => Self::BadSignature,
            DocumentError::UnknownKey { .. } | DocumentError::TooFewRoots { .. } => {
                Self::UnknownKey
            }
            DocumentError::UntrustedProduct { .. } | DocumentError::ProductMismatch { .. } => {
                Self::UntrustedProduct
            }
        }
    }
}

impl From<LicenseState> for Code {
    fn from(state: LicenseState) -> Self {
        match state {
            LicenseState::Pending => Self::Pending,
            LicenseState::Valid | LicenseState::Warning | LicenseState::Grace => Self::Valid,
            LicenseState::Expired => Self::Expired,
            LicenseState::Superseded => Self::Superseded,
            LicenseState::Withdrawn => Self::Withdrawn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_licence_that_counts_or_will_count_is_accepted() {
        for code in Code::ALL.iter().copied() {
            assert_eq!(code.is_accepted(), matches!(code, Code::Valid | Code::Pending));
        }
    }

    #[test]
    fn several_files_have_the_verdict_of_an_accepted_one_or_the_gravest() {
        use Code::{Expired, Malformed, Pending, Valid, WrongDevice};
        let of = |codes: &[Code]| Code::of_all(codes.iter().copied());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Valid, Valid]), Some(Valid));
        assert_eq!(of(&[WrongDevice, Pending]), Some(Pending));
        assert_eq!(of(&[WrongDevice, WrongDevice]), Some(WrongDevice));
        assert_eq!(of(&[Valid, Malformed]), Some(Malformed));
        assert_eq!(of(&[Malformed, WrongDevice, Valid]), Some(WrongDevice));
        assert_eq!(of(&[Expired, Malformed]), Some(Expired));
    }

    #[test]
    fn every_code_has_an_error_name_that_reads_back() {
        for code in Code::ALL.iter().copied() {
            let (word, name) = (code.as_str(), code.error_name());
            assert_eq!(Code::parse(word), Some(code));
            assert_eq!(Code::from_error_name(name), Some(code));
            assert_eq!(word.replace('-', ""), name.to_ascii_lowercase());
        }
        assert_eq!(Code::parse("anything"), None);
        assert_eq!(Code::from_error_name("Anything"), None);
    }
}
