//! When calls come in and signals leave: once licd serves. Signals leave after the calls that wait, because
//! one thread does the work of both.

use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::Poll;

use super::foreign::Foreign;
use super::{Connection, Gate, Local};

/// Turns of the other tasks that a signal waits for at most. A call takes about five from the socket to
/// its answer; a flood of calls must not stop signals.
const TURNS: usize = 8;

/// Controls what passes through a gate.
#[derive(Debug, Clone)]
pub(in crate::bus) struct Entrance(Arc<Connection>);

impl Gate {
    /// Its entrance, which is closed.
    pub(in crate::bus) fn entrance(&self) -> Entrance {
        Entrance(Arc::clone(&self.0))
    }
}

impl Entrance {
    /// Hands calls on and lets signals leave from now on. Signals of before, one for each object, announce
    /// objects of a service that has no name yet. Opens once.
    pub(in crate::bus) fn open(&self, local: Arc<dyn Local>) {
        let _ = self.0.local.set(local);
        self.0.changed.notify(1);
    }

    /// Takes the descriptor that a call has brought; zbus has another one in its place.
    pub(in crate::bus) fn descriptor(&self, sender: &str, serial: u32) -> Option<Foreign> {
        self.0.incoming().calls.take_descriptor(sender, serial)
    }

    /// Lets the calls that have come in be answered first.
    pub(in crate::bus) async fn give_way(&self) {
        for _ in 0..TURNS {
            turn_of_others().await;
            if self.0.incoming().calls.is_idle() {
                return;
            }
        }
    }
}

/// Lets every other task run once.
async fn turn_of_others() {
    let mut has_waited = false;
    poll_fn(|context| {
        if mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    use zbus::Message;
    use zbus::connection::socket::{Socket as _, WriteHalf as _};
    use zruntime::SharedRuntime;

    use super::*;
    use crate::bus::gate::Local;

    #[derive(Debug)]
    struct Silent;

    impl Local for Silent {
        fn answer(&self, _: &Message) -> Option<Message> {
            None
        }
    }

    #[test]
    fn no_signal_leaves_before_the_entrance_is_open() {
        let (mut far, near) = UnixStream::pair().unwrap();
        zruntime::block_on(async {
            let gate = Gate::over(&SharedRuntime::current().unwrap(), near.into()).unwrap();
            let entrance = gate.entrance();
            let (_, mut writer) = gate.split().take();
            let signal = |name| Message::signal("/", "com.igel.Test", name).build(&()).unwrap();
            writer.send_message(&signal("Early")).await.unwrap();
            entrance.open(Arc::new(Silent));
            writer.send_message(&signal("Late")).await.unwrap();
        });
        let mut sent = Vec::new();
        far.read_to_end(&mut sent).unwrap();
        let sent = String::from_utf8_lossy(&sent);
        assert!(sent.contains("Late") && !sent.contains("Early"), "{sent}");
    }
}
