//! When signals leave: once the name is taken, and after the calls that wait, because one thread does the
//! work of both.

use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use super::{Connection, Gate};

/// Turns of the other tasks that a signal waits for at most. A call takes about five from the socket to
/// its answer; a flood of calls must not stop signals.
const TURNS: usize = 8;

/// Controls the signals that leave through a gate.
#[derive(Debug, Clone)]
pub(in crate::bus) struct Signals(Arc<Connection>);

impl Gate {
    /// The signals that leave here; none does yet.
    pub(in crate::bus) fn signals(&self) -> Signals {
        Signals(Arc::clone(&self.0))
    }
}

impl Signals {
    /// Lets signals leave from now on. Those of before, one for each object, announce objects of a
    /// service that has no name yet.
    pub(in crate::bus) fn begin(&self) {
        self.0.has_name.store(true, Ordering::Relaxed);
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
    fn no_signal_leaves_before_the_name_is_taken() {
        let (mut far, near) = UnixStream::pair().unwrap();
        zruntime::block_on(async {
            let gate =
                Gate::over(&SharedRuntime::current().unwrap(), near.into(), Arc::new(Silent))
                    .unwrap();
            let signals = gate.signals();
            let (_, mut writer) = gate.split().take();
            let signal = |name| Message::signal("/", "com.igel.Test", name).build(&()).unwrap();
            writer.send_message(&signal("Early")).await.unwrap();
            signals.begin();
            writer.send_message(&signal("Late")).await.unwrap();
        });
        let mut sent = Vec::new();
        far.read_to_end(&mut sent).unwrap();
        let sent = String::from_utf8_lossy(&sent);
        assert!(sent.contains("Late") && !sent.contains("Early"), "{sent}");
    }
}
