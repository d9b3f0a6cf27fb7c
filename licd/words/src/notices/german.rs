//! Notices in German.

use licd_rules::Stage;
use license_format::Date;

use super::content::{self, Content, Thing, Topic};
use super::{ExpiryText, RestartNotice, RestartText};

const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

pub(super) fn expiry(content: &Content<'_>) -> ExpiryText {
    let ends = if content.has_passed() { "endete" } else { "endet" };
    let on = format!("{ends} am {}", day(content.notice.expires));
    let (article, thing) = thing(content.thing());
    let title = format!("{}: {thing} {on}", content::list(&content.names(), "und"));
    let mut body = vec![when(content, &format!("{article} {thing}"), &on)];
    if content.thing() == Thing::Maintenance {
        let end = if content.notice.stage == Stage::Expired { "sind beendet" } else { "enden" };
        body.push(format!(
            "Was installiert ist, funktioniert weiter; Aktualisierungen, Support und das Übertragen \
             der Lizenz auf ein anderes Gerät {end}."
        ));
    }
    body.push(stops(content));
    if !content.stays.is_empty() {
        body.push(format!("Weiterhin verfügbar: {}.", list(&content.stays)));
    }
    body.push(advice(content).to_owned());
    ExpiryText { title, body: body.join("\n") }
}

/// What users see of the restart that a deployment wants.
pub(super) fn restart(notice: RestartNotice) -> RestartText {
    match notice {
        RestartNotice::Question => RestartText {
            title: "Neue Lizenzen: Gerät neu starten?",
            body: "Ihre Administration hat Lizenzen gesendet. Ein Neustart macht sie vollständig \
                   wirksam. Speichern Sie vorher Ihre Arbeit.\n„Später“ fragt nach vier Stunden und \
                   bei der nächsten Anmeldung wieder; „Abbrechen“ fragt wegen dieser Lizenzen nicht \
                   mehr.",
            without_answers: "Ihre Administration hat Lizenzen gesendet. Ein Neustart macht sie \
                              vollständig wirksam.\nStarten Sie das Gerät neu, wenn es Ihnen passt. \
                              Sobald alle abgemeldet sind, startet es von selbst neu.",
            answers: &["Jetzt neu starten", "Später", "Abbrechen"],
        },
        RestartNotice::Minute => RestartText {
            title: "Dieses Gerät startet innerhalb von 60 Sekunden neu",
            body: "Ihre Administration hat Lizenzen gesendet, die ein Neustart vollständig wirksam \
                   macht. Speichern Sie jetzt Ihre Arbeit.",
            without_answers: "",
            answers: &[],
        },
        RestartNotice::Soon => RestartText {
            title: "Dieses Gerät startet bald neu",
            body: "Ein Neustart macht neue Lizenzen vollständig wirksam. Er kommt, sobald beendet ist, \
                   was nicht unterbrochen werden darf, etwa eine Aktualisierung. Speichern Sie Ihre \
                   Arbeit.",
            without_answers: "",
            answers: &[],
        },
    }
}

fn when(content: &Content<'_>, thing: &str, on: &str) -> String {
    let left = content.days().map(|days| format!(", in {days} Tagen")).unwrap_or_default();
    let grace = match content.notice.stage {
        Stage::Warning | Stage::Grace if content.has_grace() => {
            format!(" Bis zum {} bleibt alles, wie es ist.", day(content.notice.last))
        }
        _ => String::new(),
    };
    format!("{thing} für dieses Gerät {on}{left}.{grace}")
}

fn stops(content: &Content<'_>) -> String {
    let stops = list(&content.stops);
    let stops = match content.notice.stage {
        Stage::Expired => format!("Nicht mehr verfügbar: {stops}."),
        Stage::Warning | Stage::Grace => {
            format!("Danach nicht mehr verfügbar: {stops}. Was läuft, läuft weiter.")
        }
    };
    if !content.older_releases {
        return stops;
    }
    let day = day(content.notice.expires);
    format!(
        "{stops} Systemversionen, die vor dem {day} erschienen sind, lassen sich weiterhin installieren."
    )
}

fn advice(content: &Content<'_>) -> &'static str {
    match content.thing() {
        Thing::License => "Ihre Administration kann die Lizenz verlängern.",
        Thing::Maintenance => "Ihre Administration kann die Wartung verlängern.",
        Thing::Trial => "Ihre Administration kann eine Lizenz besorgen.",
    }
}

/// With the article of the beginning of a sentence.
fn thing(thing: Thing) -> (&'static str, &'static str) {
    match thing {
        Thing::License => ("Die", "Lizenz"),
        Thing::Maintenance => ("Die", "Wartung"),
        Thing::Trial => ("Der", "Testzeitraum"),
    }
}

fn day(date: Date) -> String {
    content::day(date, ".", &MONTHS)
}

fn list(topics: &[Topic]) -> String {
    let words: Vec<_> = topics.iter().map(|topic| word(*topic)).collect();
    content::list(&words, "und")
}

pub(super) fn word(topic: Topic) -> &'static str {
    match topic {
        Topic::System => "das System",
        Topic::Apps => "installierte Apps",
        Topic::Codecs => "Multimedia-Codecs",
        Topic::NewApps => "neue Apps und App-Updates",
        Topic::Updates => "Systemaktualisierungen",
        Topic::Settings => "die Änderung der Einstellungen",
        Topic::CustomPartition => "die Custom Partition",
        Topic::CloudGateway => "das Cloud Gateway (ICG)",
        Topic::SharedWorkplace => "Shared Workplace",
        Topic::AssetInventory => "Inventarverfolgung",
        Topic::RemoteAccess => "UMA-Fernzugriff",
        Topic::PowerTerm => "PowerTerm",
        Topic::NinetyMeter => "90meter-Smartcards",
        Topic::PcOverIp => "PCoIP-Sitzungen",
    }
}
