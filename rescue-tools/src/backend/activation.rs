//! Activation, by the daemon or by the device itself.

use licd_device::{Application, Arrival, Attempt, Failure, FileVerdict, Withdrawn};
use licd_rules::Code;

use super::{Backend, CancelBy, Wish};
use crate::bus;

impl Backend {
    /// Sends a request for a licence to the service at `url` and imports the answer. Reports progress:
    /// bytes received, and the total if known.
    pub(crate) fn activate(
        &self,
        url: &str,
        application: &Application,
        cancel: Option<CancelBy<'_>>,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> FileVerdict {
        let answer = match self.daemon() {
            Some(daemon) => daemon.activate(application, |done, total| {
                progress(done, Some(total).filter(|total| *total > 0));
                match cancel {
                    Some(cancel) if (cancel.is_asked)() => Wish::Cancel,
                    _ => Wish::GoOn,
                }
            }),
            None => self.activate_here(url, application, cancel, progress),
        };
        let Failure { code, message } = match answer {
            Ok((code, message)) => Failure { code, message },
            Err(failure) => failure,
        };
        let unnamed = message.strip_prefix(url).and_then(|rest| rest.strip_prefix(": "));
        let message = unnamed.map_or_else(|| message.clone(), str::to_owned);
        FileVerdict::unread(url, Failure { code, message })
    }

    fn activate_here(
        &self,
        url: &str,
        application: &Application,
        cancel: Option<CancelBy<'_>>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<(Code, String), Failure> {
        let request = self.own_report()?.activation_request(application)?;
        let known = self.known()?;
        let attempt = Attempt {
            request: Some(&request),
            cancel: cancel.map(|cancel| cancel.readable),
            is_cancelled: match cancel {
                Some(cancel) => cancel.is_asked,
                None => &|| false,
            },
        };
        let answer = self.device.activate(known, &attempt, progress);
        let arrival = match answer {
            Ok(answer) => known.read_answer(url, answer),
            Err(failure) => Arrival::unread(url, failure),
        };
        let mut imported = self.import_arrivals(known, vec![arrival]);
        self.device.conclude_activation(&mut imported);
        let verdict = imported.pop().map(|imported| imported.verdict);
        verdict.map(|verdict| (verdict.code, verdict.message)).ok_or_else(bus::unanswered)
    }

    /// Cancels the activation that runs or waits, in this process or another: its request goes, with the
    /// person's data. Answers whether there was one; a licence that has come in the last moment stays.
    pub(crate) fn cancel_activation(&self) -> Result<Withdrawn, Failure> {
        let Some(daemon) = self.daemon() else { return self.device.withdraw_activation() };
        let before = self.report()?;
        if daemon.cancel_activation()? == Withdrawn::Nothing {
            // One that another licctl has begun without the daemon is a file alone.
            return self.device.withdraw_activation();
        }
        Ok(match self.report()?.has_gained(&before) {
            true => Withdrawn::Nothing,
            false => Withdrawn::Request,
        })
    }
}
