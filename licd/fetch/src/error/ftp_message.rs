//! The messages for errors of FTP.

use std::fmt;

use super::fetch::{FetchError, FtpStep};
use super::text::{Span, io_message, quoted};

impl FetchError {
    /// Writes the message of an error of FTP.
    pub(super) fn fmt_ftp(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FtpReply { step, code, text } => reply(f, *step, *code, &quoted(text)),
            Self::FtpDataPort { port, error } => write!(
                f,
                "refuses the data connection at port {port} ({}); check for a firewall",
                io_message(error)
            ),
            Self::FtpLoginRequired(text) => {
                write!(f, "asks for a user and password ({}); give them", quoted(text))
            }
            Self::FtpTlsRequired(text) => {
                write!(f, "wants TLS ({}); use an address with ftps://", quoted(text))
            }
            Self::FtpTlsUnsupported(text) => write!(
                f,
                "does not offer FTP over TLS ({}); ask for an address with ftp:// or https://",
                quoted(text)
            ),
            Self::FtpGreetingTimeout(after) => write!(
                f,
                "connected, but sent nothing for {}; if it is a server that begins with TLS, use \
                 an address with ftps:// and port 990",
                Span(*after)
            ),
            Self::FtpImplicitTls => f.write_str(
                "begins with TLS, which is done on port 990 only; use an address with ftps:// and \
                 that port",
            ),
            Self::FtpPathWithoutFile => f.write_str("the address names no file; correct its path"),
            _ => f.write_str("user or password hold a character that FTP cannot send; check them"),
        }
    }
}

fn reply(f: &mut fmt::Formatter<'_>, step: FtpStep, code: u16, text: &str) -> fmt::Result {
    match (step, code) {
        (_, 421) => write!(f, "has no room for another connection now ({text})"),
        (FtpStep::Login, 430 | 530) => {
            write!(f, "rejects this user ({text}); check user and password")
        }
        (FtpStep::Login, 300..400) => {
            write!(
                f,
                "asks for more than a user and password ({text}), which licd does not support"
            )
        }
        (FtpStep::Retrieve, 550) => write!(f, "does not give this file ({text}); check the path"),
        (FtpStep::Retrieve, 425) => write!(f, "cannot open a connection for the file ({text})"),
        (FtpStep::Retrieve, 450) => write!(f, "cannot give this file now ({text})"),
        (FtpStep::Transfer, _) => {
            write!(f, "answered {code} at the end of the file ({text}), so it may not be whole")
        }
        (FtpStep::Passive, _) => write!(f, "offers no connection for the file ({code} {text})"),
        (FtpStep::Protection, _) => write!(f, "does not protect the file by TLS ({code} {text})"),
        _ => write!(f, "answered {code} ({text})"),
    }
}

/// The cure for a reply, unless the message itself gives it.
pub(super) fn advice(step: FtpStep, code: u16) -> Option<&'static str> {
    match (step, code) {
        (FtpStep::Passive, _) => Some(
            "it may do active FTP only, which is not supported; ask for an address with https://",
        ),
        (FtpStep::Login, 300..400) => Some("ask for an address with https://"),
        (FtpStep::Login, 530 | 430) | (FtpStep::Retrieve, 550) => None,
        (_, 400..500) => Some("try again later"),
        _ => Some("ask the server's administrator"),
    }
}
