//! The certificates that the worker accepts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use licd_protocol::{FailureCode, FetchRequest};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientCertVerifierBuilder, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version,
};
use tempfile::NamedTempFile;

use crate::server::{Server, hang, head, listener, ok, status};
use crate::worker::{address, fetch, request};

const LICENSE: &[u8] = b"igel.com/license/v1\n";
/// The first and the last year of a valid certificate.
const NOW: (i32, i32) = (2020, 2090);
const PAST: (i32, i32) = (2001, 2002);
const FUTURE: (i32, i32) = (2090, 2095);

/// A certificate authority.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A chain, the server's own certificate first, and the key that goes with that.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

fn params(name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

fn authority(years: (i32, i32)) -> CertificateParams {
    let mut params = params("authority.example", years);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(authority(NOW), key).unwrap() }
    }

    pub(crate) fn identity(&self, name: &str, years: (i32, i32)) -> Identity {
        self.issued(params(name, years))
    }

    /// With the name in the common name only, where old clients look for it.
    fn common_name_only(&self, name: &str) -> Identity {
        let mut params = params(name, NOW);
        params.subject_alt_names.clear();
        params.distinguished_name.push(DnType::CommonName, name);
        self.issued(params)
    }

    /// With names that are no host's.
    fn for_a_person(&self) -> Identity {
        let mut params = params("localhost", NOW);
        params.subject_alt_names = vec![SanType::Rfc822Name("a@b.example".try_into().unwrap())];
        self.issued(params)
    }

    /// For a client instead of a server.
    fn for_clients(&self, name: &str) -> Identity {
        let mut params = params(name, NOW);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issued(params)
    }

    fn issued(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &*self.issuer).unwrap();
        Identity { chain: vec![certificate.into()], key }
    }

    /// A server of this TLS version that asks for a certificate of the client.
    fn asking_for_a_certificate(
        &self,
        only: &'static SupportedProtocolVersion,
        adjust: impl Fn(ClientCertVerifierBuilder) -> ClientCertVerifierBuilder,
    ) -> Arc<ServerConfig> {
        let Identity { chain, key } = self.identity("localhost", NOW);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[only])
            .unwrap()
            .with_client_cert_verifier(adjust(clients).build().unwrap())
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }

    /// With an intermediate authority.
    fn chain(&self, years: (i32, i32), between: (i32, i32)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let middle = CertifiedIssuer::signed_by(authority(between), key, &self.issuer).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params("localhost", years).signed_by(&key, &*middle).unwrap();
        Identity { chain: vec![certificate.into(), middle.der().clone()], key }
    }

    /// A server that shows the authority's own certificate.
    fn as_server(years: (i32, i32)) -> (Self, Identity) {
        let mut params = params("localhost", years);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let chain = vec![issuer.der().clone()];
        let key = KeyPair::try_from(issuer.key().serialize_der()).unwrap();
        (Self { issuer }, Identity { chain, key })
    }

    pub(crate) fn bundle(&self) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(self.issuer.pem().as_bytes()).unwrap();
        file
    }
}

impl Identity {
    fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name, NOW);
        // The default name is that of every authority here.
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate: Certificate = params.self_signed(&key).unwrap();
        Self { chain: vec![certificate.into()], key }
    }

    fn pin(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.chain[0]);
        digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Key and certificate in one file, as servers take them.
    pub(crate) fn pem(&self) -> String {
        let body = Base64::encode_string(&self.chain[0]);
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
        format!("{}{begin}\n{}\n{end}\n", self.key.serialize_pem(), lines.join("\n"))
    }

    pub(crate) fn config(self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain, key)
            .unwrap();
        Arc::new(config)
    }
}

/// The server side of a TLS connection.
pub(crate) fn accept(config: &Arc<ServerConfig>, stream: TcpStream) -> impl Read + Write + use<> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

/// An HTTPS server.
pub(crate) fn https(identity: Identity, answer: Vec<u8>) -> Server {
    https_at(Ipv4Addr::LOCALHOST, identity, answer)
}

fn https_at(host: Ipv4Addr, identity: Identity, answer: Vec<u8>) -> Server {
    let config = identity.config();
    Server::on(listener(host), move |stream, _| {
        let mut stream = accept(&config, stream);
        if !head(&mut stream).is_empty() {
            let _ = stream.write_all(&answer);
            let _ = stream.flush();
        }
    })
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}/WE.lic", server.address.port())
}

