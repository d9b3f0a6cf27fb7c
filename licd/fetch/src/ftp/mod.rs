//! FTP, and FTP over TLS with protected data: by `AUTH TLS` (RFC 4217), and on port 990 from the first
//! byte, which servers support although it was never standardised.
//!
//! Passive mode only. The data connection goes to the host of the control connection; the address that
//! the server names does not count. The entity tag consists of the file's size and date.

mod control;
mod reply;

use std::io::{self, Read, Write};

use licd_protocol::{ResponseHeader, Scheme};

use crate::error::{FetchError, FtpStep, RequestError};
use crate::job::Job;
use crate::output::Output;
use crate::transfer::Body;
use control::{Control, Stream};
use reply::Reply;

/// The credentials of a request without any (RFC 1635).
const ANONYMOUS: (&str, &str) = ("anonymous", "licd@");
/// The port on which TLS begins with the first byte.
const IMPLICIT_PORT: u16 = 990;

/// Fetches the file of `job`.
///
/// # Errors
/// [`RequestError`]; the output may already hold a part of the file.
pub(crate) fn fetch<W: Write>(job: &Job, output: &Output<W>) -> Result<(), RequestError> {
    retrieve(job, output).map_err(|error| error.of(job.url.host()))
}

fn retrieve<W: Write>(job: &Job, output: &Output<W>) -> Result<(), FetchError> {
    let path = job.url.ftp_path().ok_or(FetchError::FtpPathWithoutFile)?;
    let mut control = open(job)?;
    log_in(&mut control)?;
    let _ = control.command("TYPE I")?.expect(is_done, FtpStep::Type, job)?;
    // Both are extensions (RFC 3659), which a server may lack.
    let size = extension(control.command(of_file("SIZE", &path))?)?;
    let size = size.and_then(|size| size.parse().ok());
    let date = extension(control.command(of_file("MDTM", &path))?)?;
    let etag = size.zip(date).map(|(size, date): (u64, _)| format!("{size} bytes of {date}"));
    let clock_ignored = job.tls.clock_ignored();
    let not_modified = etag.is_some() && etag == job.etag;
    let header = ResponseHeader { etag, last_modified: None, not_modified, clock_ignored };
    if not_modified {
        return output.header(header);
    }
    let data = open_data(&mut control, &path)?;
    output.header(header)?;
    let body = Body { total: size, packed: false, limit: job.limit };
    body.forward(Data(data), |error| control::io_error(job, error), output)?;
    control.reply()?.expect(is_done, FtpStep::Transfer, job).map(drop)
}

/// Connects, reads the greeting, and starts TLS if the address wants it.
fn open(job: &Job) -> Result<Control<'_>, FetchError> {
    let wants_tls = job.url.scheme() == Scheme::Ftps;
    let is_implicit = wants_tls && job.url.port() == IMPLICIT_PORT;
    let mut control = Control::connect(job)?;
    if is_implicit {
        control = control.secure()?;
    }
    let mut reply = control.reply().map_err(|error| match error {
        FetchError::IdleTimeout(after) if !is_implicit => FetchError::FtpGreetingTimeout(after),
        error => error,
    })?;
    // RFC 959 §5.4: the server is ready soon; the greeting follows.
    while reply.code == 120 {
        reply = control.reply()?;
    }
    let _ = reply.expect(|code| code == 220, FtpStep::Greeting, job)?;
    if wants_tls && !is_implicit {
        let reply = control.command("AUTH TLS")?;
        if reply.code != 234 {
            return Err(match reply.code {
                421 => {
                    FetchError::FtpReply { step: FtpStep::Greeting, code: 421, text: reply.text }
                }
                _ => FetchError::FtpTlsUnsupported(reply.text),
            });
        }
        control = control.secure()?;
    }
    if wants_tls {
        protect(&mut control)?;
    }
    Ok(control)
}

/// Protects the data connection (RFC 4217 §9). PBSZ must precede PROT and has no meaning in TLS.
fn protect(control: &mut Control<'_>) -> Result<(), FetchError> {
    for command in ["PBSZ 0", "PROT P"] {
        let _ = control.command(command)?.expect(is_done, FtpStep::Protection, control.job)?;
    }
    Ok(())
}

