//! The verdicts: one set for JSON, D-Bus errors, the journal and exit codes.

use core::fmt;

use license_format::DocumentError;

use crate::LicenseState;

/// What became of a file or a request.
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
    /// Signed by nobody this device knows.
    UnknownKey,
    /// Signed by a key that may not sign this product.
    UntrustedProduct,
    /// Genuine, for another unit.
    WrongDevice,
    /// Genuine, for this device, ended.
    Expired,
    /// Genuine, for this device, replaced by a later one.
    Superseded,
    /// Genuine, for this device, taken back by the vendor.
    Withdrawn,
    /// Genuine, for this device, removed on purpose.
    Removed,
    /// The source does not answer or does not exist.
    SourceUnreachable,
    /// The source does not give the file.
    SourceRefused,
    /// The source gives more than any licence can be.
    SourceTooLarge,
    /// The store cannot be written.
    StoreUnwritable,
    /// The store has no room.
    StoreFull,
    /// The caller may not do this.
    NotAuthorized,
    /// Somebody else holds the store.
    Busy,
    /// The daemon does not answer.
    Timeout,
}

impl Code {
    /// The verdict on a source of several files: an accepted one's if any was accepted and nothing
    /// was refused but for being another device's; else the gravest. `None` without files.
    pub fn of_all(codes: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        let refused = |code: &Self| !code.is_accepted() && *code != Self::WrongDevice;
        match codes.clone().find(|code| code.is_accepted()) {
            Some(accepted) if !codes.clone().any(|code| refused(&code)) => Some(accepted),
            _ => codes.max_by_key(|code| code.exit_code()),
        }
    }

    const ALL: [(Self, &'static str, &'static str, u8); 21] = [
        (Self::Valid, "valid", "Valid", 0),
        (Self::Pending, "pending", "Pending", 0),
        (Self::Malformed, "malformed", "Malformed", 3),
        (Self::Unsupported, "unsupported", "Unsupported", 3),
        (Self::TooLarge, "too-large", "TooLarge", 3),
        (Self::BadSignature, "bad-signature", "BadSignature", 3),
        (Self::UnknownKey, "unknown-key", "UnknownKey", 3),
        (Self::UntrustedProduct, "untrusted-product", "UntrustedProduct", 3),
        (Self::WrongDevice, "wrong-device", "WrongDevice", 4),
        (Self::Expired, "expired", "Expired", 5),
        (Self::Superseded, "superseded", "Superseded", 5),
        (Self::Withdrawn, "withdrawn", "Withdrawn", 5),
        (Self::Removed, "removed", "Removed", 5),
        (Self::SourceUnreachable, "source-unreachable", "SourceUnreachable", 6),
        (Self::SourceRefused, "source-refused", "SourceRefused", 6),
        (Self::SourceTooLarge, "source-too-large", "SourceTooLarge", 6),
        (Self::StoreUnwritable, "store-unwritable", "StoreUnwritable", 7),
        (Self::StoreFull, "store-full", "StoreFull", 7),
        (Self::NotAuthorized, "not-authorized", "NotAuthorized", 8),
        (Self::Busy, "busy", "Busy", 9),
        (Self::Timeout, "timeout", "Timeout", 9),
    ];

    fn row(self) -> (&'static str, &'static str, u8) {
        let row = Self::ALL.iter().find(|row| row.0 == self);
        row.map_or(("", "", 1), |row| (row.1, row.2, row.3))
    }

    /// The word in JSON and the journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The last part of the D-Bus error name.
    #[must_use]
    pub fn error_name(self) -> &'static str {
        self.row().1
    }

    /// licctl's exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self.row().2
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == word).map(|row| row.0)
    }

    /// Reads the last part of a D-Bus error name.
    #[must_use]
    pub fn from_error_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.2 == name).map(|row| row.0)
    }

    /// Whether an import of such a file was a success.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self.exit_code() == 0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    fn every_code_has_one_row_and_reads_back() {
        for (code, word, name, exit) in Code::ALL {
            assert_eq!((code.as_str(), code.error_name(), code.exit_code()), (word, name, exit));
            assert_eq!(Code::parse(word), Some(code));
            assert_eq!(Code::from_error_name(name), Some(code));
            assert_eq!(word.replace('-', ""), name.to_ascii_lowercase());
        }
        assert_eq!(Code::parse("anything"), None);
    }
}
