//! A connection to the bus that is lost while the bus is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Daemon, Fatal};
use crate::bus::Bus;
use crate::journal;

/// How long the loop waits for one attempt. The bus answers in milliseconds or is not there.
const ATTEMPT: Duration = Duration::from_secs(2);

impl Daemon {
    /// The connection was closed: connects again. What is asked meanwhile the bus refuses, and what is
    /// published stays as it is.
    ///
    /// # Errors
    /// [`Fatal::BusGone`] if the bus itself is not there.
    pub(super) fn bus_lost(&mut self) -> Result<(), Fatal> {
        log::warn!(
            MESSAGE_ID = journal::PROBLEM;
            "bus: the connection was closed; licd connects again"
        );
        self.bus = None;
        // Those who could ask for them are gone, too.
        self.lingering.clear();
        self.timers.rejoin.begin(Instant::now());
        self.rejoin()
    }

    /// Tries to connect again.
    ///
    /// # Errors
    /// [`Fatal::BusGone`] if the bus is not there, or has not answered for too long.
    pub(super) fn rejoin(&mut self) -> Result<(), Fatal> {
        match Bus::start(&self.address, &self.hub, ATTEMPT) {
            Ok(bus) => {
                self.timers.rejoin.end();
                self.jobs.values().for_each(|(job, _)| bus.job_began(Arc::clone(job)));
                self.bus = Some(bus);
                log::info!("bus: connected again");
                Ok(())
            }
            Err(error) if error.is_absence() || self.timers.rejoin.due().is_none() => {
                log::error!("{error}");
                Err(Fatal::BusGone)
            }
            Err(_) => Ok(()),
        }
    }
}
