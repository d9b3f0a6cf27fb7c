//! A fault with who is to blame, as the program that asked is told.

use licd_protocol::{Asked, Failure, Proxy, Url};

use super::{CHECK_PROXY, Fault, escaped};

/// Why a file does not come.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Who was asked.
    pub(crate) asked: Asked,
    /// Why it did not come.
    pub(crate) fault: Fault,
    /// Who redirected there, and where to, unless it is the address that was asked for.
    pub(crate) redirect: Option<Redirect>,
}

/// A redirect that was followed.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    /// The host that it came from.
    pub(crate) from: String,
    /// The address that it led to, without who asks.
    pub(crate) to: String,
}

impl Fault {
    /// With the host that was asked.
    pub(crate) fn of(self, host: &str) -> Failed {
        Failed { asked: Asked::Host(escaped(host)), fault: self, redirect: None }
    }

    /// With the proxy that stood between, or was to.
    pub(crate) fn of_proxy(self, proxy: &Proxy) -> Failed {
        Failed { asked: Asked::Proxy(escaped(&proxy.to_string())), fault: self, redirect: None }
    }

    /// With who is to blame: the proxy for what is its own, and for everything before it is `reached`.
    pub(crate) fn between(self, proxy: Option<&Proxy>, reached: bool, host: &str) -> Failed {
        match proxy {
            Some(proxy) if !reached || self.is_of_proxy() => self.of_proxy(proxy),
            _ => self.of(host),
        }
    }
}

impl Failed {
    /// After this redirect, if there was one.
    pub(crate) fn behind(self, redirect: Option<Redirect>) -> Self {
        Self { redirect, ..self }
    }

    /// What the parent is told after so many attempts.
    pub(crate) fn failure(&self, attempts: u32) -> Failure {
        let Self { asked, fault, redirect } = self;
        let again = match attempts {
            0 | 1 => String::new(),
            attempts => format!(" (tried {attempts} times)"),
        };
        let advice = match (asked, redirect) {
            // Whoever typed an address cannot mend where it leads.
            (_, Some(Redirect { from, to })) => {
                let (from, to) = (escaped(from), escaped(to));
                Some(format!("{from} redirects to {to}: ask for a new link if that is wrong"))
            }
            (Asked::Proxy(_), None) if !fault.is_of_proxy() => Some(CHECK_PROXY.to_owned()),
            _ => fault.advice().map(str::to_owned),
        };
        let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
        let message = format!("{fault}{again}{advice}");
        Failure { code: fault.code(), asked: asked.clone(), message }
    }
}

impl Redirect {
    pub(crate) fn new(from: &Url, to: &Url) -> Self {
        Self { from: from.host().to_owned(), to: to.without_login() }
    }
}
