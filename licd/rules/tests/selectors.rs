//! Licences that a removal takes or leaves.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{Class, Selector, services as s};
use license_format::Term;

const WORDS: [&str; 6] = [
    "evaluation",
    "workspace-edition",
    "enterprise-management-pack",
    "powerterm",
    "90meter",
    "teradici",
];

/// The selectors that take a licence, and those that leave it although it unlocks their service.
fn taken_and_left(license: &Maker) -> (Vec<&'static str>, Vec<&'static str>) {
    let license = license.verified();
    let selected = |ask: &dyn Fn(&Selector) -> bool| {
        WORDS.into_iter().filter(|word| ask(&Selector::parse(word).unwrap())).collect()
    };
    (
        selected(&|selector| selector.takes(&license)),
        selected(&|selector| selector.leaves(&license)),
    )
}

#[test]
fn the_words_of_selectors_are_listed() {
    let words: Vec<_> = Selector::words().collect();
    assert_eq!(words, [&["all"], &WORDS[..]].concat());
    assert!(words.iter().all(|word| Selector::parse(word).is_some()));
    assert_eq!(Selector::FORMS.split([',', ' ']).filter(|form| words.contains(form)).count(), 7);
}

#[test]
fn a_selector_takes_only_its_class_and_leaves_other_licences_for_the_service() {
    let trial = || pack("PK-1").term(Term::Evaluation);
    let of = |services: &[&str]| pack("PK-1").services(services);
    for (license, taken, left) in [
        (of(&[WE]), vec!["workspace-edition"], vec![]),
        (of(&[EMP, WE]), vec!["workspace-edition"], vec!["enterprise-management-pack"]),
        (
            of(&[s::POWERTERM, EMP, WE]),
            vec!["workspace-edition"],
            vec!["enterprise-management-pack", "powerterm"],
        ),
        (of(&[EMP]), vec!["enterprise-management-pack"], vec![]),
        (of(&[s::POWERTERM, EMP]), vec!["enterprise-management-pack"], vec!["powerterm"]),
        (of(&[s::POWERTERM]), vec!["powerterm"], vec![]),
        // Services are in order of their names.
        (
            of(&[s::NINETY_METER, s::POWERTERM, s::TERADICI]),
            vec!["90meter"],
            vec!["powerterm", "teradici"],
        ),
        (of(&[s::MMCP, s::POWERTERM]), vec![], vec!["powerterm"]),
        (of(&["SUB_SERVICE_FUTURE"]), vec![], vec![]),
        (trial(), vec!["evaluation"], vec!["workspace-edition"]),
        (
            trial().services(&[EMP, WE]),
            vec!["evaluation"],
            vec!["workspace-edition", "enterprise-management-pack"],
        ),
        (trial().services(&[s::TERADICI]), vec!["evaluation"], vec!["teradici"]),
    ] {
        assert_eq!(taken_and_left(&license), (taken, left), "{license:?}");
        let license = license.verified();
        for (selector, takes) in [("all", true), ("pack:PK-1", true), ("pack:PK-2", false)] {
            let selector = Selector::parse(selector).unwrap();
            assert_eq!((selector.takes(&license), selector.leaves(&license)), (takes, false));
        }
    }
}

#[test]
fn a_class_is_named_by_its_selector_or_else_by_its_service() {
    let class =
        |services: &[&str]| Class::of(&pack("PK-1").services(services).verified()).to_string();
    assert_eq!(class(&[EMP, WE]), "workspace-edition");
    assert_eq!(class(&[s::TERADICI]), "teradici");
    assert_eq!(class(&[s::MMCP, s::POWERTERM]), s::MMCP);
}
