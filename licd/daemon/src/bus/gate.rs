//! The gate between the bus and zbus: what comes in is bounded, and every caller has a turn.
//!
//! zbus reads a message whole, however long it is, keeps each descriptor that comes with it, begins
//! to work on every call at once, and gives the connection up at the first message that it cannot
//! read or whose descriptors are missing. So it is given a socket of its own making: here messages
//! are read, counted ([`queues`]) and handed on one by one, and answers are counted when they leave.
//! What is too much is answered with `LimitsExceeded` and costs no more than that.
//!
//! Every call that is handed on is answered, also if its caller wants no answer; that one ends here.
//! So it is known which calls are at work, in a table that cannot grow.

mod entrance;
mod envelope;
mod foreign;
mod halves;
mod inbound;
mod line;
mod queues;

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::net::{Shutdown, shutdown};
use zbus::Message;
use zbus::address::transport::{Transport, UnixSocket};
use zbus::connection::socket::{Socket, Split};
use zbus::message::{Flags, Type};
use zruntime::net::unix::UnixStream;
use zruntime::{Event, EventListener, SharedRuntime, lock};

pub(super) use entrance::Entrance;
use envelope::{BODY, Envelope, FLAGS, Kind};
pub(crate) use foreign::Foreign;
use halves::{Reader, Whole, Writer};
use inbound::Frame;
use queues::{CallQueues, Load};

pub(super) use inbound::{Arrival, Inbound};
pub(super) use line::Line;

/// How long the bus may take no byte of an answer. It stops reading when too much of what was sent
/// through it waits to be read by others; a new connection begins without that.
const STALLED: Duration = Duration::from_secs(5);

/// The length in bytes from which an answer delays the answers behind it: the buffer of a socket takes
/// shorter ones at once.
const LONG: usize = 64 << 10;

/// Why a call with a descriptor is refused that could not be opened.
const NO_DESCRIPTOR: &str = "licd is out of descriptors; try again later";

/// The turn of one writer.
type Turn = lock::MutexGuardArc<()>;

/// A connected socket that zbus is to speak through.
#[derive(Debug)]
pub(super) struct Gate(Arc<Connection>);

/// Answers calls that zbus is not to see.
pub(super) trait Local: fmt::Debug + Send + Sync {
    /// The answer to a call; `None` if zbus is to answer it.
    fn answer(&self, call: &Message) -> Option<Message>;
}

/// What both directions know.
#[derive(Debug)]
struct Connection {
    line: Line,
    /// Answers calls; without it calls wait, and no signal leaves.
    local: OnceLock<Arc<dyn Local>>,
    /// Held while something is written.
    writing: Arc<lock::Mutex<()>>,
    incoming: Mutex<Incoming>,
    /// Something has come in, or a call has been answered.
    changed: Event,
}

/// What has come in and waits to be handed on.
#[derive(Debug, Default)]
struct Incoming {
    calls: CallQueues<Whole>,
    /// Answers to the daemon's own calls and word of the bus: before everything else.
    own: VecDeque<Whole>,
    /// Why nothing more comes.
    end: Option<io::Error>,
}

impl Gate {
    /// Connects to a bus.
    ///
    /// # Errors
    /// The kernel's, and zbus's for a kind of address that it does not know either.
    pub(super) async fn connect(address: &zbus::Address) -> zbus::Result<Self> {
        let runtime = SharedRuntime::current()?;
        let address = match address.transport() {
            Transport::Unix(unix) => match unix.path() {
                UnixSocket::File(path) => SocketAddr::from_pathname(path)?,
                UnixSocket::Abstract(name) => SocketAddr::from_abstract_name(name.as_bytes())?,
                _ => return Err(zbus::Error::Unsupported),
            },
            _ => return Err(zbus::Error::Unsupported),
        };
        let socket = UnixStream::connect_addr(&runtime, &address).await?.into_std();
        Ok(Self::over(&runtime, socket.into())?)
    }

    /// Speaks through this socket.
    fn over(runtime: &SharedRuntime, socket: OwnedFd) -> io::Result<Self> {
        Ok(Self(Arc::new(Connection {
            line: Line::new(runtime, socket)?,
            local: OnceLock::new(),
            writing: Arc::default(),
            incoming: Mutex::default(),
            changed: Event::new(),
        })))
    }
}

impl Socket for Gate {
    type ReadHalf = Reader;
    type WriteHalf = Writer;

    fn split(self) -> Split<Reader, Writer> {
        Split::new(Reader::new(Arc::clone(&self.0)), Writer::new(self.0))
    }
}

