//! Sentences that name something.

use license_format::Expiry;

/// A sentence that names something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// Whether these licences are to be removed.
    RemoveQuestion(&'a str),
    /// Which of this number of sticks is to be read; ends where the answer begins.
    WhichStick(usize),
    /// Bytes received, and the total if it is known.
    Received(u64, Option<u64>),
    /// A field that must not be empty.
    Needed(&'a str),
    /// A port that is not a number from 1 to 65535.
    NoPort(&'a str),
    /// A licence is not used, by this verdict.
    Unused(&'a str),
    /// An order is refused, by this verdict.
    Refused(&'a str),
    /// Where the terms of the licensing service are.
    Terms(&'a str),
    /// Whether the person accepts them; ends with the keys of the answers.
    AcceptQuestion,
    /// What becomes of the data of a person who asks for a licence.
    Personal,
    /// The bus does not answer, for this reason.
    BusSilent(&'a str),
    /// The daemon does not answer, for this reason.
    DaemonSilent(&'a str),
    /// The last day of a licence.
    LastDay(Expiry),
}

pub(crate) fn english(sentence: Named<'_>) -> String {
    match sentence {
        Named::RemoveQuestion(what) => format!("Remove {what} from this device?"),
        Named::Received(done, Some(total)) => {
            format!("{} of {}", bytes(done, '.'), bytes(total, '.'))
        }
        Named::Received(done, None) => bytes(done, '.'),
        Named::WhichStick(count) => format!("Which stick? 1 to {count}: "),
        Named::Needed(field) => format!("{field}: is empty; fill it in"),
        Named::NoPort(text) => format!("port {text}: is not a number from 1 to 65535"),
        Named::Unused(verdict) => format!("The licence is not used: {verdict}."),
        Named::Refused(verdict) => format!("That was not possible: {verdict}."),
        Named::Terms(place) => format!("Terms: {place}"),
        Named::AcceptQuestion => "Do you accept the terms? [y/N] ".to_owned(),
        Named::Personal => "The request names this device and you. The device keeps it only until \
                            the licence is there."
            .to_owned(),
        Named::BusSilent(reason) => {
            format!("The system bus does not answer ({reason}). This window tries again by itself.")
        }
        Named::DaemonSilent(reason) => {
            format!("licd does not answer ({reason}). This window tries again by itself.")
        }
        Named::LastDay(Expiry::On(day)) => day.to_string(),
        Named::LastDay(Expiry::Never) => "never".to_owned(),
    }
}

pub(crate) fn german(sentence: Named<'_>) -> String {
    match sentence {
        Named::RemoveQuestion(what) => format!("Von diesem Gerät entfernen: {what}?"),
        Named::Received(done, Some(total)) => {
            format!("{} von {}", bytes(done, ','), bytes(total, ','))
        }
        Named::Received(done, None) => bytes(done, ','),
        Named::WhichStick(count) => format!("Welcher Stick? 1 bis {count}: "),
        Named::Needed(field) => format!("{field}: ist leer; bitte ausfüllen"),
        Named::NoPort(text) => format!("Port {text}: ist keine Zahl von 1 bis 65535"),
        Named::Unused(verdict) => format!("Die Lizenz wird nicht genutzt: {verdict}."),
        Named::Refused(verdict) => format!("Das war nicht möglich: {verdict}."),
        Named::Terms(place) => format!("Nutzungsbedingungen: {place}"),
        Named::AcceptQuestion => "Nehmen Sie die Nutzungsbedingungen an? [j/N] ".to_owned(),
        Named::Personal => "Die Anfrage nennt dieses Gerät und Sie. Das Gerät behält sie nur, bis \
                            die Lizenz da ist."
            .to_owned(),
        Named::BusSilent(reason) => format!(
            "Der Systembus antwortet nicht ({reason}). Dieses Fenster versucht es von selbst noch \
             einmal."
        ),
        Named::DaemonSilent(reason) => format!(
            "licd antwortet nicht ({reason}). Dieses Fenster versucht es von selbst noch einmal."
        ),
        Named::LastDay(Expiry::On(day)) => day.to_string(),
        Named::LastDay(Expiry::Never) => "nie".to_owned(),
    }
}

/// Bytes as `12 kB`, as file managers write them.
fn bytes(bytes: u64, point: char) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{}{point}{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_file_managers_write_them() {
        let received = |done, total| english(Named::Received(done, total));
        assert_eq!(received(7, None), "7 B");
        assert_eq!(received(12_345, Some(1_234_567)), "12 kB of 1.2 MB");
        assert_eq!(german(Named::Received(1_234_567, None)), "1,2 MB");
    }
}
