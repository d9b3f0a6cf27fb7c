//! The reasons why a file does not come, and the verdict on each.

use std::io;
use std::time::Duration;

use licd_protocol::{FailureCode, UrlError};

/// Why a file does not come. The text of each follows the host in a message.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The host's name has no address.
    Lookup(LookupError),
    /// The connection fails.
    Connect(io::Error),
    /// The connection does not stand within this time.
    ConnectTimeout(Duration),
    /// The connection broke.
    ConnectionLost(io::Error),
    /// The server stays silent for this time.
    IdleTimeout(Duration),
    /// The file is incomplete after this time.
    TotalTimeout(Duration),
    /// The server sends fewer bytes than it announced.
    Truncated {
        /// Bytes received.
        received: u64,
        /// Bytes announced.
        announced: u64,
    },
    /// The other side does not speak the protocol.
    WrongProtocol {
        /// The protocol.
        protocol: &'static str,
    },
    /// TLS fails for a reason other than the certificate.
    Tls(rustls::Error),
    /// The certificate is refused; the text gives the reason and the cure.
    Certificate(String),
    /// No certificate authority is available; the text names the file and its error.
    NoAuthorities(String),
    /// The server answers with an HTTP status that brings no file.
    Status {
        /// The status.
        status: u16,
        /// The wait that the server asks for.
        retry_after: Option<Duration>,
    },
    /// The server refuses the text that was posted, for this reason of its own, which may be empty.
    PostRefused {
        /// The status.
        status: u16,
        /// The reason.
        reason: String,
    },
    /// A redirect asks to post the text to another server.
    RedirectOfPost(String),
    /// The server answers plain HTTP with this status, because the port is one for TLS.
    TlsRequired(u16),
    /// The server asks for credentials (401).
    Unauthorized(AuthSchemes, CredentialsSent),
    /// The proxy asks for credentials (407).
    ProxyUnauthorized(AuthSchemes, CredentialsSent),
    /// The proxy itself answers with a status that brings no file.
    ProxyStatus {
        /// The status.
        status: u16,
        /// The proxy's reason phrase.
        reason: String,
    },
    /// The server, or the proxy in front of it, refuses the file (403).
    Forbidden {
        /// The proxy.
        proxy: String,
    },
    /// The file comes in a content coding that was not requested.
    ContentCoding(String),
    /// An FTP server answers with a code that brings no file.
    FtpReply {
        /// The step that the reply belongs to.
        step: FtpStep,
        /// The code.
        code: u16,
        /// The server's text.
        text: String,
    },
    /// An FTP server refuses the data connection at the port that it named.
    FtpDataPort {
        /// The port.
        port: u16,
        /// The system's error.
        error: io::Error,
    },
    /// An FTP server refuses anonymous users; its text.
    FtpLoginRequired(String),
    /// An FTP server refuses a connection in the clear; its text.
    FtpTlsRequired(String),
    /// An FTP server offers no TLS; its text.
    FtpTlsUnsupported(String),
    /// An FTP server sends no greeting within this time.
    FtpGreetingTimeout(Duration),
    /// An FTP server begins with a TLS handshake.
    FtpImplicitTls,
    /// The path of an FTP address names no file.
    FtpPathWithoutFile,
    /// The user or the password holds a control character.
    FtpControlCharacter,
    /// The servers redirect more often than this.
    TooManyRedirects(usize),
    /// A redirect names no address.
    RedirectWithoutLocation,
    /// A redirect names an invalid address.
    InvalidRedirect(String, UrlError),
    /// A redirect leads from TLS to plaintext.
    RedirectToPlaintext(String),
    /// A redirect leads to something other than a web server.
    RedirectToOtherScheme(String),
    /// The file is larger than this limit.
    TooLarge(u64),
    /// A gzip file is corrupt or incomplete.
    CorruptGzip,
    /// This device fails, not the server.
    Internal {
        /// The action that fails.
        action: &'static str,
        /// The system's message.
        message: String,
    },
    /// The caller no longer reads the output.
    ReaderGone,
}

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LookupError {
    /// The name does not exist.
    NoSuchName,
    /// This device has no name server.
    NoServer,
    /// These name servers fail or cannot be reached.
    ServerFailure(Vec<String>),
    /// These name servers do not answer within this time.
    Timeout(Vec<String>, Duration),
    /// Another error, in the C library's words.
    Other(String),
}