impl Connection {
    fn incoming(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads until the connection ends.
    async fn receive(self: Arc<Self>, mut inbound: Inbound) {
        let error = loop {
            let refused = match inbound.next(&self.line).await {
                Ok(Arrival::Nothing) => None,
                Ok(Arrival::TooLong(envelope)) => {
                    let why = format!("the message is longer than {} bytes", envelope.most_body());
                    envelope.refusal(&why)
                }
                Ok(Arrival::Message(envelope, frame)) => self.take_in(&envelope, frame),
                Err(error) => break error,
            };
            let Some(refusal) = refused else { continue };
            if let Err(error) = self.write(self.turn().await, refusal.data().bytes()).await {
                break error;
            }
        };
        self.incoming().end = Some(error);
        self.changed.notify(usize::MAX);
    }

    /// Puts a message where it waits for its turn; the answer if it is refused.
    fn take_in(&self, envelope: &Envelope, mut frame: Frame) -> Option<Message> {
        match envelope.kind {
            Kind::Void => return None,
            Kind::Own => self.incoming().own.push_back(Whole::new(frame.bytes, None)),
            Kind::Fast | Kind::Slow => {
                if let Some(refusal) = unfit(envelope, &mut frame) {
                    return Some(refusal);
                }
                let Frame { bytes, mut descriptors } = frame;
                let Ok(stand_in) = self.stand_in(&descriptors) else {
                    return envelope.refusal(NO_DESCRIPTOR);
                };
                let (is_slow, is_large) = (envelope.kind == Kind::Slow, bytes.len() > 2 * BODY);
                let load = Load::new(bytes.len(), is_slow, is_large, descriptors.len());
                let Envelope { sender, serial, is_silent, .. } = envelope;
                let (message, descriptor) = (Whole::new(bytes, stand_in), descriptors.pop());
                let calls = &mut self.incoming().calls;
                if !calls.admit(sender, *serial, *is_silent, load, descriptor, message) {
                    return envelope.refusal("too many calls wait already; wait for their answers");
                }
            }
        }
        self.changed.notify(1);
        None
    }

    /// A descriptor for zbus in place of the caller's, if there is one.
    fn stand_in(&self, descriptors: &[Foreign]) -> io::Result<Option<OwnedFd>> {
        descriptors.first().map(|_| self.line.get_ref().try_clone()).transpose()
    }

    /// What is handed on next; an error if nothing will be.
    fn next(&self) -> Option<io::Result<Whole>> {
        let mut incoming = self.incoming();
        let mut next = incoming.own.pop_front();
        if next.is_none() && self.local.get().is_some() {
            next = incoming.calls.next(Instant::now());
        }
        next.map(Ok).or_else(|| incoming.end.as_ref().map(|error| Err(error.kind().into())))
    }

    /// Waits until nothing else is being written.
    async fn turn(&self) -> Turn {
        self.writing.lock_arc().await
    }

    /// Writes a message in its turn, and returns how long the bus took for it.
    async fn write(&self, _turn: Turn, mut bytes: &[u8]) -> io::Result<Duration> {
        let began = Instant::now();
        while !bytes.is_empty() {
            let some = line::send(&self.line, bytes);
            let written = match SharedRuntime::current()?.timeout(STALLED, some).await {
                Ok(written) => written?,
                Err(_) => {
                    // Half a message is written: nothing more can be said on this connection.
                    let _ = shutdown(self.line.get_ref(), Shutdown::Both);
                    return Err(ErrorKind::TimedOut.into());
                }
            };
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(began.elapsed())
    }

    /// Answers a call without zbus, if it is one of those.
    fn answer(&self, call: &Message) -> Option<Message> {
        self.local.get()?.answer(call)
    }

    /// Writes in this turn what licd says; an answer makes room for the next call of its caller.
    async fn send(&self, turn: Turn, message: &Message) -> io::Result<()> {
        let header = message.header();
        let call = match message.message_type() {
            Type::Signal if self.local.get().is_none() => return Ok(()),
            Type::MethodReturn | Type::Error => header.destination().zip(header.reply_serial()),
            _ => None,
        };
        let call = call.map(|(caller, serial)| (caller.as_str(), serial.get()));
        let is_silent =
            call.is_some_and(|(caller, of)| self.incoming().calls.is_silent(caller, of));
        let bytes = message.data().bytes();
        let took = if is_silent { Duration::ZERO } else { self.write(turn, bytes).await? };
        // Not before: the next call of this caller waits until the bus has taken this answer.
        if let Some((caller, serial)) = call {
            let mut incoming = self.incoming();
            if bytes.len() > LONG {
                incoming.calls.rest(caller, Instant::now(), took);
            }
            incoming.calls.answered(caller, serial);
            self.changed.notify(1);
        }
        Ok(())
    }

    /// Waits until something has changed, or a caller that rests has its next turn.
    async fn change(&self, changed: EventListener) {
        let turn = self.incoming().calls.next_turn(Instant::now());
        match (turn, SharedRuntime::current()) {
            (Some(turn), Ok(runtime)) => drop(runtime.timeout_at(turn, changed).await),
            _ => changed.await,
        }
    }
}

/// The answer to a call whose descriptors are not those that it may have.
fn unfit(envelope: &Envelope, frame: &mut Frame) -> Option<Message> {
    let (came, most) = (envelope.descriptors, envelope.most_descriptors());
    if came > most {
        let why = format!("{came} descriptors came with the call; send at most {most}");
        return envelope.refusal(&why);
    }
    if came > 0 && frame.descriptors.is_empty() {
        return envelope.refusal(NO_DESCRIPTOR);
    }
    if came == 0 {
        frame.descriptors.clear();
    }
    // zbus reads these flags, too, and would not answer.
    if let Some(flags) = frame.bytes.get_mut(FLAGS) {
        *flags &= !Flags::NO_REPLY_EXPECTED.bits();
    }
    None
}

#[cfg(test)]
mod tests;
