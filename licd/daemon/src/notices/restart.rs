//! `/run/licd/restart.json`: what is planned for the restart that a deployment wants, and what users
//! see of it:
//!
//! ```json
//! {"schema":1,"boot":"5b1f1d0c-…","plan":"asked","problem":null,
//!  "message":{"show":"now","answers":["now","later","cancel"],
//!   "en":{"title":"…","body":"…","without_answers":"…","answers":["Restart now","Later","Cancel"]},
//!   "de":{"title":"…","body":"…","without_answers":"…","answers":["…","…","…"]}}}
//! ```
//!
//! `show`: to all sessions `now`, or at `login` to those that begin. `without_answers` takes the place
//! of the body where no buttons can be shown. A message that is another one than before takes its
//! place; without one there is nothing to show.

use licd_device::{Problem, to_json};
use licd_rules::{Language, Plan};
use licensing_words::notices::{self, RestartNotice, RestartText};
use serde::Serialize;

/// The version of the file.
const SCHEMA: u32 = 1;
/// What users may answer, as [`licd_rules::Answer::parse`] reads it, in the order of the buttons.
const ANSWERS: [&str; 3] = ["now", "later", "cancel"];

#[derive(Serialize)]
struct File<'a> {
    schema: u32,
    boot: String,
    plan: &'a str,
    problem: Option<&'a Problem>,
    message: Option<Message>,
}

#[derive(Serialize)]
struct Message {
    show: &'static str,
    answers: &'static [&'static str],
    en: RestartText,
    de: RestartText,
}

/// The file.
pub(crate) fn restart(boot: String, word: &str, plan: Plan, problem: Option<&Problem>) -> String {
    to_json(&File { schema: SCHEMA, boot, plan: word, problem, message: message(plan) })
}

fn message(plan: Plan) -> Option<Message> {
    let (show, notice) = match plan {
        Plan::Asked(_) => ("now", RestartNotice::Question),
        Plan::Later(_) => ("login", RestartNotice::Question),
        Plan::Notice(_) => ("now", RestartNotice::Minute),
        Plan::Refused(_) => ("now", RestartNotice::Soon),
        Plan::Open | Plan::Deferred(_) | Plan::Agreed | Plan::Restart | Plan::Cancelled => {
            return None;
        }
    };
    let answers: &[&str] = if plan.is_answerable() { &ANSWERS } else { &[] };
    let text = |language| notices::restart(notice, language);
    Some(Message { show, answers, en: text(Language::English), de: text(Language::German) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use licd_device::RestartProblem;
    use licd_rules::Answer;
    use std::time::Duration;

    #[test]
    fn every_button_has_a_word_in_each_language_and_is_understood() {
        assert!(ANSWERS.iter().all(|answer| Answer::parse(answer).is_some()));
        let at = Duration::from_secs(60);
        for plan in [Plan::Asked(at), Plan::Later(at), Plan::Notice(at), Plan::Refused(at)] {
            let Message { answers, en, de, .. } = message(plan).unwrap();
            assert_eq!((en.answers.len(), de.answers.len()), (answers.len(), answers.len()));
            assert!(!en.title.is_empty() && !de.title.is_empty() && en.title != de.title);
        }
    }

    #[test]
    fn users_see_nothing_of_a_plan_that_needs_no_answer() {
        let deferred = Plan::Deferred(Duration::from_secs(60));
        for plan in [Plan::Open, deferred, Plan::Agreed, Plan::Restart, Plan::Cancelled] {
            assert!(message(plan).is_none());
        }
        let problem = Problem::from(RestartProblem::NoBus);
        let text = restart("5b1f".into(), "cancelled", Plan::Cancelled, Some(&problem));
        let problem = r#"{"subject":"restart","message":"the connection to the bus is lost; licd tries again"}"#;
        let head = r#"{"schema":1,"boot":"5b1f","plan":"cancelled","problem":"#;
        assert_eq!(text.trim(), format!(r#"{head}{problem},"message":null}}"#));
    }
}
