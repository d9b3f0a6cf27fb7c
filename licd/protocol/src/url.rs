//! The address of a file.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Deserialize as _, Deserializer, Serializer, de};
use url::ParseError;

use crate::Login;

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP over TLS.
    Https,
    /// HTTP in the clear.
    Http,
    /// FTP over TLS: by `AUTH TLS` (RFC 4217), on port 990 from the first byte.
    Ftps,
    /// FTP in the clear.
    Ftp,
}

impl Scheme {
    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Https, Self::Http, Self::Ftps, Self::Ftp];
        all.into_iter().find(|scheme| scheme.as_str().eq_ignore_ascii_case(word))
    }

    /// As addresses begin.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ftps => "ftps",
            Self::Ftp => "ftp",
        }
    }

    /// Whether it is HTTP.
    #[must_use]
    pub fn is_web(self) -> bool {
        matches!(self, Self::Https | Self::Http)
    }

    /// Whether it is over TLS.
    #[must_use]
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Ftps)
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Ftps | Self::Ftp => 21,
        }
    }
}

/// The address of a file on a server, as the URL Standard (url.spec.whatwg.org) reads it: what a
/// browser takes is taken here. Shown without its password, and without the part after `#`, which
/// no server is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    scheme: Scheme,
    /// Of `ftps` it has `ftp`: the standard knows nothing of the former, and would not even read its
    /// hosts as hosts.
    inner: url::Url,
}

/// Why a text is no address that can be fetched. The text of each is what comes after the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlError {
    /// It has more than [`Url::BYTES`] bytes.
    TooLong,
    /// It is of none of the four schemes.
    Scheme,
    /// It names no host.
    NoHost,
    /// Its host is none.
    Host,
    /// Its port is none.
    Port,
    /// Its user or password holds this character, where the host would begin to be misread.
    Login(char),
}

/// What ends the part of an address that names who asks, host and port.
const DELIMITERS: [char; 4] = ['/', '?', '#', '\\'];

impl Url {
    /// Bytes of an address as configuration, settings and command line hold it: what browsers and
    /// proxies at least let through.
    pub const BYTES: usize = 2048;
    /// Bytes of an address that a server redirects to. Signed ones carry whole tokens; this is what
    /// nginx takes for a request's line.
    const REDIRECT_BYTES: usize = 8192;

    /// Reads an address. Blanks, umlauts and the like are percent-encoded, dot segments removed.
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
            return Err(UrlError::TooLong);
        }
        Self::read(text)
    }

    /// As [`parse`](Self::parse), whatever the length.
    fn read(text: &str) -> Result<Self, UrlError> {
        let (word, rest) = text.trim().split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = Scheme::parse(word).ok_or(UrlError::Scheme)?;
        let end = rest.find(DELIMITERS).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        // An `@` behind what ends the authority: a password that holds such a character, most likely.
        let misread = behind.chars().next().filter(|_| behind.contains('@'));
        if let Some(c @ ('#' | '?' | '\\')) = misread.filter(|_| !authority.contains('@')) {
            return Err(UrlError::Login(c));
        }
        // The standard looks for a host behind any number of slashes.
        if authority.is_empty() {
            return Err(UrlError::NoHost);
        }
        let known = if scheme == Scheme::Ftps { Scheme::Ftp } else { scheme };
        let inner = url::Url::parse(&format!("{}://{rest}", known.as_str()));
        let inner = inner.map_err(|error| match misread {
            Some(c) => UrlError::Login(c),
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

    /// The address that `reference` means when the web server of this one redirects to it (RFC 3986
    /// §5).
    ///
    /// # Errors
    /// [`UrlError`]
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        if reference.len() > Self::REDIRECT_BYTES {
            return Err(UrlError::TooLong);
        }
        if reference.trim().to_ascii_lowercase().starts_with("ftps:") {
            return Self::read(reference);
        }
        let inner = self.inner.join(reference)?;
        let scheme = Scheme::parse(inner.scheme()).ok_or(UrlError::Scheme)?;
        Self::of(scheme, inner)
    }

    /// How its server is spoken to.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its server: a name in lower case and ASCII, or an address, an IPv6 one without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        bare(self.inner.host_str().unwrap_or_default())
    }

    /// The port, the scheme's own if the address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner.port().unwrap_or(self.scheme.default_port())
    }

    /// Scheme, host and port, the port only if it is not the scheme's own.
    #[must_use]
    pub fn origin(&self) -> String {
        let host = self.inner.host_str().unwrap_or_default();
        let port = self.inner.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.scheme.as_str())
    }

    /// The path behind the host, percent-encoded, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.inner.path()
    }

    /// The path as an FTP server is given it (RFC 1738 §3.2.2): relative to where a login leads,
    /// unless it begins with two slashes or `%2F`. `None` if it names no file, or none that a command
    /// could hold.
    #[must_use]
    pub fn ftp_path(&self) -> Option<String> {
        let path = self.path().strip_prefix('/').unwrap_or(self.path());
        let path = path.split(';').next().unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let is_file = !path.is_empty() && !path.ends_with('/') && !path.contains(char::is_control);
        is_file.then(|| path.into_owned())
    }

    /// Who asks, if the address says so.
    #[must_use]
    pub fn login(&self) -> Option<Login> {
        Login::of(&self.inner)
    }

    /// Whether there is a password in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.inner.password().is_some()
    }

    /// The address without who asks.
    #[must_use]
    pub fn without_login(&self) -> String {
        self.assemble("")
    }

    /// The whole address with its password, by which links can be told apart. Never to be shown.
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

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {} bytes", Url::BYTES),
            Self::Scheme => f.write_str(
                "cannot be fetched; addresses begin with https://, http://, ftps:// or ftp://",
            ),
            Self::NoHost => f.write_str("names no host; correct it to https://HOST/PATH"),
            Self::Host => f.write_str("names a host that cannot be one; correct it"),
            Self::Port => f.write_str("has a port that is none; correct it, ports are 1 to 65535"),
            Self::Login(c) => write!(
                f,
                "has {} in its user or password; write {0} as {}",
                Shown(*c),
                percent_encoded(*c)
            ),
        }
    }
}

impl std::error::Error for UrlError {}

/// A character, or its name where it would not be seen.
pub(crate) struct Shown(pub(crate) char);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ' ' => f.write_str("a blank"),
            c @ ('"' | '\'' | '\\') => write!(f, "{c}"),
            c => write!(f, "{}", c.escape_debug()),
        }
    }
}

/// The bytes of a character as addresses hold them.
pub(crate) fn percent_encoded(c: char) -> String {
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A text that may be an address, fit to be shown if it is one: whatever stands before its last `@`,
/// and may be a password, is left out. What [`Url::parse`] takes shows itself.
#[must_use]
pub fn without_login(text: &str) -> String {
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (_, rest))) => format!("{scheme}://{rest}"),
        None => text.to_owned(),
    }
}

/// A host as [`Url::host`] has it, whatever case, letters or brackets it is written with; `None` if it
/// is none.
#[must_use]
pub fn host_name(text: &str) -> Option<String> {
    let host = if text.contains(':') && !text.starts_with('[') {
        url::Host::parse(&format!("[{text}]"))
    } else {
        url::Host::parse(text)
    };
    host.ok().map(|host| bare(&host.to_string()).to_owned())
}

/// A host without the brackets of IPv6.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// In a request, where the password is needed.
pub(crate) fn serialize<S: Serializer>(url: &Url, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&url.as_secret())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    // It was within its limits before it was percent-encoded.
    Url::read(&text).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests;
