//! Why there is no file.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::protocol::{Code, Failure};

/// Characters of a server's own words in a message.
const QUOTE_CHARS: usize = 120;

/// What to do about a proxy that is none.
const CHECK_PROXY: &str = "check [network] proxy, http_proxy and https_proxy";

/// Why a file does not come. The text of each is what comes after "HOST: " in a message.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The address is none that a licence can come from.
    Address(&'static str),
    /// The proxy's address is not of its form.
    ProxyAddress,
    /// The host's name has no address here.
    Name(io::Error),
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
    /// The proxy does not connect.
    Proxy(String),
    /// TLS fails for a reason other than the certificate.
    Tls(rustls::Error),
    /// The server's certificate is not accepted; the words say why and what to do.
    Certificate(String),
    /// There is no certificate authority to check a server with.
    NoAuthorities(String),
    /// The server answers with an HTTP status that brings no file.
    Status {
        /// The status.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The FTP server answers with a code that brings no file.
    Reply {
        /// The code.
        code: u32,
        /// Its words.
        text: String,
    },
    /// The FTP server does not do TLS; its words.
    NoFtpTls(String),
    /// More redirects than are followed.
    Redirects(usize),
    /// A redirect that names no address.
    Nowhere,
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

/// Who was asked. The text is what a message begins with.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// Nobody: the address is none, and whoever gave it says which it was.
    Nobody,
    /// A server, by its host.
    Host(String),
    /// What was to stand between, by its host and port.
    Proxy(String),
}

/// Why a file does not come.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Who was asked.
    pub(crate) asked: Asked,
    /// Why it did not come.
    pub(crate) fault: Fault,
}

impl Fault {
    /// The verdict.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Address(_)
            | Self::ProxyAddress
            | Self::Certificate(_)
            | Self::NoFtpTls(_)
            | Self::Redirects(_)
            | Self::Nowhere
            | Self::Downgrade(_)
            | Self::RedirectScheme(_) => Code::SourceRefused,
            Self::Status { status: 500.. | 408 | 425 | 429, .. } => Code::SourceUnreachable,
            Self::Status { .. } => Code::SourceRefused,
            Self::Reply { code, .. } if (500..600).contains(code) || *code == 430 => {
                Code::SourceRefused
            }
            Self::TooLarge(_) => Code::SourceTooLarge,
            _ => Code::SourceUnreachable,
        }
    }

    /// Whether trying again may help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            // What the C library says for EAI_AGAIN; std keeps the words only.
            Self::Name(error) => error.to_string().contains("Temporary failure"),
            Self::Connect(_)
            | Self::ConnectTimeout(_)
            | Self::Dropped(_)
            | Self::Silent(_)
            | Self::Short { .. }
            | Self::Status { .. }
            | Self::Reply { .. } => self.code() == Code::SourceUnreachable,
            _ => false,
        }
    }

    /// What to do about it, if its own words do not say so.
    fn advice(&self) -> Option<&'static str> {
        match self {
            Self::ProxyAddress | Self::Proxy(_) => Some(CHECK_PROXY),
            Self::Name(_) if !self.is_passing() => Some("check the address"),
            Self::TooSlow(_) => Some("try again, or raise [network] total_timeout_seconds"),
            Self::Redirects(_) | Self::Nowhere => Some("ask for a new link"),
            Self::TooLarge(_) => Some("no licence is that large, check the address"),
            Self::Gzip => Some("have the file put there again"),
            Self::Status { retry_after: Some(_), .. } => None,
            Self::Status { status: 408 | 425 | 429 | 500.., .. }
            | Self::Dropped(_)
            | Self::Silent(_)
            | Self::Short { .. } => Some("try again later"),
            Self::Status { status, .. } if !matches!(status, 401 | 404 | 407 | 410) => {
                Some("ask whoever runs the server")
            }
            Self::Reply { code: 400..500, .. } => Some("try again later"),
            Self::Reply { code, .. } if !matches!(code, 530 | 550) => {
                Some("ask whoever runs the server")
            }
            _ => None,
        }
    }

    /// How long the server asks to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// With the host that was asked.
    pub(crate) fn of(self, host: &str) -> Failed {
        Failed { asked: Asked::Host(host.to_owned()), fault: self }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => Ok(()),
            Self::Host(host) => write!(f, "{}: ", escaped(host)),
            Self::Proxy(proxy) => write!(f, "proxy {}: ", escaped(proxy)),
        }
    }
}

