//! Why a feature or a release is allowed or not.

use licd_rules::Reason;
use license_format::Expiry;

pub(crate) fn english(reason: Reason, until: Option<Expiry>, services: &[&str]) -> String {
    let ended = until.map(|day| format!("licence ended {day}"));
    let ended = ended.unwrap_or_else(|| "licence ended".to_owned());
    let until = until.map(|end| match end {
        Expiry::Never => "without end".to_owned(),
        Expiry::On(day) => format!("until {day}"),
    });
    match reason {
        Reason::Always => "needs no licence".to_owned(),
        Reason::Licensed => until.unwrap_or_else(|| "covered by the licence".to_owned()),
        Reason::Grace => with_end("licence in its grace", until),
        Reason::Starter => with_end("starter period", until),
        Reason::KeptAfterExpiry => "licence ended, this stays".to_owned(),
        Reason::OlderReleases => format!("{ended}, releases dated before that only"),
        Reason::Expired => ended,
        Reason::Pending => "licence not started".to_owned(),
        Reason::Withdrawn => "licence withdrawn".to_owned(),
        Reason::Unlicensed => format!("needs {}", titles(services).join(" or ")),
        Reason::NewerRelease => "dated on or after the last day of the licence".to_owned(),
        Reason::NotForThisVersion => "this version of the system does not have it".to_owned(),
    }
}

pub(crate) fn german(reason: Reason, until: Option<Expiry>, services: &[&str]) -> String {
    let ended = until.map(|day| format!("Lizenz abgelaufen am {day}"));
    let ended = ended.unwrap_or_else(|| "Lizenz abgelaufen".to_owned());
    let until = until.map(|end| match end {
        Expiry::Never => "unbefristet".to_owned(),
        Expiry::On(day) => format!("bis {day}"),
    });
    match reason {
        Reason::Always => "braucht keine Lizenz".to_owned(),
        Reason::Licensed => until.unwrap_or_else(|| "von der Lizenz abgedeckt".to_owned()),
        Reason::Grace => with_end("Lizenz in der Nachfrist", until),
        Reason::Starter => with_end("Startzeitraum", until),
        Reason::KeptAfterExpiry => "Lizenz abgelaufen, bleibt nutzbar".to_owned(),
        Reason::OlderReleases => format!("{ended}, nur davor erschienene Versionen"),
        Reason::Expired => ended,
        Reason::Pending => "Lizenz hat noch nicht begonnen".to_owned(),
        Reason::Withdrawn => "Lizenz zurückgezogen".to_owned(),
        Reason::Unlicensed => format!("braucht {}", titles(services).join(" oder ")),
        Reason::NewerRelease => "erschienen am letzten Tag der Lizenz oder später".to_owned(),
        Reason::NotForThisVersion => "gibt es in dieser Systemversion nicht".to_owned(),
    }
}

/// The end is unknown where the answer is about a release.
fn with_end(what: &str, end: Option<String>) -> String {
    end.map_or(what.to_owned(), |end| format!("{what} {end}"))
}

/// The titles of services.
fn titles<'a>(services: &[&'a str]) -> Vec<&'a str> {
    services.iter().map(|code| licd_rules::titles::service(code).unwrap_or(code)).collect()
}
