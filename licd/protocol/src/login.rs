//! Who asks.

use std::fmt;

use percent_encoding::percent_decode_str;

/// A user and a password, as they are said to a server. Shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Login {
    /// The user information of an address, percent-decoded; `None` if it holds none.
    pub(crate) fn of(url: &::url::Url) -> Option<Self> {
        let (user, password) = (url.username(), url.password());
        (!user.is_empty() || password.is_some())
            .then(|| Self { user: decoded(user), password: decoded(password.unwrap_or_default()) })
    }
}

/// Bytes that are not UTF-8 have no place in a password either.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.user)
    }
}
