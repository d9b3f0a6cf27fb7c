//! The published state.

use std::ops::Range;
use std::sync::Arc;

use licd_device::{MachineProblem, Missing, Problem, Report, Survey, Watched, to_json};
use licd_machine::clock;
use licd_rules::TimeVerdict;

use crate::bus::{Licenses, Names};

/// The state that the bus answers from. The loop replaces it as a whole.
pub(crate) struct Published {
    /// What the report rests on.
    pub(crate) survey: Arc<Survey>,
    /// The time it was judged at.
    pub(crate) time: TimeVerdict,
    /// What could not be looked at since; the report is that of the last whole survey.
    pub(crate) missing: Missing,
    /// Whether the survey itself has all facts. Otherwise it is the first since the daemon started,
    /// and the report is the one that was published before, if there is one.
    pub(crate) whole: bool,
    /// The report.
    pub(crate) report: Report,
    names: Names,
    /// The report as the files have it, of the moment it was made.
    pub(crate) json: String,
    /// The place of that moment in it.
    now: Range<usize>,
}

impl Published {
    /// The report as of now. It is not made anew for every call: a device may have a thousand licences,
    /// and any user may call.
    pub(crate) fn status(&self) -> String {
        let mut json = self.json.clone();
        json.replace_range(self.now.clone(), &clock::now().to_string());
        json
    }

    /// Whether everything could be looked at.
    pub(crate) fn lacks_nothing(&self) -> bool {
        self.whole && self.missing.is_empty()
    }

    /// A report of this moment, and its JSON.
    pub(crate) fn new(
        survey: Arc<Survey>,
        time: TimeVerdict,
        missing: Missing,
        whole: bool,
    ) -> Self {
        let report = survey.report(&time);
        Self { whole, ..Self::of(survey, time, missing, report) }
    }

    /// A report of an earlier run, for want of a newer one.
    pub(crate) fn standing(
        survey: Arc<Survey>,
        time: TimeVerdict,
        missing: Missing,
        report: Report,
    ) -> Self {
        Self { whole: false, ..Self::of(survey, time, missing, report) }
    }

    fn of(survey: Arc<Survey>, time: TimeVerdict, missing: Missing, mut report: Report) -> Self {
        for problem in missing.problems() {
            // A report of an earlier run may name it already.
            if !report.problems.contains(&problem) {
                report.problems.push(problem);
            }
        }
        let (json, now) = written(&report);
        let names = Names::of(&report.licenses);
        Self { survey, time, missing, whole: true, report, names, json, now }
    }

    /// The same, with a restart pending.
    pub(crate) fn with_restart_pending(mut self) -> Self {
        self.report.restart_pending = true;
        (self.json, self.now) = written(&self.report);
        self
    }

    /// The same, with these files that licd could not write as problems, in place of those before.
    pub(crate) fn with_unwritten(self, problems: &[Problem]) -> Self {
        self.with_problems(|one| matches!(one, Problem::Unwritten(_)), problems)
    }

    /// The same, with what cannot be watched as problems, in place of what could not be watched before.
    pub(crate) fn with_unwatched(self, unwatched: &[Watched]) -> Self {
        let problem = |what: &Watched| Problem::from(MachineProblem::Unwatched(*what));
        let is_of_watch = |one: &Problem| Watched::ALL.iter().any(|what| *one == problem(what));
        self.with_problems(is_of_watch, &unwatched.iter().map(problem).collect::<Vec<_>>())
    }

    /// The same, with these problems of a kind in place of those before.
    fn with_problems(mut self, is_of_kind: impl Fn(&Problem) -> bool, now: &[Problem]) -> Self {
        let problems = &mut self.report.problems;
        if !problems.iter().filter(|one| is_of_kind(one)).eq(now) {
            problems.retain(|one| !is_of_kind(one));
            problems.extend_from_slice(now);
            (self.json, self.now) = written(&self.report);
        }
        self
    }

    /// The licences as objects.
    pub(crate) fn licenses(&self) -> Licenses<'_> {
        Licenses::new(&self.report.licenses, &self.names)
    }

    /// The names of the features that are allowed.
    pub(crate) fn allowed(&self) -> Vec<&str> {
        let features = self.report.features.iter();
        features.filter(|(_, feature)| feature.allowed).map(|(name, _)| name.as_str()).collect()
    }
}

/// The JSON of a report, and the place of its moment in it.
fn written(report: &Report) -> (String, Range<usize>) {
    let mut json = to_json(report);
    // It stays until the next report; the JSON of a thousand licences leaves room for as many.
    json.shrink_to_fit();
    // In a text of the report the quotation marks are escaped.
    let key = "\"now\":\"";
    let at = json.find(key).map_or(0, |at| at + key.len());
    (json, at..at + report.clock.now.to_string().len())
}

#[cfg(test)]
mod tests {
    use licd_fs::about::About;

    use super::*;
    use crate::shared::tests::shared;

    #[test]
    fn a_report_of_another_moment_is_the_same_report() {
        let (_dir, shared, _inbox) = shared();
        let first = shared.published();
        let later = TimeVerdict { now: first.time.now.plus(1), ..first.time };
        let second = Published::new(Arc::clone(&first.survey), later, Missing::default(), true);
        assert_eq!(first.report, second.report);
        let mut third = second.report.clone();
        third.clock.now = third.clock.now.plus(1);
        assert_eq!(first.report, third);
        assert!(first.json.contains("\"now\":\"2"));
        assert_eq!(first.status().len(), first.json.len());
        assert!(first.status().contains("\"now\":\"2"));
    }

    #[test]
    fn what_is_not_watched_is_named_until_it_is_watched_also_after_a_restart() {
        let (_dir, shared, _inbox) = shared();
        let first = shared.published();
        let standing = |report: Report| {
            let (survey, missing) = (Arc::clone(&first.survey), Missing::default());
            Published::standing(survey, first.time, missing, report)
        };
        let others = first.report.problems.clone();
        let named =
            standing(first.report.clone()).with_unwatched(&[Watched::Clock, Watched::Links]);
        let problems = named.report.problems.get(others.len()..).unwrap();
        let subjects: Vec<_> = problems.iter().map(About::subject).collect();
        assert_eq!(subjects, ["clock", "network interfaces"]);
        assert!(named.json.contains("clock"));
        let read_back = standing(Report::from_json(&named.json).unwrap());
        let watched = read_back.with_unwatched(&[]);
        assert_eq!(watched.report.problems, others);
        assert!(!watched.json.contains("is not watched"));
    }
}
