//! What is wrong with trust documents.

use std::fmt;
use std::sync::Arc;

use licd_fs::about::About;
use licd_fs::textfile::ReadError;

use crate::Failure;

/// Where the newest trust document seen is kept, as it is spoken of.
const REMEMBERED: &str = "/var/lib/licd/trust.note";

/// Something wrong with a trust document.
#[derive(Debug, Clone)]
pub enum TrustProblem {
    /// The one that is remembered cannot be read.
    Unreadable(Arc<ReadError>),
    /// The one that is remembered does not verify.
    Damaged,
    /// There is something other than a file in its place in the store.
    NotAFile,
    /// There is a licence in its place.
    License(TrustPlace),
    /// It does not verify.
    Refused(TrustPlace, Failure),
    /// Two of this version differ.
    Contradiction {
        /// The version.
        version: u64,
    },
    /// There is none.
    Missing,
}

/// Where a trust document is looked for.
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
            Self::Damaged => "is damaged, or not signed by enough root keys of this image; the \
                              trust documents of the image and of /license count, and the newest \
                              of them takes its place"
                .to_owned(),
            Self::NotAFile => "is no regular file; remove it".to_owned(),
            Self::License(_) => "is a licence".to_owned(),
            Self::Refused(_, failure) => failure.message.clone(),
            Self::Contradiction { version } => format!(
                "two of version {version} say different things, and the first one counts; ask the \
                 vendor for a newer one"
            ),
            Self::Missing => "there is none, so no licence can be believed; import the vendor's \
                              newest one"
                .to_owned(),
        }
    }
}
