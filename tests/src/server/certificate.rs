//! Certificates and certificate authorities.

use base64ct::{Base64, Encoding as _};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use sha2::{Digest as _, Sha256};

/// The validity of a certificate: from the first day of one year to that of another.
pub type Years = (i32, i32);
/// Valid whenever the tests run.
pub const NOW: Years = (2020, 2090);
/// Expired long ago.
pub const PAST: Years = (2001, 2002);

/// A certificate authority.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A server's certificate and its key.
#[derive(Debug)]
pub struct Identity {
    certificate: Vec<u8>,
    key: KeyPair,
}

fn params(name: &str, years: Years) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

impl Authority {
    /// Creates an authority.
    #[must_use]
    pub fn new() -> Self {
        let mut params = params("authority.example", NOW);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    /// Its own certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Its own certificate in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// An identity with its name only in the subject, which current clients ignore.
    #[must_use]
    pub fn common_name_only(&self, name: &str) -> Identity {
        let mut params = params(name, NOW);
        params.subject_alt_names.clear();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &*self.issuer).unwrap();
        Identity { certificate: certificate.der().to_vec(), key }
    }

    /// Issues an identity with this name and validity.
    #[must_use]
    pub fn identity(&self, name: &str, years: Years) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, years).signed_by(&key, &*self.issuer).unwrap();
        Identity { certificate: certificate.der().to_vec(), key }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// A self-signed identity with this name.
    #[must_use]
    pub fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, NOW).self_signed(&key).unwrap();
        Self { certificate: certificate.der().to_vec(), key }
    }

    /// The SHA-256 of the certificate, as `openssl` shows it.
    #[must_use]
    pub fn pin(&self) -> String {
        let digest = Sha256::digest(&self.certificate);
        digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// Key and certificate in one PEM file.
    #[must_use]
    pub fn pem(&self) -> String {
        let body = Base64::encode_string(&self.certificate);
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
        format!("{}{begin}\n{}\n{end}\n", self.key.serialize_pem(), lines.join("\n"))
    }
}
