//! FTP, and FTP over TLS by `AUTH TLS` (RFC 4217) with protected data.
//!
//! Passive only; the data connection goes to the host of the control connection, whatever address
//! the server names. An entity tag is made of the file's size and date.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use suppaftp::types::{FileType, Response};
use suppaftp::{FtpError, FtpResult, ImplFtpStream, Mode, TlsConnector, TlsStream, TransferStream};

use crate::address::Scheme;
use crate::body::Body;
use crate::fault::{Asked, Failed, Fault};
use crate::job::Job;
use crate::output::Output;
use crate::protocol::Answer;

/// Addresses of a host that are tried.
const ADDRESSES: usize = 8;
/// Who asks if nobody in particular does (RFC 1635).
const ANONYMOUS: (&str, &str) = ("anonymous", "licd@");

type Session = ImplFtpStream<Protected>;

/// Fetches the file of `job`.
///
/// # Errors
/// [`Failed`]; what was handed on by then is not the whole file.
pub(crate) fn fetch<W: Write>(job: &Job, output: &Output<W>) -> Result<(), Failed> {
    exchange(job, output).map_err(|fault| fault.of(&job.address.host))
}

fn exchange<W: Write>(job: &Job, output: &Output<W>) -> Result<(), Fault> {
    let path = job.address.ftp_path()?;
    let mut session = login(job)?;
    let talk = |error| fault(job, error);
    session.transfer_type(FileType::Binary).map_err(talk)?;
    // Both are extensions (RFC 3659); a server without them still has the file.
    let size = extension(session.size(&path)).map_err(talk)?;
    let date = extension(session.mdtm(&path)).map_err(talk)?;
    let etag = size.zip(date).map(|(size, date)| format!("{size} bytes of {date}"));
    let clock_ignored = job.tls.clock_ignored();
    let not_modified = etag.is_some() && etag == job.etag;
    let answer = Answer { etag, last_modified: None, not_modified, clock_ignored };
    if not_modified {
        return output.header(answer);
    }
    let mut data = retrieve(&mut session, &path).map_err(talk)?;
    output.header(answer)?;
    let total = size.and_then(|size| u64::try_from(size).ok());
    let body = Body { total, packed: false, limit: job.limit };
    let delivered = body.deliver(Data(&mut data), |error| io_fault(job, error), output);
    if delivered.is_err() {
        // Else the library would wait for the server to say that it is done.
        let _ = session.get_ref().shutdown(Shutdown::Both);
        return delivered;
    }
    data.finish().map_err(talk)
}

/// The answer to a command that a server need not know.
fn extension<T>(result: FtpResult<T>) -> FtpResult<Option<T>> {
    match result {
        Err(FtpError::UnexpectedResponse(_) | FtpError::BadResponse) => Ok(None),
        result => result.map(Some),
    }
}

/// Opens the data connection (RFC 2428 first, since it names no address at all).
fn retrieve(session: &mut Session, path: &str) -> FtpResult<TransferStream<Protected>> {
    session.set_mode(Mode::ExtendedPassive);
    match session.retr_as_stream(path) {
        Err(FtpError::UnexpectedResponse(reply)) if is_unknown_command(code(&reply)) => {
            session.set_mode(Mode::Passive);
            session.retr_as_stream(path)
        }
        result => result,
    }
}

fn is_unknown_command(code: u32) -> bool {
    matches!(code, 500..=504 | 522)
}

fn login(job: &Job) -> Result<Session, Fault> {
    let talk = |error| fault(job, error);
    let stream = dial(job)?;
    let peer = stream.peer_addr().map_err(Fault::Dropped)?.ip();
    let (connect, idle) = (job.connect, job.idle);
    let mut session = Session::connect_with_stream(stream).map_err(talk)?.passive_stream_builder(
        move |address| {
            if address.ip() != peer {
                return Err(FtpError::ConnectionError(io::ErrorKind::PermissionDenied.into()));
            }
            open(address, connect, idle).map_err(FtpError::ConnectionError)
        },
    );
    session.set_passive_nat_workaround(true);
    if job.address.scheme == Scheme::Ftps {
        let tls = Tls { config: Arc::clone(&job.tls.config) };
        session = session.into_secure(tls, &job.address.host).map_err(|error| match error {
            FtpError::UnexpectedResponse(reply) => Fault::NoFtpTls(words(&reply)),
            error => fault(job, error),
        })?;
    }
    let given = job.credentials.as_ref().map(|who| (who.user.as_str(), who.password.as_str()));
    let (user, password) = given.unwrap_or(ANONYMOUS);
    session.login(user, password).map_err(talk)?;
    Ok(session)
}

