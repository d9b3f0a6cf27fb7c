//! Labels and captions of lines, pages, fields, columns and buttons.

/// An enum of short texts, with those of both languages side by side.
macro_rules! captions {
    ($(#[$what:meta])* $name:ident:
     $($(#[$doc:meta])* $caption:ident = $english:literal, $german:literal;)+) => {
        $(#[$what])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $caption),+ }

        impl $name {
            /// Every caption.
            pub const ALL: &'static [Self] = &[$(Self::$caption),+];

            pub(crate) fn english(self) -> &'static str {
                match self { $(Self::$caption => $english),+ }
            }

            pub(crate) fn german(self) -> &'static str {
                match self { $(Self::$caption => $german),+ }
            }
        }
    };
}

captions! {
    /// The label of a line.
    Label:
    /// The unit ID.
    UnitId = "Unit ID:", "Unit-ID:";
    /// The serial number of the chassis.
    Serial = "Serial number:", "Seriennummer:";
    /// The operating system.
    System = "System:", "System:";
    /// The clock.
    Clock = "Clock:", "Uhr:";
    /// The licence partition.
    Store = "Store:", "Partition:";
    /// A download link of the settings.
    Link = "Link:", "Link:";
    /// The restart after a deployment.
    Restart = "Restart:", "Neustart:";
    /// Files that are not used.
    NotUsed = "Not used:", "Ungenutzt:";
    /// A problem.
    Problem = "Problem:", "Problem:";
    /// The next step.
    Next = "Next:", "Zu tun:";
}

captions! {
    /// A check of `doctor`.
    Check:
    /// The unit ID.
    Unit = "unit ID", "Unit-ID";
    /// The clock.
    Clock = "clock", "Uhr";
    /// The licence partition.
    Store = "store", "Partition";
    /// The licence of the device.
    License = "licence", "Lizenz";
    /// A file of the store.
    File = "file", "Datei";
    /// A download link.
    Link = "link", "Link";
    /// The network configuration.
    Network = "network", "Netzwerk";
    /// Everything else.
    System = "system", "System";
}

captions! {
    /// A short text of a window, by what it stands for.
    Caption:
    /// The title of a window.
    Title = "Licensing", "Lizenzierung";
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

    /// Import from a stick.
    FromStick = "From a USB stick", "Von einem USB-Stick";
    /// Import from an address.
    FromAddress = "From a web address", "Von einer Webadresse";
    /// Import from an FTP server.
    FromFtp = "From an FTP server", "Von einem FTP-Server";
    /// Import from a file.
    FromFile = "From a file", "Aus einer Datei";

    /// A licence from the licensing service.
    FromService = "From the licensing service", "Vom Lizenzierungsdienst";
    /// The name of a person.
    PersonName = "Your name", "Ihr Name";
    /// The company of a person.
    Company = "Your company", "Ihre Firma";
    /// The mail address of a person.
    Email = "Your mail address", "Ihre Mailadresse";
    /// Whether the terms of the licensing service are accepted.
    AcceptTerms = "Accept the terms", "Bedingungen annehmen";
    /// The terms are not accepted.
    TermsOpen = "Accept the terms of the licensing service; nothing is sent without.",
        "Ohne Annahme der Bedingungen des Dienstes wird nichts gesendet.";

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

    /// The button that begins a check.
    Check = "Check", "Prüfen";
    /// The button that keeps what was to be removed.
    Keep = "Keep", "Behalten";
    /// The button that ends a dialogue or an import.
    Cancel = "Cancel", "Abbrechen";
    /// The button that closes a window.
    Close = "Close", "Schließen";
    /// The button that reads everything again.
    Refresh = "Refresh", "Aktualisieren";

    /// The heading over the sticks that are plugged in.
    ChooseStick = "Choose a USB stick", "USB-Stick wählen";
    /// The heading over the files of a stick.
    ChooseFile = "Choose a file", "Datei wählen";
    /// All files of a stick.
    AllFiles = "All files", "Alle Dateien";
    /// No stick is plugged in.
    NoStick = "No stick is plugged in. Plug one in.", "Kein Stick steckt. Bitte einstecken.";
    /// The stick was pulled while its files were listed.
    StickPulled = "The stick was pulled. Plug it in again.",
        "Der Stick wurde abgezogen. Bitte wieder einstecken.";
    /// A source is being read.
    Reading = "Reading ...", "Wird gelesen ...";
    /// An import runs.
    Importing = "Importing ...", "Wird importiert ...";
    /// Licences are being removed.
    Removing = "Removing ...", "Wird entfernt ...";
    /// An import is being cancelled.
    Cancelling = "Cancelling ...", "Wird abgebrochen ...";
    /// An import was cancelled before it took anything.
    Cancelled = "Cancelled. Nothing was imported.", "Abgebrochen. Nichts wurde importiert.";
    /// The heading over the verdicts of an import.
    Result = "Result", "Ergebnis";
    /// What a check says after its verdicts.
    CheckedOnly = "Checked only. Nothing was imported.", "Nur geprüft. Nichts wurde importiert.";

    /// The column of packs.
    Pack = "PACK", "PACK";
    /// The column of serial numbers of issues.
    Serial = "SERIAL", "SERIE";
    /// The column of products.
    Product = "PRODUCT", "PRODUKT";
    /// The column of terms.
    Term = "TERM", "ART";
    /// The column of first days.
    Starts = "STARTS", "BEGINN";
    /// The column of last days.
    Expires = "EXPIRES", "ENDE";
    /// The column of states.
    State = "STATE", "ZUSTAND";
    /// The column of features.
    Feature = "FEATURE", "FUNKTION";
    /// The column of answers.
    Allowed = "ALLOWED", "ERLAUBT";
    /// The column of reasons.
    Why = "WHY", "GRUND";

    /// The label of an order number.
    Order = "ORDER", "AUFTRAG";
    /// The label of a file's name.
    FileName = "FILE", "DATEI";

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

    /// The keys of a page of text.
    HelpText = "1-6 page  Up/Down scroll  R refresh  Q quit",
        "1-6 Seite  Auf/Ab blättern  R neu lesen  Q beenden";
    /// The keys of a page with items.
    HelpList = "1-6 page  Up/Down move  Enter choose  R refresh  Q quit",
        "1-6 Seite  Auf/Ab bewegen  Enter wählen  R neu lesen  Q beenden";
    /// The keys of a dialogue with items.
    HelpDialog = "Up/Down move  Enter choose  Esc back",
        "Auf/Ab bewegen  Enter wählen  Esc zurück";
    /// The keys of a form.
    HelpForm = "Up/Down move  Enter next  Space yes/no  Esc back",
        "Auf/Ab bewegen  Enter weiter  Leertaste ja/nein  Esc zurück";
    /// The keys of a question.
    HelpConfirm = "Up/Down move  Enter choose  Esc keep",
        "Auf/Ab bewegen  Enter wählen  Esc behalten";
    /// The keys while work runs.
    HelpRunning = "Esc cancel", "Esc abbrechen";
    /// The keys while work runs that cannot be cancelled.
    HelpWaiting = "Please wait", "Bitte warten";
    /// The keys of a result.
    HelpResult = "Up/Down scroll  Enter close", "Auf/Ab blättern  Enter schließen";
    /// The window has no room.
    TooSmall = "The window is too small.", "Das Fenster ist zu klein.";

    /// The store holds no file.
    StoreEmpty = "The store is empty.", "Keine Lizenz ist gespeichert.";
    /// Nothing of this device can be removed.
    NothingToRemove = "No licence is installed.", "Keine Lizenz ist installiert.";
    /// How to see a licence with licctl.
    ShowHint = "To see a licence and its file: licctl show PACK",
        "Eine Lizenz und ihre Datei zeigt: licctl show PACK";
    /// The daemon answers.
    WithDaemon = "licd runs", "licd läuft";
    /// The program works without the daemon.
    WithoutDaemon = "without licd", "ohne licd";
    /// The first report has not come yet.
    Starting = "Reading the licences ...", "Lizenzen werden gelesen ...";
    /// The window shows an older state.
    Stale = "The state below is older:", "Der Stand unten ist älter:";
}

/// A sentence that names something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// Whether these licences are to be removed.
    RemoveQuestion(&'a str),
    /// Bytes received, and the total if it is known.
    Received(u64, Option<u64>),
    /// A field that must not be empty.
    Needed(&'a str),
    /// A port that is not a number from 1 to 65535.
    NoPort(&'a str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caption_fits_on_a_line_in_both_languages() {
        let labels = Label::ALL.iter().map(|label| [label.english(), label.german()]);
        let checks = Check::ALL.iter().map(|check| [check.english(), check.german()]);
        let captions = Caption::ALL.iter().map(|caption| [caption.english(), caption.german()]);
        for texts in labels.chain(checks).chain(captions) {
            for text in texts {
                assert!(!text.is_empty() && text.chars().count() <= 70, "{text}");
            }
        }
    }
}
