//! What licd and licctl say of themselves.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    ("removal of {}: {}", "Entfernung von {}: {!}"),
    ("licd: {}", "licd: {!}"),
    ("licctl: {}", "licctl: {!}"),
    // licd.
    ("its status report cannot be read: {}", "der Statusbericht ist nicht lesbar: {}"),
    ("restart licd", "licd neu starten"),
    ("has not answered", "hat nicht geantwortet"),
    (
        "answers “{}”, which this licctl does not know",
        "antwortet „{}“, was dieses licctl nicht kennt",
    ),
    ("is of another version ({})", "hat eine andere Version ({})"),
    ("update it, or use --direct", "aktualisieren oder --direct verwenden"),
    ("the bus does not let this user call it", "der Bus erlaubt diesem Benutzer keine Aufrufe"),
    ("run licctl as root", "licctl als root ausführen"),
    ("restart it, or use --direct", "neu starten oder --direct verwenden"),
    ("no answer within {} seconds", "keine Antwort innerhalb von {} Sekunden"),
    ("the connection has ended", "die Verbindung ist beendet"),
    ("needs a password", "braucht ein Passwort"),
    (
        "call as root, or allow interactive authorisation",
        "als root ausführen oder die Anmeldung im Dialog erlauben",
    ),
    ("not authorised by polkit", "von polkit nicht berechtigt"),
    ("call as root", "als root ausführen"),
    ("polkit does not answer ({})", "polkit antwortet nicht ({})"),
    ("{} others ask already", "{} andere fragen schon"),
    ("is out of resources ({})", "hat keine Ressourcen mehr ({})"),
    ("is stopping or out of resources", "wird beendet oder hat keine Ressourcen mehr"),
    ("{} orders wait already", "{} Aufträge warten schon"),
    ("{} imports run already", "{} Importe laufen schon"),
    (
        "{} removals and changes of settings run already",
        "{} Entfernungen und Änderungen der Einstellungen laufen schon",
    ),
    ("{} imports of this caller run already", "{} Importe dieses Aufrufers laufen schon"),
    ("{} files wait already", "{} Dateien warten schon"),
    ("{} files of this caller wait already", "{} Dateien dieses Aufrufers warten schon"),
    ("{} callers wait already", "{} Aufrufer warten schon"),
    ("{}: failed by a fault of licd", "{}: durch einen Fehler von licd gescheitert"),
    ("its journal says more", "sein Journal sagt mehr"),
    (
        "{}: the import failed by a fault of licd",
        "{}: der Import ist durch einen Fehler von licd gescheitert",
    ),
    ("holds nothing to import", "enthält nichts, was sich importieren lässt"),
    ("licd is out of descriptors", "licd hat keine Deskriptoren mehr"),
    // licctl.
    ("standard output: cannot be written: {}", "Standardausgabe: ist nicht beschreibbar: {}"),
    ("password from standard input: {}", "Passwort von der Standardeingabe: {}"),
    ("the terminal: {}", "das Terminal: {}"),
    ("use a verb, such as status", "einen Befehl nehmen, etwa status"),
    ("an internal error has ended the work", "ein interner Fehler hat die Arbeit beendet"),
    ("look at the licences, and try again", "die Lizenzen ansehen und noch einmal versuchen"),
    ("the input has ended", "die Eingabe ist zu Ende"),
    ("nothing was sent", "nichts wurde gesendet"),
    ("{}: this licd does not know the feature", "{}: dieses licd kennt die Funktion nicht"),
    (
        "there is no unit ID: no network interface has a permanent address, and the system does \
         not run from a USB drive",
        "es gibt keine Unit-ID: Keine Netzwerkschnittstelle hat eine feste Adresse, und das System \
         läuft nicht von einem USB-Laufwerk",
    ),
    (
        "{}: the store has no licence of this pack for this device",
        "{}: die Lizenzpartition hat keine Lizenz dieses Packs für dieses Gerät",
    ),
    ("nothing is missing", "nichts fehlt"),
    ("{} calls {} wait already", "{} Aufrufe {!} warten schon"),
    ("of this user", "dieses Benutzers"),
    ("of others", "anderer"),
    ("its report cannot be read: {}", "der Bericht ist nicht lesbar: {}"),
];
