use std::collections::BTreeSet;

use licd_rules::{Fate, Feature, Stage};
use license_format::{Date, Term};

use super::content::Topic;
use super::*;
use crate::features;

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn notice(service: &str, stage: Stage, term: Term, features: &[(&str, Fate)]) -> Notice {
    Notice {
        service: service.into(),
        others: Vec::new(),
        stage,
        term: Some(term),
        expires: date("2026-11-30"),
        last: date("2026-12-28"),
        days_left: if stage == Stage::Warning { 8 } else { -3 },
        features: features
            .iter()
            .map(|(name, fate)| (Feature::named(name).unwrap(), *fate))
            .collect(),
    }
}

fn both(notice: &Notice) -> [ExpiryText; 2] {
    [Language::English, Language::German].map(|language| expiry(notice, language))
}

const WE: &str = licd_rules::services::WORKSPACE_EDITION;
const OS12: &[(&str, Fate)] = &[
    ("app-install", Fate::Stops),
    ("apps", Fate::Stays),
    ("auto-update", Fate::Stops),
    ("codecs", Fate::Stays),
    ("config-change", Fate::Stops),
    ("icg", Fate::Stops),
    ("os", Fate::Stays),
    ("os-update", Fate::Stops),
    ("shadow-icg", Fate::Stops),
];

#[test]
fn a_warning_says_what_ends_and_when_what_stops_and_what_stays() {
    let [en, de] = both(&notice(WE, Stage::Warning, Term::Subscription, OS12));
    assert_eq!(en.title, "Workspace Edition: licence ends on 30 November 2026");
    assert_eq!(
        en.body,
        "The licence for this device ends on 30 November 2026, in 8 days. Everything stays as it is \
         until 28 December 2026.\n\
         No longer available after that: new apps and app updates, system updates, changes to the \
         settings and the Cloud Gateway (ICG). What is running goes on.\n\
         Still available: the system, installed apps and multimedia codecs.\n\
         Your administrator can renew the licence."
    );
    assert_eq!(de.title, "Workspace Edition: Lizenz endet am 30. November 2026");
    assert_eq!(
        de.body,
        "Die Lizenz für dieses Gerät endet am 30. November 2026, in 8 Tagen. Bis zum 28. Dezember \
         2026 bleibt alles, wie es ist.\n\
         Danach nicht mehr verfügbar: neue Apps und App-Updates, Systemaktualisierungen, die \
         Änderung der Einstellungen und das Cloud Gateway (ICG). Was läuft, läuft weiter.\n\
         Weiterhin verfügbar: das System, installierte Apps und Multimedia-Codecs.\n\
         Ihre Administration kann die Lizenz verlängern."
    );
}

#[test]
fn after_the_last_day_the_end_is_past() {
    let [en, de] = both(&notice(WE, Stage::Grace, Term::Subscription, OS12));
    assert_eq!(en.title, "Workspace Edition: licence ended on 30 November 2026");
    assert!(en.body.contains("until 28 December 2026.") && !en.body.contains(" in "));
    assert!(de.title.ends_with("Lizenz endete am 30. November 2026"));
    let [en, de] = both(&notice(WE, Stage::Expired, Term::Evaluation, OS12));
    assert!(en.body.starts_with("The trial period for this device ended on 30 November 2026.\nNo"));
    assert!(
        de.body.starts_with("Der Testzeitraum für dieses Gerät endete am 30. November 2026.\n")
    );
}

#[test]
fn of_a_perpetual_licence_it_is_said_that_functions_stay_and_what_ends_besides() {
    let features = &[("apps", Fate::Stays), ("custom-partition", Fate::Stops)];
    for (stage, en_end, de_end) in [
        (Stage::Warning, "end.", "enden."),
        (Stage::Grace, "end.", "enden."),
        (Stage::Expired, "have ended.", "sind beendet."),
    ] {
        let [en, de] = both(&notice(WE, stage, Term::Perpetual, features));
        assert!(en.title.starts_with("Workspace Edition: maintenance end"), "{}", en.title);
        let text = "\nWhat is installed keeps working; updates, support and moving the licence to \
                    another device ";
        assert!(en.body.contains(&format!("{text}{en_end}\nNo longer available")), "{}", en.body);
        let text = "\nWas installiert ist, funktioniert weiter; Aktualisierungen, Support und das \
                    Übertragen der Lizenz auf ein anderes Gerät ";
        assert!(de.body.contains(&format!("{text}{de_end}\n")), "{}", de.body);
        let [en, de] = both(&notice(WE, stage, Term::Subscription, features));
        assert!(!en.body.contains("keeps working") && !de.body.contains("funktioniert weiter"));
    }
}

