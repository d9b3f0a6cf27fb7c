//! Why a feature or a release is allowed or not.

use licd_rules::Reason;
use license_format::Expiry;

pub(crate) fn english(reason: Reason, until: Option<Expiry>, services: &[&str]) -> String {
    let ended = until.map(|day| format!("licence ended {day}"));
    let ended = ended.unwrap_or_else(|| "licence ended".to_owned());
    let until = || match until {
        Some(Expiry::Never) | None => "without end".to_owned(),
        Some(Expiry::On(day)) => format!("until {day}"),
    };
    match reason {
        Reason::Always => "needs no licence".to_owned(),
        Reason::Licensed => until(),
        Reason::Grace => format!("licence in its grace {}", until()),
        Reason::Starter => format!("starter period {}", until()),
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
    let ended = until.map(|day| format!("Lizenz abgelaufen {day}"));
    let ended = ended.unwrap_or_else(|| "Lizenz abgelaufen".to_owned());
    let until = || match until {
        Some(Expiry::Never) | None => "unbefristet".to_owned(),
        Some(Expiry::On(day)) => format!("bis {day}"),
    };
    match reason {
        Reason::Always => "braucht keine Lizenz".to_owned(),
        Reason::Licensed => until(),
        Reason::Grace => format!("Lizenz in der Nachfrist {}", until()),
        Reason::Starter => format!("Startzeitraum {}", until()),
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

/// The titles of services.
fn titles<'a>(services: &[&'a str]) -> Vec<&'a str> {
    services.iter().map(|code| licd_rules::titles::service(code).unwrap_or(code)).collect()
}