/// A request that trusts this authority only.
fn trusting(authority: &NamedTempFile, server: &Server) -> FetchRequest {
    let ca_file = authority.path().to_str().map(str::to_owned);
    FetchRequest { ca_file, ..request(&url(server)) }
}

#[test]
fn a_certificate_of_a_known_authority_is_accepted() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    for identity in [authority.identity("localhost", NOW), authority.chain(NOW, NOW)] {
        let server = https(identity, ok("", LICENSE));
        let fetched = fetch(&trusting(&bundle, &server));
        assert!(!fetched.headers[0].clock_ignored);
        assert_eq!(fetched.whole(), LICENSE);
    }
}

#[test]
fn a_certificate_for_an_ip_address_is_accepted() {
    let authority = Authority::new();
    let server = https(authority.identity("127.0.0.1", NOW), ok("", LICENSE));
    let ca_file = authority.bundle();
    let url = url(&server).replace("localhost", "127.0.0.1");
    let request = FetchRequest { url: address(&url), ..trusting(&ca_file, &server) };
    assert_eq!(fetch(&request).whole(), LICENSE);
}

#[test]
fn an_invalid_certificate_is_refused_with_its_reason() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    for (identity, why) in [
        (
            Identity::self_signed("localhost"),
            "this device does not know the authority of its certificate;",
        ),
        (
            Authority::new().identity("localhost", NOW),
            "this device does not know the authority of its certificate: one of the same name has \
             another key;",
        ),
        (
            authority.identity("ums.example", NOW),
            "its certificate is for another name; use the name that it is for (ums.example)",
        ),
        (
            authority.common_name_only("localhost"),
            "its certificate names no host in subjectAltName, and a common name does not count;",
        ),
        (
            authority.identity("127.0.0.1", NOW),
            "its certificate is for another name; use the name that it is for (127.0.0.1)",
        ),
        (
            authority.for_a_person(),
            "its certificate names no host in subjectAltName, and a common name does not count;",
        ),
        (
            authority.for_clients("localhost"),
            "its certificate is not made for a server, but for another purpose;",
        ),
        (
            authority.identity("localhost", PAST),
            "its certificate ended on Tue, 01 Jan 2002 00:00:00 GMT",
        ),
        (
            authority.identity("localhost", FUTURE),
            "its certificate begins on Sun, 01 Jan 2090 00:00:00 GMT",
        ),
    ] {
        let server = https(identity, ok("", LICENSE));
        let message = fetch(&trusting(&bundle, &server)).refusal(FailureCode::SourceRefused);
        assert!(message.starts_with(&format!("localhost: {why}")), "{message}");
        assert_eq!(server.hits(), 1);
    }
}

#[test]
fn dates_are_ignored_while_the_clock_is_untrusted() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    for identity in [
        authority.identity("localhost", PAST),
        authority.identity("localhost", FUTURE),
        authority.chain(FUTURE, FUTURE),
        authority.chain((2001, 2003), PAST),
    ] {
        let server = https(identity, ok("", LICENSE));
        let request = FetchRequest { clock_trusted: false, ..trusting(&bundle, &server) };
        let fetched = fetch(&request);
        assert!(fetched.headers[0].clock_ignored);
        assert_eq!(fetched.whole(), LICENSE);
    }
}

#[test]
fn an_untrusted_clock_excuses_only_dates() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    for identity in [
        Identity::self_signed("localhost"),
        authority.identity("ums.example", PAST),
        Authority::new().identity("localhost", FUTURE),
        // No day on which both are valid.
        authority.chain(FUTURE, PAST),
    ] {
        let server = https(identity, ok("", LICENSE));
        let request = FetchRequest { clock_trusted: false, ..trusting(&bundle, &server) };
        fetch(&request).refusal(FailureCode::SourceRefused);
    }
}

#[test]
fn a_valid_certificate_does_not_report_an_ignored_clock() {
    let authority = Authority::new();
    let server = https(authority.identity("localhost", NOW), ok("", LICENSE));
    let bundle = authority.bundle();
    let request = FetchRequest { clock_trusted: false, ..trusting(&bundle, &server) };
    assert!(!fetch(&request).headers[0].clock_ignored);
}