#[test]
fn services_that_end_together_stand_in_one_title() {
    let others = vec![
        licd_rules::services::POWERTERM.to_owned(),
        licd_rules::services::ENTERPRISE_MANAGEMENT.to_owned(),
    ];
    let together =
        Notice { others, term: None, ..notice(WE, Stage::Warning, Term::Subscription, OS12) };
    let [en, de] = both(&together);
    let names = "Workspace Edition, Ericom PowerTerm";
    assert_eq!(
        en.title,
        format!("{names} and Enterprise Management Pack: licence ends on 30 November 2026")
    );
    assert!(de.title.starts_with(&format!("{names} und Enterprise Management Pack: Lizenz endet")));
}

#[test]
fn older_releases_are_named_apart_from_newer_ones() {
    let features = &[("os", Fate::Stays), ("os-update", Fate::OlderReleases)];
    let [en, de] = both(&notice(WE, Stage::Expired, Term::Perpetual, features));
    let text = "System releases dated before 30 November 2026 can still be installed.";
    assert!(en.body.contains(text), "{}", en.body);
    assert!(de.body.contains("die vor dem 30. November 2026 erschienen sind"), "{}", de.body);
}

#[test]
fn days_are_counted_only_where_they_are_the_same_everywhere() {
    for (left, counted) in [(8, true), (2, true), (1, false), (0, false), (-1, false)] {
        let notice =
            Notice { days_left: left, ..notice(WE, Stage::Warning, Term::Subscription, OS12) };
        let [en, de] = both(&notice);
        assert_eq!(en.body.contains(&format!("in {left} days")), counted, "{left}");
        assert_eq!(de.body.contains(&format!("in {left} Tagen")), counted, "{left}");
    }
}

#[test]
fn months_are_those_of_the_calendar_in_both_languages() {
    for (expires, en_day, de_day) in [
        ("2027-01-01", "1 January 2027", "1. Januar 2027"),
        ("2028-02-29", "29 February 2028", "29. Februar 2028"),
        ("2027-03-09", "9 March 2027", "9. März 2027"),
        ("2026-12-31", "31 December 2026", "31. Dezember 2026"),
    ] {
        let expires = date(expires);
        let [en, de] =
            both(&Notice { expires, ..notice(WE, Stage::Warning, Term::Subscription, OS12) });
        assert!(en.title.ends_with(en_day) && de.title.ends_with(de_day), "{}", de.title);
    }
}

#[test]
fn each_feature_that_needs_a_licence_has_a_topic() {
    let free = ["ums", "license-deploy", "onboarding", "power-control", "shadow", "imi"];
    for feature in Feature::ALL {
        assert_eq!(Topic::of(feature.name).is_none(), free.contains(&feature.name));
    }
}

/// Several features may be one topic, which has the name of one of them.
#[test]
fn notices_call_features_as_reports_do() {
    type Word = fn(Topic) -> &'static str;
    type Name = fn(&str) -> &str;
    let languages: [(Word, Name); 2] =
        [(english::word, features::english), (german::word, features::german)];
    let plain = |text: &str| {
        let text = text.to_lowercase();
        let article = ["the ", "das ", "die "].iter().find_map(|a| text.strip_prefix(a));
        article.map_or(text.clone(), str::to_owned)
    };
    let topics: BTreeSet<_> = Feature::ALL.iter().filter_map(|one| Topic::of(one.name)).collect();
    for topic in topics {
        let of = || Feature::ALL.iter().filter(|one| Topic::of(one.name) == Some(topic));
        for (word, name) in languages {
            let is_named = of().any(|feature| plain(name(feature.name)) == plain(word(topic)));
            assert!(is_named, "{}", word(topic));
        }
    }
}

#[test]
fn a_question_has_its_buttons_in_each_language() {
    for notice in [RestartNotice::Question, RestartNotice::Minute, RestartNotice::Soon] {
        let [en, de] = [Language::English, Language::German].map(|one| restart(notice, one));
        assert_eq!(en.answers.len(), de.answers.len());
        assert_eq!(en.answers.is_empty(), notice != RestartNotice::Question);
        assert!(!en.title.is_empty() && !de.title.is_empty() && en.title != de.title);
    }
}
