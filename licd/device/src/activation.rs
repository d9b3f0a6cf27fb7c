//! Activation: a request goes to the licensing service, and its answer is imported like any other file.
//!
//! The request is a file of the licence partition until a licence for this device is in, by whatever way,
//! or a person cancels it. So it survives a restart, and each attempt reads it.

mod answer;
mod stored;

use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, BorrowedFd};

use licd_fs::look::{Looked, look};
use licd_protocol::Scheme;
use licd_rules::Code;
use licd_store::{Change, Opened, StoreError, View};
use license_format::UnitId;

use crate::import::Imported;
use crate::problem::{Problem, RequestProblem};
use crate::report::LicenseReport;
use crate::{CLOCK_IGNORED, Device, Failure, Fetch, Report, Survey, Url};
use answer::gone;
use stored::Stored;

pub use answer::Answer;

/// Bytes of a request: several times the longest one.
const REQUEST_BYTES: u64 = 16 * 1024;
/// What follows the reason of a failed attempt.
const STAYS: &str = "; the request stays in /license/fetch-activation.json, and licd asks again";

/// An attempt to activate the device.
pub struct Attempt<'a> {
    /// The request to store first; `None` sends the one that is stored.
    pub request: Option<&'a str>,
    /// Becomes readable to cancel the attempt.
    pub cancel: Option<BorrowedFd<'a>>,
    /// Whether the attempt is cancelled: its request must not replace a later one.
    pub is_cancelled: &'a dyn Fn() -> bool,
}

/// What cancelling an activation has withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// Its request.
    Request,
    /// Nothing: no request waited for an answer.
    Nothing,
}

/// A request that waits for its answer, without the data of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Where a person wants it sent.
    url: Option<Url>,
}

impl Survey {
    /// The address of the licensing service: `own`, or that of the configuration. It gets a person's
    /// data, so it is read by https; http serves services on this machine.
    ///
    /// # Errors
    /// [`Code::SourceRefused`]: there is no address, or it does not fit.
    pub fn activation_url(&self, own: Option<&Url>) -> Result<Url, Failure> {
        let refused = |message: String| Failure::new(Code::SourceRefused, message);
        let Some(url) = own.or(self.config().activation.url.as_ref()) else {
            return Err(refused(
                "activation: this device has no licensing service; name its address, or set \
                 [activation] url"
                    .to_owned(),
            ));
        };
        let shown = url.without_userinfo();
        if url.credentials().is_some() {
            let cure = "leave it out and set [[network.login]]";
            return Err(refused(format!("{shown}: the address holds a user; {cure}")));
        }
        let is_fit = url.scheme() == Scheme::Https || url.scheme().is_web() && is_local(url.host());
        match is_fit {
            true => Ok(url.clone()),
            false => Err(refused(format!(
                "{shown}: gets a person's data, so the address begins with https://; correct it"
            ))),
        }
    }

    /// The request that waits for its answer.
    #[must_use]
    pub fn waiting(&self) -> Option<&Waiting> {
        self.waiting.as_ref()
    }

    /// The name of the next attempt in messages: the address of the service.
    #[must_use]
    pub fn activation_name(&self) -> String {
        let own = self.waiting.as_ref().and_then(|waiting| waiting.url.as_ref());
        self.activation_url(own).map_or_else(|_| "activation".to_owned(), |url| url.to_string())
    }
}

impl Report {
    /// Whether a request waits for its answer, with or without an attempt that runs.
    #[must_use]
    pub fn request_waits(&self) -> bool {
        let waits = Problem::Request(RequestProblem::Waiting);
        self.problems.contains(&waits)
    }

    /// Whether the store has a licence for this device that counts and was not there `before`.
    #[must_use]
    pub fn has_gained(&self, before: &Self) -> bool {
        let counts = |license: &&LicenseReport| Code::from(license.state).is_accepted();
        let was_there =
            |new: &LicenseReport| before.licenses.iter().any(|old| old.file == new.file);
        self.licenses.iter().filter(counts).any(|license| !was_there(license))
    }
}

