//! Whether a host is reached through the proxy.

use std::net::IpAddr;

use ureq::http::Uri;

use crate::address::{Credentials, bare};
use crate::fault::{Asked, Fault};

/// Port of a proxy whose address names none (as curl has it).
const DEFAULT_PORT: u16 = 1080;

/// The proxy, and for whom it is not.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) credentials: Option<Credentials>,
    except: Vec<Except>,
}

/// Hosts that are reached without the proxy. There is no standard; these are curl's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Except {
    All,
    /// The domain and everything below it.
    Domain(String),
    /// An address, or those that share its first bits.
    Net(IpAddr, u32),
}

impl Proxy {
    /// Reads a proxy's address and the list of exceptions.
    ///
    /// # Errors
    /// [`Fault::ProxyAddress`].
    pub(crate) fn parse(text: &str, no_proxy: &str) -> Result<Self, Fault> {
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: Uri = text.parse().map_err(|_| Fault::ProxyAddress)?;
        let authority = uri.authority().ok_or(Fault::ProxyAddress)?;
        let host = bare(authority.host()).to_owned();
        if uri.scheme_str() != Some("http") || host.is_empty() {
            return Err(Fault::ProxyAddress);
        }
        let user = authority.as_str().rsplit_once('@');
        let credentials = user.map(|(info, _)| Credentials::decode(info));
        let port = authority.port_u16().unwrap_or(DEFAULT_PORT);
        let except = no_proxy.split([',', ' ']).filter_map(Except::parse).collect();
        Ok(Self { host, port, credentials, except })
    }

    /// For messages, where its user has no place.
    pub(crate) fn asked(&self) -> Asked {
        Asked::Proxy(format!("{}:{}", self.authority_host(), self.port))
    }

    /// Its host as addresses have it, an IPv6 address in brackets.
    pub(crate) fn authority_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// Whether `host` (an IPv6 address without brackets) is reached through it.
    pub(crate) fn serves(&self, host: &str) -> bool {
        !self.except.iter().any(|except| except.covers(host))
    }
}

impl Except {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        if entry == "*" {
            return Some(Self::All);
        }
        let (address, bits) = entry.split_once('/').map_or((entry, None), |(a, b)| (a, Some(b)));
        if let Ok(address) = bare(address).parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse).ok()?;
            return (bits <= most).then_some(Self::Net(address, bits));
        }
        let domain = entry.trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
        (!domain.is_empty()).then_some(Self::Domain(domain))
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                let above = host.strip_suffix(domain.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            Self::Net(net, bits) => match (net, host.parse()) {
                (IpAddr::V4(net), Ok(IpAddr::V4(host))) => {
                    let differ = net.to_bits() ^ host.to_bits();
                    differ.checked_shr(32 - bits).unwrap_or(0) == 0
                }
                (IpAddr::V6(net), Ok(IpAddr::V6(host))) => {
                    let differ = net.to_bits() ^ host.to_bits();
                    differ.checked_shr(128 - bits).unwrap_or(0) == 0
                }
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_host_port_and_user() {
        let proxy = Proxy::parse("http://u:p%40w@proxy.example:3128/", "").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy.example", 3128));
        assert_eq!(proxy.credentials.unwrap().password, "p@w");
        assert_eq!(Proxy::parse("proxy", "").unwrap().port, DEFAULT_PORT);
        for text in ["socks5://proxy", "https://proxy", "http://", "http://:1", "a b"] {
            assert!(Proxy::parse(text, "").is_err(), "{text}");
        }
    }

    #[test]
    fn exceptions_are_domains_addresses_and_nets() {
        let list = "localhost, .Example.com *.test,10.0.0.0/8,192.0.2.1,fd00::/8,[::1],9.9.9.9/99";
        let proxy = Proxy::parse("http://proxy:1", list).unwrap();
        for host in [
            "localhost",
            "example.com",
            "ums.EXAMPLE.com",
            "a.b.test",
            "10.1.2.3",
            "192.0.2.1",
            "fd12::1",
            "::1",
        ] {
            assert!(!proxy.serves(host), "{host}");
        }
        for host in ["notexample.com", "example.org", "11.0.0.1", "192.0.2.2", "fe80::1", "9.9.9.9"]
        {
            assert!(proxy.serves(host), "{host}");
        }
        assert!(!Proxy::parse("http://proxy:1", "*").unwrap().serves("anything"));
        assert!(!Proxy::parse("http://proxy:1", "0.0.0.0/0").unwrap().serves("8.8.8.8"));
    }
}
