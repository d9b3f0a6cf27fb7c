//! The address of a file.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Deserialize as _, Deserializer, Serializer, de};
use url::ParseError;

use crate::credentials::Credentials;
use crate::escape::{Printable, percent_encoded};
use crate::scheme::Scheme;

/// The address of a file on a server, as the URL Standard (url.spec.whatwg.org) and so browsers read
/// it. `Display` and `Debug` leave out the password, and the fragment is dropped, which no client
/// sends.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    scheme: Scheme,
    /// The address with `ftp` for `ftps`: the standard does not know the latter and would not parse
    /// its hosts.
    inner: url::Url,
}

/// Why the worker cannot fetch an address. The text of each follows the address in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlError {
    /// The address is longer than this many bytes.
    TooLong(usize),
    /// The address begins with none of the four schemes.
    Scheme,
    /// The address names no host.
    NoHost,
    /// The host is not a valid one.
    Host,
    /// The port is not a valid one.
    Port,
    /// The user or the password holds this character unencoded, which ends them early.
    UserInfo(char),
}

/// The characters that end user, host and port.
const DELIMITERS: [char; 4] = ['/', '?', '#', '\\'];

impl Url {
    /// Bytes of an address in configuration, settings and command line: the length that browsers and
    /// proxies support at least.
    pub const BYTES: usize = 2048;
    /// Bytes of an address that a server redirects to, which may carry a token: the longest request
    /// line that nginx accepts.
    const REDIRECT_BYTES: usize = 8192;

    /// Reads an address. Parsing percent-encodes blanks and umlauts and removes dot segments.
    ///
    /// ```
    /// let url = licd_protocol::Url::parse("https://Büro.example/a/../Lizenz für uns.lic").unwrap();
    /// assert_eq!(url.to_string(), "https://xn--bro-hoa.example/Lizenz%20f%C3%BCr%20uns.lic");
    /// ```
    ///
    /// # Errors
    /// [`UrlError`]
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > Self::BYTES {
            return Err(UrlError::TooLong(Self::BYTES));
        }
        Self::parse_unlimited(text)
    }

    /// As [`parse`](Self::parse), without a limit on the length.
    fn parse_unlimited(text: &str) -> Result<Self, UrlError> {
        let (word, rest) = text.trim().split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = Scheme::parse(word).ok_or(UrlError::Scheme)?;
        let end = rest.find(DELIMITERS).unwrap_or(rest.len());
        let (authority, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        // An `@` after the authority points to a password that holds such a character.
        let misread = after.chars().next().filter(|_| after.contains('@'));
        if let Some(c @ ('#' | '?' | '\\')) = misread.filter(|_| !authority.contains('@')) {
            return Err(UrlError::UserInfo(c));
        }
        // The standard would look for a host after any number of slashes.
        if authority.is_empty() {
            return Err(UrlError::NoHost);
        }
        let parsed_as = if scheme == Scheme::Ftps { Scheme::Ftp } else { scheme };
        let inner = url::Url::parse(&format!("{}://{rest}", parsed_as.as_str()));
        let inner = inner.map_err(|error| match misread {
            Some(c) => UrlError::UserInfo(c),
            None => error.into(),
        })?;
        Self::of(scheme, inner)
    }

    fn of(scheme: Scheme, mut inner: url::Url) -> Result<Self, UrlError> {
        if inner.host_str().is_none_or(str::is_empty) {
            return Err(UrlError::NoHost);
        }
        if inner.port() == Some(0) {
            return Err(UrlError::Port);
        }
        inner.set_fragment(None);
        Ok(Self { scheme, inner })
    }

    /// The address that a redirect to `reference` from this one leads to (RFC 3986 §5).
    ///
    /// # Errors
    /// [`UrlError`]
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        if reference.len() > Self::REDIRECT_BYTES {
            return Err(UrlError::TooLong(Self::REDIRECT_BYTES));
        }
        if reference.trim().to_ascii_lowercase().starts_with("ftps:") {
            return Self::parse_unlimited(reference);
        }
        let inner = self.inner.join(reference)?;
        // The standard skips control characters before a scheme, and has read the host of an `ftps` behind
        // them by other rules.
        let scheme = Scheme::parse(inner.scheme()).filter(|scheme| *scheme != Scheme::Ftps);
        Self::of(scheme.ok_or(UrlError::Scheme)?, inner)
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host: a name in lower-case ASCII, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        without_brackets(self.inner.host_str().unwrap_or_default())
    }

    /// The port; the scheme's default if the address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner.port().unwrap_or(self.scheme.default_port())
    }

    /// Scheme, host and port, without the scheme's default port.
    #[must_use]
    pub fn origin(&self) -> String {
        let host = self.inner.host_str().unwrap_or_default();
        let port = self.inner.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.scheme.as_str())
    }

    /// The percent-encoded path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.inner.path()
    }

    /// The path for an FTP server (RFC 1738 §3.2.2): relative to the login directory unless it begins
    /// with two slashes or `%2F`. FTP has no query, so a question mark belongs to the name, which need
    /// not be UTF-8. `None` if it names no file or holds a control character.
    #[must_use]
    pub fn ftp_path(&self) -> Option<Vec<u8>> {
        let path = &self.inner[url::Position::BeforePath..url::Position::AfterQuery];
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.rsplit_once(";type=").map_or(path, |(path, _)| path);
        let path: Vec<u8> = percent_decode_str(path).collect();
        let is_file = !path.is_empty() && !path.ends_with(b"/");
        (is_file && !path.iter().any(u8::is_ascii_control)).then_some(path)
    }

    /// The user and the password, if the address has them.
    #[must_use]
    pub fn credentials(&self) -> Option<Credentials> {
        Credentials::of(&self.inner)
    }

    /// Whether the address holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.inner.password().is_some()
    }

    /// The address without user and password.
    #[must_use]
    pub fn without_userinfo(&self) -> String {
        self.assemble("")
    }

    /// The whole address with its password, for comparing links. Callers never show it.
    #[must_use]
    pub fn as_secret(&self) -> String {
        let password = self.inner.password().map(|password| format!(":{password}"));
        self.assemble(&(self.inner.username().to_owned() + &password.unwrap_or_default()))
    }

    fn assemble(&self, user: &str) -> String {
        let (scheme, at) = (self.scheme.as_str(), if user.is_empty() { "" } else { "@" });
        format!("{scheme}://{user}{at}{}", &self.inner[url::Position::BeforeHost..])
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.assemble(self.inner.username()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<ParseError> for UrlError {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::InvalidPort => Self::Port,
            ParseError::EmptyHost => Self::NoHost,
            _ => Self::Host,
        }
    }
}

