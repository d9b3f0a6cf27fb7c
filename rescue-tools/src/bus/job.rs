//! A job that the daemon works on: its progress, its end, and cancelling it.

use std::time::{Duration, Instant};

use licd_client::{Applicant, CallError, Caller, ImportOptions, Signal, Signals, Topic, block_on};
use licd_device::{Application, Failure, Person, Proxy, Withdrawn};
use licd_rules::Code;

use super::{Daemon, failure, purpose, unanswered, verdict};
use crate::backend::{JobOptions, Wish};

/// The interval between two looks at a job's progress, as often as the daemon reports it.
const MOMENT: Duration = Duration::from_millis(250);

impl Daemon {
    /// Has the daemon import from a source; waits for the overall verdict and one line per file.
    /// `watch` is asked every moment whether to go on, with the bytes read and in all (0: unknown).
    pub(crate) fn import_from(
        &self,
        source: &str,
        options: &JobOptions<'_>,
        watch: impl FnMut(u64, u64) -> Wish,
    ) -> Result<(Code, String), Failure> {
        let options = ImportOptions {
            purpose: purpose(options.intent),
            login: options.login.map(|login| (login.user.as_str(), login.password.as_str())),
            proxy: options.proxy,
            more: false,
        };
        self.finish(async || self.client.import(source, &options).await, watch)
    }

    /// Has the daemon send a request for a licence; waits for the verdict of the first attempt.
    pub(crate) fn activate(
        &self,
        application: &Application,
        watch: impl FnMut(u64, u64) -> Wish,
    ) -> Result<(Code, String), Failure> {
        let Person { name, company, email } = application.person();
        let url = application.url().map(ToString::to_string);
        let proxy = application.proxy().map(Proxy::as_secret);
        let applicant = Applicant {
            name: name.as_deref(),
            company: company.as_deref(),
            email: email.as_deref(),
            url: url.as_deref(),
            proxy: proxy.as_deref(),
        };
        self.finish(async || self.client.activate(&applicant).await, watch)
    }

    /// Cancels the activation that runs or waits.
    pub(crate) fn cancel_activation(&self) -> Result<Withdrawn, Failure> {
        let found = block_on(async {
            self.client.ping().await?;
            self.client.cancel_activation().await
        });
        Ok(match found.map_err(failure)? {
            true => Withdrawn::Request,
            false => Withdrawn::Nothing,
        })
    }

    /// Begins a job, and waits for its end.
    fn finish(
        &self,
        begin: impl AsyncFnOnce() -> Result<String, CallError>,
        watch: impl FnMut(u64, u64) -> Wish,
    ) -> Result<(Code, String), Failure> {
        let finished = block_on(async {
            self.client.ping().await?;
            // Subscribe before the job starts, or its signal could be missed.
            let mut signals = Signals::listen(&self.client, &[Topic::Ends]).await?;
            let job = begin().await?;
            self.watched(&job, &mut signals, watch).await
        });
        let (word, message) = finished.map_err(failure)?.ok_or_else(unanswered)?;
        Ok((verdict(&word)?, message))
    }

    /// Waits for the end of a job; `None` if it does not come in time.
    async fn watched(
        &self,
        job: &str,
        signals: &mut Signals,
        mut watch: impl FnMut(u64, u64) -> Wish,
    ) -> Result<Option<(String, String)>, CallError> {
        let until = Instant::now() + Caller::Script.patience();
        let mut wish = Wish::GoOn;
        while Instant::now() < until {
            match self.client.within(MOMENT, signals.next()).await {
                Some(Signal::Ended { job: ended, verdict, message }) if ended == job => {
                    return Ok(Some((verdict, message)));
                }
                Some(Signal::Lost(error)) => return Err(error),
                Some(_) => {}
                // Also notices that the daemon is gone.
                None => {
                    let (done, total) = self.client.progress(job).await?;
                    if wish == Wish::GoOn {
                        wish = watch(done, total);
                        if wish == Wish::Cancel {
                            self.client.cancel(job).await?;
                        }
                    }
                }
            }
        }
        Ok(None)
    }
}
