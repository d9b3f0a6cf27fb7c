//! TLS, and the certificates that the worker accepts.
//!
//! The certificate authorities are the system's or those of the configured bundle, never a built-in
//! list, so that an administrator can add and remove every authority.

mod message;
mod pin;
mod verifier;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use licd_protocol::ca_file;
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore, SignatureScheme};

use crate::error::FetchError;
use verifier::Verifier;

pub(crate) use pin::Pin;

/// The bytes of a bundle of authorities, or the reason why it cannot be read.
pub(crate) type Bundle = Result<Vec<u8>, String>;

/// The certificates that a request allows.
#[derive(Debug, Clone)]
pub(crate) struct CertificatePolicy {
    /// The authorities.
    pub(crate) bundle: Bundle,
    /// The host that must show this certificate.
    pub(crate) pinned: Option<(String, Pin)>,
    /// Whether that host may also show a certificate from an authority.
    pub(crate) or_authority: bool,
    /// Whether the dates of certificates count.
    pub(crate) clock_trusted: bool,
}

/// The TLS configuration, and the events of its handshakes.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    /// Whether the worker accepted a certificate whose dates do not fit.
    clock_ignored: Arc<AtomicBool>,
    /// Whether a server asked for a certificate of the client.
    client_asked: Arc<AtomicBool>,
    /// Why no authority is available, if so.
    no_authorities: Option<String>,
}

impl Tls {
    /// Reads the bundle. Like other programs, it skips entries that are no certificates.
    ///
    /// # Errors
    /// [`FetchError::Tls`] if the provider does not support the configuration.
    pub(crate) fn new(policy: CertificatePolicy) -> Result<Self, FetchError> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        let no_authorities = match policy.bundle {
            Ok(bundle) => {
                let (read, _) = roots.add_parsable_certificates(ca_file::certificates(&bundle));
                (read == 0).then(|| "no certificate in [network] ca_file can be read".to_owned())
            }
            Err(why) => Some(why),
        };
        let chain = match no_authorities {
            None => Some(chain_verifier(roots, &provider)?),
            Some(_) => None,
        };
        let clock_ignored = Arc::new(AtomicBool::new(false));
        let client_asked = Arc::new(AtomicBool::new(false));
        let verifier = Verifier {
            chain,
            pinned: policy.pinned,
            or_authority: policy.or_authority,
            clock_trusted: policy.clock_trusted,
            clock_ignored: Arc::clone(&clock_ignored),
            provider: Arc::clone(&provider),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(FetchError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(NoCertificate(Arc::clone(&client_asked))));
        Ok(Self { config: Arc::new(config), clock_ignored, client_asked, no_authorities })
    }

    pub(crate) fn clock_ignored(&self) -> bool {
        self.clock_ignored.load(Ordering::Relaxed)
    }

    /// Whether a server asked for a certificate of the client.
    pub(crate) fn client_asked(&self) -> bool {
        self.client_asked.load(Ordering::Relaxed)
    }

    /// The error of a failed handshake.
    pub(crate) fn handshake_error(&self, error: Error) -> FetchError {
        match (error, &self.no_authorities) {
            (Error::InvalidCertificate(CertificateError::UnknownIssuer), Some(why)) => {
                FetchError::NoAuthorities(why.clone())
            }
            (Error::InvalidCertificate(why), _) => {
                FetchError::Certificate(message::certificate(&why))
            }
            (Error::NoCertificatesPresented, _) => FetchError::Certificate(
                "shows no certificate; check that it is the right server".to_owned(),
            ),
            // The alert rarely says so: with TLS 1.2 it is “handshake failure” (RFC 5246 §7.4.6).
            (Error::AlertReceived(_), _) if self.client_asked() => client_certificate(),
            (other, _) => FetchError::Tls(other),
        }
    }
}

/// The error of a server that refuses a client without a certificate.
pub(crate) fn client_certificate() -> FetchError {
    FetchError::Certificate(
        "asks for a certificate of the client, which licd does not support; ask for an address \
         without one"
            .to_owned(),
    )
}

/// Offers no certificate, and remembers that a server asked for one.
#[derive(Debug)]
struct NoCertificate(Arc<AtomicBool>);

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn chain_verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, FetchError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| FetchError::Tls(Error::General(error.to_string())))
}
