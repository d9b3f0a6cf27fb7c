//! The restart that a deployment requires.

/// `plan`: the restart state that the daemon publishes.
pub(crate) fn english(plan: Option<&str>) -> String {
    let next = match plan {
        Some("asked") => "users are asked",
        Some("later") => "users are asked again after four hours and at the next login",
        Some("notice") => "the device restarts within a minute",
        Some("deferred") => "it comes when a user agrees, or a day after the last restart",
        Some("agreed") => "a user has agreed, and it comes when licd has nothing else to do",
        Some("refused") => "it is not possible now, and licd tries again every minute",
        Some("restart") => "it is ordered",
        Some("cancelled") => "a user has cancelled it, so restart the device when it suits",
        _ => "restart the device when it suits",
    };
    format!("what a link brought takes full effect with a restart; {next}")
}

/// `plan`: the restart state that the daemon publishes.
pub(crate) fn german(plan: Option<&str>) -> String {
    let next = match plan {
        Some("asked") => "die Benutzer werden gefragt",
        Some("later") => "die Benutzer werden nach vier Stunden und beim Anmelden gefragt",
        Some("notice") => "das Gerät startet binnen einer Minute neu",
        Some("deferred") => {
            "er kommt, sobald ein Benutzer zustimmt, oder einen Tag nach dem letzten"
        }
        Some("agreed") => "ein Benutzer hat zugestimmt, licd hat noch anderes zu tun",
        Some("refused") => "er ist jetzt nicht möglich, licd versucht es jede Minute wieder",
        Some("restart") => "er ist angeordnet",
        Some("cancelled") => "ein Benutzer hat ihn abgelehnt, bei Gelegenheit neu starten",
        _ => "bei Gelegenheit neu starten",
    };
    format!("was ein Link gebracht hat, wirkt erst nach einem Neustart vollständig; {next}")
}
