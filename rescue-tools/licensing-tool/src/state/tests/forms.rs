//! What the texts of a page add up to.

use licd_device::Failure;
use licd_rules::Code;

use super::super::actions::Action;
use super::super::events::{Event, Purpose};
use super::super::form::{Field, Tick};
use super::super::notice::{Complaint, Outcome};
use super::super::{Mode, State, Way};
use super::{outcome, source, typed, window};

#[test]
fn a_page_that_lacks_something_says_what_and_goes_there() {
    let mut state = window(Mode::Tool);
    let missing = |field| Some(Outcome::Incomplete(Complaint::Missing(field)));
    assert_eq!(state.update(Event::Started(Purpose::Import)), [Action::FocusField(Field::Url)]);
    assert_eq!(outcome(&state), missing(Field::Url).as_ref());
    typed(&mut state, &[(Field::Url, "WE.lic")]);
    state.update(Event::Started(Purpose::Import));
    let Some(Outcome::Incomplete(Complaint::NoAddress(Field::Url, _))) = outcome(&state) else {
        panic!("{state:?}")
    };
    state.update(Event::Chosen(Way::Ftp));
    state.update(Event::Started(Purpose::Import));
    assert_eq!(outcome(&state), missing(Field::Host).as_ref());
    state.update(Event::Chosen(Way::File));
    state.update(Event::Started(Purpose::Import));
    assert_eq!(outcome(&state), Some(&Outcome::Incomplete(Complaint::NoStick)));
}

#[test]
fn ftp_makes_an_address_of_its_parts() {
    let mut state = window(Mode::Tool);
    state.update(Event::Chosen(Way::Ftp));
    typed(&mut state, &[(Field::Host, " ftp.example "), (Field::Path, "/für uns/WE.lic")]);
    let order = source(&mut state, Purpose::Import);
    assert_eq!(order.source, "ftp://ftp.example/f%C3%BCr%20uns/WE.lic");
    assert_eq!(order.login, None);
    state.update(Event::Refused(Failure { code: Code::Busy, message: String::new() }));
    // A password without a user would not be sent.
    typed(&mut state, &[(Field::Password, "p")]);
    assert_eq!(state.update(Event::Started(Purpose::Import)), [Action::FocusField(Field::User)]);
    let missing = Outcome::Incomplete(Complaint::Missing(Field::User));
    assert_eq!(outcome(&state), Some(&missing));
    typed(
        &mut state,
        &[
            (Field::Host, "fd00::1"),
            (Field::Port, "2121"),
            (Field::User, "u"),
            (Field::Password, " p "),
        ],
    );
    state.update(Event::Ticked(Tick::Encrypted, true));
    let order = source(&mut state, Purpose::Check);
    assert_eq!(order.source, "ftps://[fd00::1]:2121/f%C3%BCr%20uns/WE.lic");
    assert_eq!(order.login, Some(("u".to_owned(), " p ".to_owned())));
    assert_eq!(order.purpose, Purpose::Check);
    assert!(!format!("{order:?} {state:?}").contains(" p "), "no password is printed");
}

#[test]
fn a_port_that_is_none_is_named() {
    let mut state = window(Mode::Tool);
    state.update(Event::Chosen(Way::Ftp));
    typed(
        &mut state,
        &[(Field::Host, "h.example"), (Field::Path, "a.lic"), (Field::Port, "70000")],
    );
    assert_eq!(state.update(Event::Started(Purpose::Import)), [Action::FocusField(Field::Port)]);
}

#[test]
fn an_address_may_name_a_proxy() {
    let mut state = window(Mode::Tool);
    typed(
        &mut state,
        &[(Field::Url, "https://h.example/a.lic"), (Field::Proxy, " http://proxy.example:3128 ")],
    );
    assert_eq!(source(&mut state, Purpose::Import).proxy, "http://proxy.example:3128");
}

#[test]
fn an_activation_needs_the_person_and_the_terms() {
    let mut state = window(Mode::Activation);
    let start = |state: &mut State| state.update(Event::Started(Purpose::Import));
    assert_eq!(start(&mut state), [Action::FocusField(Field::Name)]);
    let person = [(Field::Name, "A. Bee"), (Field::Company, "C"), (Field::Email, "a@c.example")];
    typed(&mut state, &person);
    assert_eq!(start(&mut state), [Action::FocusTick(Tick::Terms)]);
    state.update(Event::Ticked(Tick::Terms, true));
    let [Action::Activate(person)] = &start(&mut state)[..] else { panic!() };
    assert_eq!(person.email, "a@c.example");
    assert!(!format!("{state:?}").contains("Bee"), "no name is printed");
}
