//! Every phrase in both languages.

use licd_rules::{Language, LicenseState, Reason, Selector, ServiceState};
use license_format::{Date, Expiry, PackId, Term, services};

use crate::{Named, Span, Step, Surface, Words, of};

const LANGUAGES: [Language; 2] = [Language::English, Language::German];

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// The texts of a language for every value that a report may hold.
fn texts(words: &dyn Words) -> Vec<String> {
    let until = Some(Expiry::On(day("2027-11-21")));
    let needs = [services::WORKSPACE_EDITION, services::ENTERPRISE_MANAGEMENT];
    let mut texts = Vec::new();
    texts.extend(Reason::ALL.iter().map(|reason| words.reason(*reason, until, &needs)));
    texts.extend(LicenseState::ALL.iter().map(|state| words.license_state(*state).to_owned()));
    let span = Span { ends: until, days_left: 3, needed: true, ..Span::default() };
    texts.extend(ServiceState::ALL.iter().map(|state| words.service(*state, &span)));
    texts.extend(Term::ALL.iter().map(|term| words.term(*term).to_owned()));
    let pack = PackId::parse("WE-7Q2KD").unwrap();
    let selectors = [Selector::All, Selector::Evaluation, Selector::Pack(pack.clone())];
    texts.extend(selectors.iter().map(|selector| words.selector(selector)));
    texts.extend([
        words.removed(2),
        words.stays(&pack, "evaluation"),
        words.named(Named::RemoveQuestion("x")),
        words.named(Named::Received(1, Some(2))),
        words.named(Named::Needed("x")),
        words.named(Named::NoPort("x")),
    ]);
    texts
}

#[test]
fn each_language_has_a_phrase_of_its_own() {
    let [english, german] = LANGUAGES.map(|language| texts(of(language)));
    // Terms that are words of both.
    let same: Vec<_> = english.iter().zip(&german).filter(|(a, b)| a == b).collect();
    assert!(same.is_empty(), "{same:?}");
    assert!(english.iter().chain(&german).all(|text| !text.is_empty()));
}

#[test]
fn a_refused_feature_names_the_services_that_would_allow_it() {
    let needs = [services::WORKSPACE_EDITION, services::ICG];
    let [english, german] =
        LANGUAGES.map(|language| of(language).reason(Reason::Unlicensed, None, &needs));
    assert_eq!(english, "needs Workspace Edition or IGEL Cloud Gateway");
    assert_eq!(german, "braucht Workspace Edition oder IGEL Cloud Gateway");
}

#[test]
fn a_window_names_no_command() {
    let pack = PackId::parse("WE-7Q2KD").unwrap();
    let renew = Step::Renew { pack: Some(&pack), by: Some(day("2026-12-05")) };
    for words in LANGUAGES.map(of) {
        for step in [&renew, &Step::Repair] {
            assert!(words.next(step, Surface::CommandLine).contains("licctl"));
            assert!(!words.next(step, Surface::Window).contains("licctl"));
        }
    }
}
