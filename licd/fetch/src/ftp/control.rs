//! The two connections to an FTP server: one for commands, one for the file.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::reply::{NoReply, Reply};
use crate::fault::{Fault, Step};
use crate::job::Job;

/// Where commands go, and replies come from.
pub(super) struct Control<'a> {
    pub(super) job: &'a Job,
    /// The server, at the address that was reached: data come from there and nowhere else.
    peer: SocketAddr,
    stream: BufReader<Stream>,
}

/// A connection, in TLS or in the clear. TLS is agreed on with the first byte, so that its failure
/// comes to light as what it is.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl<'a> Control<'a> {
    /// Connects to the first address of the host that answers.
    pub(super) fn dial(job: &'a Job) -> Result<Self, Fault> {
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
                Fault::ConnectTimeout(job.connect)
            }
            _ => Fault::Connect(last),
        })
    }

    /// Goes on in TLS. Control and data share one configuration, and with it the sessions: many
    /// servers take data only from a client that resumes the session of its control connection.
    pub(super) fn secure(self) -> Result<Self, Fault> {
        // What came in the clear before TLS was not said by who is to be spoken to.
        if !self.stream.buffer().is_empty() {
            return Err(Fault::Garbage { protocol: "FTP" });
        }
        let Self { job, peer, stream } = self;
        let stream = stream.into_inner().secured(job)?;
        Ok(Self { job, peer, stream: BufReader::new(stream) })
    }

    /// Says a command and reads the reply to it.
    pub(super) fn ask(&mut self, command: &str) -> Result<Reply, Fault> {
        if command.contains(char::is_control) {
            return Err(Fault::Unsayable);
        }
        let said = self.stream.get_mut().write_all(format!("{command}\r\n").as_bytes());
        said.map_err(|error| fault(self.job, error))?;
        self.reply()
    }

    /// Reads a reply. A server that is about to close the connection is heard wherever it says so.
    pub(super) fn reply(&mut self) -> Result<Reply, Fault> {
        Reply::read(&mut self.stream).map_err(|wrong| match wrong {
            NoReply::Failed(error) => fault(self.job, error),
            NoReply::Garbage => Fault::Garbage { protocol: "FTP" },
            NoReply::Tls => Fault::TlsFirst,
        })
    }

    /// Opens a connection for the file, to this port of the server that was asked, whatever address
    /// it names.
    pub(super) fn open_data(&self, port: u16) -> Result<Stream, Fault> {
        let address = SocketAddr::new(self.peer.ip(), port);
        let stream = open(address, self.job.connect, self.job.idle);
        let stream = stream.map_err(|error| Fault::DataPort { port, error })?;
        match self.stream.get_ref() {
            Stream::Plain(_) => Ok(Stream::Plain(stream)),
            Stream::Tls(_) => Stream::Plain(stream).secured(self.job),
        }
    }
}

impl Stream {
    fn secured(self, job: &Job) -> Result<Self, Fault> {
        let Self::Plain(stream) = self else { return Ok(self) };
        let config: Arc<ClientConfig> = Arc::clone(&job.tls.config);
        let name = ServerName::try_from(job.url.host().to_owned())
            .map_err(|_| Fault::Tls(rustls::Error::General("the host has no name".to_owned())))?;
        let session = ClientConnection::new(config, name).map_err(Fault::Tls)?;
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
    /// This reply, if its code is one that was hoped for, else what it means at this step.
    pub(super) fn hoped(
        self,
        is_good: impl Fn(u16) -> bool,
        step: Step,
        job: &Job,
    ) -> Result<Self, Fault> {
        if is_good(self.code) {
            return Ok(self);
        }
        if self.wants_tls() && !job.url.scheme().is_tls() {
            return Err(Fault::WantsTls(self.text));
        }
        let Self { code, text } = self;
        Err(match code {
            400.. => Fault::Reply { step, code, text },
            _ => Fault::Garbage { protocol: "FTP" },
        })
    }
}

fn open(address: SocketAddr, connect: Duration, idle: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, connect)?;
    stream.set_read_timeout(Some(idle))?;
    stream.set_write_timeout(Some(idle))?;
    Ok(stream)
}

/// What a failure of a connection means.
pub(super) fn fault(job: &Job, error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Fault::Silent(job.idle),
        io::ErrorKind::InvalidData => match error.downcast::<rustls::Error>() {
            Ok(error) => job.tls.fault(error),
            Err(_) => Fault::Garbage { protocol: "FTP" },
        },
        _ => Fault::Dropped(error),
    }
}
