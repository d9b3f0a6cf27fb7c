//! FTP, and FTP over TLS with protected data: by `AUTH TLS` (RFC 4217), on port 990 from the first
//! byte, as servers there have it although it never was a standard.
//!
//! Passive only; the data connection goes to the host of the control connection, whatever address
//! the server names. An entity tag is made of the file's size and date.

mod control;
mod reply;

use std::io::{self, Read, Write};

use licd_protocol::{Answer, Scheme};

use crate::body::Body;
use crate::fault::{Failed, Fault, Step};
use crate::job::Job;
use crate::output::Output;
use control::{Control, Stream};
use reply::Reply;

/// Who asks if nobody in particular does (RFC 1635).
const ANONYMOUS: (&str, &str) = ("anonymous", "licd@");
/// Where TLS begins with the first byte.
const IMPLICIT_PORT: u16 = 990;

/// Fetches the file of `job`.
///
/// # Errors
/// [`Failed`]; what was handed on by then is not the whole file.
pub(crate) fn fetch<W: Write>(job: &Job, output: &Output<W>) -> Result<(), Failed> {
    exchange(job, output).map_err(|fault| fault.of(job.url.host()))
}

fn exchange<W: Write>(job: &Job, output: &Output<W>) -> Result<(), Fault> {
    let path = job.url.ftp_path().ok_or(Fault::NoFile)?;
    let mut control = greet(job)?;
    login(&mut control)?;
    let _ = control.ask("TYPE I")?.hoped(is_done, Step::Type, job)?;
    // Both are extensions (RFC 3659); a server without them still has the file.
    let size = extension(control.ask(&format!("SIZE {path}"))?)?.and_then(|size| size.parse().ok());
    let date = extension(control.ask(&format!("MDTM {path}"))?)?;
    let etag = size.zip(date).map(|(size, date): (u64, _)| format!("{size} bytes of {date}"));
    let clock_ignored = job.tls.clock_ignored();
    let not_modified = etag.is_some() && etag == job.etag;
    let answer = Answer { etag, last_modified: None, not_modified, clock_ignored };
    if not_modified {
        return output.header(answer);
    }
    let data = retrieve(&mut control, &path)?;
    output.header(answer)?;
    let body = Body { total: size, packed: false, limit: job.limit };
    body.deliver(Data(data), |error| control::fault(job, error), output)?;
    control.reply()?.hoped(is_done, Step::Transfer, job).map(drop)
}

/// Connects, hears the greeting, and makes TLS of the connection if the address says so.
fn greet(job: &Job) -> Result<Control<'_>, Fault> {
    let wants_tls = job.url.scheme() == Scheme::Ftps;
    let is_implicit = wants_tls && job.url.port() == IMPLICIT_PORT;
    let mut control = Control::dial(job)?;
    if is_implicit {
        control = control.secure()?;
    }
    let mut reply = control.reply().map_err(|fault| match fault {
        Fault::Silent(after) if !is_implicit => Fault::NoGreeting(after),
        fault => fault,
    })?;
    // RFC 959 §5.4: ready in a while; the real greeting follows.
    while reply.code == 120 {
        reply = control.reply()?;
    }
    let _ = reply.hoped(|code| code == 220, Step::Greeting, job)?;
    if wants_tls && !is_implicit {
        let reply = control.ask("AUTH TLS")?;
        if reply.code != 234 {
            return Err(match reply.code {
                421 => Fault::Reply { step: Step::Greeting, code: 421, text: reply.text },
                _ => Fault::NoFtpTls(reply.text),
            });
        }
        control = control.secure()?;
    }
    if wants_tls {
        protect(&mut control)?;
    }
    Ok(control)
}

/// Has the file protected, too (RFC 4217 §9). PBSZ must come before PROT and says nothing with TLS.
fn protect(control: &mut Control<'_>) -> Result<(), Fault> {
    for command in ["PBSZ 0", "PROT P"] {
        let _ = control.ask(command)?.hoped(is_done, Step::Protection, control.job)?;
    }
    Ok(())
}

