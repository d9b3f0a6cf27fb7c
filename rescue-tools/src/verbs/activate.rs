//! `licctl activate`

use std::io::{self, BufRead, Write as _, stderr};

use licd_device::{ApplicationError, Failure, Person, Terms, Url, Withdrawn};
use licd_fs::printable::{escaped, reason};
use licd_rules::Code;
use licensing_words::{self as words, Caption, Named, Words};
use serde::Serialize;

use super::source;
use crate::args::Activate;
use crate::backend::{Backend, By};
use crate::output::{Output, VerbResult, Verdict};
use crate::progress::Progress;

#[derive(Serialize)]
struct Cancelled {
    schema: u32,
    cancelled: bool,
}

pub(crate) fn run(backend: &Backend, mut order: Activate, out: &mut Output) -> VerbResult {
    if order.cancel {
        return cancel(backend, out);
    }
    let settings = backend.settings()?;
    let given = order.application(Terms::Accepted).map_err(unfit)?;
    let url = settings.activation_url(given.url())?;
    if !order.accept_terms {
        let terms = settings.config().activation.terms.as_deref();
        let words = words::of_user();
        let terms = words.named(Named::Terms(&terms_at(&url, terms)));
        if ask(&mut order, &mut io::stdin().lock(), &terms, words)? == Terms::Open {
            out.line(format_args!("{}", words.caption(Caption::TermsOpen)))?;
            return Ok(Verdict::No);
        }
    }
    let application = order.application(Terms::Accepted).map_err(unfit)?;
    let url = url.to_string();
    let mut bar = Progress::new(&url, out.is_json() || backend.by() == By::Daemon);
    let verdict = backend.activate(&url, &application, None, |done, total| bar.at(done, total));
    drop(bar);
    let code = verdict.code;
    source::print(&[verdict], out)?;
    Ok(Verdict::Code(code))
}

fn cancel(backend: &Backend, out: &mut Output) -> VerbResult {
    let withdrawn = backend.cancel_activation()?;
    match out.is_json() {
        true => out.value(&Cancelled { schema: 1, cancelled: withdrawn == Withdrawn::Request })?,
        false => out.line(format_args!("{}", words::of_user().caption(withdrawn.into())))?,
    }
    Ok(match withdrawn {
        Withdrawn::Request => Verdict::Yes,
        Withdrawn::Nothing => Verdict::No,
    })
}

/// Where the terms are.
fn terms_at(url: &Url, terms: Option<&str>) -> String {
    terms.map_or_else(|| url.origin(), escaped)
}

/// Asks a person for what the command line leaves out, and for the acceptance of the terms.
fn ask(
    order: &mut Activate,
    input: &mut impl BufRead,
    terms: &str,
    words: &dyn Words,
) -> Result<Terms, Failure> {
    type AsPerson = fn(Option<String>) -> Person;
    let fields: [(_, _, AsPerson); 3] = [
        (Caption::PersonName, &mut order.name, |name| Person { name, ..Person::default() }),
        (Caption::Company, &mut order.company, |company| Person { company, ..Person::default() }),
        (Caption::Email, &mut order.email, |email| Person { email, ..Person::default() }),
    ];
    for (caption, field, as_person) in fields {
        ask_field(input, words.caption(caption), field, as_person, words)?;
    }
    say(&format!("{terms}\n"))?;
    let accepted = answer(input, &words.named(Named::AcceptQuestion))?.to_lowercase();
    let yes = words.caption(Caption::Yes);
    // Its first letter is enough, as the question says.
    let is_yes = accepted == yes || accepted.len() == 1 && yes.starts_with(&accepted);
    Ok(if is_yes { Terms::Accepted } else { Terms::Open })
}

/// Asks for a field that is missing, until the answer fits.
fn ask_field(
    input: &mut impl BufRead,
    question: &str,
    field: &mut Option<String>,
    as_person: impl Fn(Option<String>) -> Person,
    words: &dyn Words,
) -> Result<(), Failure> {
    while field.is_none() {
        let text = answer(input, &format!("{question}: "))?;
        match as_person(Some(text.clone())).checked() {
            Ok(_) => *field = Some(text),
            Err(wrong) => say(&format!("{}\n", words.application(&wrong)))?,
        }
    }
    Ok(())
}

