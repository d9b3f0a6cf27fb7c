//! Notices in English.

use licd_rules::Stage;
use license_format::Date;

use super::content::{self, Content, Thing, Topic};
use super::{ExpiryText, RestartNotice, RestartText};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn expiry(content: &Content<'_>) -> ExpiryText {
    let ends = if content.has_passed() { "ended" } else { "ends" };
    let on = format!("{ends} on {}", day(content.notice.expires));
    let thing = thing(content.thing());
    let title = format!("{}: {thing} {on}", content::list(&content.names(), "and"));
    let mut body = vec![when(content, thing, &on)];
    if content.thing() == Thing::Maintenance {
        let end = if content.notice.stage == Stage::Expired { "have ended" } else { "end" };
        body.push(format!(
            "What is installed keeps working; updates, support and moving the licence to another \
             device {end}."
        ));
    }
    body.push(stops(content));
    if !content.stays.is_empty() {
        body.push(format!("Still available: {}.", list(&content.stays)));
    }
    body.push(advice(content).to_owned());
    ExpiryText { title, body: body.join("\n") }
}

/// What users see of the restart that a deployment wants.
pub(super) fn restart(notice: RestartNotice) -> RestartText {
    match notice {
        RestartNotice::Question => RestartText {
            title: "New licences: restart this device?",
            body: "Your administrator has sent licences. They take full effect with a restart. Save \
                   your work first.\n“Later” asks again after four hours and at the next login; \
                   “Cancel” asks no more about these licences.",
            without_answers: "Your administrator has sent licences. They take full effect with a \
                              restart.\nRestart the device when it suits you. It restarts by \
                              itself once all users have logged out.",
            answers: &["Restart now", "Later", "Cancel"],
        },
        RestartNotice::Minute => RestartText {
            title: "This device restarts within 60 seconds",
            body: "Your administrator has sent licences, which take full effect with a restart. Save \
                   your work now.",
            without_answers: "",
            answers: &[],
        },
        RestartNotice::Soon => RestartText {
            title: "This device restarts soon",
            body: "New licences take full effect with a restart. It comes as soon as work that must \
                   not be interrupted has ended, such as an update. Save your work.",
            without_answers: "",
            answers: &[],
        },
    }
}

fn when(content: &Content<'_>, thing: &str, on: &str) -> String {
    let left = content.days().map(|days| format!(", in {days} days")).unwrap_or_default();
    let grace = match content.notice.stage {
        Stage::Warning | Stage::Grace if content.has_grace() => {
            format!(" Everything stays as it is until {}.", day(content.notice.last))
        }
        _ => String::new(),
    };
    format!("The {thing} for this device {on}{left}.{grace}")
}

fn stops(content: &Content<'_>) -> String {
    let stops = list(&content.stops);
    let stops = match content.notice.stage {
        Stage::Expired => format!("No longer available: {stops}."),
        Stage::Warning | Stage::Grace => {
            format!("No longer available after that: {stops}. What is running goes on.")
        }
    };
    if !content.older_releases {
        return stops;
    }
    let day = day(content.notice.expires);
    format!("{stops} System releases dated before {day} can still be installed.")
}

fn advice(content: &Content<'_>) -> &'static str {
    match content.thing() {
        Thing::License => "Your administrator can renew the licence.",
        Thing::Maintenance => "Your administrator can renew the maintenance.",
        Thing::Trial => "Your administrator can get a licence.",
    }
}

fn thing(thing: Thing) -> &'static str {
    match thing {
        Thing::License => "licence",
        Thing::Maintenance => "maintenance",
        Thing::Trial => "trial period",
    }
}

fn day(date: Date) -> String {
    content::day(date, "", &MONTHS)
}

fn list(topics: &[Topic]) -> String {
    let words: Vec<_> = topics.iter().map(|topic| word(*topic)).collect();
    content::list(&words, "and")
}

pub(super) fn word(topic: Topic) -> &'static str {
    match topic {
        Topic::System => "the system",
        Topic::Apps => "installed apps",
        Topic::Codecs => "multimedia codecs",
        Topic::NewApps => "new apps and app updates",
        Topic::Updates => "system updates",
        Topic::Settings => "changes to the settings",
        Topic::CustomPartition => "the custom partition",
        Topic::CloudGateway => "the Cloud Gateway (ICG)",
        Topic::SharedWorkplace => "Shared Workplace",
        Topic::AssetInventory => "asset inventory",
        Topic::RemoteAccess => "UMA remote access",
        Topic::PowerTerm => "PowerTerm",
        Topic::NinetyMeter => "90meter smart cards",
        Topic::PcOverIp => "PCoIP sessions",
    }
}