fn log_in(control: &mut Control<'_>) -> Result<(), FetchError> {
    let job = control.job;
    let own = job.credentials.as_ref().map(|own| (own.user.as_str(), own.password.as_str()));
    let (user, password) = own.unwrap_or(ANONYMOUS);
    let mut reply = control.command(format!("USER {user}"))?;
    if reply.code == 331 {
        reply = control.command(format!("PASS {password}"))?;
    }
    // 202: the server needs no password; 232: the connection has authenticated the user.
    match reply.expect(|code| matches!(code, 202 | 230 | 232), FtpStep::Login, job) {
        Err(FetchError::FtpReply { code: 530 | 430 | 331 | 332, text, .. }) if own.is_none() => {
            Err(FetchError::FtpLoginRequired(text))
        }
        reply => reply.map(drop),
    }
}

/// RFC 959 §4.2.1: the command was carried out.
fn is_done(code: u16) -> bool {
    (200..300).contains(&code)
}

/// The command for this file.
fn of_file(verb: &str, path: &[u8]) -> Vec<u8> {
    [verb.as_bytes(), b" ", path].concat()
}

/// The text of the reply to an extension, if the server supports it.
fn extension(reply: Reply) -> Result<Option<String>, FetchError> {
    match reply.code {
        213 => Ok(Some(reply.text)),
        421 => Err(FetchError::FtpReply { step: FtpStep::Retrieve, code: 421, text: reply.text }),
        _ => Ok(None),
    }
}

/// Opens the data connection and requests the file.
fn open_data(control: &mut Control<'_>, path: &[u8]) -> Result<Stream, FetchError> {
    let data = passive(control)?;
    let reply = control.command(of_file("RETR", path))?;
    let _ = reply.expect(|code| (100..200).contains(&code), FtpStep::Retrieve, control.job)?;
    Ok(data)
}

/// Opens a data connection by EPSV (RFC 2428), or by PASV if EPSV is unknown or a firewall blocks its
/// port.
fn passive(control: &mut Control<'_>) -> Result<Stream, FetchError> {
    let extended = control.command("EPSV")?;
    let port = extended_port(&extended.text).filter(|_| extended.code == 229);
    let blocked = match port.map(|port| control.open_data(port)) {
        Some(Ok(data)) => return Ok(data),
        Some(Err(error)) => Some(error),
        None => None,
    };
    let reply = control.command("PASV")?;
    match (passive_port(&reply.text).filter(|_| reply.code == 227), blocked) {
        (Some(port), _) => control.open_data(port),
        (None, Some(blocked)) => Err(blocked),
        // A reply without a port counts as a refusal.
        (None, None) => {
            let reply = reply.expect(|_| false, FtpStep::Passive, control.job);
            Err(reply.err().unwrap_or(FetchError::WrongProtocol { protocol: "FTP" }))
        }
    }
}

/// The port in `Entering Extended Passive Mode (|||6446|)`; other characters may replace the bars.
fn extended_port(text: &str) -> Option<u16> {
    let (_, inner) = text.rsplit_once('(')?;
    let separator = inner.chars().next()?;
    inner.split(separator).nth(3)?.parse().ok()
}

/// The port in `Entering Passive Mode (h1,h2,h3,h4,p1,p2)`; the brackets may be missing (RFC 1123
/// §4.1.2.6), and blanks may follow the commas.
fn passive_port(text: &str) -> Option<u16> {
    let text = text.replace(", ", ",");
    let numbers = text
        .rsplit(|c: char| !c.is_ascii_digit() && c != ',')
        .find(|word| word.split(',').count() == 6)?;
    let mut numbers = numbers.split(',').skip(4).map(str::parse::<u8>);
    Some(u16::from_be_bytes([numbers.next()?.ok()?, numbers.next()?.ok()?]))
}

/// The data connection as a reader.
struct Data(Stream);

impl Read for Data {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            // Many servers close TCP without closing TLS. The reply on the control connection
            // confirms that the file is complete.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_in_every_form_of_reply() {
        assert_eq!(extended_port("Entering Extended Passive Mode (|||6446|)"), Some(6446));
        assert_eq!(extended_port("ok (!!!21!)."), Some(21));
        assert_eq!(passive_port("Entering Passive Mode (192,0,2,1,25,46)."), Some(25 * 256 + 46));
        assert_eq!(passive_port("=127,0,0,1,0,21"), Some(21));
        assert_eq!(passive_port("Passive Mode (127, 0, 0, 1, 0, 21)"), Some(21));
        for text in ["", "ok", "(|||x|)", "(|||99999|)", "(1,2,3,4,5)", "(1,2,3,4,256,1)"] {
            assert_eq!((extended_port(text), passive_port(text)), (None, None), "{text}");
        }
    }
}
