//! The keys of the window's controls, and its sentences made of the words that it shares with licctl. The
//! window has no text of its own.

use licd_rules::Language;
use licensing_words::{Caption, Named, Words};

use crate::state::events::{Absence, Purpose};
use crate::state::form::Field;
use crate::state::notice::{Complaint, Notice, Outcome};
use crate::state::{Kind, Mode, Way};

/// A control with a key, each with its caption and the letter of its key in English and in German.
macro_rules! controls {
    ($($control:ident: $caption:ident $english:literal $german:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Control { $($control),+ }

        impl Control {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$control),+];

            fn parts(self) -> (Caption, char, char) {
                match self { $(Self::$control => (Caption::$caption, $english, $german)),+ }
            }
        }
    };
}

controls! {
    DevicePage: Device 'v' 'g';
    LicensesPage: Licenses 'l' 'l';
    ImportPage: Import 'i' 'i';
    Hide: Hide 'h' 'd';
    Refresh: Refresh 'r' 'n';
    RemoveSelected: RemoveSelected 'r' 'e';
    RemoveKind: RemoveKind 'k' 'a';
    Keep: Keep 'k' 'b';
    Remove: Remove 'r' 'e';
    FromService: FromService 'v' 'v';
    FromAddress: FromAddress 'w' 'w';
    FromFtp: FromFtp 'f' 'f';
    FromFileOrStick: FromFileOrStick 'k' 'k';
    Import: Import 'm' 'm';
    CheckOnly: CheckOnly 'c' 'r';
    ImportFiles: ImportFiles 't' 't';
    CheckFiles: CheckFiles 'e' 'p';
    ImportStick: ImportStick 'm' 'm';
    CheckStick: CheckStick 'c' 'r';
    Address: Address 'a' 'a';
    Host: Host 's' 's';
    Port: Port 'r' 'o';
    User: User 'u' 'u';
    Password: Password 'p' 't';
    Path: Path 't' 'p';
    Encrypted: Encrypted 'y' 'c';
    Proxy: Proxy 'x' 'x';
    PersonName: PersonName 'n' 'n';
    Company: Company 'p' 'r';
    Email: Email 'm' 'm';
    AcceptTerms: AcceptTerms 't' 'b';
    Activate: Activate 'a' 'a';
    Cancel: Cancel 'c' 'h';
    Close: Close 'c' 's';
    CancelRequest: CancelRequest 'q' 'z';
}

impl From<Way> for Control {
    fn from(way: Way) -> Self {
        match way {
            Way::Evaluation => Self::FromService,
            Way::Url => Self::FromAddress,
            Way::Ftp => Self::FromFtp,
            Way::File => Self::FromFileOrStick,
        }
    }
}

impl From<Field> for Control {
    fn from(field: Field) -> Self {
        match field {
            Field::Url => Self::Address,
            Field::Host => Self::Host,
            Field::Port => Self::Port,
            Field::User => Self::User,
            Field::Password => Self::Password,
            Field::Path => Self::Path,
            Field::Proxy => Self::Proxy,
            Field::Name => Self::PersonName,
            Field::Company => Self::Company,
            Field::Email => Self::Email,
        }
    }
}

/// The window's texts in the language of its user.
#[derive(Clone, Copy)]
pub(crate) struct Labels {
    language: Language,
    pub(crate) words: &'static dyn Words,
}

impl Labels {
    pub(crate) fn of(language: Language) -> Self {
        Self { language, words: licensing_words::of(language) }
    }

    /// A caption. The desktop's fonts have the mark that terminals may lack.
    pub(crate) fn caption(self, caption: Caption) -> String {
        self.words.caption(caption).replace("...", "…")
    }

    /// The label of a control, with an underscore before the letter of its key.
    pub(crate) fn control(self, control: Control) -> String {
        let (caption, english, german) = control.parts();
        let key = match self.language {
            Language::English => english,
            Language::German => german,
        };
        let mut text = self.caption(caption);
        if let Some(at) = text.to_lowercase().find(key) {
            text.insert(at, '_');
        }
        text
    }

    pub(crate) fn title(self, mode: Mode) -> String {
        self.caption(match mode {
            Mode::Tool => Caption::Title,
            Mode::Activation => Caption::ActivationTitle,
        })
    }

    /// What runs.
    pub(crate) fn work(self, kind: Kind) -> String {
        self.caption(match kind {
            Kind::Source(Purpose::Import) | Kind::Files(Purpose::Import) => Caption::Importing,
            Kind::Source(Purpose::Check) | Kind::Files(Purpose::Check) => Caption::Checking,
            Kind::Activation => Caption::Applying,
            Kind::Withdrawal => Caption::CancellingRequest,
            Kind::Removal => Caption::Removing,
        })
    }

