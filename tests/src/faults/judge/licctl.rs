//! licctl's answer is right and its effect complete, or it reports a failure without effect.

use nix::errno::Errno;
use serde_json::Value;

use super::super::attempt::report;
use super::super::calls::Call;
use super::super::tracer::End;
use super::{Judge, PANICKED};
use crate::state::{self, State};

/// The exit codes of licctl for external failures: not read or fetched, not written, busy.
const COULD_NOT: [i32; 3] = [6, 7, 9];
/// The exit code for a refusal by the kernel.
const NOT_AUTHORIZED: i32 = 8;

impl Judge<'_> {
    pub(super) fn licctl(&mut self) {
        let End::Exited(code) = self.run.trace.end else { return };
        if self.run.served.is_some() || code == PANICKED {
            return;
        }
        if self.right.attempt.trace.end == End::Exited(code) {
            return self.done(code);
        }
        // licctl could not report its result.
        if self.run.trace.hit.as_ref().is_some_and(Call::speaks) {
            return;
        }
        let denied = code == NOT_AUTHORIZED && self.aim.fault.errno() == Some(Errno::EACCES);
        if COULD_NOT.contains(&code) || denied {
            self.not_done(code);
        } else {
            let words = self.words();
            self.wrong(format!("exit {code}: {words}"));
        }
    }

    fn done(&mut self, code: i32) {
        let [_, now, after] = self.states();
        let (is_stored, is_remembered) =
            (now.store == after.store, after.memory.is_subset(&now.memory));
        if !is_stored {
            if !self.is_cleaned_later() {
                self.wrong(format!("exit {code}, but the store is not what it should be"));
            }
            return;
        }
        if self.is_removal() && !is_remembered {
            self.wrong(format!("exit {code}, but the removal is not remembered"));
        }
        if let Some(wrong) = self.answer() {
            self.wrong(wrong);
        }
        let claims = &self.right.claims;
        self.claims_afterwards(code, claims);
    }

    /// Whether the answer reports that the new file is in place: a lasting fault between its rename
    /// and its flush prevents restoring the old one.
    fn says_unflushed(&self) -> bool {
        let [_, now, after] = self.states();
        self.aim.fault.lasts()
            && self.run.trace.out.contains("is in place, but could not be flushed")
            && (now.store == after.store || self.is_cleaned_later())
    }

    fn not_done(&mut self, code: i32) {
        let [before, now, _] = self.states();
        if now.store == before.store && report(self.world).as_ref() == Ok(&self.fixture.claims) {
            return;
        }
        if !self.says_unflushed() && !self.is_finished_later() {
            self.wrong(format!("exit {code}, but the store is not as before"));
        }
    }

    /// The claims of a later status report, without fault, match the answer.
    fn claims_afterwards(&mut self, code: i32, should: &Value) {
        match report(self.world) {
            Ok(claims) if claims == *should => {}
            Ok(claims) => {
                let what = state::difference(&claims, should);
                self.wrong(format!("exit {code}, and afterwards {what}"));
            }
            Err(why) => self.wrong(format!("afterwards no status: {why}")),
        }
    }

    /// Whether the next start finishes an interrupted operation.
    pub(super) fn is_finished_later(&self) -> bool {
        let right = &self.right.claims;
        self.is_removal()
            && self.fixture.next_start(self.world, &[right]).as_ref() == Ok(right)
            && self.right.attempt.state.memory.is_subset(&State::of(self.world).memory)
    }

    /// Whether the next start deletes a superseded licence that could not be deleted.
    fn is_cleaned_later(&self) -> bool {
        let [_, now, after] = self.states();
        let right = &self.right.claims;
        let is_there = |(file, content): (&_, &_)| now.store.get(file) == Some(content);
        self.fixture.operation.name == "renewal"
            && after.store.iter().all(is_there)
            && self.fixture.next_start(self.world, &[right]).as_ref() == Ok(right)
    }

    /// How licctl's output differs, in facts that matter, from its output without a fault.
    fn answer(&self) -> Option<String> {
        let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
        let should = parse(&self.right.attempt.trace.out)?;
        let Some(is) = parse(&self.run.trace.out) else {
            return Some("exit 0, but no answer".to_owned());
        };
        if should["files"].is_array() {
            let code = |answer: &Value| answer["files"][0]["code"].clone();
            let (is, should) = (code(&is), code(&should));
            (is != should).then(|| format!("answers {is} instead of {should}"))
        } else {
            let (is, should) = (state::claims(&is), state::claims(&should));
            (is != should).then(|| format!("reports {}", state::difference(&is, &should)))
        }
    }
}
