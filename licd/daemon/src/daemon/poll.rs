//! The download links of the settings: when they are asked, one after the other.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use licd_device::{Intent, Place, Url};
use licd_files::settings::{RemoteManager, Settings};
use licd_rules::{Code, ServiceState, poll_after_change, poll_after_start, poll_again};

use super::Daemon;
use crate::hub::Reply;
use crate::jobs::{JobId, Source};
use crate::journal;

/// How long whoever asks for a look waits for its end: less than D-Bus does.
const ANSWER: Duration = Duration::from_secs(20);
/// The least time between two looks. Everybody may ask for one, and a server is not to suffer.
const PAUSE: Duration = Duration::from_secs(2);

/// The links, and where the look at them is.
#[derive(Default)]
pub(super) struct Polling {
    /// The settings; `None` until they were read.
    settings: Option<Settings>,
    /// Links that this look has still to ask.
    queue: VecDeque<Url>,
    /// The link that is asked now, and the import of it.
    running: Option<(JobId, Url)>,
    /// Links that were asked and whose licences nobody here vouches for: what comes after them may
    /// be the trust document that does.
    unproven: Vec<Url>,
    /// Whether one of this look could not be asked.
    failed: bool,
    /// Looks in a row for which that holds.
    failures: u32,
    /// When the last look ended.
    ended: Option<Instant>,
    /// When a look that somebody asked for may begin, if it has to wait for that.
    asked: Option<Instant>,
    /// Whether the look is the regular one. If a look fails that was only asked for, the regular one
    /// comes when it would have come, and no later for that failure: everybody may ask.
    is_regular: bool,
    /// Looks so far.
    looks: u64,
    /// Who waits for the end of a look.
    waiting: Vec<Waiter>,
    /// Whether the links changed after the look had begun.
    again: bool,
}

/// Somebody who waits for a look that began after he had asked.
struct Waiter {
    /// The number of that look.
    look: u64,
    until: Instant,
    reply: Reply<()>,
}
impl Polling {
    /// Whether the links are being asked.
    pub(super) fn is_looking(&self) -> bool {
        self.running.is_some()
    }

    /// Whether this is the import of a link.
    pub(super) fn is_link(&self, job: JobId) -> bool {
        self.running.as_ref().is_some_and(|(running, _)| *running == job)
    }

    fn remote(&self) -> Option<&RemoteManager> {
        Some(&self.settings.as_ref()?.system.remotemanager)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// When the next one who waits has to be answered, or a look that was asked for may begin.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiter| waiter.until).chain(self.asked).min()
    }

    /// How long the servers are to be left alone.
    fn pause(&self) -> Duration {
        self.ended.map_or(Duration::ZERO, |ended| PAUSE.saturating_sub(ended.elapsed()))
    }
}

impl Daemon {
    /// Heeds the links of settings that were just read.
    pub(super) fn heed_links(&mut self, settings: Settings) {
        let new = &settings.system.remotemanager;
        let old = self.polling.settings.as_ref();
        let wait = match old.map(|old| &old.system.remotemanager) {
            // What a removal profile took may come back when it is another one.
            Some(_) if old.is_some_and(|old| old.licensing != settings.licensing) => {
                poll_after_change(chance())
            }
            None => {
                let licensed = self.hub.published().report.state == ServiceState::Valid;
                let settled = licensed && self.device.has_followed(&new.license_urls);
                poll_after_start(!settled, chance())
            }
            Some(old) if old.license_urls != new.license_urls => poll_after_change(chance()),
            Some(old) if old.license_poll_hours != new.license_poll_hours => {
                poll_again(new.license_poll_hours, self.polling.failures, chance())
            }
            Some(_) => return,
        };
        let has_links = !new.license_urls.is_empty();
        self.polling.settings = Some(settings);
        if self.polling.is_looking() {
            self.polling.again = true;
            self.polling.is_regular = true;
        } else if has_links {
            self.events.set_poll(wait);
        }
    }
    /// Looks as soon as may be, for somebody who waits for it.
    pub(super) fn poll(&mut self, reply: Reply<()>) {
        let (look, until) = (self.polling.looks + 1, Instant::now() + ANSWER);
        self.polling.waiting.push(Waiter { look, until, reply });
        self.look_when_asked();
    }

    /// The regular look is due.
    pub(super) fn look_at_downloads(&mut self) {
        self.polling.is_regular = true;
        if self.polling.is_looking() {
            return;
        }
        match self.polling.pause() {
            Duration::ZERO => self.look(),
            pause => self.events.set_poll(pause),
        }
    }