impl UrlError {
    /// The fault alone, for an address that its reader cannot correct.
    #[must_use]
    pub fn fault(&self) -> String {
        match self {
            Self::TooLong(most) => format!("is longer than {most} bytes"),
            Self::Scheme => "cannot be fetched".to_owned(),
            Self::NoHost => "names no host".to_owned(),
            Self::Host => "names an invalid host".to_owned(),
            Self::Port => "has an invalid port".to_owned(),
            Self::UserInfo(c) => format!("has {} in its user or password", Printable(*c)),
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault())?;
        match self {
            Self::TooLong(_) => Ok(()),
            Self::Scheme => {
                f.write_str("; addresses begin with https://, http://, ftps:// or ftp://")
            }
            Self::NoHost => f.write_str("; correct it to https://HOST/PATH"),
            Self::Host => f.write_str("; correct it"),
            Self::Port => f.write_str("; correct it, ports are 1 to 65535"),
            Self::UserInfo(c) => {
                write!(f, "; write {} as {}", Printable(*c), percent_encoded(*c))
            }
        }
    }
}

impl std::error::Error for UrlError {}

/// A text that may be an address, without everything before its last `@`, which may be a password.
/// For texts that [`Url::parse`] refuses; a [`Url`] displays without its password.
#[must_use]
pub fn without_userinfo(text: &str) -> String {
    let Some((before, rest)) = text.rsplit_once('@') else { return text.to_owned() };
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{rest}"),
        None => format!("…@{rest}"),
    }
}

/// The spelling of a host that [`Url::host`] returns, from any case, script or bracketing; `None` for
/// an invalid host.
#[must_use]
pub fn host_name(text: &str) -> Option<String> {
    let host = if text.contains(':') && !text.starts_with('[') {
        url::Host::parse(&format!("[{text}]"))
    } else {
        url::Host::parse(text)
    };
    host.ok().map(|host| without_brackets(&host.to_string()).to_owned())
}

/// A host without the brackets of IPv6.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Serializes the address with its password, which the worker needs.
pub(crate) fn serialize<S: Serializer>(url: &Url, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&url.as_secret())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    // Percent-encoding may have lengthened it beyond the limit.
    Url::parse_unlimited(&text).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests;
