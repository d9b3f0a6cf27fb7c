//! The two buses: licd's and that of the desktop. Only the modules below know zbus.

mod licd;
mod notifications;

use std::num::NonZeroUsize;
use std::time::Duration;

pub(crate) use self::licd::{Event, Licd};
pub(crate) use licd_client::block_on;
pub(crate) use notifications::{Notification, NotificationServer, NotifyError, Shown, Urgency};

/// The time limit for a connection and for an answer: D-Bus's own default.
const ANSWER: Duration = Duration::from_secs(25);
/// Actions of the user that may wait while a notification is shown.
const QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
