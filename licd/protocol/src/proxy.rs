//! The address of a proxy.

use std::fmt;

use serde::{Deserialize as _, Deserializer, Serializer, de};

use crate::Login;
use crate::url::{Shown, Url, UrlError, percent_encoded};

/// Port of a proxy whose address in the environment names none (as curl has it).
const DEFAULT_PORT: u16 = 1080;

/// An HTTP proxy: host, port, and who asks. Shown without the latter.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    port: u16,
}

/// Why a text is no proxy. The text of each is what comes after "proxy" or its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyError {
    /// It is not of the form `http://[USER:PASSWORD@]HOST:PORT`.
    Form,
    /// Its user or password holds a character that must be percent-encoded.
    Login(char),
}

impl Proxy {
    /// Reads `http://[USER:PASSWORD@]HOST:PORT`, a slash after it allowed. A character of user or
    /// password that RFC 3986 §3.2.1 does not let stand there as it is would end them unseen; it is
    /// refused rather than guessed at, but for an `@`, of which the last one counts.
    ///
    /// # Errors
    /// [`ProxyError`]
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = text.split_once("://").ok_or(ProxyError::Form)?;
        let (login, host) = rest.rsplit_once('@').unwrap_or(("", rest));
        if let Some(c) = login.chars().find(|c| !is_literal(*c)) {
            return Err(ProxyError::Login(c));
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

    /// Reads a proxy as the environment names it: `http://` and the port may be left out.
    ///
    /// # Errors
    /// [`ProxyError`]
    pub fn of_environment(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim_end_matches('/');
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let host = whole.rsplit(['@', '/']).next().unwrap_or_default();
        let behind_brackets = host.rsplit(']').next().unwrap_or_default();
        match behind_brackets.contains(':') {
            true => Self::parse(&whole),
            false => Self::parse(&format!("{whole}:{DEFAULT_PORT}")),
        }
    }

    /// Its host: a name in lower case and ASCII, or an address, an IPv6 one without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host()
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who asks, if the address says so.
    #[must_use]
    pub fn login(&self) -> Option<Login> {
        self.url.login()
    }
}

/// unreserved / sub-delims / `:` (RFC 3986 §3.2.1), `%` of what is encoded, and `@`.
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
            Self::Login(c) => write!(
                f,
                "has {} in its user or password; write {0} as {}",
                Shown(*c),
                percent_encoded(*c)
            ),
        }
    }
}

impl std::error::Error for ProxyError {}

/// In a request, where the password is needed.
pub(crate) fn serialize<S: Serializer>(proxy: &Option<Proxy>, to: S) -> Result<S::Ok, S::Error> {
    match proxy {
        // The scheme's own port is not in the address any more.
        Some(Proxy { url, port }) => {
            let text = url.as_secret();
            let text = text.trim_end_matches('/');
            let has_port = text.ends_with(&format!(":{port}"));
            to.serialize_some(&if has_port { text.to_owned() } else { format!("{text}:{port}") })
        }
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
    fn a_proxy_is_host_port_and_user() {
        let proxy = Proxy::parse("http://u:p%40w@proxy.example:3128/").unwrap();
        assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
        assert_eq!(proxy.login().unwrap().password, "p@w");
        assert_eq!(proxy.to_string(), "proxy.example:3128");
        assert_eq!(Proxy::parse("http://p:80").unwrap().port(), 80);
        assert_eq!(Proxy::parse("HTTP://[fd00::1]:8080").unwrap().to_string(), "[fd00::1]:8080");
        assert_eq!(Proxy::parse("http://u:p@w@h:1").unwrap().login().unwrap().password, "p@w");
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
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
    fn a_character_that_would_end_the_password_is_named_with_its_code() {
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
            assert_eq!(error, ProxyError::Login(c));
            assert!(error.to_string().ends_with(&format!(" as {code}")), "{error}");
            let encoded = Proxy::parse(&format!("http://tech:p{code}ss@host:3128")).unwrap();
            assert_eq!(encoded.login().unwrap().password, format!("p{c}ss"));
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
            assert_eq!(Proxy::of_environment(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Proxy::of_environment("u:p#w@h:1"), Err(ProxyError::Login('#')));
        assert!(Proxy::of_environment("socks5://proxy").is_err());
    }
}
