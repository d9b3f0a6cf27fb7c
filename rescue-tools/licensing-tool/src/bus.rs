//! The bus: a thread that carries out orders and reports what the daemon does.

mod calls;
mod failure;
mod files;
mod session;

use std::io;
use std::thread;
use std::time::Duration;

use licd_protocol::BusAddress;
use zruntime::SharedRuntime;
use zruntime::mpmc::{Receiver, Sender, unbounded};

use crate::state::actions::Action;
use crate::state::events::{Absence, Event};
use session::{End, Session};

/// The pause before another attempt to reach the bus: short enough for a person who waits.
const PAUSE: Duration = Duration::from_secs(2);

/// The thread's inbox.
pub(crate) struct Bus {
    orders: Sender<Action>,
}

impl Bus {
    /// Starts the thread. It ends when the `Bus` is dropped.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start(address: BusAddress, events: Sender<Event>) -> io::Result<Self> {
        let (orders, inbox) = unbounded();
        let serve = move || licd_client::block_on(serve(&address, &inbox, &events));
        thread::Builder::new().name("bus".to_owned()).spawn(serve)?;
        Ok(Self { orders })
    }

    /// Hands over an action to carry out.
    pub(crate) fn order(&self, action: Action) {
        // Fails only once the thread has ended, and the window ends with it.
        let _ = self.orders.try_send(action);
    }
}

/// Keeps a session with the daemon, and begins another one whenever the bus has gone.
async fn serve(address: &BusAddress, orders: &Receiver<Action>, events: &Sender<Event>) {
    let Ok(runtime) = SharedRuntime::current() else { return };
    loop {
        let reason = match Session::open(address).await {
            Ok(mut session) => match session.serve(orders, events).await {
                End::WindowClosed => return,
                End::BusGone(reason) => reason,
            },
            Err(error) => error.to_string(),
        };
        if events.try_send(Event::Absent(Absence::Bus(reason))).is_err() {
            return;
        }
        runtime.sleep(PAUSE).await;
        // An order to a daemon that is not there was not given.
        while orders.try_recv().is_ok() {}
        if orders.is_closed() {
            return;
        }
    }
}
