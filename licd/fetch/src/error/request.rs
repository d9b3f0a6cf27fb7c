//! An error with the host or the proxy that it concerns, as the caller gets it.

use licd_protocol::{FetchFailure, Peer, Proxy, Url};

use super::fetch::FetchError;
use super::message::CHECK_PROXY;
use super::text::quoted;

/// Why a request failed, and where.
#[derive(Debug)]
pub(crate) struct RequestError {
    /// The server or the proxy.
    pub(crate) peer: Peer,
    /// The reason.
    pub(crate) error: FetchError,
    /// The redirect to the failing address, unless the caller asked for that address.
    pub(crate) redirect: Option<Redirect>,
}

/// A redirect that the worker followed.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    /// The redirecting host.
    pub(crate) from: String,
    /// The address it named, without user and password.
    pub(crate) to: String,
}

impl FetchError {
    /// Names the host as the other side.
    pub(crate) fn of(self, host: &str) -> RequestError {
        RequestError { peer: Peer::Host(quoted(host)), error: self, redirect: None }
    }

    /// Names the proxy as the other side.
    pub(crate) fn of_proxy(self, proxy: &Proxy) -> RequestError {
        RequestError { peer: Peer::Proxy(quoted(&proxy.to_string())), error: self, redirect: None }
    }

    /// Names the proxy if the error is its own or the connection did not stand, else the host.
    pub(crate) fn between(
        self,
        proxy: Option<&Proxy>,
        connected: bool,
        host: &str,
    ) -> RequestError {
        match proxy {
            Some(proxy) if !connected || self.is_from_proxy() => self.of_proxy(proxy),
            _ => self.of(host),
        }
    }
}

impl RequestError {
    /// Adds the redirect that led to the failing address.
    pub(crate) fn after(self, redirect: Option<Redirect>) -> Self {
        Self { redirect, ..self }
    }

    /// The failure that the caller gets after this many attempts.
    pub(crate) fn failure(&self, attempts: u32) -> FetchFailure {
        let Self { peer, error, .. } = self;
        let tries = match attempts {
            0 | 1 => String::new(),
            attempts => format!(" (tried {attempts} times)"),
        };
        let advice = self.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
        let message = format!("{error}{tries}{advice}");
        FetchFailure { code: error.code(), peer: peer.clone(), message }
    }

    fn advice(&self) -> Option<String> {
        match (&self.peer, &self.redirect) {
            // The user cannot correct the address that a server redirects to.
            (_, Some(Redirect { from, to })) => {
                let (from, to) = (quoted(from), quoted(to));
                Some(format!("{from} redirects to {to}: ask for a new link if that is wrong"))
            }
            (Peer::Proxy(_), None) if !self.error.is_from_proxy() => Some(CHECK_PROXY.to_owned()),
            _ => self.error.advice().map(str::to_owned),
        }
    }
}

impl Redirect {
    pub(crate) fn new(from: &Url, to: &Url) -> Self {
        Self { from: from.host().to_owned(), to: to.without_userinfo() }
    }
}
