//! What the bus, the loop and the working threads share: the published state, orders and news.

mod news;
mod orders;
mod published;

use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TrySendError};
use std::sync::{Arc, PoisonError, RwLock};

use licd_rules::Code;
use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

pub(crate) use news::{ImportedJob, LogindState, News, Refreshed, Unsettled, Written};
pub(crate) use orders::{ImportReply, Order, Refusal, Reply};
pub(crate) use published::Published;

/// Orders of the bus that wait for the loop. It handles one in microseconds, so more than a few wait
/// only if the loop hangs.
const ORDERS: usize = 64;

/// The plan while no deployment wants a restart.
pub(crate) const NO_RESTART: &str = "none";

/// The side of the bus and of the working threads.
pub(crate) struct Shared {
    published: RwLock<Arc<Published>>,
    /// What is planned for the restart that a deployment wants, as a word.
    plan: RwLock<&'static str>,
    orders: SyncSender<Order>,
    news: Sender<News>,
    wake: Arc<EventFd>,
}

/// The side of the loop.
pub(crate) struct Inbox {
    orders: Receiver<Order>,
    news: Receiver<News>,
    /// Readable when there is something.
    pub(crate) wake: Arc<EventFd>,
}

/// Makes the two sides.
///
/// # Errors
/// The kernel's, if it has no descriptor left.
pub(crate) fn open(first: Published) -> Result<(Arc<Shared>, Inbox), Errno> {
    let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?);
    let (orders, ordered) = mpsc::sync_channel(ORDERS);
    let (news, reported) = mpsc::channel();
    let published = RwLock::new(Arc::new(first));
    let plan = RwLock::new(NO_RESTART);
    let shared = Shared { published, plan, orders, news, wake: Arc::clone(&wake) };
    Ok((Arc::new(shared), Inbox { orders: ordered, news: reported, wake }))
}

impl Shared {
    /// What is published now.
    pub(crate) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the published state. For the loop alone.
    pub(crate) fn publish(&self, new: Arc<Published>) {
        let replace = || {
            let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *published, new)
        };
        // Without the lock: freeing the report of thousands of licences would keep callers waiting.
        drop(replace());
    }

    /// What is planned for the restart that a deployment wants.
    pub(crate) fn plan(&self) -> &'static str {
        *self.plan.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the plan. For the loop alone.
    pub(crate) fn set_plan(&self, plan: &'static str) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Hands an order to the loop; never waits.
    ///
    /// # Errors
    /// [`Code::Busy`] if too many wait already or the daemon is stopping. The order's reply is then
    /// dropped.
    pub(crate) fn order(&self, order: Order) -> Result<(), Refusal> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::new(
                Code::Busy,
                format!("licd: {ORDERS} orders wait already; try again later"),
            ),
            TrySendError::Disconnected(_) => Refusal::unavailable(),
        })?;
        self.wake();
        Ok(())
    }

    /// Reports to the loop; without effect after its end.
    pub(crate) fn report(&self, news: News) {
        if self.news.send(news).is_ok() {
            self.wake();
        }
    }

    fn wake(&self) {
        // Fails only if the counter is full, and then it is readable already.
        let _ = self.wake.write(1);
    }
}

impl Inbox {
    /// What has come in.
    pub(crate) fn take(&self) -> (Vec<News>, Vec<Order>) {
        let _ = self.wake.read();
        (self.news.try_iter().collect(), self.orders.try_iter().take(ORDERS).collect())
    }

    /// The news that has come in; orders stay, and are refused when the channel is dropped.
    pub(crate) fn take_news(&self) -> Vec<News> {
        let _ = self.wake.read();
        self.news.try_iter().collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use licd_device::{Device, Missing};
    use licd_fs::root::Root;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd as _;

    /// The shared state of an empty device.
    pub(crate) fn shared() -> (tempfile::TempDir, Arc<Shared>, Inbox) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sys")).unwrap();
        let device = Device::at(Root::new(dir.path()).unwrap());
        let survey = device.survey().unwrap();
        let time = device.time(&survey).unwrap();
        let missing = Missing::default();
        let (shared, inbox) = open(Published::new(Arc::new(survey), time, missing, true)).unwrap();
        (dir, shared, inbox)
    }

    impl Inbox {
        /// Waits for news.
        pub(crate) fn wait(&self) -> Vec<News> {
            let mut fds = [PollFd::new(self.wake.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::NONE).unwrap();
            self.take_news()
        }
    }

    fn order(answers: &Sender<Result<(), Refusal>>) -> Order {
        let answers = answers.clone();
        Order::Refresh { reply: Box::new(move |answer| answers.send(answer).unwrap()) }
    }

    #[test]
    fn orders_beyond_those_that_wait_are_refused_as_busy() {
        let (_dir, shared, inbox) = shared();
        let (reply, _answers) = mpsc::channel();
        for _ in 0..ORDERS {
            shared.order(order(&reply)).unwrap();
        }
        let Err(Refusal::Verdict(failure)) = shared.order(order(&reply)) else { panic!("taken") };
        assert_eq!(failure.code, Code::Busy);
        assert_eq!(inbox.take().1.len(), ORDERS);
        shared.order(order(&reply)).unwrap();
    }

    #[test]
    fn an_order_that_is_dropped_drops_its_reply() {
        let (_dir, shared, inbox) = shared();
        let (reply, answers) = mpsc::channel();
        shared.order(order(&reply)).unwrap();
        drop((reply, inbox));
        assert!(answers.recv().is_err());
        let (reply, _answers) = mpsc::channel();
        assert_eq!(shared.order(order(&reply)), Err(Refusal::unavailable()));
    }
}
