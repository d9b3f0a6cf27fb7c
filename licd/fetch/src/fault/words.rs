//! What is said of each fault.

use std::fmt;
use std::io;
use std::time::Duration;

use super::{Fault, Given, NameFault, Step};

/// Characters of a server's own words in a message.
const QUOTE_CHARS: usize = 120;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(fault) => write!(f, "{fault}"),
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
            Self::Tls(error) => {
                write!(f, "no agreement on TLS ({}); does it offer TLS 1.2?", tls_words(error))
            }
            Self::Certificate(why) => f.write_str(why),
            Self::NoAuthorities(why) => write!(f, "its certificate cannot be checked: {why}"),
            Self::Status { status, retry_after } => status_words(f, *status, *retry_after),
            Self::Unauthorized(offers, given) => unauthorized(f, offers, *given),
            Self::ProxyUnauthorized(offers, given) => proxy_unauthorized(f, offers, *given),
            Self::ProxyStatus { status, reason } => {
                write!(f, "does not connect to the server (HTTP {status}")?;
                if reason.is_empty() {
                    f.write_str(")")
                } else {
                    write!(f, ", {})", escaped(reason))
                }
            }
            Self::Forbidden { proxy } => write!(
                f,
                "the server, or proxy {} before it, does not give this file to this device or user \
                 (HTTP 403); ask whoever runs them",
                escaped(proxy)
            ),
            Self::Coding(name) => write!(
                f,
                "sends the file packed as {}, which it was not asked for; have the server send it \
                 as it is",
                escaped(name)
            ),
            Self::Redirects(most) => write!(f, "redirects more than {most} times"),
            Self::Nowhere => f.write_str("redirects without saying where to"),
            Self::RedirectAddress(to, why) => {
                write!(f, "redirects to “{}”, which {why}", escaped(to))
            }
            Self::Downgrade(to) => {
                let to = escaped(to);
                write!(f, "redirects from https to {to}, which is not followed; ask for a new link")
            }
            Self::RedirectScheme(to) => {
                let to = escaped(to);
                write!(f, "redirects to {to}, which is no web server; ask for a new link")
            }
            Self::TooLarge(limit) => write!(f, "sends more than {limit} bytes"),
            Self::Gzip => f.write_str("sends gzip that cannot be unpacked to its end"),
            Self::Local { what, error } => write!(f, "{what} failed here: {error}"),
            Self::NoReader => f.write_str("nobody waits for the file any more"),
            _ => self.ftp(f),
        }
    }
}

impl Fault {
    /// What is said of FTP.
    fn ftp(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply { step, code, text } => reply(f, *step, *code, &escaped(text)),
            Self::DataPort { port, error } => write!(
                f,
                "does not take the connection for the file at port {port} ({}); is there a firewall \
                 before it?",
                words(error)
            ),
            Self::NoAnonymous(text) => {
                write!(f, "asks for a user and password ({}); give them", escaped(text))
            }
            Self::WantsTls(text) => {
                write!(f, "wants TLS ({}); use an address with ftps://", escaped(text))
            }
            Self::NoFtpTls(text) => write!(
                f,
                "does not offer FTP over TLS ({}); ask for an address with ftp:// or https://",
                escaped(text)
            ),
            Self::NoGreeting(after) => write!(
                f,
                "connected, but said nothing for {}; if it is a server that begins with TLS, use \
                 an address with ftps:// and port 990",
                Span(*after)
            ),
            Self::TlsFirst => f.write_str(
                "begins with TLS, which is done on port 990 only; use an address with ftps:// and \
                 that port",
            ),
            Self::NoFile => f.write_str("the address names no file; correct its path"),
            _ => f.write_str("user or password hold a character that FTP cannot send; check them"),
        }
    }
}