    /// Why the daemon does not answer.
    pub(crate) fn absence(self, absence: &Absence) -> String {
        match absence {
            Absence::Bus(reason) => self.words.named(Named::BusSilent(&self.words.problem(reason))),
            Absence::Daemon => self.caption(Caption::NoDaemon),
            Absence::Answer(reason) => {
                self.words.named(Named::DaemonSilent(&self.words.problem(reason)))
            }
        }
    }

    /// What an order comes to, and a line for each of its files.
    pub(crate) fn notice(self, Notice { outcome, lines }: &Notice) -> (String, Vec<String>) {
        // The verdict on several files is not that on each.
        let code = outcome.code().filter(|_| lines.len() == 1);
        let lines = lines.iter().map(|line| licensing_words::line(self.words, code, line));
        (self.outcome(outcome), lines.collect())
    }

    fn outcome(self, outcome: &Outcome) -> String {
        let said = |sentence| self.words.named(sentence);
        match outcome {
            Outcome::Imported => self.caption(Caption::Imported),
            Outcome::CheckedGood => format!(
                "{} {}",
                self.caption(Caption::CheckedGood),
                self.caption(Caption::CheckedOnly)
            ),
            Outcome::Rejected(code) => said(Named::Unused(self.words.verdict(*code))),
            Outcome::Failed => self.caption(Caption::NothingFound),
            Outcome::Cancelled => self.caption(Caption::Cancelled),
            Outcome::Interrupted => self.caption(Caption::Interrupted),
            Outcome::Removed(count) => self.words.removed(*count),
            Outcome::Withdrawn(withdrawn) => self.caption((*withdrawn).into()),
            Outcome::Refused(code) => said(Named::Refused(self.words.verdict(*code))),
            Outcome::Incomplete(complaint) => self.complaint(complaint),
        }
    }

    fn complaint(self, complaint: &Complaint) -> String {
        let name = |field: &Field| self.caption(Control::from(*field).parts().0);
        match complaint {
            Complaint::Missing(field) => self.words.named(Named::Needed(&name(field))),
            Complaint::NoAddress(field, reason) => {
                format!("{}: {}", name(field), self.words.problem(reason))
            }
            Complaint::NoStick => self.caption(Caption::NothingChosen),
            Complaint::Terms => self.caption(Caption::TermsOpen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Control::{
        AcceptTerms, Activate, Address, CancelRequest, CheckFiles, CheckOnly, CheckStick, Company,
        DevicePage, Email, Encrypted, FromAddress, FromFileOrStick, FromFtp, FromService, Hide,
        Host, Import, ImportFiles, ImportPage, ImportStick, Keep, LicensesPage, Password, Path,
        PersonName, Port, Proxy, Refresh, Remove, RemoveKind, RemoveSelected, User,
    };

    /// The controls that are shown together.
    fn together() -> Vec<Vec<Control>> {
        let pages = [DevicePage, LicensesPage, ImportPage, Hide, CancelRequest];
        let ways = [FromAddress, FromFtp, FromFileOrStick];
        let person = [PersonName, Company, Email, Proxy, AcceptTerms];
        let on_page = |own: &[Control]| [own, &pages].concat();
        let on_import = |own: &[Control]| [own, &ways, &pages].concat();
        vec![
            on_page(&[Refresh]),
            on_page(&[RemoveSelected, RemoveKind]),
            vec![Keep, Remove, Hide],
            on_import(&[Address, Proxy, Import, CheckOnly]),
            on_import(&[Host, Port, User, Password, Path, Encrypted, Import, CheckOnly]),
            on_import(&[ImportFiles, CheckFiles, ImportStick, CheckStick]),
            [&person[..], &[Activate, FromService, Hide, CancelRequest], &ways].concat(),
        ]
    }

    #[test]
    fn controls_that_are_shown_together_have_keys_of_their_own() {
        for labels in [Language::English, Language::German].map(Labels::of) {
            for controls in together() {
                let key =
                    |label: &str| label.split_once('_').and_then(|(_, rest)| rest.chars().next());
                let shown: Vec<_> = controls.iter().map(|one| labels.control(*one)).collect();
                let keys = shown.iter().map(|label| key(label).map(|key| key.to_ascii_lowercase()));
                let mut keys: Vec<_> = keys.collect();
                assert!(keys.iter().all(Option::is_some), "{shown:?}");
                keys.sort_unstable();
                keys.dedup();
                assert_eq!(keys.len(), shown.len(), "{shown:?}");
            }
        }
    }

    #[test]
    fn every_control_has_a_key_in_both_languages() {
        for labels in [Language::English, Language::German].map(Labels::of) {
            let without = |one: &&Control| !labels.control(**one).contains('_');
            assert_eq!(Control::ALL.iter().find(without), None);
        }
    }
}
