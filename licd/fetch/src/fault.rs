//! Why there is no file: which verdict that is, whether another attempt may help, and what to do.

use std::io;
use std::time::Duration;

use licd_protocol::{Code, UrlError};

mod failed;
mod words;

pub(crate) use failed::{Failed, Redirect};
pub(crate) use words::{escaped, system_words};

/// What to do about a proxy that is not reached.
const CHECK_PROXY: &str = "check [network] proxy, http_proxy and https_proxy";

/// Why a file does not come. The text of each is what comes after the host in a message.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The host's name has no address here.
    Name(NameFault),
    /// No connection comes about.
    Connect(io::Error),
    /// It does not come about in time.
    ConnectTimeout(Duration),
    /// The connection broke.
    Dropped(io::Error),
    /// The server says nothing for this long.
    Silent(Duration),
    /// Not everything is there after this long.
    TooSlow(Duration),
    /// The server sent fewer bytes than it had announced.
    Short {
        /// Bytes that came.
        came: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// What answers does not speak the protocol.
    Garbage {
        /// The protocol.
        protocol: &'static str,
    },
    /// TLS fails for a reason other than the certificate.
    Tls(rustls::Error),
    /// The server's certificate is not accepted; the words say why and what to do.
    Certificate(String),
    /// There is no certificate authority to check a server with: the file, and what is wrong with it.
    NoAuthorities(String),
    /// The server answers with an HTTP status that brings no file.
    Status {
        /// The status.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The server wants to know who asks (401).
    Unauthorized(Offers, Given),
    /// The proxy wants to know who asks (407).
    ProxyUnauthorized(Offers, Given),
    /// The proxy answers in its own name, with a status that brings no file.
    ProxyStatus {
        /// The status.
        status: u16,
        /// Its words.
        reason: String,
    },
    /// The server, or the proxy before it, does not give the file (403).
    Forbidden {
        /// The proxy.
        proxy: String,
    },
    /// The file comes in a coding that was not asked for.
    Coding(String),
    /// An FTP server answers with a code that brings no file.
    Reply {
        /// To what.
        step: Step,
        /// The code.
        code: u16,
        /// Its words.
        text: String,
    },
    /// An FTP server does not take the connection for the file at the port that it names.
    DataPort {
        /// The port.
        port: u16,
        /// Why.
        error: io::Error,
    },
    /// An FTP server lets only those in who say who they are; its words.
    NoAnonymous(String),
    /// An FTP server that was spoken to in the clear wants TLS; its words.
    WantsTls(String),
    /// An FTP server does not do TLS; its words.
    NoFtpTls(String),
    /// An FTP server does not say hello for this long.
    NoGreeting(Duration),
    /// An FTP server begins with TLS.
    TlsFirst,
    /// The path names no file.
    NoFile,
    /// User or password hold a control character.
    Unsayable,
    /// More redirects than are followed.
    Redirects(usize),
    /// A redirect that names no address.
    Nowhere,
    /// A redirect to a text that is no address.
    RedirectAddress(String, UrlError),
    /// A redirect from TLS to none.
    Downgrade(String),
    /// A redirect to something other than a web server.
    RedirectScheme(String),
    /// More bytes than the limit.
    TooLarge(u64),
    /// What begins as gzip is not gzip to its end.
    Gzip,
    /// Something here failed that has nothing to do with the server.
    Local {
        /// What was done.
        what: &'static str,
        /// What the system says.
        error: String,
    },
    /// Nobody reads what is handed on.
    NoReader,
}

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NameFault {
    /// There is none of this name.
    Unknown,
    /// This device knows no name server.
    NoServer,
    /// These name servers cannot say now.
    Failing(Vec<String>),
    /// These name servers do not answer for this long.
    Silent(Vec<String>, Duration),
    /// Something else, in the C library's words.
    Other(String),
}

/// What an FTP server's reply is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
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

/// The ways of saying who asks that a server takes (RFC 9110 §11.3), each once.
pub(crate) type Offers = Vec<String>;

/// Whether a server was told who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// It was.
    Yes,
    /// There is nobody to name.
    No,
    /// It was not, since the address names another server.
    Withheld,
}

