//! One connection to the bus: what the daemon signals, and the calls that wait for an answer.

use std::future::{Future, poll_fn};
use std::num::NonZero;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use licd_protocol::BusAddress;
use zbus::connection::Connection;
use zbus::export::futures_core::Stream as _;
use zbus::{MatchRule, Message, MessageStream};
use zruntime::SharedRuntime;
use zruntime::mpmc::{Receiver, Sender, unbounded};

use super::calls::{self, Client};
use super::{failure, files};
use crate::state::actions::Action;
use crate::state::events::{Absence, Event, Verdict};

/// Signals that wait while the thread is busy. A job reports its progress four times a second.
const QUEUE: Option<NonZero<usize>> = NonZero::new(64);
/// The age at which a report is read again: the days left count down without a signal.
const STALE: Duration = Duration::from_secs(3600);
/// The pause before a daemon that has not answered is asked again.
const RETRY: Duration = Duration::from_secs(5);

const BUS: &str = "org.freedesktop.DBus";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Why a session has ended.
pub(super) enum End {
    WindowClosed,
    BusGone(String),
}

type Call = Pin<Box<dyn Future<Output = Option<Event>>>>;

/// A connection with everything that is under way on it.
pub(super) struct Session {
    address: BusAddress,
    client: Client,
    /// The daemon's signals, those of its jobs, their progress, and its coming and going.
    streams: [MessageStream; 4],
    calls: Vec<Call>,
    /// The call for the report, at most one at a time.
    report: Option<Call>,
    /// Whether the report has changed since that call.
    changed: Changed,
    /// Cancels the import of files.
    cancel_files: Option<Sender<()>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    No,
    Again,
}

/// What comes next.
enum Next {
    Order(Option<Action>),
    Signal(usize, Option<zbus::Result<Message>>),
    Answer(Option<Event>),
    Report(Option<Event>),
    Due,
    Gone,
}

impl Session {
    /// Connects, and listens before it asks for the first report.
    ///
    /// # Errors
    /// The reason, for people.
    pub(super) async fn open(
        address: &BusAddress,
        runtime: &SharedRuntime,
    ) -> Result<Self, String> {
        let client = Client::connect(address, runtime).await?;
        let streams = streams(&client.connection).await.map_err(|e| failure::reason(&e))?;
        let report = Some(ask_report(&client));
        let changed = Changed::No;
        let address = address.clone();
        let calls = Vec::new();
        Ok(Self { address, client, streams, calls, report, changed, cancel_files: None })
    }

    /// Carries out orders and reports events until the bus or the window has gone.
    pub(super) async fn serve(&mut self, orders: &Receiver<Action>, events: &Sender<Event>) -> End {
        let mut pause = STALE;
        loop {
            let event = match self.next(orders, pause).await {
                Next::Order(None) => return End::WindowClosed,
                Next::Order(Some(action)) => {
                    self.carry_out(action);
                    None
                }
                Next::Signal(at, message) => match message {
                    Some(Ok(message)) => self.signal(at, &message),
                    Some(Err(error)) => return End::BusGone(failure::reason(&error)),
                    None => return End::BusGone("the connection has ended".to_owned()),
                },
                Next::Answer(event) => event,
                Next::Report(event) => {
                    pause = match &event {
                        Some(Event::Absent(Absence::Answer(_))) => RETRY,
                        _ => STALE,
                    };
                    self.reported();
                    event
                }
                Next::Due => {
                    self.look_again();
                    None
                }
                Next::Gone => return End::BusGone("the connection has ended".to_owned()),
            };
            if event.is_some_and(|event| events.try_send(event).is_err()) {
                return End::WindowClosed;
            }
        }
    }

    async fn next(&mut self, orders: &Receiver<Action>, pause: Duration) -> Next {
        let connection = self.client.connection.clone();
        let runtime = self.client.runtime.clone();
        let (mut gone, mut due) = (pin!(connection.closed()), pin!(runtime.sleep(pause)));
        let mut order = pin!(orders.recv());
        poll_fn(|context| {
            if let Poll::Ready(next) = self.poll_own(context) {
                return Poll::Ready(next);
            }
            if let Poll::Ready(order) = order.as_mut().poll(context) {
                return Poll::Ready(Next::Order(order.ok()));
            }
            if gone.as_mut().poll(context).is_ready() {
                return Poll::Ready(Next::Gone);
            }
            due.as_mut().poll(context).map(|()| Next::Due)
        })
        .await
    }