fn reply(f: &mut fmt::Formatter<'_>, step: Step, code: u16, text: &str) -> fmt::Result {
    match (step, code) {
        (_, 421) => write!(f, "has no room for another connection now ({text})"),
        (Step::Login, 430 | 530) => {
            write!(f, "does not let this user in ({text}); check user and password")
        }
        (Step::Retrieve, 550) => write!(f, "does not give this file ({text}); check the path"),
        (Step::Retrieve, 425) => write!(f, "cannot open a connection for the file ({text})"),
        (Step::Retrieve, 450) => write!(f, "cannot give this file now ({text})"),
        (Step::Transfer, _) => {
            write!(f, "answered {code} at the end of the file ({text}), so it may not be whole")
        }
        (Step::Passive, _) => write!(f, "offers no connection for the file ({code} {text})"),
        (Step::Protection, _) => write!(f, "does not protect the file by TLS ({code} {text})"),
        _ => write!(f, "answered {code} ({text})"),
    }
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = |servers: &[String]| match servers {
            [one] => format!("name server {}", escaped(one)),
            all => format!("name servers {}", escaped(&all.join(", "))),
        };
        match self {
            Self::Unknown => f.write_str("there is no host of this name"),
            Self::NoServer => f.write_str(
                "its name cannot be looked up: this device has no name server; connect it to a \
                 network that gives one, or set one in /etc/resolv.conf",
            ),
            Self::Failing(all) => write!(
                f,
                "its name cannot be looked up now: {} cannot tell or cannot be reached; check this \
                 device's network and DNS",
                servers(all)
            ),
            Self::Silent(all, after) => write!(
                f,
                "its name cannot be looked up: {} did not answer within {}; check this device's \
                 network and DNS",
                servers(all),
                Span(*after)
            ),
            Self::Other(why) => write!(f, "its name cannot be looked up ({})", escaped(why)),
        }
    }
}

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
        403 => "does not give this file to this device or user",
        404 => "has no such file; check the address",
        410 => "no longer has this file; ask for a new link",
        429 => "is asked too often",
        511 => "is not reached, since the network wants somebody to sign in first",
        500..=599 => "is out of order",
        _ => "does not give the file",
    };
    write!(f, "{advice} (HTTP {status})")?;
    match retry_after {
        Some(wait) => write!(f, "; it asks to come back in {}", Span(wait)),
        None => Ok(()),
    }
}

/// The way of saying who asks that is known here.
const BASIC: &str = "Basic";

/// What is said of a server or proxy that takes no Basic; `None` if it does, or does not say.
fn unsupported(offers: &[String]) -> Option<String> {
    if offers.is_empty() || offers.iter().any(|offer| offer.eq_ignore_ascii_case(BASIC)) {
        return None;
    }
    let are = if offers.len() == 1 { "is" } else { "are" };
    Some(format!("offers only {}, which {are} not supported", escaped(&offers.join(" and "))))
}

fn unauthorized(f: &mut fmt::Formatter<'_>, offers: &[String], given: Given) -> fmt::Result {
    match (unsupported(offers), given) {
        (Some(why), _) => write!(
            f,
            "asks for a user and {why}; ask for an address without a login, or have Basic allowed \
             there (HTTP 401)"
        ),
        (None, Given::No) => f.write_str("asks for a user and password; give them (HTTP 401)"),
        (None, Given::Yes) => {
            f.write_str("does not accept this user and password; check them (HTTP 401)")
        }
        (None, Given::Withheld) => f.write_str(
            "asks for a user and password, which only the server of the address is told (HTTP 401)",
        ),
    }
}

fn proxy_unauthorized(f: &mut fmt::Formatter<'_>, offers: &[String], given: Given) -> fmt::Result {
    match (unsupported(offers), given) {
        (Some(why), _) => write!(
            f,
            "asks for a user and {why}; have this device let through without, or Basic allowed \
             there (HTTP 407)"
        ),
        (None, Given::Yes) => f.write_str(
            "does not accept its user and password; check them in [network] proxy, or wherever the \
             proxy is set (HTTP 407)",
        ),
        (None, _) => {
            f.write_str("asks for a user and password; set them in [network] proxy (HTTP 407)")
        }
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