/// Whether a host is this machine.
fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl Device {
    /// Stores the request of an attempt, if it has one, sends it and returns the service's answer, for
    /// the caller to import and then to [conclude](Self::conclude_activation). Reports progress like
    /// [`Device::fetch`]. The attempt ends when its request is removed or replaced.
    ///
    /// # Errors
    /// The request cannot be stored or is gone, or those of [`Device::fetch`]; no message quotes the
    /// request.
    pub fn activate(
        &self,
        survey: &Survey,
        attempt: &Attempt<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<Answer, Failure> {
        let text = match attempt.request {
            Some(text) => {
                self.store_activation(text, attempt.is_cancelled)?;
                text.to_owned()
            }
            None => self.activation_text()?.ok_or_else(gone)?,
        };
        let stored = Stored::parse(&text).ok_or_else(damaged)?;
        let url = survey.activation_url(stored.url().as_ref())?;
        let departure = self.watch_request(attempt.cancel);
        // It may have gone before the watch began.
        self.still_asks(&text)?;
        let cancel = departure.as_ref().map(|departure| departure.as_fd()).or(attempt.cancel);
        let (proxy, post) = (stored.proxy(), Some(stored.to_send(text.clone())));
        let order = Fetch { proxy, post, cancel, ..Fetch::default() };
        let fetched = self.fetch(survey, &url, order, progress).and_then(|fetched| {
            if fetched.clock_ignored {
                log::warn!("{url}: {CLOCK_IGNORED}");
            }
            fetched.whole()
        });
        match fetched {
            Ok(file) => Ok(Answer { file, request: text }),
            Err(_) if !(attempt.is_cancelled)() && self.still_asks(&text) == Err(gone()) => {
                Err(gone())
            }
            Err(why) => Err(stored.person.leave_out(why)),
        }
    }

    fn store_activation(&self, text: &str, is_cancelled: &dyn Fn() -> bool) -> Result<(), Failure> {
        let writer = self.writer()?;
        if is_cancelled() {
            return Err(Failure::new(Code::SourceUnreachable, "was cancelled"));
        }
        self.write(&writer, |window| {
            // The licence needs room, too.
            window.leave_reserve([text.len()])?;
            window.put_activation(text.as_bytes())
        })?;
        Ok(())
    }

    /// Ends an attempt whose answer was imported: with a licence for this device the request goes, else
    /// the last message says that it stays.
    pub fn conclude_activation(&self, imported: &mut [Imported]) {
        let is_licence =
            |one: &Imported| one.verdict.code.is_accepted() && one.verdict.pack.is_some();
        if imported.iter().any(is_licence) {
            if let Err(failure) = self.withdraw_activation() {
                log::warn!("{}", failure.message);
            }
        } else if self.has_activation()
            && let Some(last) = imported.last_mut()
        {
            last.verdict.message.push_str(STAYS);
        }
    }

    /// Removes the request of an activation, which ends every attempt to have it answered; without one
    /// there is nothing to do.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn withdraw_activation(&self) -> Result<Withdrawn, Failure> {
        if !self.has_activation() {
            return Ok(Withdrawn::Nothing);
        }
        let remove = |window: &mut licd_store::Window<'_>| window.remove_activation();
        match self.write(&self.writer()?, remove)? {
            Change::Made => Ok(Withdrawn::Request),
            Change::None => Ok(Withdrawn::Nothing),
        }
    }

    /// Whether there is a request of an activation, or something in its place.
    #[must_use]
    pub fn has_activation(&self) -> bool {
        !matches!(self.store().activation(), Ok(Opened::Gone))
    }

    /// The stored request, with the person's data.
    fn activation_text(&self) -> Result<Option<String>, Failure> {
        match self.store().activation()? {
            Opened::Gone => Ok(None),
            Opened::NotRegular => Err(damaged()),
            Opened::File { file, .. } => match self.read_request(file)? {
                Some(text) => Ok(Some(text)),
                None => Err(damaged()),
            },
        }
    }

    /// The request of this unit that waits for its answer, with the person's data, if there is one that
    /// this user may read.
    #[must_use]
    pub fn waiting_request(&self, unit: &UnitId) -> Option<String> {
        let text = self.activation_text().ok().flatten()?;
        let stored = Stored::parse(&text)?;
        (stored.unit().as_ref() == Some(unit)).then(|| stored.to_send(text))
    }

    /// Looks for a request that waits for its answer. The inner error is a fact.
    pub(crate) fn look_for_request(
        &self,
        view: &View<'_>,
        units: &[UnitId],
    ) -> Looked<Result<Option<Waiting>, RequestProblem>> {
        let file = match StoreError::looked(view.activation())? {
            Ok(Opened::Gone) => return Ok(Ok(None)),
            Ok(Opened::NotRegular) => return Ok(Err(RequestProblem::NotAFile)),
            Ok(Opened::File { file, .. }) => file,
            // Only root reads a person's data.
            Err(error) if error.is_permission() => return Ok(Ok(Some(Waiting { url: None }))),
            // The partition is at fault, which has a problem of its own.
            Err(_) => return Ok(Ok(None)),
        };
        let stored = self.read_request(file)?.and_then(|text| Stored::parse(&text));
        Ok(match stored {
            None => Err(RequestProblem::Damaged),
            Some(stored) => match stored.unit() {
                Some(unit) if !units.is_empty() && !units.contains(&unit) => {
                    Err(RequestProblem::OtherDevice(unit))
                }
                _ => Ok(Some(Waiting { url: stored.url() })),
            },
        })
    }

    /// The text of a request; `None` for one that is too long or no text.
    fn read_request(&self, file: File) -> Looked<Option<String>> {
        let mut bytes = Vec::new();
        let read = file.take(REQUEST_BYTES + 1).read_to_end(&mut bytes);
        let is_whole =
            look(&self.store().activation_path(), read)?.is_ok_and(|n| n as u64 <= REQUEST_BYTES);
        Ok(String::from_utf8(bytes).ok().filter(|_| is_whole))
    }
}

fn damaged() -> Failure {
    let message = "the request in /license/fetch-activation.json is damaged; activate again";
    Failure::new(Code::SourceRefused, message)
}

#[cfg(test)]
mod tests;
