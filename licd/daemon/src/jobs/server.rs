//! Asks a server for documents.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use licd_device::{Answer, Attempt, CLOCK_IGNORED, Device, Failure, Fetch, Survey, Url};

use super::Meter;
use super::source::Access;
use crate::journal;

/// A file of a server.
pub(super) fn fetch(
    device: &Device,
    known: &Survey,
    url: &Url,
    Access { login, proxy }: Access,
    meter: &mut Meter<'_>,
) -> Result<File, Failure> {
    let cancel = Some(meter.job.cancel.as_fd());
    let order = Fetch { login, proxy, cancel, ..Fetch::default() };
    let fetched =
        device.fetch(known, url, order, |done, total| meter.set(done, total.unwrap_or(0)))?;
    warn_of_clock(url, fetched.clock_ignored);
    fetched.whole()
}

/// The answer of the licensing service.
pub(super) fn activate(
    device: &Device,
    known: &Survey,
    request: Option<&str>,
    meter: &mut Meter<'_>,
) -> Result<Answer, Failure> {
    let job = Arc::clone(meter.job);
    let (cancel, is_cancelled) = (Some(job.cancel.as_fd()), &|| job.is_cancelled());
    let attempt = Attempt { request, cancel, is_cancelled };
    device.activate(known, &attempt, |done, total| meter.set(done, total.unwrap_or(0)))
}

/// Warns if the dates of a certificate were ignored.
pub(super) fn warn_of_clock(url: &Url, ignored: bool) {
    if ignored {
        log::warn!(MESSAGE_ID = journal::PROBLEM; "{url}: {CLOCK_IGNORED}");
    }
}
