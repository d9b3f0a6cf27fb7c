//! licd survives, publishes no wrong state, recovers soon, and has done what it reported.

use nix::errno::Errno;
use serde_json::Value;

use super::super::attempt::{Answer, Served};
use super::super::tracer::End;
use super::Judge;
use crate::state::{self, State};

/// The suffixes of error names for operations that failed for an external reason.
const COULD_NOT: [&str; 6] =
    ["SourceUnreachable", "SourceRefused", "StoreUnwritable", "StoreFull", "Busy", "Timeout"];
/// The suffix of the error name for a refusal by the kernel.
const NOT_AUTHORIZED: &str = "NotAuthorized";

impl Judge<'_> {
    pub(super) fn licd(&mut self) {
        let Some(served) = &self.run.served else { return };
        let is_orderly = matches!(self.run.trace.end, End::Exited(code) if code != 0);
        if !served.was_ready && is_orderly && self.fixture.is_start() {
            // It reported that it could not start; the service manager restarts it.
            return;
        }
        if !served.was_ready {
            return self.wrong("licd does not become ready");
        }
        if served.answer == Some(Answer::Nothing) {
            self.wrong("licd does not answer");
        } else if !served.lived {
            let words = self.words();
            self.wrong(format!("licd ends ({:?}): {words}", self.run.trace.end));
        }
        self.published(served);
        let is_begun = matches!(served.answer, Some(Answer::Refused(_)))
            && served.watch.seen.last().is_some_and(|(claims, _)| self.is_between(claims));
        if let Some((still, is_healed)) = served.still.as_ref().filter(|_| !is_begun) {
            let until = if *is_healed { "until Refresh" } else { "even after Refresh" };
            self.wrong(format!("still {still}, {until}"));
        }
        if !self.fixture.is_start() {
            self.called(served);
        }
    }

    /// Every published state equals the state before or after, or an intermediate state of a
    /// removal or clean-up. A start, which has no earlier state, may publish less if it reports a problem.
    fn published(&mut self, served: &Served) {
        let (before, after) = (&self.fixture.claims, &self.right.claims);
        for (claims, names_problem) in &served.watch.seen {
            let is_excused = self.fixture.is_start() && *names_problem;
            let is_so = claims == before || claims == after || self.is_between(claims);
            if !is_so && !is_excused {
                let what = state::difference(claims, after);
                self.wrong(format!("publishes {what}"));
            }
        }
        let least = state::allowed(before).min(state::allowed(after));
        if let Some(fewest) = served.watch.fewest.filter(|fewest| *fewest < least)
            && !self.fixture.is_start()
        {
            self.wrong(format!("the files of features fall to {fewest}, from {least}"));
        }
    }

    /// Whether these claims match a partly finished removal or clean-up.
    fn is_between(&self, claims: &Value) -> bool {
        let (before, after) = (&self.fixture.claims, &self.right.claims);
        let licenses = |claims: &Value| claims["licenses"].as_array().cloned().unwrap_or_default();
        let (all, some, least) = (licenses(before), licenses(claims), licenses(after));
        let is_same = |key: &str| claims[key] == before[key];
        (self.is_removal() || self.fixture.operation.name == "clean-up")
            && ["unit_id", "rejected", "generation"].into_iter().all(is_same)
            && claims["store"]["state"] == before["store"]["state"]
            && some.iter().all(|one| all.contains(one))
            && least.iter().all(|one| some.contains(one))
    }

    /// The answer to a call matches the result; a removal that was begun may be finished later.
    fn called(&mut self, served: &Served) {
        let [before, now, after] = self.states();
        let is_like = |other: &State| now.store == other.store && now.settings == other.settings;
        let (is_before, is_after) = (is_like(before), is_like(after));
        match &served.answer {
            Some(Answer::Done) if !is_after => {
                self.wrong("answers that it is done, which it is not")
            }
            // A lasting fault between a rename and its flush prevents restoring the old file.
            Some(Answer::Refused(name))
                if is_after && self.aim.fault.lasts() && self.is_could_not(name) => {}
            Some(Answer::Refused(name)) if !is_before && !self.is_finished_later() => {
                self.wrong(format!("answers {name}, but something is done"));
            }
            Some(Answer::Refused(name)) if !self.is_could_not(name) => {
                self.wrong(format!("answers {name}"));
            }
            _ => {}
        }
        let is_remembered = after.memory.is_subset(&now.memory);
        if self.is_removal() && served.answer == Some(Answer::Done) && !is_remembered {
            self.wrong("answers that it is done, but the removal is not remembered");
        }
    }

    fn is_could_not(&self, name: &str) -> bool {
        let denied = name.ends_with(NOT_AUTHORIZED);
        COULD_NOT.iter().any(|end| name.ends_with(end))
            || denied && self.aim.fault.errno() == Some(Errno::EACCES)
    }
}
