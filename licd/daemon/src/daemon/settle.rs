//! Settling what a crash has left.

use licd_device::{Device, Failure};
use licd_rules::Code;
use licd_store::{Closed, StoreState};

use crate::journal;
use crate::shared::Published;

/// Closes and repairs what a crash has left. Returns whether to try again.
pub(super) fn settle(device: &Device) -> bool {
    is_unsettled(device, device.settle())
}

/// The same after the first survey, which has looked for an interrupted removal if it has all facts.
pub(super) fn settle_after(device: &Device, first: &Published) -> bool {
    match first.whole {
        true => is_unsettled(device, device.settle_files()),
        false => settle(device),
    }
}

/// Whether to settle again: another process writes or keeps the store from being closed, or the system is
/// short of something; the report says more.
fn is_unsettled(device: &Device, settled: Result<Option<Closed>, Failure>) -> bool {
    match settled {
        Ok(closed) => closed.is_some_and(|closed| closed.is_open()),
        // Where there is no store, there is nothing to close.
        Err(_) if device.store().state() == Ok(StoreState::Missing) => false,
        Err(failure) => {
            if failure.code != Code::Busy {
                log::warn!(MESSAGE_ID = journal::STORE_PROBLEM; "{}", failure.message);
            }
            failure.is_of_the_moment()
        }
    }
}