#[test]
fn a_pinned_certificate_needs_no_authority_name_or_date() {
    let expired = Authority::new().identity("ums.example", PAST);
    for identity in [Identity::self_signed("localhost"), expired] {
        let pin = Some(identity.pin());
        let server = https(identity, ok("", LICENSE));
        let request =
            FetchRequest { pin, ca_file: Some("/nowhere".to_owned()), ..request(&url(&server)) };
        assert_eq!(fetch(&request).whole(), LICENSE);
    }
}

#[test]
fn another_certificate_than_the_pinned_one_is_refused() {
    let authority = Authority::new();
    let identity = authority.identity("localhost", NOW);
    let found = identity.pin().to_lowercase();
    let server = https(identity, ok("", LICENSE));
    let bundle = authority.bundle();
    let request = FetchRequest { pin: Some("00".repeat(32)), ..trusting(&bundle, &server) };
    let message = fetch(&request).refusal(FailureCode::SourceRefused);
    assert!(message.contains(&format!("has the SHA-256 {found}")), "{message}");
}

#[test]
fn a_pin_applies_only_to_the_host_of_the_address() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    let other = https_at(
        Ipv4Addr::new(127, 0, 0, 2),
        authority.identity("127.0.0.2", NOW),
        ok("", LICENSE),
    );
    let port = other.address.port();
    let pinned = Identity::self_signed("localhost");
    let pin = Some(pinned.pin());
    let leads = status("302 x", &format!("Location: https://127.0.0.2:{port}/\r\n"));
    let server = https(pinned, leads);
    let request = FetchRequest { pin, ..trusting(&bundle, &server) };
    assert_eq!(fetch(&request).whole(), LICENSE);
    let request = FetchRequest { ca_file: None, ..request };
    fetch(&request).refusal(FailureCode::SourceRefused);
}

#[test]
fn redirects_may_lead_into_tls_but_not_out_of_it() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    let plain = Server::http(|_, _| ok("", LICENSE));
    let port = plain.address.port();
    let leads = status("302 x", &format!("Location: http://127.0.0.1:{port}/\r\n"));
    let server = https_at(Ipv4Addr::new(127, 0, 0, 2), authority.identity("127.0.0.2", NOW), leads);
    let url = format!("https://{}/", server.address);
    let message = fetch(&FetchRequest { url: address(&url), ..trusting(&bundle, &server) })
        .refusal(FailureCode::SourceRefused);
    assert!(
        message.starts_with("127.0.0.2: redirects from https to http://127.0.0.1"),
        "{message}"
    );
    assert_eq!(plain.hits(), 0);

    let server = https(authority.identity("127.0.0.1", NOW), ok("", LICENSE));
    let port = server.address.port();
    let leads = format!("Location: https://127.0.0.1:{port}/\r\n");
    let plain =
        Server::http_on(listener(Ipv4Addr::new(127, 0, 0, 2)), move |_, _| status("301 x", &leads));
    let request = FetchRequest { url: address(&plain.url("/")), ..trusting(&bundle, &server) };
    assert_eq!(fetch(&request).whole(), LICENSE);
}

#[test]
fn a_ca_certificate_is_refused_as_a_server_unless_pinned() {
    let (authority, identity) = Authority::as_server(NOW);
    let bundle = authority.bundle();
    let pin = Some(identity.pin());
    let server = https(identity, ok("", LICENSE));
    let trusting = trusting(&bundle, &server);
    let message = fetch(&trusting).refusal(FailureCode::SourceRefused);
    assert!(message.contains("set [ums] certificate_sha256 to take it as it is"), "{message}");
    assert_eq!(fetch(&FetchRequest { pin, ..trusting }).whole(), LICENSE);
}

#[test]
fn missing_authorities_are_named_in_the_message() {
    let server = https(Identity::self_signed("localhost"), ok("", LICENSE));
    let request =
        FetchRequest { ca_file: Some("/nowhere.pem".to_owned()), ..request(&url(&server)) };
    let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
    let missing =
        "its certificate cannot be checked: [network] ca_file /nowhere.pem does not exist";
    assert!(message.contains(missing), "{message}");
}

#[test]
fn a_server_without_tls_is_named_in_the_message() {
    let server = Server::http(|_, _| ok("", LICENSE));
    let message = fetch(&request(&url(&server))).refusal(FailureCode::SourceUnreachable);
    assert_eq!(
        message,
        "localhost: the TLS handshake failed (it does not speak TLS on this port); check the address \
         and port"
    );
}

