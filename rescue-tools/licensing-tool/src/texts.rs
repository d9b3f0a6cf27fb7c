//! The texts of the window alone, in the user's language. Those about licences come from the words that
//! the window shares with licctl.

mod english;
mod german;

use licd_rules::{Code, Language};
use license_format::Expiry;

use crate::state::events::Absence;
use crate::state::form::Field;
use crate::state::notice::Outcome;
use crate::state::{Kind, Mode, Way};

/// A text without variable parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Overview,
    Licenses,
    ImportPage,
    Device,
    UnitId,
    LicenseList,
    Services,
    NextSteps,
    Problems,
    NotUsed,
    Refresh,
    NoLicenses,
    RemoveSelected,
    RemoveKind,
    WhichKind,
    Remove,
    Keep,
    Import,
    Check,
    Activate,
    Cancel,
    Cancelling,
    Close,
    Dismiss,
    ChooseFile,
    CheckFile,
    ImportDrive,
    CheckDrive,
    FileChooser,
    LicenseFiles,
    AllFiles,
    UsbDrives,
    NoDrives,
    Source,
    Encrypted,
    ProxyHint,
    Terms,
    Personal,
    Waiting,
    Activated,
    ActivatedHint,
}

/// The texts of one language.
pub(crate) trait Texts {
    fn text(&self, text: Text) -> &'static str;
    fn title(&self, mode: Mode) -> &'static str;
    fn way(&self, way: Way) -> &'static str;
    fn field(&self, field: Field) -> &'static str;
    /// What the user may type, shown in the empty field.
    fn example(&self, field: Field) -> &'static str;
    fn outcome(&self, outcome: &Outcome) -> String;
    /// The verdict in one clause.
    fn verdict(&self, code: Code) -> &'static str;
    fn absence(&self, absence: &Absence) -> String;
    fn work(&self, kind: Kind) -> &'static str;
    /// Bytes read, of a total if it is known.
    fn progress(&self, done: u64, total: u64) -> String;
    /// The question before these licences are removed.
    fn removal(&self, what: &str) -> String;
    /// Where the terms of the evaluation are.
    fn terms(&self, place: &str) -> String;
    /// The last day of a licence.
    fn last_day(&self, day: Expiry) -> String;
}

/// The texts of the user's language.
pub(crate) fn of(language: Language) -> &'static dyn Texts {
    match language {
        Language::English => &english::English,
        Language::German => &german::German,
    }
}

/// Bytes as `12 kB`, as file managers write them.
fn bytes(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Field::{Company, Email, Host, Name, Password, Path, Port, Proxy, Url, User};

    const TABS: [Text; 4] = [Text::Overview, Text::Licenses, Text::ImportPage, Text::Dismiss];

    /// The labels of the controls that are shown together.
    fn together(texts: &dyn Texts) -> Vec<Vec<&'static str>> {
        let labels = |fields: &[Field], own: &[Text], shared: &[Text]| {
            let fields = fields.iter().map(|field| texts.field(*field));
            fields.chain(own.iter().chain(shared).map(|text| texts.text(*text))).collect::<Vec<_>>()
        };
        let start = [Text::Import, Text::Check];
        let ways = |mut labels: Vec<&'static str>, ways: &[Way]| {
            labels.extend(ways.iter().map(|way| texts.way(*way)));
            labels
        };
        let tool = [Way::Url, Way::Ftp, Way::File];
        let first = [Way::Evaluation, Way::Url, Way::Ftp, Way::File];
        let ftp = [Host, Port, User, Password, Path];
        let drive = [Text::ChooseFile, Text::CheckFile, Text::ImportDrive, Text::CheckDrive];
        vec![
            labels(&[], &[Text::Refresh], &TABS),
            labels(&[], &[Text::RemoveSelected, Text::RemoveKind], &TABS),
            labels(&[], &[Text::Keep, Text::Remove], &[Text::Dismiss]),
            ways(labels(&[Url, Proxy], &start, &TABS), &tool),
            ways(labels(&ftp, &[Text::Encrypted, Text::Import, Text::Check], &TABS), &tool),
            ways(labels(&[], &drive, &TABS), &tool),
            ways(
                labels(
                    &[Name, Company, Email, Proxy],
                    &[Text::Terms, Text::Activate],
                    &[Text::Dismiss],
                ),
                &first,
            ),
        ]
    }

    #[test]
    fn controls_that_are_shown_together_have_keys_of_their_own() {
        for language in [Language::English, Language::German] {
            for labels in together(of(language)) {
                let key =
                    |label: &&str| label.split_once('_').and_then(|(_, rest)| rest.chars().next());
                let mut keys: Vec<_> = labels
                    .iter()
                    .map(|label| key(label).map(|key| key.to_ascii_lowercase()))
                    .collect();
                assert!(keys.iter().all(Option::is_some), "{labels:?}");
                keys.sort_unstable();
                keys.dedup();
                assert_eq!(keys.len(), labels.len(), "{labels:?}");
            }
        }
    }

    #[test]
    fn every_verdict_reads_differently() {
        for language in [Language::English, Language::German] {
            let mut words: Vec<_> =
                Code::ALL.iter().map(|code| of(language).verdict(*code)).collect();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), Code::ALL.len());
        }
    }

    #[test]
    fn bytes_are_written_as_file_managers_write_them() {
        assert_eq!([7, 12_345, 1_234_567].map(bytes), ["7 B", "12 kB", "1.2 MB"]);
    }
}
