//! The identity of the server.

use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::error::UmsError;

/// The certificates and the key that the server shows to devices.
#[derive(Clone)]
pub struct Identity(Arc<ServerConfig>);

impl Identity {
    /// Reads a PEM file with the key and the certificates, the server's first.
    ///
    /// # Errors
    /// The file is missing or holds no such pair.
    pub fn read(file: &Path) -> Result<Self, UmsError> {
        let unusable = |error: &dyn std::fmt::Display| {
            UmsError::Identity(format!("{}: {error}", file.display()))
        };
        let chain = CertificateDer::pem_file_iter(file)
            .and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
            .map_err(|error| unusable(&error))?;
        let key = PrivateKeyDer::from_pem_file(file).map_err(|error| unusable(&error))?;
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(chain, key).map_err(|error| unusable(&error))?;
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0))
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}