impl Failed {
    /// What the parent is told after so many attempts.
    pub(crate) fn failure(&self, attempts: u32) -> Failure {
        let Self { asked, fault } = self;
        let again = match attempts {
            0 | 1 => String::new(),
            attempts => format!(" (tried {attempts} times)"),
        };
        let advice = match asked {
            Asked::Nobody | Asked::Host(_) => fault.advice(),
            Asked::Proxy(_) => Some(CHECK_PROXY),
        };
        let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
        Failure { code: fault.code(), message: format!("{asked}{fault}{again}{advice}") }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(what) => write!(f, "the address {what}; correct it"),
            Self::ProxyAddress => f.write_str("is not of the form http://HOST:PORT"),
            Self::Name(_) if self.is_passing() => {
                f.write_str("its name cannot be looked up now; check this device's network and DNS")
            }
            Self::Name(_) => f.write_str("there is no host of this name"),
            Self::Connect(error) => connect(f, error),
            Self::ConnectTimeout(after) => {
                write!(f, "no connection within {}; is it reachable from here?", Span(*after))
            }
            Self::Dropped(error) => write!(f, "broke off the connection ({})", words(error)),
            Self::Silent(after) => write!(f, "connected, but said nothing for {}", Span(*after)),
            Self::TooSlow(after) => write!(f, "did not send everything within {}", Span(*after)),
            Self::Short { came, announced } => {
                write!(f, "broke off after {came} of {announced} bytes")
            }
            Self::Garbage { protocol } => {
                write!(f, "does not answer as {protocol} servers do; check the address and port")
            }
            Self::Proxy(why) => write!(f, "the proxy does not connect to it ({})", escaped(why)),
            Self::Tls(error) => {
                write!(f, "no agreement on TLS ({}); does it offer TLS 1.2?", tls_words(error))
            }
            Self::Certificate(why) => f.write_str(why),
            Self::NoAuthorities(file) => write!(
                f,
                "its certificate cannot be checked: {file} has no certificate authorities; \
                 install the package ca-certificates or set [network] ca_file"
            ),
            Self::Status { status, retry_after } => status_words(f, *status, *retry_after),
            Self::Reply { code: 530, text } => {
                write!(f, "does not let this user in ({}); check user and password", escaped(text))
            }
            Self::Reply { code: 550, text } => {
                write!(f, "does not give this file ({}); check the path", escaped(text))
            }
            Self::NoFtpTls(text) => write!(
                f,
                "does not offer FTP over TLS ({}); ask for an address with ftp:// or https://",
                escaped(text)
            ),
            Self::Reply { code, text } => write!(f, "answered {code} ({})", escaped(text)),
            Self::Redirects(most) => write!(f, "redirects more than {most} times"),
            Self::Nowhere => f.write_str("redirects without saying where to"),
            Self::Downgrade(to) => {
                let to = escaped(to);
                write!(f, "redirects from https to {to}, which is not followed; ask for a new link")
            }
            Self::RedirectScheme(to) => {
                write!(
                    f,
                    "redirects to {}, which is no web server; ask for a new link",
                    escaped(to)
                )
            }
            Self::TooLarge(limit) => write!(f, "sends more than {limit} bytes"),
            Self::Gzip => f.write_str("sends gzip that cannot be unpacked to its end"),
            Self::Local { what, error } => write!(f, "{what} failed here: {error}"),
            Self::NoReader => f.write_str("nobody waits for the file any more"),
        }
    }
}

