//! The first refresh, of a device that may be as a crash has left it.

use std::panic::resume_unwind;
use std::sync::{Arc, mpsc};
use std::thread;

use licd_device::Device;

use super::look::Look;
use super::refresh::{Removal, publish_look, remove_profile};
use super::settle;
use crate::notices::NoticePublisher;
use crate::shared::Refreshed;

/// The first refresh, and what it has done before.
pub(super) struct First {
    pub(super) refreshed: Refreshed,
    pub(super) removal: Removal,
    /// Whether to settle again, if settling could not wait.
    pub(super) settled: Option<bool>,
}

/// Surveys the device when the daemon starts, carries out the removal profile, and does something else
/// `meanwhile`. The survey needs more stack than anything that the main thread does later, so a thread takes
/// it that gives its stack back. Nothing waits for that.
pub(super) fn refresh<T>(
    device: &Arc<Device>,
    notices: &Arc<NoticePublisher>,
    meanwhile: impl FnOnce() -> T,
) -> (First, T) {
    let (sender, receiver) = mpsc::sync_channel(1);
    let survey = {
        let (device, notices) = (Arc::clone(device), Arc::clone(notices));
        move || drop(sender.send(first_on_this_thread(&device, &notices)))
    };
    let surveying = thread::Builder::new().spawn(survey);
    let other = meanwhile();
    let first = receiver.recv().unwrap_or_else(|_| {
        if let Ok(Err(panic)) = surveying.map(thread::JoinHandle::join) {
            resume_unwind(panic);
        }
        // The system is short of something.
        first_on_this_thread(device, notices)
    });
    (first, other)
}

fn first_on_this_thread(device: &Device, notices: &NoticePublisher) -> First {
    let mut settled = None;
    let survey = device.first_survey(|| settled = Some(settle(device)));
    let mut look = Look::of(survey, None);
    let removal = match look.has_all_facts() {
        true => remove_profile(device, &look.survey),
        false => Removal::Undone,
    };
    if look.survey.settings().licensing.remove.is_some() {
        look = Look::of(device.survey_after(Some(&look.survey)), None);
    }
    if look.has_all_facts() {
        look.begin_starter(device);
    }
    First { refreshed: publish_look(device, notices, look, None), removal, settled }
}
