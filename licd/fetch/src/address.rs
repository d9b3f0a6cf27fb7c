//! The address of a file.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use percent_encoding::percent_decode_str;
use ureq::http::Uri;

use crate::fault::Fault;

/// Bytes of an address: what the configuration takes, and what every browser and proxy lets pass.
pub(crate) const ADDRESS_BYTES: usize = 2048;

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// HTTP over TLS.
    Https,
    /// HTTP in the clear.
    Http,
    /// FTP, made TLS by `AUTH TLS` (RFC 4217).
    Ftps,
    /// FTP in the clear.
    Ftp,
}

impl Scheme {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "https" => Some(Self::Https),
            "http" => Some(Self::Http),
            "ftps" => Some(Self::Ftps),
            "ftp" => Some(Self::Ftp),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ftps => "ftps",
            Self::Ftp => "ftp",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Ftps | Self::Ftp => 21,
        }
    }

    pub(crate) fn is_web(self) -> bool {
        matches!(self, Self::Https | Self::Http)
    }
}

/// Who asks.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Credentials {
    /// Reads `USER` or `USER:PASSWORD`, percent-encoded.
    pub(crate) fn decode(info: &str) -> Self {
        let (user, password) = info.split_once(':').unwrap_or((info, ""));
        let lossy = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Self { user: lossy(user), password: lossy(password) }
    }

    /// As HTTP is given them (RFC 7617 §2).
    pub(crate) fn basic(&self) -> String {
        let Self { user, password } = self;
        format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
    }
}

/// An address that was taken apart; it never holds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    /// In lower case, an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// From the first slash on, with the query.
    pub(crate) path: String,
}

impl Address {
    /// Takes an address apart.
    ///
    /// # Errors
    /// [`Fault::Address`] with what is wrong, if it is none that a licence can come from.
    pub(crate) fn parse(text: &str) -> Result<(Self, Option<Credentials>), Fault> {
        let wrong = Fault::Address;
        if text.len() > ADDRESS_BYTES {
            return Err(wrong("is too long"));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong("has spaces or letters that must be written as %XX"));
        }
        let uri: Uri = text.parse().map_err(|_| wrong("is not of the form https://HOST/PATH"))?;
        let scheme = uri.scheme_str().and_then(|word| Scheme::parse(&word.to_ascii_lowercase()));
        let scheme = scheme.ok_or(wrong("does not begin with https, http, ftps or ftp and ://"))?;
        let authority = uri.authority().ok_or(wrong("names no host"))?;
        let host = bare(authority.host()).to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong("names no host"));
        }
        let user = authority.as_str().rsplit_once('@').map(|(info, _)| Credentials::decode(info));
        let whole = authority.as_str();
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            // The parser takes a number that is too large for none at all.
            None if whole.ends_with(authority.host()) || whole.ends_with(':') => {
                scheme.default_port()
            }
            None => return Err(wrong("has a port that is none")),
        };
        if port == 0 {
            return Err(wrong("has port 0"));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok((Self { scheme, host, port, path }, user))
    }

    /// The address that `location` means when this one's server names it (RFC 3986 §5.2; `.` and
    /// `..` are left for the server, which knows them).
    pub(crate) fn join(&self, location: &str) -> Result<Self, Fault> {
        let location = location.split('#').next().unwrap_or_default();
        let base = self.path.split('?').next().unwrap_or_default();
        let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
        let absolute = if location.contains("://") {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{}:{location}", self.scheme.as_str())
        } else if location.starts_with('/') {
            format!("{}{location}", self.origin())
        } else if location.starts_with('?') {
            format!("{}{base}{location}", self.origin())
        } else {
            format!("{}{folder}/{location}", self.origin())
        };
        Self::parse(&absolute).map(|(address, _)| address)
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.authority())
    }

    /// Host and port, the port only if it is not the scheme's own.
    fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.default_port() { host } else { format!("{host}:{}", self.port) }
    }

    /// The path as an FTP server is given it (RFC 1738 §3.2.2): relative to where a login leads,
    /// unless it begins with two slashes or `%2F`.
    pub(crate) fn ftp_path(&self) -> Result<String, Fault> {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        let path = path.split(';').next().unwrap_or_default();
        let path = decoded(path).ok_or(Fault::Address("has a path that is not UTF-8"))?;
        if path.is_empty() || path.ends_with('/') || path.contains(char::is_control) {
            return Err(Fault::Address("names no file"));
        }
        Ok(path)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

/// A host without the brackets of IPv6.
pub(crate) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap().0
    }

    #[test]
    fn an_address_is_taken_apart_and_put_together_again() {
        for text in ["https://a/", "http://a.b:8080/c?d=e", "ftp://[::1]:2121/x", "ftps://h/p"] {
            assert_eq!(address(text).to_string(), text);
        }
        assert_eq!(address("HTTPS://Ums.Example").to_string(), "https://ums.example/");
        assert_eq!(address("https://a:443/").to_string(), "https://a/");
        assert_eq!(address("ftp://[::1]/x").host, "::1");
    }

    #[test]
    fn what_no_licence_comes_from_is_no_address() {
        let long = format!("http://a/{}", "x".repeat(ADDRESS_BYTES));
        for text in ["", "a", "/a", "file:///etc/shadow", "https://", "http://a b/", &long]
            .into_iter()
            .chain(["http://a:0/", "http://a:65536/", "http://a:x/", "http://[::1]:99999/"])
        {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn credentials_are_taken_out_of_an_address() {
        let (address, user) = Address::parse("ftp://us%40er:p%3aw@h/x").unwrap();
        assert_eq!(address.to_string(), "ftp://h/x");
        let user = user.unwrap();
        assert_eq!((user.user.as_str(), user.password.as_str()), ("us@er", "p:w"));
    }

    #[test]
    fn a_redirect_is_joined_to_where_it_comes_from() {
        let base = address("https://h/a/b?c");
        for (location, joined) in [
            ("http://x/y", "http://x/y"),
            ("//x:8443/y", "https://x:8443/y"),
            ("/y?z", "https://h/y?z"),
            ("y", "https://h/a/y"),
            ("?z", "https://h/a/b?z"),
            ("y#part", "https://h/a/y"),
        ] {
            assert_eq!(base.join(location).unwrap().to_string(), joined);
        }
        assert!(base.join("file:///etc/passwd").is_err());
    }

    #[test]
    fn an_ftp_path_is_relative_unless_it_says_otherwise() {
        for (text, path) in [
            ("ftp://h/a/b.lic", "a/b.lic"),
            ("ftp://h//a.lic", "/a.lic"),
            ("ftp://h/%2Fa%20b.lic;type=i", "/a b.lic"),
        ] {
            assert_eq!(address(text).ftp_path().unwrap(), path);
        }
        for text in ["ftp://h/", "ftp://h/a/", "ftp://h/a%0d%0aDELE%20b", "ftp://h/%ff"] {
            assert!(address(text).ftp_path().is_err(), "{text}");
        }
    }
}