impl Fault {
    /// The verdict.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Certificate(_)
            | Self::Unauthorized(..)
            | Self::ProxyUnauthorized(..)
            | Self::ProxyStatus { status: 400..500, .. }
            | Self::Forbidden { .. }
            | Self::Coding(_)
            | Self::NoAnonymous(_)
            | Self::WantsTls(_)
            | Self::NoFtpTls(_)
            | Self::TlsFirst
            | Self::NoFile
            | Self::Unsayable
            | Self::Redirects(_)
            | Self::Nowhere
            | Self::RedirectAddress(..)
            | Self::Downgrade(_)
            | Self::RedirectScheme(_) => Code::SourceRefused,
            Self::Status { status: 500.. | 408 | 425 | 429, .. } => Code::SourceUnreachable,
            Self::Status { .. } => Code::SourceRefused,
            Self::Reply { code: 500..600 | 430, .. } => Code::SourceRefused,
            Self::TooLarge(_) => Code::SourceTooLarge,
            _ => Code::SourceUnreachable,
        }
    }

    /// Whether trying again may help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Name(fault) => !matches!(fault, NameFault::Unknown),
            // The network wants somebody to sign in (RFC 6585 §6).
            Self::Status { status: 511, .. } => false,
            Self::Connect(_)
            | Self::ConnectTimeout(_)
            | Self::Dropped(_)
            | Self::Silent(_)
            | Self::DataPort { .. }
            | Self::Short { .. }
            | Self::Status { .. }
            | Self::ProxyStatus { .. }
            | Self::Reply { .. } => self.code() == Code::SourceUnreachable,
            _ => false,
        }
    }

    /// What to do about it, if its own words do not say so.
    fn advice(&self) -> Option<&'static str> {
        match self {
            Self::ProxyStatus { status: 400..500, .. } => Some("ask whoever runs the proxy"),
            Self::ProxyStatus { .. } => Some(CHECK_PROXY),
            Self::Name(NameFault::Unknown) => Some("check the address"),
            Self::TooSlow(_) => Some("try again, or raise [network] total_timeout_seconds"),
            Self::Redirects(_) | Self::Nowhere | Self::RedirectAddress(..) => {
                Some("ask for a new link")
            }
            Self::TooLarge(_) => Some("no licence is that large, check the address"),
            Self::Gzip => Some("have the file put there again"),
            Self::Status { retry_after: Some(_), .. } => None,
            Self::Status { status: 511, .. } => {
                Some("sign in there with a web browser, then try again")
            }
            Self::Status { status: 408 | 425 | 429 | 500.., .. }
            | Self::Dropped(_)
            | Self::Silent(_)
            | Self::Short { .. } => Some("try again later"),
            Self::Status { status, .. } if !matches!(status, 404 | 410) => {
                Some("ask whoever runs the server")
            }
            Self::Reply { step: Step::Passive, .. } => Some(
                "it may do active FTP only, which is not supported; ask for an address with https://",
            ),
            Self::Reply { step: Step::Login, code: 530 | 430, .. }
            | Self::Reply { step: Step::Retrieve, code: 550, .. } => None,
            Self::Reply { code: 400..500, .. } => Some("try again later"),
            Self::Reply { .. } => Some("ask whoever runs the server"),
            _ => None,
        }
    }

    /// How long it took to come to light; as long again it takes the next time.
    pub(crate) fn took(&self) -> Duration {
        match self {
            Self::Silent(took)
            | Self::ConnectTimeout(took)
            | Self::Name(NameFault::Silent(_, took)) => *took,
            _ => Duration::ZERO,
        }
    }

    /// How long the server asks to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it is the proxy's, although it was reached.
    fn is_of_proxy(&self) -> bool {
        matches!(self, Self::ProxyStatus { .. } | Self::ProxyUnauthorized(..))
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests;
