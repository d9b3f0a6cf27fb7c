//! The control connection and the data connection to an FTP server.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::reply::{Reply, ReplyError};
use crate::error::{FetchError, FtpStep};
use crate::job::Job;

/// The control connection: commands and replies.
pub(super) struct Control<'a> {
    pub(super) job: &'a Job,
    /// The address of the control connection. Data come from this host only.
    peer: SocketAddr,
    stream: BufReader<Stream>,
}

/// A connection, in TLS or in the clear. The first read or write makes the TLS handshake and returns
/// its error.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl<'a> Control<'a> {
    /// Connects to the first address of the host that accepts.
    pub(super) fn connect(job: &'a Job) -> Result<Self, FetchError> {
        let addresses = job.look_up(job.url.host(), job.url.port())?;
        let share = u32::try_from(addresses.len()).unwrap_or(1).max(1);
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for peer in addresses {
            match open(peer, job.connect / share, job.idle) {
                Ok(stream) => {
                    return Ok(Self { job, peer, stream: BufReader::new(Stream::Plain(stream)) });
                }
                Err(error) => last = error,
            }
        }
        Err(match last.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                FetchError::ConnectTimeout(job.connect)
            }
            _ => FetchError::Connect(last),
        })
    }

    /// Starts TLS. Control and data connection share one configuration and so their sessions: many
    /// servers require a data connection to resume the session of the control connection.
    pub(super) fn secure(self) -> Result<Self, FetchError> {
        // Bytes in the clear before TLS may come from an attacker.
        if !self.stream.buffer().is_empty() {
            return Err(FetchError::WrongProtocol { protocol: "FTP" });
        }
        let Self { job, peer, stream } = self;
        let stream = stream.into_inner().secured(job)?;
        Ok(Self { job, peer, stream: BufReader::new(stream) })
    }

    /// Sends a command and reads its reply.
    pub(super) fn command(&mut self, command: impl AsRef<[u8]>) -> Result<Reply, FetchError> {
        let command = command.as_ref();
        if command.iter().any(u8::is_ascii_control) {
            return Err(FetchError::FtpControlCharacter);
        }
        let sent = self.stream.get_mut().write_all(&[command, b"\r\n"].concat());
        sent.map_err(|error| io_error(self.job, error))?;
        self.reply()
    }

    /// Reads a reply.
    pub(super) fn reply(&mut self) -> Result<Reply, FetchError> {
        Reply::read(&mut self.stream).map_err(|error| match error {
            ReplyError::Io(error) => io_error(self.job, error),
            ReplyError::Malformed => FetchError::WrongProtocol { protocol: "FTP" },
            ReplyError::Tls => FetchError::FtpImplicitTls,
        })
    }

    /// Opens a data connection to this port of the host of the control connection; the address in the
    /// reply does not count.
    pub(super) fn open_data(&self, port: u16) -> Result<Stream, FetchError> {
        let address = SocketAddr::new(self.peer.ip(), port);
        let stream = open(address, self.job.connect, self.job.idle);
        let stream = stream.map_err(|error| FetchError::FtpDataPort { port, error })?;
        match self.stream.get_ref() {
            Stream::Plain(_) => Ok(Stream::Plain(stream)),
            Stream::Tls(_) => Stream::Plain(stream).secured(self.job),
        }
    }
}

impl Stream {
    fn secured(self, job: &Job) -> Result<Self, FetchError> {
        let Self::Plain(stream) = self else { return Ok(self) };
        let config: Arc<ClientConfig> = Arc::clone(&job.tls.config);
        let name = ServerName::try_from(job.url.host().to_owned()).map_err(|_| {
            FetchError::Tls(rustls::Error::General("the host has no name".to_owned()))
        })?;
        let session = ClientConnection::new(config, name).map_err(FetchError::Tls)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(session, stream))))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Reply {
    /// Returns the reply if its code is as expected, else the error at this step.
    pub(super) fn expect(
        self,
        is_expected: impl Fn(u16) -> bool,
        step: FtpStep,
        job: &Job,
    ) -> Result<Self, FetchError> {
        if is_expected(self.code) {
            return Ok(self);
        }
        if self.wants_tls() && !job.url.scheme().is_tls() {
            return Err(FetchError::FtpTlsRequired(self.text));
        }
        let Self { code, text } = self;
        Err(match code {
            300.. => FetchError::FtpReply { step, code, text },
            _ => FetchError::WrongProtocol { protocol: "FTP" },
        })
    }
}

fn open(address: SocketAddr, connect: Duration, idle: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, connect)?;
    stream.set_read_timeout(Some(idle))?;
    stream.set_write_timeout(Some(idle))?;
    Ok(stream)
}

/// The error of a failed read or write.
pub(super) fn io_error(job: &Job, error: io::Error) -> FetchError {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => FetchError::IdleTimeout(job.idle),
        io::ErrorKind::InvalidData => match error.downcast::<rustls::Error>() {
            Ok(error) => job.tls.handshake_error(error),
            Err(_) => FetchError::WrongProtocol { protocol: "FTP" },
        },
        _ => FetchError::ConnectionLost(error),
    }
}
