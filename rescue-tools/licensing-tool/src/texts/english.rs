//! The English texts of the window.

use licd_rules::Code;
use license_format::Expiry;

use super::{Text, Texts, bytes};
use crate::state::events::{Absence, Purpose};
use crate::state::form::Field;
use crate::state::notice::{Complaint, Outcome};
use crate::state::{Kind, Mode, Way};

pub(super) struct English;

impl Texts for English {
    fn text(&self, text: Text) -> &'static str {
        match text {
            Text::Overview => "_Overview",
            Text::Licenses => "_Licences",
            Text::ImportPage => "_Import",
            Text::Device => "Device",
            Text::UnitId => "Unit ID",
            Text::LicenseList => "Licences",
            Text::Services => "Services",
            Text::NextSteps => "What to do next",
            Text::Problems => "Problems",
            Text::NotUsed => "Files that are not used",
            Text::Refresh => "_Read again",
            Text::NoLicenses => "This device has no licences.",
            Text::RemoveSelected => "_Remove the selected licence…",
            Text::RemoveKind => "Remove a _kind of licences…",
            Text::WhichKind => "Which licences do you want to remove from this device?",
            Text::Remove => "_Remove",
            Text::Keep => "_Keep",
            Text::Import => "I_mport",
            Text::Check => "_Check only",
            Text::Activate => "_Activate",
            Text::Cancel => "_Cancel",
            Text::Cancelling => "Cancelling …",
            Text::Close => "_Close",
            Text::Dismiss => "_Hide this message",
            Text::ChooseFile => "Impor_t a file…",
            Text::CheckFile => "Ch_eck a file…",
            Text::ImportDrive => "I_mport from the USB drive",
            Text::CheckDrive => "_Check the USB drive",
            Text::FileChooser => "Choose licence files",
            Text::LicenseFiles => "Licence files",
            Text::AllFiles => "All files",
            Text::UsbDrives => "USB drives",
            Text::NoDrives => "No USB drive is plugged in. The list follows what you plug in.",
            Text::Source => "Where does the licence come from?",
            Text::Encrypted => "Encr_ypted (FTPS)",
            Text::ProxyHint => "Leave the proxy empty to use the one of the device.",
            Text::Terms => "I accept the _terms of the evaluation",
            Text::Personal => {
                "The request names this device and you. The device keeps it only until the licence \
                 is there."
            }
            Text::Waiting => "Waiting for the licensing service …",
            Text::Activated => "Your IGEL OS is activated",
            Text::ActivatedHint => "You can close this window.",
        }
    }

    fn title(&self, mode: Mode) -> &'static str {
        match mode {
            Mode::Tool => "Licensing",
            Mode::Activation => "Activate your IGEL OS",
        }
    }

    fn way(&self, way: Way) -> &'static str {
        match way {
            Way::Evaluation => "E_valuation licence",
            Way::Url => "_Web address (URL)",
            Way::Ftp => "_FTP server",
            Way::File => "File or USB _drive",
        }
    }

    fn field(&self, field: Field) -> &'static str {
        match field {
            Field::Url => "_Address",
            Field::Host => "_Server",
            Field::Port => "Po_rt",
            Field::User => "_User",
            Field::Password => "_Password",
            Field::Path => "Path of th_e file",
            Field::Proxy => "Pro_xy",
            Field::Name => "Your _name",
            Field::Company => "Com_pany",
            Field::Email => "E-_mail address",
        }
    }

    fn example(&self, field: Field) -> &'static str {
        match field {
            Field::Url => "https://server.example/WE.lic",
            Field::Host => "ftp.example",
            Field::Port => "21",
            Field::Path => "licences/WE.lic",
            Field::Proxy => "http://proxy.example:3128",
            Field::Email => "name@company.example",
            Field::User | Field::Password | Field::Name | Field::Company => "",
        }
    }

    fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Imported => "The licence is imported.".to_owned(),
            Outcome::CheckedGood => {
                "The check found nothing wrong. Nothing was changed.".to_owned()
            }
            Outcome::Rejected(code) => format!("The licence is not used: {}.", self.verdict(*code)),
            Outcome::Failed => "There was nothing to import.".to_owned(),
            Outcome::Cancelled => "Cancelled.".to_owned(),
            Outcome::Interrupted => {
                "The licensing service stopped before it had answered. Try again.".to_owned()
            }
            Outcome::Removed(0) => "No licence was of that kind. Nothing was removed.".to_owned(),
            Outcome::Removed(1) => "1 licence was removed.".to_owned(),
            Outcome::Removed(n) => format!("{n} licences were removed."),
            Outcome::Refused(code) => format!("That was not possible: {}.", self.verdict(*code)),
            Outcome::Incomplete(complaint) => self.complaint(complaint),
        }
    }

    fn verdict(&self, code: Code) -> &'static str {
        match code {
            Code::Valid => "it is valid",
            Code::Pending => "it starts later",
            Code::Malformed => "the file is not a licence",
            Code::Unsupported => "it needs a newer system",
            Code::TooLarge => "the file is too large",
            Code::BadSignature => "its signature is wrong",
            Code::UnknownKey => "its signer is not known",
            Code::UntrustedProduct => "its signer must not sign this product",
            Code::WrongDevice => "it is for another device",
            Code::Expired => "it has ended",
            Code::Superseded => "a later licence has replaced it",
            Code::Withdrawn => "the vendor has withdrawn it",
            Code::Removed => "it was removed from this device on purpose",
            Code::SourceUnreachable => "the source cannot be reached",
            Code::SourceRefused => "the source does not hand it out",
            Code::SourceTooLarge => "the source sends too much",
            Code::StoreUnwritable => "the licence partition cannot be written",
            Code::StoreFull => "the licence partition is full",
            Code::NotAuthorized => "you are not allowed to",
            Code::Busy => "the licensing service is busy; try again",
            Code::Timeout => "the licensing service does not answer",
        }
    }

    fn absence(&self, absence: &Absence) -> String {
        match absence {
            Absence::Bus(reason) => format!(
                "The system bus does not answer ({reason}). This window tries again by itself."
            ),
            Absence::Daemon => {
                "The licensing service is not running. This window goes on by itself as soon as \
                 it is back."
                    .to_owned()
            }
            Absence::Answer(reason) => format!(
                "The licensing service does not answer ({reason}). This window tries again by \
                 itself."
            ),
        }
    }

    fn work(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Source(Purpose::Import) | Kind::Files(Purpose::Import) => "Importing …",
            Kind::Source(Purpose::Check) | Kind::Files(Purpose::Check) => "Checking …",
            Kind::Activation => "Asking for the licence …",
            Kind::Removal => "Removing …",
        }
    }

    fn progress(&self, done: u64, total: u64) -> String {
        match total {
            0 => bytes(done),
            _ => format!("{} of {}", bytes(done), bytes(total)),
        }
    }

    fn removal(&self, what: &str) -> String {
        format!("Remove {what} from this device? What needs them stops working.")
    }

    fn terms(&self, place: &str) -> String {
        format!("The terms are those of {place}.")
    }

    fn last_day(&self, day: Expiry) -> String {
        match day {
            Expiry::On(day) => day.to_string(),
            Expiry::Never => "without end".to_owned(),
        }
    }
}

impl English {
    fn complaint(&self, complaint: &Complaint) -> String {
        let name = |field: &Field| self.field(*field).replace('_', "");
        match complaint {
            Complaint::Missing(field) => format!("{}: please fill this in.", name(field)),
            Complaint::NoAddress(field, reason) => format!("{}: {reason}.", name(field)),
            Complaint::NoStick => "Please plug in a USB drive, or choose a file.".to_owned(),
            Complaint::Terms => "Please accept the terms of the evaluation.".to_owned(),
        }
    }
}
