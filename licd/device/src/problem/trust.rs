//! Problems with trust documents.

use std::fmt;
use std::sync::Arc;

use licd_fs::about::About;
use licd_fs::textfile::ReadError;

use crate::Failure;

/// The file that remembers the newest trust document.
const REMEMBERED: &str = "/var/lib/licd/trust.note";

/// A problem with a trust document.
#[derive(Debug, Clone)]
pub enum TrustProblem {
    /// The remembered one is unreadable.
    Unreadable(Arc<ReadError>),
    /// The remembered one does not verify.
    Damaged,
    /// The store has something other than a regular file in its place.
    NotAFile,
    /// A licence is in its place.
    License(TrustPlace),
    /// It does not verify.
    Refused(TrustPlace, Failure),
    /// Two documents of this version differ.
    Contradiction {
        /// The version.
        version: u64,
    },
    /// The device has none.
    Missing,
}

/// A place of trust documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustPlace {
    /// The image.
    Image,
    /// The store.
    Store,
}

impl fmt::Display for TrustPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "trust.note of the image",
            Self::Store => "trust.note of the store",
        })
    }
}

impl About for TrustProblem {
    fn subject(&self) -> String {
        match self {
            Self::Unreadable(_) | Self::Damaged => REMEMBERED.to_owned(),
            Self::NotAFile => TrustPlace::Store.to_string(),
            Self::License(place) | Self::Refused(place, _) => place.to_string(),
            Self::Contradiction { .. } => "trust documents".to_owned(),
            Self::Missing => "trust document".to_owned(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unreadable(flaw) => flaw.to_string(),
            Self::Damaged => "is damaged or not signed by enough root keys of this image; the \
                              newer trust document of the image and /license replaces it"
                .to_owned(),
            Self::NotAFile => "is not a regular file; remove it".to_owned(),
            Self::License(_) => "is a licence; replace it with the trust document".to_owned(),
            Self::Refused(_, failure) => failure.message.clone(),
            Self::Contradiction { version } => format!(
                "two of version {version} differ, and the first one counts; ask the \
                 vendor for a newer one"
            ),
            Self::Missing => {
                "is missing, so licd cannot verify licences; import the vendor's newest one"
                    .to_owned()
            }
        }
    }
}
