//! UMS over HTTPS.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::AgentError;

/// What the agent reports.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    /// The random name of this installation.
    pub(crate) device: &'a str,
    pub(crate) boot: &'a str,
    /// The UDP port at which UMS can wake the agent.
    pub(crate) wake: u16,
    /// The revision of the settings that licd has.
    pub(crate) applied: &'a str,
    pub(crate) frozen: bool,
    /// Whether the device has read everything again because UMS asked for it.
    pub(crate) refreshed: bool,
    pub(crate) status: serde_json::Value,
}

/// What UMS answers.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) revision: String,
    pub(crate) settings: Option<String>,
    pub(crate) refresh: bool,
}

/// The server.
pub(crate) struct Ums {
    agent: ureq::Agent,
    reports: String,
}

impl Ums {
    /// The server at this address, whose certificate an authority of the PEM file has signed.
    pub(crate) fn new(address: &str, ca: &Path) -> Result<Self, AgentError> {
        let pem =
            fs::read(ca).map_err(|error| AgentError::File(ca.display().to_string(), error))?;
        let authorities = parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(authorities.collect())))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = ureq::Agent::config_builder()
            .https_only(true)
            .tls_config(tls.build())
            .timeout_global(Some(Duration::from_secs(30)))
            .proxy(None);
        let reports = format!("{address}/report");
        Ok(Self { agent: config.build().new_agent(), reports })
    }

    pub(crate) fn report(&self, report: &Report<'_>) -> Result<Answer, AgentError> {
        let send = || {
            let body =
                serde_json::to_string(report).map_err(|e| ureq::Error::Other(Box::new(e)))?;
            let text = self.agent.post(&self.reports).send(body)?.body_mut().read_to_string()?;
            serde_json::from_str(&text).map_err(|e| ureq::Error::Other(Box::new(e)))
        };
        send().map_err(AgentError::Ums)
    }
}
