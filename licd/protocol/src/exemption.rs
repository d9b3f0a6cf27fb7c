//! Hosts that are reached without the proxy, as the environment variable `no_proxy` lists them.

use std::net::IpAddr;

use crate::url::host_name;

/// An entry of the list. Without a standard, these are the rules of curl, and a port as Go and Python
/// read it: the entry is for that port alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    /// Every host.
    All,
    /// A domain and its subdomains.
    Domain(String),
    /// A network: an address and the length of its prefix.
    Net(IpAddr, u32),
}

impl Exemption {
    /// The entries of a list, each as it is written and as it is read: `*`, a domain, an address or a
    /// network, all with or without a port; `None` if it is something else.
    pub fn list(text: &str) -> impl Iterator<Item = (&str, Option<Self>)> {
        let entries = text.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        entries.map(|entry| (entry, Self::parse(entry)))
    }

    fn parse(entry: &str) -> Option<Self> {
        match entry.rsplit_once(':') {
            // The colons of an IPv6 address without brackets are its own.
            Some((hosts, port)) if !hosts.contains(':') || hosts.ends_with(']') => {
                let port = port.parse().ok().filter(|port| *port > 0)?;
                Some(Self { hosts: Hosts::parse(hosts)?, port: Some(port) })
            }
            _ => Some(Self { hosts: Hosts::parse(entry)?, port: None }),
        }
    }

    /// Whether `host` (an IPv6 address without brackets) is reached without the proxy at this port.
    #[must_use]
    pub fn covers(&self, host: &str, port: u16) -> bool {
        self.port.is_none_or(|own| own == port) && self.hosts.contain(host)
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let bare = address.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse).ok()?;
            return (bits <= most).then_some(Self::Net(address, bits));
        }
        let domain = host_name(text.trim_start_matches("*.").trim_matches('.'))?;
        Some(Self::Domain(domain))
    }

    fn contain(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) => {
                let prefix = host.trim_end_matches('.').strip_suffix(domain.as_str());
                prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
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

    fn is_exempt(list: &str, host: &str, port: u16) -> bool {
        Exemption::list(list).filter_map(|(_, read)| read).any(|entry| entry.covers(host, port))
    }

    #[test]
    fn exemptions_are_domains_addresses_and_networks() {
        let list = "localhost, .Example.com *.test,10.0.0.0/8,192.0.2.1,fd00::/8,[::1],9.9.9.9/99";
        for host in [
            "localhost",
            "example.com",
            "ums.example.com",
            "a.b.test",
            "10.1.2.3",
            "192.0.2.1",
            "fd12::1",
            "::1",
        ] {
            assert!(is_exempt(list, host, 443), "{host}");
        }
        for host in ["notexample.com", "example.org", "11.0.0.1", "192.0.2.2", "fe80::1", "9.9.9.9"]
        {
            assert!(!is_exempt(list, host, 443), "{host}");
        }
        assert!(is_exempt("*", "anything", 443));
        assert!(is_exempt("0.0.0.0/0", "8.8.8.8", 443));
    }

    #[test]
    fn an_exemption_with_a_port_is_for_that_port_alone() {
        let list = "ums.example:8443,.test:80,10.0.0.0/8:443,[::1]:8443,*:21";
        for (host, port) in [
            ("ums.example", 8443),
            ("a.ums.example", 8443),
            ("a.test", 80),
            ("10.1.2.3", 443),
            ("::1", 8443),
            ("anything", 21),
        ] {
            assert!(is_exempt(list, host, port), "{host}:{port}");
            assert!(!is_exempt(list, host, port + 1), "{host}:{port}");
        }
    }

    #[test]
    fn an_entry_that_is_no_host_is_not_read() {
        let list =
            "a.example,,9.9.9.9/99, http://a.example a.example:0 a.example:x :80 a/b fd00::1";
        let unread: Vec<_> = Exemption::list(list)
            .filter(|(_, read)| read.is_none())
            .map(|(text, _)| text)
            .collect();
        assert_eq!(
            unread,
            ["9.9.9.9/99", "http://a.example", "a.example:0", "a.example:x", ":80", "a/b"]
        );
    }
}
