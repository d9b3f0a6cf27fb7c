//! Which servers are believed.
//!
//! The certificate authorities are the system's or those of the configured bundle, never a list
//! that is built in: an administrator who adds or takes away an authority expects to be obeyed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use licd_protocol::ca_file;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::fault::Fault;

mod words;

/// Times at which a chain is looked at again when the clock is not trusted: more than a chain has
/// certificates (webpki follows six intermediate ones).
const DATES: usize = 8;

/// SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pin([u8; 32]);

impl Pin {
    /// Reads 64 hex digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pin = [0; 32];
        let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        if digits.len() != 2 * pin.len() {
            return None;
        }
        for (byte, pair) in pin.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok()?;
        }
        Some(Self(pin))
    }

    fn of(certificate: &CertificateDer<'_>) -> Self {
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, certificate);
        let mut pin = [0; 32];
        pin.iter_mut().zip(digest.as_ref()).for_each(|(byte, digest)| *byte = *digest);
        Self(pin)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A certificate other than the pinned one.
#[derive(Debug)]
struct Unpinned(Pin);

impl fmt::Display for Unpinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has the SHA-256 {}", self.0)
    }
}

impl std::error::Error for Unpinned {}

/// A bundle of authorities as read, or why there is none.
pub(crate) type Bundle = Result<Vec<u8>, String>;

/// What a server's certificate has to be.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    /// The authorities.
    pub(crate) bundle: Bundle,
    /// The one host that has to have the one certificate.
    pub(crate) pinned: Option<(String, Pin)>,
    /// Whether an authority's word will do for that host, too.
    pub(crate) or_authority: bool,
    /// Whether dates count.
    pub(crate) clock_trusted: bool,
}

/// How to speak TLS, and what happened on the way.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    /// Whether a certificate was taken whose dates do not fit.
    clock_ignored: Arc<AtomicBool>,
    /// Why there are no authorities, if there are none.
    no_authorities: Option<String>,
}

impl Tls {
    /// Reads the bundle. What is no certificate in it is passed over, as other programs do.
    ///
    /// # Errors
    /// [`Fault::Tls`] if the provider cannot do what is asked of it.
    pub(crate) fn new(trust: Trust) -> Result<Self, Fault> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        let no_authorities = match trust.bundle {
            Ok(bundle) => {
                let (read, _) = roots.add_parsable_certificates(ca_file::certificates(&bundle));
                (read == 0).then(|| "no certificate in [network] ca_file can be read".to_owned())
            }
            Err(why) => Some(why),
        };
        let chain = no_authorities
            .is_none()
            .then(|| {
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
            })
            .transpose()
            .map_err(|error| Fault::Tls(Error::General(error.to_string())))?;
        let clock_ignored = Arc::new(AtomicBool::new(false));
        let verifier = Verifier {
            chain,
            pinned: trust.pinned,
            or_authority: trust.or_authority,
            clock_trusted: trust.clock_trusted,
            clock_ignored: Arc::clone(&clock_ignored),
            provider: Arc::clone(&provider),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Fault::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), clock_ignored, no_authorities })
    }

    pub(crate) fn clock_ignored(&self) -> bool {
        self.clock_ignored.load(Ordering::Relaxed)
    }

    /// What a failed handshake means.
    pub(crate) fn fault(&self, error: Error) -> Fault {
        match (error, &self.no_authorities) {
            (Error::InvalidCertificate(CertificateError::UnknownIssuer), Some(why)) => {
                Fault::NoAuthorities(why.clone())
            }
            (Error::InvalidCertificate(why), _) => Fault::Certificate(words::certificate(&why)),
            (Error::NoCertificatesPresented, _) => {
                Fault::Certificate("shows no certificate; is it the right server?".to_owned())
            }
            (other, _) => Fault::Tls(other),
        }
    }
}

#[derive(Debug)]
struct Verifier {
    /// What checks chains; none without authorities.
    chain: Option<Arc<WebPkiServerVerifier>>,
    pinned: Option<(String, Pin)>,
    or_authority: bool,
    clock_trusted: bool,
    clock_ignored: Arc<AtomicBool>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// The pin for this server, if it has one.
    fn pin(&self, server: &ServerName<'_>) -> Option<Pin> {
        let (host, pin) = self.pinned.as_ref()?;
        server.to_str().eq_ignore_ascii_case(host).then_some(*pin)
    }

    /// Whether an authority vouches for the server.
    fn by_authority(
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

    /// Looks for a time at which all certificates hold; the error is the one of `now` if there is
    /// none, or if something else than a date is wrong.
    fn at_any_time(
        &self,
        now: UnixTime,
        check: impl Fn(UnixTime) -> Result<ServerCertVerified, Error>,
    ) -> Result<ServerCertVerified, Error> {
        let mut first = None;
        let mut time = now;
        for _ in 0..DATES {
            match check(time) {
                Ok(verified) => {
                    if first.is_some() {
                        self.clock_ignored.store(true, Ordering::Relaxed);
                    }
                    return Ok(verified);
                }
                Err(error) => {
                    let next = fitting(&error);
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

/// A time that would fit the certificate that this error is about, if it is about its dates.
fn fitting(error: &Error) -> Option<UnixTime> {
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
            return self.by_authority(end_entity, intermediates, server, ocsp, now);
        };
        let found = Pin::of(end_entity);
        if found == pin {
            return Ok(ServerCertVerified::assertion());
        }
        let vouched = self
            .or_authority
            .then(|| self.by_authority(end_entity, intermediates, server, ocsp, now));
        match vouched {
            None | Some(Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))) => {
                let unpinned = OtherError(Arc::new(Unpinned(found)));
                Err(Error::InvalidCertificate(CertificateError::Other(unpinned)))
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
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
