//! The first refresh, of a device that may be as a crash has left it.

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

/// Surveys the device when the daemon starts, carries out the removal profile, and publishes files.
pub(super) fn refresh(device: &Device, notices: &NoticePublisher) -> First {
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