/// Connects to the first address of the host that answers.
fn dial(job: &Job) -> Result<TcpStream, Fault> {
    let target = (job.address.host.as_str(), job.address.port);
    let asked = Asked::Host(job.address.host.clone());
    let found = job.watchdog.within(asked, job.connect, || target.to_socket_addrs());
    let found = found.map_err(Fault::Name)?;
    let addresses: Vec<SocketAddr> = found.take(ADDRESSES).collect();
    let share = u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut last = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match open(address, job.connect / share, job.idle) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(match last.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Fault::ConnectTimeout(job.connect),
        _ => Fault::Connect(last),
    })
}

fn open(address: SocketAddr, connect: Duration, idle: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, connect)?;
    stream.set_read_timeout(Some(idle))?;
    stream.set_write_timeout(Some(idle))?;
    Ok(stream)
}

/// The data as they come.
struct Data<'a>(&'a mut TransferStream<Protected>);

impl Read for Data<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            // Many servers end the TCP connection without ending TLS. That the file is whole is
            // said by the reply on the control connection.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }
    }
}

fn fault(job: &Job, error: FtpError) -> Fault {
    match error {
        FtpError::ConnectionError(error) => io_fault(job, error),
        FtpError::UnexpectedResponse(reply) if code(&reply) >= 400 => {
            Fault::Reply { code: code(&reply), text: words(&reply) }
        }
        FtpError::SecureError(words) => Fault::Tls(rustls::Error::General(words)),
        _ => Fault::Garbage { protocol: "FTP" },
    }
}

fn io_fault(job: &Job, error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Fault::Silent(job.idle),
        io::ErrorKind::ConnectionRefused => Fault::Connect(error),
        // A certificate, or a reply of more than a quarter of a megabyte.
        io::ErrorKind::InvalidData => match error.downcast::<rustls::Error>() {
            Ok(error) => job.tls.fault(error),
            Err(_) => Fault::Garbage { protocol: "FTP" },
        },
        _ => Fault::Dropped(error),
    }
}

/// The code that a reply begins with; 0 if it begins with none.
fn code(reply: &Response) -> u32 {
    let digits = reply.body.get(..3).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// What a reply says after its code, its first line.
fn words(reply: &Response) -> String {
    let text = String::from_utf8_lossy(reply.body.get(4..).unwrap_or_default()).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

/// Makes connections TLS. Control and data share one configuration, and with it the sessions: many
/// servers take data only from a client that resumes the session of its control connection.
struct Tls {
    config: Arc<ClientConfig>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl TlsConnector for Tls {
    type Stream = Protected;

    fn connect(&self, host: &str, stream: TcpStream) -> FtpResult<Protected> {
        let wrong = |error: &dyn fmt::Display| FtpError::SecureError(error.to_string());
        let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(&error))?;
        let session = ClientConnection::new(Arc::clone(&self.config), name);
        Ok(Protected(StreamOwned::new(session.map_err(|error| wrong(&error))?, stream)))
    }
}

/// A connection in TLS. The handshake happens with the first byte, so that its failure comes to
/// light as what it is.
struct Protected(StreamOwned<ClientConnection, TcpStream>);

impl fmt::Debug for Protected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Protected")
    }
}

impl TlsStream for Protected {
    type InnerStream = StreamOwned<ClientConnection, TcpStream>;

    fn tcp_stream(self) -> FtpResult<TcpStream> {
        Ok(self.0.sock)
    }

    fn get_ref(&self) -> &TcpStream {
        &self.0.sock
    }

    fn mut_ref(&mut self) -> &mut Self::InnerStream {
        &mut self.0
    }
}
