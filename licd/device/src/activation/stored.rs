//! The stored request of an activation.

use license_format::UnitId;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::application::Person;
use crate::report::to_json;
use crate::request::SCHEMA;
use crate::{Proxy, Url};

/// The member of a stored request that stays on the device: a proxy may hold a password.
const PROXY: &str = "proxy";

/// A stored request, as far as licd needs it. Later versions may add members.
#[derive(Deserialize)]
pub(super) struct Stored {
    schema: u32,
    unit_id: String,
    accept_terms: bool,
    #[serde(default)]
    pub(super) person: Person,
    url: Option<String>,
    #[serde(default)]
    proxy: Option<String>,
}

impl Stored {
    /// Reads a request of an activation; `None` for any other content.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let stored: Self = serde_json::from_str(text).ok()?;
        let is_own = stored.schema == SCHEMA && stored.accept_terms;
        let url = stored.url.as_deref();
        let proxy = stored.proxy.as_deref();
        let is_whole = stored.unit().is_some()
            && url.is_none_or(|url| Url::parse(url).is_ok())
            && proxy.is_none_or(|proxy| Proxy::parse(proxy).is_ok());
        (is_own && is_whole).then_some(stored)
    }

    pub(super) fn unit(&self) -> Option<UnitId> {
        UnitId::parse_human(&self.unit_id)
    }

    pub(super) fn url(&self) -> Option<Url> {
        Url::parse(self.url.as_deref()?).ok()
    }

    pub(super) fn proxy(&self) -> Option<Proxy> {
        Proxy::parse(self.proxy.as_deref()?).ok()
    }

    /// The request as others get it.
    pub(super) fn to_send(&self, text: String) -> String {
        let Some(Ok(mut members)) = self.proxy.as_ref().map(|_| members(&text)) else {
            return text;
        };
        members.remove(PROXY);
        to_json(&members) + "\n"
    }
}

fn members(text: &str) -> serde_json::Result<Map<String, Value>> {
    serde_json::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_request_is_read_and_other_content_is_none() {
        let request = r#"{"schema":1,"unit_id":"00E0C51C5087","accept_terms":true,"new":7}"#;
        assert!(Stored::parse(request).is_some());
        for (from, to) in [
            ("\"schema\":1", "\"schema\":2"),
            ("true", "false"),
            ("00E0C51C5087", "00E0"),
            ("\"new\":7", "\"url\":\"nowhere\""),
            ("\"new\":7", "\"proxy\":\"nowhere\""),
            ("}", ""),
        ] {
            assert!(Stored::parse(&request.replace(from, to)).is_none(), "{to}");
        }
    }

    #[test]
    fn the_proxy_stays_on_the_device() {
        let request = r#"{"schema":1,"unit_id":"00E0C51C5087","accept_terms":true}"#;
        let with = request.replace('}', r#","proxy":"http://u:secret@proxy:3128"}"#);
        let sent = Stored::parse(&with).unwrap().to_send(with);
        assert!(!sent.contains("secret") && sent.ends_with("}\n"), "{sent}");
        assert_eq!(members(&sent).unwrap(), members(request).unwrap());
        let own = request.to_owned();
        assert_eq!(Stored::parse(&own).unwrap().to_send(own.clone()), own);
    }
}
