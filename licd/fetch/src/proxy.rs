//! The hosts that the worker reaches through the proxy.

use std::net::IpAddr;

use licd_protocol::{Proxy, host_name};

/// The proxy and its exemptions.
pub(crate) struct ProxyRoute {
    proxy: Option<Proxy>,
    exemptions: Vec<Exemption>,
}

/// Hosts that the worker reaches directly. Without a standard, these are the rules of curl.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exemption {
    /// Every host.
    All,
    /// A domain and its subdomains.
    Domain(String),
    /// A network: an address and the length of its prefix.
    Net(IpAddr, u32),
}

impl ProxyRoute {
    /// Through `proxy`, except for the hosts of the list.
    pub(crate) fn new(proxy: Option<Proxy>, no_proxy: &str) -> Self {
        Self {
            proxy,
            exemptions: no_proxy.split([',', ' ']).filter_map(Exemption::parse).collect(),
        }
    }

    /// The proxy for `host` (an IPv6 address without brackets).
    pub(crate) fn to(&self, host: &str) -> Option<&Proxy> {
        self.proxy
            .as_ref()
            .filter(|_| !self.exemptions.iter().any(|exemption| exemption.covers(host)))
    }
}

impl Exemption {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        if entry == "*" {
            return Some(Self::All);
        }
        let (address, bits) = entry.split_once('/').map_or((entry, None), |(a, b)| (a, Some(b)));
        let bare = address.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse).ok()?;
            return (bits <= most).then_some(Self::Net(address, bits));
        }
        let domain = host_name(entry.trim_start_matches("*.").trim_matches('.'))?;
        Some(Self::Domain(domain))
    }

    fn covers(&self, host: &str) -> bool {
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

    #[test]
    fn exemptions_are_domains_addresses_and_networks() {
        let list = "localhost, .Example.com *.test,10.0.0.0/8,192.0.2.1,fd00::/8,[::1],9.9.9.9/99";
        let route = |list| ProxyRoute::new(Proxy::parse("http://proxy:1").ok(), list);
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
            assert!(route(list).to(host).is_none(), "{host}");
        }
        for host in ["notexample.com", "example.org", "11.0.0.1", "192.0.2.2", "fe80::1", "9.9.9.9"]
        {
            assert!(route(list).to(host).is_some(), "{host}");
        }
        assert!(route("*").to("anything").is_none());
        assert!(route("0.0.0.0/0").to("8.8.8.8").is_none());
    }
}