impl std::error::Error for Fault {}

fn connect(f: &mut fmt::Formatter<'_>, error: &io::Error) -> fmt::Result {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            f.write_str("refuses the connection; is the server running, is the port right?")
        }
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            f.write_str("no way there; is this device's network up?")
        }
        _ => write!(f, "no connection ({})", words(error)),
    }
}

fn status_words(
    f: &mut fmt::Formatter<'_>,
    status: u16,
    retry_after: Option<Duration>,
) -> fmt::Result {
    let advice = match status {
        401 => "asks for a user and password; give them, or check them",
        403 => "does not give this file to this device or user",
        404 => "has no such file; check the address",
        407 => "the proxy asks for a user and password; set them in [network] proxy",
        410 => "no longer has this file; ask for a new link",
        429 => "is asked too often",
        500..=599 => "is out of order",
        _ => "does not give the file",
    };
    write!(f, "{advice} (HTTP {status})")?;
    match retry_after {
        Some(wait) => write!(f, "; it asks to come back in {}", Span(wait)),
        None => Ok(()),
    }
}

/// What the system or a library says, without our own layers around it.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "closed too early".to_owned(),
        kind if error.raw_os_error().is_some() => kind.to_string(),
        _ => escaped(&error.to_string()),
    }
}

/// What the system says, without the number that Rust adds.
pub(crate) fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let bare = number.and_then(|number| text.strip_suffix(&number));
    bare.unwrap_or(&text).to_owned()
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::AlertReceived(_) => "it refused".to_owned(),
        rustls::Error::PeerIncompatible(_) => "no version or cipher in common".to_owned(),
        rustls::Error::InvalidMessage(_) => "it does not speak TLS on this port".to_owned(),
        other => escaped(&other.to_string()),
    }
}

/// A time span in the unit that people would use.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            millis @ 0..1000 => write!(f, "{millis} milliseconds"),
            1000..2000 => f.write_str("1 second"),
            _ => write!(f, "{} seconds", self.0.as_secs()),
        }
    }
}

/// A stranger's text, fit for a terminal and a log: one line, spelled-out control characters, cut.
pub(crate) fn escaped(text: &str) -> String {
    let mut clean = String::new();
    for (count, c) in text.trim_end().chars().enumerate() {
        if count == QUOTE_CHARS {
            clean.push('…');
            break;
        }
        match c {
            '"' | '\'' | '\\' => clean.push(c),
            _ => clean.extend(c.escape_debug()),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_host_first_and_says_what_to_do() {
        let failure = Fault::Status { status: 404, retry_after: None }.of("ums.example").failure(1);
        assert_eq!(failure.code, Code::SourceRefused);
        assert_eq!(failure.message, "ums.example: has no such file; check the address (HTTP 404)");
    }

    #[test]
    fn what_the_system_says_is_said_in_words_alone() {
        assert_eq!(system_words(&io::Error::from_raw_os_error(12)), "Cannot allocate memory");
        assert_eq!(system_words(&io::Error::other("what it says")), "what it says");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let status = |status| Fault::Status { status, retry_after: None };
        for (status, passing) in
            [(400, false), (401, false), (404, false), (408, true), (429, true), (503, true)]
                .map(|(code, passing)| (status(code), passing))
        {
            assert_eq!(status.is_passing(), passing, "{status}");
        }
        let reply = |code| Fault::Reply { code, text: String::new() };
        assert!(reply(421).is_passing() && !reply(430).is_passing() && !reply(550).is_passing());
        assert!(!Fault::TooSlow(Duration::ZERO).is_passing());
        assert!(!Fault::Gzip.is_passing());
    }

    #[test]
    fn a_servers_words_cannot_steer_a_terminal() {
        let text = format!("\u{1b}[31m{}", "x".repeat(500));
        let fault = Fault::Reply { code: 451, text };
        let message = fault.of("h").failure(1).message;
        assert!(!message.contains('\u{1b}') && message.len() < 200);
    }
}
