//! Checks the certificates of servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::pin::{NotPinnedError, Pin};

/// The most times at which a chain is checked while the clock is not trusted: more than a chain has
/// certificates (webpki follows six intermediate ones).
const MAX_TIMES: usize = 8;

/// Accepts the certificates that the policy of the request allows.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The verifier of chains; `None` without authorities.
    pub(super) chain: Option<Arc<WebPkiServerVerifier>>,
    pub(super) pinned: Option<(String, Pin)>,
    pub(super) or_authority: bool,
    pub(super) clock_trusted: bool,
    pub(super) clock_ignored: Arc<AtomicBool>,
    pub(super) provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// The pin of this server, if it has one.
    fn pin(&self, server: &ServerName<'_>) -> Option<Pin> {
        let (host, pin) = self.pinned.as_ref()?;
        server.to_str().eq_ignore_ascii_case(host).then_some(*pin)
    }

    /// Checks the chain from the server to an authority.
    fn verify_chain(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        };
        self.at_any_time(now, |time| {
            chain.verify_server_cert(end_entity, intermediates, server, ocsp, time)
        })
    }

    /// Looks for a time at which all certificates are valid. The error is that of `now` if no time
    /// fits, or if the chain has an error other than a date.
    fn at_any_time(
        &self,
        now: UnixTime,
        check: impl Fn(UnixTime) -> Result<ServerCertVerified, Error>,
    ) -> Result<ServerCertVerified, Error> {
        let mut first = None;
        let mut time = now;
        for _ in 0..MAX_TIMES {
            match check(time) {
                Ok(verified) => {
                    if first.is_some() {
                        self.clock_ignored.store(true, Ordering::Relaxed);
                    }
                    return Ok(verified);
                }
                Err(error) => {
                    let next = fitting_time(&error);
                    let error = first.get_or_insert(error);
                    match next {
                        Some(next) if !self.clock_trusted => time = next,
                        _ => return Err(error.clone()),
                    }
                }
            }
        }
        Err(first.unwrap_or(Error::InvalidCertificate(CertificateError::Expired)))
    }
}

/// Separates a bad signature of the handshake from one in the chain, which is another's fault.
fn of_handshake(error: Error) -> Error {
    match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
        }
        other => other,
    }
}

/// A time within the validity of the certificate, if the error concerns its dates.
fn fitting_time(error: &Error) -> Option<UnixTime> {
    match error {
        Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Some(*not_after)
        }
        Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
            Some(*not_before)
        }
        _ => None,
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(pin) = self.pin(server) else {
            return self.verify_chain(end_entity, intermediates, server, ocsp, now);
        };
        let found = Pin::of(end_entity);
        if found == pin {
            return Ok(ServerCertVerified::assertion());
        }
        let verdict = self
            .or_authority
            .then(|| self.verify_chain(end_entity, intermediates, server, ocsp, now));
        match verdict {
            None | Some(Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))) => {
                let not_pinned = OtherError(Arc::new(NotPinnedError(found)));
                Err(Error::InvalidCertificate(CertificateError::Other(not_pinned)))
            }
            Some(verdict) => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms).map_err(of_handshake)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms).map_err(of_handshake)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
