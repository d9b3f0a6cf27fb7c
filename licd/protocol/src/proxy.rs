//! The address of a proxy.

use std::fmt;

use serde::{Deserialize as _, Deserializer, Serializer, de};

use crate::credentials::Credentials;
use crate::escape::{Printable, percent_encoded};
use crate::url::{Url, UrlError};

/// The port of a proxy whose address in the environment names none, as in curl.
const DEFAULT_PORT: u16 = 1080;

/// An HTTP proxy: host, port, user and password. `Display` and `Debug` leave out the last two.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    port: u16,
}

/// Why a text is no proxy. The text of each follows "proxy" or the address in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyError {
    /// The text does not have the form `http://[USER:PASSWORD@]HOST:PORT`.
    Form,
    /// The user or the password holds a character that must be percent-encoded.
    UserInfo(char),
}

impl Proxy {
    /// Reads `http://[USER:PASSWORD@]HOST:PORT`, with or without a slash at the end. It refuses a user
    /// or password with a character that RFC 3986 §3.2.1 wants encoded, because that character would
    /// silently end them. An `@` is accepted; the last one ends the password.
    ///
    /// # Errors
    /// [`ProxyError`]
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = text.split_once("://").ok_or(ProxyError::Form)?;
        let (userinfo, host) = rest.rsplit_once('@').unwrap_or(("", rest));
        if let Some(c) = userinfo.chars().find(|c| !is_literal(*c)) {
            return Err(ProxyError::UserInfo(c));
        }
        let authority = host.strip_suffix('/').unwrap_or(host);
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let port = port.filter(|port| *port > 0).ok_or(ProxyError::Form)?;
        let form = |_: UrlError| ProxyError::Form;
        let url = Url::parse(text).map_err(form)?;
        let is_bare = url.path() == "/" && !authority.contains(['/', '?', '#', '\\']);
        if !scheme.eq_ignore_ascii_case("http") || !is_bare {
            return Err(ProxyError::Form);
        }
        Ok(Self { url, port })
    }

    /// Reads a proxy of the environment, which may leave out `http://` and the port.
    ///
    /// # Errors
    /// [`ProxyError`]
    pub fn from_environment(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim_end_matches('/');
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let host = whole.rsplit(['@', '/']).next().unwrap_or_default();
        let after_brackets = host.rsplit(']').next().unwrap_or_default();
        match after_brackets.contains(':') {
            true => Self::parse(&whole),
            false => Self::parse(&format!("{whole}:{DEFAULT_PORT}")),
        }
    }

    /// The host: a name in lower-case ASCII, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user and the password, if the address has them.
    #[must_use]
    pub fn credentials(&self) -> Option<Credentials> {
        self.url.credentials()
    }

    /// The whole address with its password, to be read again. Callers never show it.
    #[must_use]
    pub fn as_secret(&self) -> String {
        let text = self.url.as_secret();
        let text = text.trim_end_matches('/');
        // The URL has dropped the scheme's default port.
        let port = format!(":{}", self.port);
        if text.ends_with(&port) { text.to_owned() } else { format!("{text}{port}") }
    }
}

/// unreserved / sub-delims / `:` (RFC 3986 §3.2.1), the `%` of encoded bytes, and `@`.
fn is_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:%@".contains(c)
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host() {
            host if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("is not of the form http://[USER:PASSWORD@]HOST:PORT"),
            Self::UserInfo(c) => write!(
                f,
                "has {} in its user or password; write {0} as {}",
                Printable(*c),
                percent_encoded(*c)
            ),
        }
    }
}

impl std::error::Error for ProxyError {}

/// Serializes the proxy with its password, which the worker needs.
pub(crate) fn serialize<S: Serializer>(proxy: &Option<Proxy>, to: S) -> Result<S::Ok, S::Error> {
    match proxy {
        Some(proxy) => to.serialize_some(&proxy.as_secret()),
        None => to.serialize_none(),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Proxy>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| Proxy::parse(&text)).transpose().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_a_host_a_port_and_credentials() {
        let proxy = Proxy::parse("http://u:p%40w@proxy.example:3128/").unwrap();
        assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
        assert_eq!(proxy.credentials().unwrap().password, "p@w");
        assert_eq!(proxy.to_string(), "proxy.example:3128");
        assert_eq!(Proxy::parse("http://p:80").unwrap().port(), 80);
        assert_eq!(Proxy::parse("HTTP://[fd00::1]:8080").unwrap().to_string(), "[fd00::1]:8080");
        assert_eq!(
            Proxy::parse("http://u:p@w@h:1").unwrap().credentials().unwrap().password,
            "p@w"
        );
    }

    #[test]
    fn malformed_proxies_are_refused() {
        for text in [
            "proxy:3128",
            "socks5://proxy:1",
            "https://proxy:1",
            "http://proxy",
            "http://",
            "http://:1",
            "http://u:p@:1",
            "http://p:65536",
            "http://p:0",
            "http://p:x",
            "http://p/x:1",
            "http://p:1/x",
            "http://p:1?x",
            "http://[::1:1",
            "a b",
            "",
        ] {
            assert_eq!(Proxy::parse(text).map(|p| p.to_string()), Err(ProxyError::Form), "{text}");
        }
    }

    #[test]
    fn an_unencoded_character_is_named_with_its_encoding() {
        for (c, code) in [
            ('#', "%23"),
            ('?', "%3F"),
            ('^', "%5E"),
            ('[', "%5B"),
            (']', "%5D"),
            (' ', "%20"),
            ('/', "%2F"),
            ('\\', "%5C"),
            ('"', "%22"),
            ('<', "%3C"),
            ('|', "%7C"),
            ('{', "%7B"),
            ('`', "%60"),
            ('\t', "%09"),
            ('€', "%E2%82%AC"),
        ] {
            let error = Proxy::parse(&format!("http://tech:p{c}ss@host:3128")).unwrap_err();
            assert_eq!(error, ProxyError::UserInfo(c));
            assert!(error.to_string().ends_with(&format!(" as {code}")), "{error}");
            let encoded = Proxy::parse(&format!("http://tech:p{code}ss@host:3128")).unwrap();
            assert_eq!(encoded.credentials().unwrap().password, format!("p{c}ss"));
        }
    }

    #[test]
    fn the_environment_may_leave_out_scheme_and_port() {
        for (text, shown) in [
            ("proxy", "proxy:1080"),
            ("proxy:3128", "proxy:3128"),
            ("http://proxy/", "proxy:1080"),
            ("u:p@[::1]", "[::1]:1080"),
            ("http://u:p@h:80/", "h:80"),
        ] {
            assert_eq!(Proxy::from_environment(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Proxy::from_environment("u:p#w@h:1"), Err(ProxyError::UserInfo('#')));
        assert!(Proxy::from_environment("socks5://proxy").is_err());
    }
}
