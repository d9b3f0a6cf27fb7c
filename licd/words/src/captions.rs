//! Captions of windows, pages, fields and buttons, and sentences without variable parts.

use licd_device::Withdrawn;

use crate::labels::captions;

captions! {
    /// A short text of a window, by what it stands for.
    Caption:
    /// The title of the window.
    Title = "Licensing", "Lizenzierung";
    /// The title of the window in the Setup Assistant.
    ActivationTitle = "Activate your IGEL OS", "Aktivieren Sie Ihr IGEL OS";
    /// The page about the device and its services.
    Device = "Device", "Gerät";
    /// The page about what is allowed.
    Features = "Features", "Funktionen";
    /// The page about the licences and the files that are not used.
    Licenses = "Licences", "Lizenzen";
    /// The page of imports, and the button that begins one.
    Import = "Import", "Importieren";
    /// The page of removals, and the button that removes.
    Remove = "Remove", "Entfernen";
    /// The page of the activation, and the button that begins it.
    Activate = "Activate", "Aktivieren";
    /// The heading over the services.
    Services = "Services", "Dienste";
    /// The heading over the next steps.
    NextSteps = "What to do next", "Was zu tun ist";
    /// The heading over what is wrong.
    Problems = "Problems", "Probleme";
    /// The heading over further facts about the device.
    Facts = "More about the device", "Mehr zum Gerät";
    /// The heading over the files that are not used.
    NotUsed = "Files that are not used", "Dateien, die nicht genutzt werden";

    /// Import from a stick.
    FromStick = "From a USB stick", "Von einem USB-Stick";
    /// Import from an address.
    FromAddress = "From a web address", "Von einer Webadresse";
    /// Import from an FTP server.
    FromFtp = "From an FTP server", "Von einem FTP-Server";
    /// Import from a file.
    FromFile = "From a file", "Aus einer Datei";
    /// Import from a file or a stick.
    FromFileOrStick = "From a file or a USB stick", "Aus einer Datei oder von einem USB-Stick";
    /// The question about the source of a licence.
    Source = "Where does the licence come from?", "Woher kommt die Lizenz?";

    /// A licence from the licensing service.
    FromService = "From the licensing service", "Vom Lizenzierungsdienst";
    /// The name of a person.
    PersonName = "Your name", "Ihr Name";
    /// The company of a person.
    Company = "Your company", "Ihre Firma";
    /// The mail address of a person.
    Email = "Your mail address", "Ihre E-Mail-Adresse";
    /// Whether the terms of the licensing service are accepted.
    AcceptTerms = "Accept the terms", "Nutzungsbedingungen annehmen";
    /// The terms are not accepted.
    TermsOpen = "Accept the terms of the licensing service; nothing is sent without.",
        "Ohne Annahme der Nutzungsbedingungen wird nichts gesendet.";

    /// A request waits.
    RequestWaits = "A request for a licence waits for its answer.",
        "Eine Lizenzanfrage wartet auf ihre Antwort.";
    /// The button that cancels a request.
    CancelRequest = "Cancel the request", "Anfrage zurückziehen";
    /// A request is being cancelled.
    CancellingRequest = "Cancelling the request ...", "Anfrage wird zurückgezogen ...";
    /// A request was cancelled.
    RequestCancelled = "The request is cancelled and deleted.",
        "Die Anfrage ist zurückgezogen und gelöscht.";
    /// No request waits.
    NoRequest = "No request waits for an answer.", "Keine Anfrage wartet auf eine Antwort.";

    /// An address.
    Address = "Address", "Adresse";
    /// The name of a server.
    Host = "Server", "Server";
    /// The port of a server.
    Port = "Port", "Port";
    /// The user name for a server.
    User = "User", "Benutzer";
    /// The password for a server.
    Password = "Password", "Passwort";
    /// The path of a file on a server.
    Path = "Path", "Pfad";
    /// The path of a file of this machine.
    File = "File", "Datei";
    /// A proxy.
    Proxy = "Proxy", "Proxy";
    /// The user name for a proxy.
    ProxyUser = "Proxy user", "Proxy-Benutzer";
    /// The password for a proxy.
    ProxyPassword = "Proxy password", "Proxy-Passwort";
    /// What an empty field means that the configuration can fill.
    AsConfigured = "empty: as configured", "leer: wie eingerichtet";
    /// Whether FTP is encrypted.
    Encrypted = "Encrypted (TLS)", "Verschlüsselt (TLS)";
    /// Whether files are only checked.
    CheckOnly = "Only check", "Nur prüfen";
    /// The answer yes.
    Yes = "yes", "ja";
    /// The answer no.
    No = "no", "nein";

    /// The button that chooses files to import.
    ImportFiles = "Import a file...", "Datei importieren ...";
    /// The button that chooses files to check.
    CheckFiles = "Check a file...", "Datei prüfen ...";
    /// The title of the choice of files.
    LicenseFiles = "Licence files", "Lizenzdateien";
    /// The button that imports from a stick.
    ImportStick = "Import from the USB stick", "Vom USB-Stick importieren";
    /// The button that checks a stick.
    CheckStick = "Check the USB stick", "USB-Stick prüfen";
    /// The button that removes the selected licence.
    RemoveSelected = "Remove the selected licence...", "Gewählte Lizenz entfernen ...";
    /// The button that asks for a kind of licences.
    RemoveKind = "Remove a kind of licences...", "Eine Art von Lizenzen entfernen ...";
    /// The question about the kind.
    WhichKind = "Which licences are to be removed from this device?",
        "Welche Lizenzen sollen von diesem Gerät entfernt werden?";
    /// What a removal means.
    RemovalStops = "What needs them stops working.", "Was sie braucht, funktioniert danach nicht mehr.";

    /// The button that begins a check.
    Check = "Check", "Prüfen";
    /// The button that keeps what was to be removed.
    Keep = "Keep", "Behalten";
    /// The button that ends a dialogue or an import.
    Cancel = "Cancel", "Abbrechen";
    /// The button that closes a window.
    Close = "Close", "Schließen";
    /// The button that reads everything again.
    Refresh = "Read again", "Neu lesen";
    /// The button that hides a result.
    Hide = "Hide this message", "Meldung ausblenden";

    /// The heading over the sticks that are plugged in.
    ChooseStick = "Choose a USB stick", "USB-Stick wählen";
    /// The heading over the files of a stick.
    ChooseFile = "Choose a file", "Datei wählen";
    /// All files of a stick.
    AllFiles = "All files", "Alle Dateien";
    /// No stick is plugged in.
    NoStick = "No stick is plugged in. Plug one in.", "Es ist kein Stick eingesteckt. Bitte einstecken.";
    /// No source is chosen.
    NothingChosen = "Plug in a USB stick, or choose a file.",
        "Bitte einen USB-Stick einstecken oder eine Datei wählen.";
    /// The stick was pulled while its files were listed.
    StickPulled = "The stick was pulled. Plug it in again.",
        "Der Stick wurde abgezogen. Bitte wieder einstecken.";
    /// A source is being read.
    Reading = "Reading ...", "Wird gelesen ...";
    /// An import runs.
    Importing = "Importing ...", "Wird importiert ...";
    /// A check runs.
    Checking = "Checking ...", "Wird geprüft ...";
    /// An activation runs.
    Applying = "Asking for the licence ...", "Lizenz wird angefordert ...";
    /// Licences are being removed.
    Removing = "Removing ...", "Wird entfernt ...";
    /// An import is being cancelled.
    Cancelling = "Cancelling ...", "Wird abgebrochen ...";
    /// An import was cancelled before it took anything.
    Cancelled = "Cancelled. Nothing was imported.", "Abgebrochen. Nichts wurde importiert.";
    /// An import was successful.
    Imported = "The licence is imported.", "Die Lizenz ist importiert.";
    /// An import found no file.
    NothingFound = "There was nothing to import.", "Es gab nichts zu importieren.";
    /// A check was successful.
    CheckedGood = "The check found nothing wrong.", "Die Prüfung hat keinen Fehler gefunden.";
    /// The daemon has gone before an answer.
    Interrupted = "licd stopped before it had answered. Try again.",
        "licd wurde vor der Antwort beendet. Bitte noch einmal versuchen.";
    /// The device has a licence.
    Activated = "Your IGEL OS is activated", "Ihr IGEL OS ist aktiviert";
    /// Nothing is left to do in the window.
    CanClose = "You can close this window.", "Sie können dieses Fenster schließen.";
    /// The heading over the verdicts of an import.
    Result = "Result", "Ergebnis";
    /// What a check says after its verdicts.
    CheckedOnly = "Checked only. Nothing was imported.", "Nur geprüft. Nichts wurde importiert.";

    /// The address held a password, which has been moved.
    PasswordMoved = "The address held a password; it is in its own field now. Go on.",
        "Das Passwort aus der Adresse steht jetzt in seinem Feld. Weiter.";
    /// A proxy with an address that bypasses it.
    ProxyForHttp = "A proxy is used for https:// and http:// only.",
        "Ein Proxy gilt nur für https:// und http://.";
    /// A proxy with user and password in its address.
    ProxyLogin = "Proxy: user and password have fields of their own.",
        "Proxy: Benutzer und Passwort haben eigene Felder.";
    /// A user name with a colon.
    NoColon = "User: a name cannot hold a colon.",
        "Benutzer: Ein Name darf keinen Doppelpunkt enthalten.";

    /// The window has no room.
    TooSmall = "The window is too small.", "Das Fenster ist zu klein.";

    /// The store holds no file.
    StoreEmpty = "The store is empty.", "Keine Lizenz ist gespeichert.";
    /// The device has no licence.
    NoLicenses = "This device has no licences.", "Dieses Gerät hat keine Lizenzen.";
    /// How to see a licence with licctl.
    ShowHint = "To see a licence and its file: licctl show PACK",
        "Eine Lizenz und ihre Datei zeigt: licctl show PACK";
    /// Above the commands that delete a file.
    DeleteHint = "To delete a file that does not count, as root:",
        "Eine Datei, die nicht zählt, als root löschen:";
    /// The daemon answers.
    WithDaemon = "licd runs", "licd läuft";
    /// The daemon does not run, seen from the window.
    NoDaemon = "licd is not running. This window goes on once it is back.",
        "licd läuft nicht. Es geht weiter, sobald licd wieder läuft.";
    /// The program works without the daemon.
    WithoutDaemon = "without licd", "ohne licd";
    /// The first report has not come yet.
    Starting = "Reading the licences ...", "Lizenzen werden gelesen ...";
    /// The window shows an older state.
    Stale = "The state below is older:", "Der Stand unten ist älter:";
}

impl From<Withdrawn> for Caption {
    fn from(withdrawn: Withdrawn) -> Self {
        match withdrawn {
            Withdrawn::Request => Self::RequestCancelled,
            Withdrawn::Nothing => Self::NoRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Check, Column, Help, Label};

    #[test]
    fn every_caption_fits_on_a_line_in_both_languages() {
        let labels = Label::ALL.iter().map(|label| [label.english(), label.german()]);
        let checks = Check::ALL.iter().map(|check| [check.english(), check.german()]);
        let columns = Column::ALL.iter().map(|column| [column.english(), column.german()]);
        let keys = Help::ALL.iter().map(|keys| [keys.english(), keys.german()]);
        let captions = Caption::ALL.iter().map(|caption| [caption.english(), caption.german()]);
        for texts in labels.chain(checks).chain(columns).chain(keys).chain(captions) {
            for text in texts {
                assert!(!text.is_empty() && text.chars().count() <= 72, "{text}");
            }
        }
    }

    #[test]
    fn no_two_captions_say_the_same() {
        let mut seen = BTreeMap::new();
        for caption in Caption::ALL {
            let earlier = seen.insert(caption.english(), caption);
            assert_eq!(earlier, None, "{}", caption.english());
        }
    }
}