    /// Looks for those who asked, unless that is being done. The alarm of the regular look is left as
    /// it is.
    fn look_when_asked(&mut self) {
        if self.polling.is_looking() {
            return;
        }
        match self.polling.pause() {
            Duration::ZERO => self.look(),
            pause => self.polling.asked = Some(Instant::now() + pause),
        }
    }

    /// Asks every link.
    fn look(&mut self) {
        let links = self.polling.remote().into_iter().flat_map(|remote| &remote.license_urls);
        let (known, odd): (Vec<_>, Vec<_>) =
            links.map(|link| (Url::parse(link), link)).partition(|(url, _)| url.is_ok());
        let complaints = odd.into_iter().filter_map(|(url, link)| {
            let shown = Place::refused_name(link.as_ref());
            Some(format!("download link {shown}: {}; correct it in UMS", url.err()?))
        });
        let complaints = complaints.collect();
        self.polling.queue = known.into_iter().filter_map(|(url, _)| url.ok()).collect();
        self.polling.unproven.clear();
        self.polling.failed = false;
        self.polling.again = false;
        self.polling.asked = None;
        self.polling.looks += 1;
        self.complain(complaints, false);
        self.follow_next_link();
    }

    fn follow_next_link(&mut self) {
        while let Some(link) = self.polling.queue.pop_front() {
            let name = link.to_string();
            let source = Source::Link(link.clone());
            match self.begin_import(source, Intent::Automatic, name, String::new()) {
                Ok(job) => {
                    self.polling.running = Some((job, link));
                    return;
                }
                Err(refusal) => {
                    log::warn!(MESSAGE_ID = journal::PROBLEM; "download links: {}", refusal.message());
                    self.polling.failed = true;
                }
            }
        }
        self.looked_at_downloads();
    }

    /// A job has ended; if it was that of a link, goes on to the next one.
    pub(super) fn link_followed(&mut self, job: JobId, code: Option<Code>) {
        let polling = &mut self.polling;
        let Some((_, link)) = polling.running.take_if(|(running, _)| *running == job) else {
            return;
        };
        match code {
            Some(Code::UnknownKey | Code::UntrustedProduct) => polling.unproven.push(link),
            // Each of a finite number of links is asked once more for each that is accepted.
            Some(Code::Valid) => polling.queue.extend(polling.unproven.drain(..)),
            Some(
                Code::SourceUnreachable
                | Code::SourceRefused
                | Code::SourceTooLarge
                | Code::StoreFull
                | Code::StoreUnwritable
                | Code::Busy,
            )
            | None => polling.failed = true,
            Some(_) => {}
        }
        self.follow_next_link();
    }

    /// All links were asked.
    fn looked_at_downloads(&mut self) {
        let polling = &mut self.polling;
        polling.ended = Some(Instant::now());
        if !polling.failed {
            polling.failures = 0;
            polling.is_regular = true;
        } else if polling.is_regular {
            polling.failures = polling.failures.saturating_add(1);
        }
        let looks = polling.looks;
        if polling.again {
            polling.asked = Some(Instant::now() + PAUSE);
        } else if std::mem::take(&mut polling.is_regular) {
            self.set_next_look();
        }
        self.answer_waiting(|waiter| waiter.look <= looks);
        if !self.polling.waiting.is_empty() {
            self.look_when_asked();
        }
    }

    fn set_next_look(&mut self) {
        let failures = self.polling.failures;
        if let Some(remote) = self.polling.remote().filter(|s| !s.license_urls.is_empty()) {
            self.events.set_poll(poll_again(remote.license_poll_hours, failures, chance()));
        }
    }

    /// Answers those who have waited long enough: the look goes on without them. And begins the one
    /// that was asked for, if it may.
    pub(super) fn answer_impatient(&mut self, now: Instant) {
        self.answer_waiting(|waiter| waiter.until <= now);
        if self.polling.asked.take_if(|at| *at <= now).is_some() {
            self.look_when_asked();
        }
    }

    fn answer_waiting(&mut self, is_due: impl Fn(&Waiter) -> bool) {
        let waiting = self.polling.waiting.extract_if(.., |waiter| is_due(waiter));
        for Waiter { reply, .. } in waiting.collect::<Vec<_>>() {
            self.bus(|bus| bus.then(move || reply(Ok(()))));
        }
    }
}
/// A number that any is equally likely for. Without one the looks are not spread, which only a
/// fleet would notice.
fn chance() -> u32 {
    getrandom::u32().unwrap_or_default()
}
