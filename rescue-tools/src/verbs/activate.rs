//! `licctl activate`

use std::io::{self, BufRead, Write as _, stderr};

use licd_device::{ApplicationError, Failure, Person, Terms, Url};
use licd_fs::printable::{escaped, reason};
use licd_rules::Code;

use super::source;
use crate::args::Activate;
use crate::backend::{Backend, By};
use crate::output::{Answer, Output, Verdict};
use crate::progress::Progress;

pub(crate) fn run(backend: &Backend, mut order: Activate, out: &mut Output) -> Answer {
    let settings = backend.settings()?;
    let given = order.application(Terms::Accepted).map_err(unfit)?;
    let url = settings.activation_url(given.url())?;
    if !order.accept_terms {
        let terms = settings.config().activation.terms.as_deref();
        if ask(&mut order, &mut io::stdin().lock(), &terms_of(&url, terms))? == Terms::Open {
            out.line(format_args!("not activated: the terms are not accepted; nothing was sent"))?;
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

/// Where the terms are.
fn terms_of(url: &Url, terms: Option<&str>) -> String {
    match terms {
        Some(terms) => format!("the terms in {}", escaped(terms)),
        None => format!("the terms of {}", url.origin()),
    }
}

/// Asks a person for what the command line leaves out, and for the acceptance of the terms.
fn ask(order: &mut Activate, input: &mut impl BufRead, terms: &str) -> Result<Terms, Failure> {
    let person = Person::default;
    ask_field(input, "Your name", &mut order.name, |text| Person { name: text, ..person() })?;
    ask_field(input, "Your company", &mut order.company, |text| Person {
        company: text,
        ..person()
    })?;
    ask_field(input, "Your mail address", &mut order.email, |text| Person {
        email: text,
        ..person()
    })?;
    let accepted = answer(input, &format!("Do you accept {terms}? [y/N] "))?;
    Ok(match accepted.to_ascii_lowercase().as_str() {
        "y" | "yes" => Terms::Accepted,
        _ => Terms::Open,
    })
}

/// Asks for a field that is missing, until the answer fits.
fn ask_field(
    input: &mut impl BufRead,
    question: &str,
    field: &mut Option<String>,
    as_person: impl Fn(Option<String>) -> Person,
) -> Result<(), Failure> {
    while field.is_none() {
        let text = answer(input, &format!("{question}: "))?;
        match as_person(Some(text.clone())).checked() {
            Ok(_) => *field = Some(text),
            Err(wrong) => say(&format!("{wrong}\n"))?,
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
        Activate { name, company: None, email: None, accept_terms: false, url: None }
    }

    /// What becomes of an order after these lines of a person.
    fn asked(mut order: Activate, lines: &str) -> (Activate, Result<Terms, Failure>) {
        let terms = ask(&mut order, &mut lines.as_bytes(), "the terms");
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
    fn the_terms_are_named_by_their_place_or_by_the_service() {
        let url = Url::parse("https://licensing.example/activate").unwrap();
        assert_eq!(terms_of(&url, None), "the terms of https://licensing.example");
        assert_eq!(terms_of(&url, Some("/usr/share/terms")), "the terms in /usr/share/terms");
    }
}
