//! An import that the daemon reads itself: its progress, its end, and cancelling it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};

use licd_device::{Application, Failure, Person};
use licd_rules::Code;
use serde::Serialize;
use zbus::export::futures_core::Stream as _;
use zbus::{DynamicType, Error, MessageStream, OwnedObjectPath, OwnedVariant, Variant};

use super::{
    ANSWER, Daemon, IMPORT, JOB, MANAGER, NAME, PATH, failure, no_answer, options, verdict,
};
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
        self.job("Import", &(source, job_options(options)), watch)
    }

    /// Has the daemon send a request for a licence; waits for the verdict of the first attempt.
    pub(crate) fn activate(
        &self,
        application: &Application,
        watch: impl FnMut(u64, u64) -> Wish,
    ) -> Result<(Code, String), Failure> {
        let Person { name, company, email } = application.person();
        let url = application.url().map(ToString::to_string);
        let texts = [("name", name), ("company", company), ("email", email), ("url", &url)];
        let texts =
            texts.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?.into())));
        let mut options: HashMap<&str, Variant<'_>> = texts.collect();
        options.insert("accept_terms", true.into());
        self.job("Activate", &options, watch)
    }

    /// Calls a method that answers with a job, and waits for the end of the job.
    fn job<B>(
        &self,
        member: &str,
        body: &B,
        watch: impl FnMut(u64, u64) -> Wish,
    ) -> Result<(Code, String), Failure>
    where
        B: Serialize + DynamicType,
    {
        self.ping()?;
        let finished = zbus::block_on(async {
            // Subscribe before the job starts, or its signal could be missed.
            let mut signals = self.ended_jobs().await?;
            let to = (NAME, PATH, MANAGER);
            let job: OwnedObjectPath = self.call(to, member, ANSWER, body).await?;
            self.watched(job.as_str(), &mut signals, watch).await
        });
        let (word, message) = finished.map_err(failure)?;
        Ok((verdict(&word)?, message))
    }

    /// Waits for the end of a job.
    async fn watched(
        &self,
        job: &str,
        signals: &mut MessageStream,
        mut watch: impl FnMut(u64, u64) -> Wish,
    ) -> zbus::Result<(String, String)> {
        let until = Instant::now() + IMPORT;
        let mut wish = Wish::GoOn;
        while Instant::now() < until {
            let next = poll_fn(|context| Pin::new(&mut *signals).poll_next(context));
            match self.runtime.timeout(MOMENT, next).await {
                Ok(None) => return Err(Error::InvalidReply),
                Ok(Some(signal)) => {
                    let signal = signal?;
                    if signal.header().path().is_some_and(|path| path == job) {
                        return signal.body().deserialize();
                    }
                }
                // Also notices that the daemon is gone.
                Err(_) => {
                    let (done, total) = self.progress(job).await?;
                    if wish == Wish::GoOn {
                        wish = watch(done, total);
                        if wish == Wish::Cancel {
                            let () = self.call((NAME, job, JOB), "Cancel", ANSWER, &()).await?;
                        }
                    }
                }
            }
        }
        Err(no_answer(IMPORT))
    }

    /// The bytes that a job has read, and how many there are (0: unknown).
    async fn progress(&self, job: &str) -> zbus::Result<(u64, u64)> {
        let to = (NAME, job, "org.freedesktop.DBus.Properties");
        let value: OwnedVariant = self.call(to, "Get", ANSWER, &(JOB, "Progress")).await?;
        value.try_into().map_err(|_| Error::IncorrectType)
    }
}

/// The options of an import that the daemon reads itself.
fn job_options<'a>(order: &JobOptions<'a>) -> HashMap<&'static str, Variant<'a>> {
    let mut options: HashMap<_, Variant<'a>> = options(order.intent);
    if let Some(login) = order.login {
        options.insert("user", login.user.as_str().into());
        options.insert("password", login.password.as_str().into());
    }
    options.extend(order.proxy.map(|proxy| ("proxy", proxy.into())));
    options
}