fn answer(input: &mut impl BufRead, question: &str) -> Result<String, Failure> {
    say(question)?;
    let mut line = String::new();
    match input.read_line(&mut line) {
        Ok(0) => Err(cancelled("the input has ended")),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) => Err(cancelled(&reason(&error))),
    }
}

/// Writes a question: to standard error, since standard output holds only answers.
fn say(text: &str) -> Result<(), Failure> {
    let mut terminal = stderr();
    let written = write!(terminal, "{text}").and_then(|()| terminal.flush());
    written.map_err(|error| cancelled(&reason(&error)))
}

fn cancelled(why: &str) -> Failure {
    let message = format!("activation: {why}; nothing was sent");
    Failure { code: Code::SourceRefused, message }
}

fn unfit(error: ApplicationError) -> Failure {
    Failure { code: Code::SourceRefused, message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(name: Option<&str>) -> Activate {
        let name = name.map(str::to_owned);
        Activate {
            name,
            company: None,
            email: None,
            accept_terms: false,
            url: None,
            proxy: None,
            cancel: false,
        }
    }

    /// What becomes of an order after these lines of a person.
    fn asked(order: Activate, lines: &str) -> (Activate, Result<Terms, Failure>) {
        asked_in(&words::English, order, lines)
    }

    fn asked_in(
        words: &dyn Words,
        mut order: Activate,
        lines: &str,
    ) -> (Activate, Result<Terms, Failure>) {
        let terms = ask(&mut order, &mut lines.as_bytes(), "Terms: x", words);
        (order, terms)
    }

    #[test]
    fn a_person_is_asked_for_what_is_missing() {
        let (order, terms) = asked(order(None), "Ada\n\nada@engines.example\nyes\n");
        assert_eq!(terms, Ok(Terms::Accepted));
        assert_eq!(order.name.as_deref(), Some("Ada"));
        assert_eq!(order.company.as_deref(), Some(""));
        assert_eq!(order.email.as_deref(), Some("ada@engines.example"));
    }

    #[test]
    fn a_field_of_the_command_line_is_not_asked_for() {
        let (order, terms) = asked(order(Some("Ada")), "Engines Ltd\n\nY\n");
        assert_eq!((order.name.as_deref(), terms), (Some("Ada"), Ok(Terms::Accepted)));
        assert_eq!(order.company.as_deref(), Some("Engines Ltd"));
    }

    #[test]
    fn a_field_that_does_not_fit_is_asked_for_again() {
        let (order, terms) = asked(order(Some("Ada")), "\nengines.example\na@b\ny\n");
        assert_eq!((order.email.as_deref(), terms), (Some("a@b"), Ok(Terms::Accepted)));
    }

    #[test]
    fn the_terms_are_open_unless_the_person_says_yes() {
        for answer in ["\n", "n\n", "no\n", "yeah\n"] {
            assert_eq!(asked(order(None), &format!("\n\n\n{answer}")).1, Ok(Terms::Open));
        }
        let ended = asked(order(None), "Ada\n").1.unwrap_err();
        assert!(ended.message.ends_with("nothing was sent"), "{}", ended.message);
    }

    #[test]
    fn a_person_says_yes_in_the_language_of_the_question() {
        for (answer, terms) in [
            ("ja", Terms::Accepted),
            ("J", Terms::Accepted),
            ("y", Terms::Open),
            ("", Terms::Open),
            ("jawohl", Terms::Open),
        ] {
            let lines = format!("\n\n\n{answer}\n");
            assert_eq!(asked_in(&words::German, order(None), &lines).1, Ok(terms), "{answer}");
        }
    }

    #[test]
    fn the_terms_are_named_by_their_place_or_by_the_service() {
        let url = Url::parse("https://licensing.example/activate").unwrap();
        assert_eq!(terms_at(&url, None), "https://licensing.example");
        assert_eq!(terms_at(&url, Some("/usr/share/terms")), "/usr/share/terms");
    }
}
