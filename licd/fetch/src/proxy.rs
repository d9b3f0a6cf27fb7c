//! The hosts that the worker reaches through the proxy.

use licd_protocol::{Exemption, Proxy, Url};

/// The proxy and its exemptions.
pub(crate) struct ProxyRoute {
    proxy: Option<Proxy>,
    exemptions: Vec<Exemption>,
}

impl ProxyRoute {
    /// Through `proxy`, except for the hosts of the list.
    pub(crate) fn new(proxy: Option<Proxy>, no_proxy: &str) -> Self {
        Self { proxy, exemptions: Exemption::list(no_proxy).filter_map(|(_, read)| read).collect() }
    }

    /// The proxy for an address.
    pub(crate) fn to(&self, url: &Url) -> Option<&Proxy> {
        let is_exempt = |exemption: &Exemption| exemption.covers(url.host(), url.port());
        self.proxy.as_ref().filter(|_| !self.exemptions.iter().any(is_exempt))
    }
}
