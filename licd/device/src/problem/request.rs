//! Problems with the request of an activation.

use licd_fs::about::About;
use license_format::UnitId;

/// Why the request of an activation has no licence yet.
#[derive(Debug, Clone)]
pub enum RequestProblem {
    /// It waits for its answer.
    Waiting,
    /// Its path names a directory, a link or the like.
    NotAFile,
    /// Its content is not a request.
    Damaged,
    /// It is the request of another unit.
    OtherDevice(UnitId),
}

impl About for RequestProblem {
    fn subject(&self) -> String {
        "/license/fetch-activation.json".to_owned()
    }

    fn message(&self) -> String {
        match self {
            Self::Waiting => {
                "this request for a licence has no answer yet; licd asks again by itself, \
                              and “licctl request -o FILE” writes it for another machine"
                    .to_owned()
            }
            Self::NotAFile => "is not a regular file; remove it, and activate again".to_owned(),
            Self::Damaged => "is damaged and is not sent; activate again, or remove it".to_owned(),
            Self::OtherDevice(unit) => {
                format!("is the request of another device ({unit}); activate again, or remove it")
            }
        }
    }
}