/// The step of an FTP session that a reply belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FtpStep {
    /// The connection.
    Greeting,
    /// USER and PASS.
    Login,
    /// PBSZ and PROT.
    Protection,
    /// TYPE.
    Type,
    /// EPSV and PASV.
    Passive,
    /// RETR.
    Retrieve,
    /// The end of the data.
    Transfer,
}

/// The authentication schemes that a server accepts (RFC 9110 §11.3), each once.
pub(crate) type AuthSchemes = Vec<String>;

/// Whether a server got the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialsSent {
    /// The server got them.
    Yes,
    /// The request has none.
    No,
    /// The worker withheld them, because the address names another server.
    Withheld,
}

impl FetchError {
    /// The verdict.
    pub(crate) fn code(&self) -> FailureCode {
        match self {
            Self::Certificate(_)
            | Self::TlsRequired(_)
            | Self::Unauthorized(..)
            | Self::ProxyUnauthorized(..)
            | Self::ProxyStatus { status: 400..500, .. }
            | Self::Forbidden { .. }
            | Self::ContentCoding(_)
            | Self::FtpLoginRequired(_)
            | Self::FtpTlsRequired(_)
            | Self::FtpTlsUnsupported(_)
            | Self::FtpImplicitTls
            | Self::FtpPathWithoutFile
            | Self::FtpControlCharacter
            | Self::TooManyRedirects(_)
            | Self::RedirectWithoutLocation
            | Self::InvalidRedirect(..)
            | Self::RedirectToPlaintext(_)
            | Self::RedirectToOtherScheme(_)
            | Self::RedirectOfPost(_)
            | Self::PostRefused { .. } => FailureCode::SourceRefused,
            // 202: the server has accepted a request and not answered it yet.
            Self::Status { status: 500.. | 202 | 408 | 425 | 429, .. } => {
                FailureCode::SourceUnreachable
            }
            Self::Status { .. } => FailureCode::SourceRefused,
            Self::FtpReply { code: 300..400 | 500..600 | 430, .. } => FailureCode::SourceRefused,
            Self::TooLarge(_) => FailureCode::SourceTooLarge,
            _ => FailureCode::SourceUnreachable,
        }
    }

    /// Whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Lookup(error) => !matches!(error, LookupError::NoSuchName),
            // connect(2): the address belongs to one link, and names no interface.
            Self::Connect(error) if error.kind() == io::ErrorKind::InvalidInput => false,
            // The network requires a sign-in (RFC 6585 §6); a person decides on a request.
            Self::Status { status: 511 | 202, .. } => false,
            Self::Connect(_)
            | Self::ConnectTimeout(_)
            | Self::ConnectionLost(_)
            | Self::IdleTimeout(_)
            | Self::FtpDataPort { .. }
            | Self::Truncated { .. }
            | Self::Status { .. }
            | Self::ProxyStatus { .. }
            | Self::FtpReply { .. } => self.code() == FailureCode::SourceUnreachable,
            _ => false,
        }
    }

    /// The time until the error shows, which the next attempt may take again.
    pub(crate) fn elapsed(&self) -> Duration {
        match self {
            Self::IdleTimeout(elapsed)
            | Self::ConnectTimeout(elapsed)
            | Self::Lookup(LookupError::Timeout(_, elapsed)) => *elapsed,
            _ => Duration::ZERO,
        }
    }

    /// The wait that the server asks for.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the error comes from a proxy that was reached.
    pub(crate) fn is_from_proxy(&self) -> bool {
        matches!(self, Self::ProxyStatus { .. } | Self::ProxyUnauthorized(..))
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect(error)
            | Self::ConnectionLost(error)
            | Self::FtpDataPort { error, .. } => Some(error),
            Self::Lookup(error) => Some(error),
            Self::Tls(error) => Some(error),
            Self::InvalidRedirect(_, error) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for LookupError {}
