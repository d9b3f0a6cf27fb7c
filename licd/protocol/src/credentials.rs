//! The user and the password for a server.

use std::fmt;

use percent_encoding::percent_decode_str;

/// A user and a password. Debug output leaves out the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Credentials {
    /// The percent-decoded userinfo of an address; `None` if the address has none.
    pub(crate) fn of(url: &::url::Url) -> Option<Self> {
        let (user, password) = (url.username(), url.password());
        (!user.is_empty() || password.is_some())
            .then(|| Self { user: decoded(user), password: decoded(password.unwrap_or_default()) })
    }
}

/// Replaces bytes that are not UTF-8, which no server accepts in a password.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.user)
    }
}