    /// Signals come first: a job's end precedes the answer about it.
    fn poll_own(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        for (at, stream) in self.streams.iter_mut().enumerate() {
            if let Poll::Ready(message) = Pin::new(stream).poll_next(context) {
                return Poll::Ready(Next::Signal(at, message));
            }
        }
        if let Some(call) = &mut self.report
            && let Poll::Ready(event) = call.as_mut().poll(context)
        {
            self.report = None;
            return Poll::Ready(Next::Report(event));
        }
        for at in 0..self.calls.len() {
            if let Some(call) = self.calls.get_mut(at)
                && let Poll::Ready(event) = call.as_mut().poll(context)
            {
                drop(self.calls.swap_remove(at));
                return Poll::Ready(Next::Answer(event));
            }
        }
        Poll::Pending
    }

    fn carry_out(&mut self, action: Action) {
        let client = self.client.clone();
        match action {
            Action::Import(order) => self.call(calls::import(client, order)),
            Action::Activate(person) => self.call(calls::activate(client, person)),
            Action::Remove(selector) => self.call(calls::remove(client, selector)),
            Action::ImportFiles(files, purpose) => {
                let (cancel, cancelled) = unbounded();
                self.cancel_files = Some(cancel);
                let address = self.address.clone();
                self.call(files::import(address, client.runtime, files, purpose, cancelled));
            }
            Action::CancelFiles => self.cancel_files = None,
            Action::CancelJob(job) => self.calls.push(Box::pin(async {
                calls::cancel(client, job).await;
                None
            })),
            Action::Refresh => self.call(calls::refresh(client)),
            // The view's own.
            Action::FindTerms
            | Action::ListSticks
            | Action::ChooseFiles(_)
            | Action::FocusField(_)
            | Action::FocusTick(_)
            | Action::ClearField(_)
            | Action::Close => {}
        }
    }

    fn call(&mut self, call: impl Future<Output = Event> + 'static) {
        self.calls.push(Box::pin(async { Some(call.await) }));
    }

    fn signal(&mut self, at: usize, message: &Message) -> Option<Event> {
        match at {
            0 => {
                if message.header().member().is_some_and(|member| member == "Changed") {
                    self.look_again();
                }
                None
            }
            1 => ended(message),
            2 => progressed(message),
            _ => self.owner_changed(message),
        }
    }

    fn owner_changed(&mut self, message: &Message) -> Option<Event> {
        let (_, _, new): (String, String, String) = message.body().deserialize().ok()?;
        if new.is_empty() {
            return Some(Event::Absent(Absence::Daemon));
        }
        self.look_again();
        None
    }

    /// Asks for the report, again if the last call may have been too early.
    fn look_again(&mut self) {
        match &self.report {
            Some(_) => self.changed = Changed::Again,
            None => self.report = Some(ask_report(&self.client)),
        }
    }

    fn reported(&mut self) {
        if std::mem::replace(&mut self.changed, Changed::No) == Changed::Again {
            self.look_again();
        }
    }
}

fn ask_report(client: &Client) -> Call {
    let client = client.clone();
    Box::pin(async { Some(calls::report(client).await) })
}

async fn streams(connection: &Connection) -> zbus::Result<[MessageStream; 4]> {
    let rule = || MatchRule::builder().msg_type(zbus::message::Type::Signal);
    let licd = || rule().sender(calls::NAME);
    let rules = [
        licd().interface(calls::MANAGER).build()?,
        licd().interface(calls::JOB).member("Finished").build()?,
        licd().interface(PROPERTIES).add_arg(calls::JOB).build()?,
        rule()
            .sender(BUS)
            .interface(BUS)
            .member("NameOwnerChanged")
            .add_arg(calls::NAME)
            .build()?,
    ];
    let [changes, jobs, progress, owners] =
        rules.map(|rule| MessageStream::for_match_rule(rule, connection, QUEUE));
    Ok([changes.await?, jobs.await?, progress.await?, owners.await?])
}

/// The end of a job.
fn ended(message: &Message) -> Option<Event> {
    let job = message.header().path()?.to_string();
    let (word, message): (String, String) = message.body().deserialize().ok()?;
    Some(Event::Ended(job, Verdict { code: licd_rules::Code::parse(&word), message }))
}

/// The progress of a job.
fn progressed(message: &Message) -> Option<Event> {
    let job = message.header().path()?.to_string();
    let (done, total) = calls::progress(message)?;
    Some(Event::Progressed(job, done, total))
}