fn login(control: &mut Control<'_>) -> Result<(), Fault> {
    let job = control.job;
    let given = job.login.as_ref().map(|login| (login.user.as_str(), login.password.as_str()));
    let (user, password) = given.unwrap_or(ANONYMOUS);
    let mut reply = control.ask(&format!("USER {user}"))?;
    if reply.code == 331 {
        reply = control.ask(&format!("PASS {password}"))?;
    }
    // 202: no password is needed; 232: the user is known by the connection.
    match reply.hoped(|code| matches!(code, 202 | 230 | 232), Step::Login, job) {
        Err(Fault::Reply { code: 530 | 430 | 331 | 332, text, .. }) if given.is_none() => {
            Err(Fault::NoAnonymous(text))
        }
        reply => reply.map(drop),
    }
}

/// RFC 959 §4.2.1: what was asked for is done.
fn is_done(code: u16) -> bool {
    (200..300).contains(&code)
}

/// What a reply to an extension says, if the server knows it.
fn extension(reply: Reply) -> Result<Option<String>, Fault> {
    match reply.code {
        213 => Ok(Some(reply.text)),
        421 => Err(Fault::Reply { step: Step::Retrieve, code: 421, text: reply.text }),
        _ => Ok(None),
    }
}

/// Opens the data connection and asks for the file.
fn retrieve(control: &mut Control<'_>, path: &str) -> Result<Stream, Fault> {
    let data = passive(control)?;
    let reply = control.ask(&format!("RETR {path}"))?;
    let _ = reply.hoped(|code| (100..200).contains(&code), Step::Retrieve, control.job)?;
    Ok(data)
}

/// A data connection by EPSV (RFC 2428), which names no address, or by PASV: also where the server, or
/// a firewall before it, knows the former and cannot do it.
fn passive(control: &mut Control<'_>) -> Result<Stream, Fault> {
    let extended = control.ask("EPSV")?;
    let port = extended_port(&extended.text).filter(|_| extended.code == 229);
    let shut = match port.map(|port| control.open_data(port)) {
        Some(Ok(data)) => return Ok(data),
        Some(Err(fault)) => Some(fault),
        None => None,
    };
    let reply = control.ask("PASV")?;
    match (passive_port(&reply.text).filter(|_| reply.code == 227), shut) {
        (Some(port), _) => control.open_data(port),
        (None, Some(shut)) => Err(shut),
        // One that names no port is no better than none.
        (None, None) => {
            let reply = reply.hoped(|_| false, Step::Passive, control.job);
            Err(reply.err().unwrap_or(Fault::Garbage { protocol: "FTP" }))
        }
    }
}

/// The port in `Entering Extended Passive Mode (|||6446|)`, whatever stands for the bars.
fn extended_port(text: &str) -> Option<u16> {
    let (_, inner) = text.rsplit_once('(')?;
    let bar = inner.chars().next()?;
    inner.split(bar).nth(3)?.parse().ok()
}

/// The port in `Entering Passive Mode (h1,h2,h3,h4,p1,p2)`; the brackets may be missing (RFC 1123
/// §4.1.2.6).
fn passive_port(text: &str) -> Option<u16> {
    let numbers = text
        .rsplit(|c: char| !c.is_ascii_digit() && c != ',')
        .find(|word| word.split(',').count() == 6)?;
    let mut numbers = numbers.split(',').skip(4).map(str::parse::<u8>);
    Some(u16::from_be_bytes([numbers.next()?.ok()?, numbers.next()?.ok()?]))
}

/// The data as they come.
struct Data(Stream);

impl Read for Data {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            // Many servers end the TCP connection without ending TLS. That the file is whole is
            // said by the reply on the control connection.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_however_a_server_writes_them() {
        assert_eq!(extended_port("Entering Extended Passive Mode (|||6446|)"), Some(6446));
        assert_eq!(extended_port("ok (!!!21!)."), Some(21));
        assert_eq!(passive_port("Entering Passive Mode (192,0,2,1,25,46)."), Some(25 * 256 + 46));
        assert_eq!(passive_port("=127,0,0,1,0,21"), Some(21));
        for text in ["", "ok", "(|||x|)", "(|||99999|)", "(1,2,3,4,5)", "(1,2,3,4,256,1)"] {
            assert_eq!((extended_port(text), passive_port(text)), (None, None), "{text}");
        }
    }
}
