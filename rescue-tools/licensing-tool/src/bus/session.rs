//! One connection to the bus: what the daemon signals, and the calls that wait for an answer.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use licd_client::{CallError, Caller, Client, Signal, Signals, Topic};
use licd_protocol::BusAddress;
use zruntime::mpmc::{Receiver, Sender, unbounded};

use super::{calls, files};
use crate::state::actions::Action;
use crate::state::events::{Absence, Event, Verdict};

/// The daemon's signals, the most urgent first.
const TOPICS: [Topic; 4] = [Topic::Report, Topic::Ends, Topic::Progress, Topic::Presence];
/// The age at which a report is read again: the days left count down without a signal.
const STALE: Duration = Duration::from_secs(3600);
/// The pause before a daemon that has not answered is asked again.
const RETRY: Duration = Duration::from_secs(5);

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
    signals: Signals,
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
    Signal(Signal),
    Answer(Option<Event>),
    Report(Option<Event>),
    Due,
    Gone,
}

impl Session {
    /// Connects, and listens before it asks for the first report.
    ///
    /// # Errors
    /// The bus is missing or does not answer.
    pub(super) async fn open(address: &BusAddress) -> Result<Self, CallError> {
        let client = Client::connect(address, Caller::Desktop).await?;
        let signals = Signals::listen(&client, &TOPICS).await?;
        let report = Some(ask_report(&client));
        let changed = Changed::No;
        let address = address.clone();
        let calls = Vec::new();
        Ok(Self { address, client, signals, calls, report, changed, cancel_files: None })
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
                Next::Signal(Signal::Lost(error)) => return End::BusGone(error.to_string()),
                Next::Signal(signal) => self.signal(signal),
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
        let client = self.client.clone();
        let (mut gone, mut due) = (pin!(client.ended()), pin!(client.sleep(pause)));
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
        if let Poll::Ready(signal) = self.signals.poll_next(context) {
            return Poll::Ready(Next::Signal(signal));
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
                self.call(files::import(address, files, purpose, cancelled));
            }
            Action::CancelFiles => self.cancel_files = None,
            Action::CancelJob(job) => self.calls.push(Box::pin(async {
                calls::cancel(client, job).await;
                None
            })),
            Action::Withdraw => self.call(calls::withdraw(client)),
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

    fn signal(&mut self, signal: Signal) -> Option<Event> {
        match signal {
            Signal::Changed | Signal::Came => {
                self.look_again();
                None
            }
            Signal::Ended { job, verdict, message } => {
                let code = licd_rules::Code::parse(&verdict);
                Some(Event::Ended(job, Verdict { code, message }))
            }
            Signal::Progressed { job, done, total } => Some(Event::Progressed(job, done, total)),
            Signal::Went => Some(Event::Absent(Absence::Daemon)),
            Signal::Notice | Signal::Restart | Signal::Lost(_) => None,
        }
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
