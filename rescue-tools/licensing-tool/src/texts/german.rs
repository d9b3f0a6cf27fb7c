//! The German texts of the window.

use licd_rules::Code;
use license_format::Expiry;

use super::{Text, Texts, bytes};
use crate::state::events::{Absence, Purpose};
use crate::state::form::Field;
use crate::state::notice::{Complaint, Outcome};
use crate::state::{Kind, Mode, Way};

pub(super) struct German;

impl Texts for German {
    fn text(&self, text: Text) -> &'static str {
        match text {
            Text::Overview => "Ü_bersicht",
            Text::Licenses => "_Lizenzen",
            Text::ImportPage => "_Importieren",
            Text::Device => "Gerät",
            Text::UnitId => "Unit-ID",
            Text::LicenseList => "Lizenzen",
            Text::Services => "Dienste",
            Text::NextSteps => "Was als Nächstes zu tun ist",
            Text::Problems => "Probleme",
            Text::NotUsed => "Dateien, die nicht genutzt werden",
            Text::Refresh => "_Neu lesen",
            Text::NoLicenses => "Dieses Gerät hat keine Lizenzen.",
            Text::RemoveSelected => "Gewählte Lizenz _entfernen …",
            Text::RemoveKind => "Eine _Art von Lizenzen entfernen …",
            Text::WhichKind => "Welche Lizenzen sollen von diesem Gerät entfernt werden?",
            Text::Remove => "_Entfernen",
            Text::Keep => "_Behalten",
            Text::Import => "I_mportieren",
            Text::Check => "Nu_r prüfen",
            Text::Activate => "_Aktivieren",
            Text::Cancel => "Abbrec_hen",
            Text::Cancelling => "Wird abgebrochen …",
            Text::Close => "_Schließen",
            Text::Dismiss => "Meldun_g ausblenden",
            Text::ChooseFile => "Datei impor_tieren …",
            Text::CheckFile => "Datei p_rüfen …",
            Text::ImportDrive => "Vom USB-Laufwerk i_mportieren",
            Text::CheckDrive => "USB-Laufwerk _prüfen",
            Text::FileChooser => "Lizenzdateien auswählen",
            Text::LicenseFiles => "Lizenzdateien",
            Text::AllFiles => "Alle Dateien",
            Text::UsbDrives => "USB-Laufwerke",
            Text::NoDrives => {
                "Es ist kein USB-Laufwerk angesteckt. Die Liste folgt dem, was Sie anstecken."
            }
            Text::Source => "Woher kommt die Lizenz?",
            Text::Encrypted => "Vers_chlüsselt (FTPS)",
            Text::ProxyHint => "Ein leeres Feld für den Proxy steht für den des Geräts.",
            Text::Terms => "Ich stimme den _Bedingungen der Evaluierung zu",
            Text::Personal => {
                "Die Anfrage nennt dieses Gerät und Sie. Das Gerät behält sie nur, bis die Lizenz \
                 da ist."
            }
            Text::Waiting => "Der Lizenzdienst wird erwartet …",
            Text::Activated => "Ihr IGEL OS ist aktiviert",
            Text::ActivatedHint => "Sie können dieses Fenster schließen.",
        }
    }

    fn title(&self, mode: Mode) -> &'static str {
        match mode {
            Mode::Tool => "Lizenzierung",
            Mode::Activation => "Aktivieren Sie Ihr IGEL OS",
        }
    }

    fn way(&self, way: Way) -> &'static str {
        match way {
            Way::Evaluation => "E_valuierungslizenz",
            Way::Url => "_Webadresse (URL)",
            Way::Ftp => "_FTP-Server",
            Way::File => "_Datei oder USB-Laufwerk",
        }
    }

    fn field(&self, field: Field) -> &'static str {
        match field {
            Field::Url => "_Adresse",
            Field::Host => "_Server",
            Field::Port => "P_ort",
            Field::User => "Ben_utzer",
            Field::Password => "Passwor_t",
            Field::Path => "Pfad der Dat_ei",
            Field::Proxy => "Pro_xy",
            Field::Name => "Ihr _Name",
            Field::Company => "Fi_rma",
            Field::Email => "E-_Mail-Adresse",
        }
    }

    fn example(&self, field: Field) -> &'static str {
        match field {
            Field::Url => "https://server.example/WE.lic",
            Field::Host => "ftp.example",
            Field::Port => "21",
            Field::Path => "lizenzen/WE.lic",
            Field::Proxy => "http://proxy.example:3128",
            Field::Email => "name@firma.example",
            Field::User | Field::Password | Field::Name | Field::Company => "",
        }
    }

    fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Imported => "Die Lizenz ist importiert.".to_owned(),
            Outcome::CheckedGood => {
                "Die Prüfung hat keinen Fehler gefunden. Nichts wurde geändert.".to_owned()
            }
            Outcome::Rejected(code) => {
                format!("Die Lizenz wird nicht genutzt: {}.", self.verdict(*code))
            }
            Outcome::Failed => "Es gab nichts zu importieren.".to_owned(),
            Outcome::Cancelled => "Abgebrochen.".to_owned(),
            Outcome::Interrupted => {
                "Der Lizenzdienst wurde beendet, bevor er geantwortet hat. Bitte noch einmal \
                 versuchen."
                    .to_owned()
            }
            Outcome::Removed(0) => {
                "Keine Lizenz war von dieser Art. Nichts wurde entfernt.".to_owned()
            }
            Outcome::Removed(1) => "1 Lizenz wurde entfernt.".to_owned(),
            Outcome::Removed(n) => format!("{n} Lizenzen wurden entfernt."),
            Outcome::Refused(code) => format!("Das war nicht möglich: {}.", self.verdict(*code)),
            Outcome::Incomplete(complaint) => self.complaint(complaint),
        }
    }

    fn verdict(&self, code: Code) -> &'static str {
        match code {
            Code::Valid => "sie ist gültig",
            Code::Pending => "sie beginnt später",
            Code::Malformed => "die Datei ist keine Lizenz",
            Code::Unsupported => "sie braucht ein neueres System",
            Code::TooLarge => "die Datei ist zu groß",
            Code::BadSignature => "ihre Signatur ist falsch",
            Code::UnknownKey => "ihr Unterzeichner ist nicht bekannt",
            Code::UntrustedProduct => "ihr Unterzeichner darf dieses Produkt nicht unterzeichnen",
            Code::WrongDevice => "sie ist für ein anderes Gerät",
            Code::Expired => "sie ist abgelaufen",
            Code::Superseded => "eine spätere Lizenz hat sie ersetzt",
            Code::Withdrawn => "der Hersteller hat sie zurückgezogen",
            Code::Removed => "sie wurde absichtlich von diesem Gerät entfernt",
            Code::SourceUnreachable => "die Quelle ist nicht erreichbar",
            Code::SourceRefused => "die Quelle gibt sie nicht heraus",
            Code::SourceTooLarge => "die Quelle sendet zu viel",
            Code::StoreUnwritable => "die Lizenzpartition ist nicht beschreibbar",
            Code::StoreFull => "die Lizenzpartition ist voll",
            Code::NotAuthorized => "Sie sind dazu nicht berechtigt",
            Code::Busy => "der Lizenzdienst ist beschäftigt; bitte noch einmal versuchen",
            Code::Timeout => "der Lizenzdienst antwortet nicht",
        }
    }

    fn absence(&self, absence: &Absence) -> String {
        match absence {
            Absence::Bus(reason) => format!(
                "Der Systembus antwortet nicht ({reason}). Dieses Fenster versucht es von selbst \
                 noch einmal."
            ),
            Absence::Daemon => {
                "Der Lizenzdienst läuft nicht. Dieses Fenster macht von selbst weiter, sobald er \
                 wieder da ist."
                    .to_owned()
            }
            Absence::Answer(reason) => format!(
                "Der Lizenzdienst antwortet nicht ({reason}). Dieses Fenster versucht es von \
                 selbst noch einmal."
            ),
        }
    }

    fn work(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Source(Purpose::Import) | Kind::Files(Purpose::Import) => "Wird importiert …",
            Kind::Source(Purpose::Check) | Kind::Files(Purpose::Check) => "Wird geprüft …",
            Kind::Activation => "Die Lizenz wird angefordert …",
            Kind::Removal => "Wird entfernt …",
        }
    }

    fn progress(&self, done: u64, total: u64) -> String {
        match total {
            0 => bytes(done),
            _ => format!("{} von {}", bytes(done), bytes(total)),
        }
    }

    fn removal(&self, what: &str) -> String {
        format!("Sollen {what} von diesem Gerät entfernt werden? Was sie braucht, endet.")
    }

    fn terms(&self, place: &str) -> String {
        format!("Es gelten die Bedingungen von {place}.")
    }

    fn last_day(&self, day: Expiry) -> String {
        match day {
            Expiry::On(day) => day.to_string(),
            Expiry::Never => "unbegrenzt".to_owned(),
        }
    }
}

impl German {
    fn complaint(&self, complaint: &Complaint) -> String {
        let name = |field: &Field| self.field(*field).replace('_', "");
        match complaint {
            Complaint::Missing(field) => format!("{}: bitte ausfüllen.", name(field)),
            Complaint::NoAddress(field, reason) => format!("{}: {reason}.", name(field)),
            Complaint::NoStick => {
                "Bitte ein USB-Laufwerk anstecken oder eine Datei auswählen.".to_owned()
            }
            Complaint::Terms => "Bitte den Bedingungen der Evaluierung zustimmen.".to_owned(),
        }
    }
}