const CLIENT_CERTIFICATE: &str = "localhost: asks for a certificate of the client, which licd does \
                                  not support; ask for an address without one";

#[test]
fn a_server_that_wants_a_certificate_of_the_client_is_named() {
    for only in [&version::TLS12, &version::TLS13] {
        let authority = Authority::new();
        let bundle = authority.bundle();
        let config = authority.asking_for_a_certificate(only, |asking| asking);
        let server = Server::start(move |stream, _| {
            let rest = stream.try_clone().unwrap();
            head(&mut accept(&config, stream));
            // Closing with unread bytes would reset the connection and lose the alert.
            rest.shutdown(Shutdown::Write).unwrap();
            hang(rest);
        });
        let message = fetch(&trusting(&bundle, &server)).refusal(FailureCode::SourceRefused);
        assert_eq!(message, CLIENT_CERTIFICATE);
    }
}

#[test]
fn a_server_that_misses_a_certificate_after_the_handshake_is_named() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    let config = authority.asking_for_a_certificate(
        &version::TLS13,
        ClientCertVerifierBuilder::allow_unauthenticated,
    );
    // As nginx does.
    let server = Server::start(move |stream, _| {
        let mut stream = accept(&config, stream);
        head(&mut stream);
        let _ = stream.write_all(&status("400 Bad Request", ""));
    });
    let message = fetch(&trusting(&bundle, &server)).refusal(FailureCode::SourceRefused);
    assert_eq!(message, CLIENT_CERTIFICATE);
}

#[test]
fn an_alert_is_explained_by_what_it_says() {
    for (alert, words) in [
        (40, "no version or cipher in common); check that it offers TLS 1.2"),
        (70, "no version or cipher in common); check that it offers TLS 1.2"),
        (112, "it does not know this host name); check the address"),
        (80, "it refused); ask the server's administrator"),
    ] {
        let server = Server::start(move |mut stream, _| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, alert]);
            hang(stream);
        });
        let message = fetch(&request(&url(&server))).refusal(FailureCode::SourceUnreachable);
        assert_eq!(message, format!("localhost: the TLS handshake failed ({words}"));
    }
}

#[test]
fn a_key_that_does_not_belong_to_the_certificate_is_named() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    let chain = authority.identity("localhost", NOW).chain;
    let other = PrivateKeyDer::try_from(KeyPair::generate().unwrap().serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let signer = provider.key_provider.load_private_key(other).unwrap();
    let resolver = SingleCertAndKey::from(CertifiedKey::new(chain, signer));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    let config = Arc::new(config);
    let server = Server::start(move |stream, _| drop(head(&mut accept(&config, stream))));
    let message = fetch(&trusting(&bundle, &server)).refusal(FailureCode::SourceRefused);
    let key = "localhost: its key is too short (RSA below 2048 bits) or does not belong to its";
    assert!(message.starts_with(key), "{message}");
}

#[test]
fn a_bundle_without_authorities_is_named_by_its_kind() {
    let authority = Authority::new();
    let server = https(authority.identity("localhost", NOW), ok("", LICENSE));
    let pem = authority.issuer.pem();
    let trusted = pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
    let der = authority.issuer.der().to_vec();
    for (bytes, words) in [
        (der, "is a certificate in DER; convert it with openssl"),
        (trusted.into_bytes(), "holds certificates in OpenSSL's own form"),
        (Vec::new(), "is empty"),
        (b"<html>".to_vec(), "holds no certificate in PEM"),
        (pem.as_bytes()[..200].to_vec(), "holds a certificate that is damaged"),
    ] {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let message = fetch(&trusting(&file, &server)).refusal(FailureCode::SourceUnreachable);
        let name = file.path().display();
        let begins = format!(
            "localhost: its certificate cannot be checked: [network] ca_file {name} {words}"
        );
        assert!(message.starts_with(&begins), "{message}");
    }
    let directory = FetchRequest { ca_file: Some("/etc".to_owned()), ..request(&url(&server)) };
    let message = fetch(&directory).refusal(FailureCode::SourceUnreachable);
    assert!(message.contains("/etc is not a regular file"), "{message}");
    let mut marked = NamedTempFile::new().unwrap();
    marked.write_all(format!("\u{feff}{pem}").as_bytes()).unwrap();
    assert_eq!(fetch(&trusting(&marked, &server)).whole(), LICENSE);
}
