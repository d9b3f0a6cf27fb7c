//! The German table.

use super::Entry;

/// The templates, verdicts first, then problems and sources. Earlier ones win.
pub(super) const TABLE: &[Entry] = &[
    // Verdicts on licences of this device, and on those of others.
    ("in force, without end", "in Kraft, unbefristet"),
    ("in force until {}", "in Kraft bis {}"),
    ("already in the store", "schon vorhanden"),
    (
        "not started by this device's clock; once stored it counts from {}, as its date of issue shows",
        "nach der Uhr dieses Geräts noch nicht begonnen; einmal gespeichert gilt sie ab {}, wie ihr \
         Ausstellungsdatum zeigt",
    ),
    ("not started; counts from {}", "noch nicht begonnen; gilt ab {}"),
    (
        "ended on {}; everything still works in its grace period, renew it",
        "abgelaufen am {}; in der Nachfrist geht noch alles, verlängern",
    ),
    ("evaluation ended on {}; ask for a licence", "Test abgelaufen am {}; eine Lizenz anfordern"),
    (
        "maintenance ended on {}; what was bought stays, renew it for updates",
        "Wartung abgelaufen am {}; was gekauft wurde, bleibt, für Updates verlängern",
    ),
    ("subscription ended on {}; renew it", "Abonnement abgelaufen am {}; verlängern"),
    (
        "replaced by a later licence of this device; ask for the pack's newest",
        "durch eine spätere Lizenz dieses Geräts ersetzt; die neueste des Packs anfordern",
    ),
    (
        "serial {} of pack {} was withdrawn; ask for the pack's newest licence",
        "Serie {} von Pack {} wurde zurückgezogen; die neueste Lizenz des Packs anfordern",
    ),
    (
        "was removed on purpose; to get it back, import it by hand or add a new link to the settings",
        "wurde absichtlich entfernt; von Hand importieren oder einen neuen Link in die Einstellungen \
         setzen, um sie zurückzuholen",
    ),
    ("{}, not this device ({})", "{}, nicht dieses Gerät ({})"),
    ("{}; this device has no unit ID", "{}; dieses Gerät hat keine Unit-ID"),
    ("for other units", "für andere Units"),
    ("for unit {}", "für Unit {}"),
    ("for units {}", "für Units {}"),
    // Files that are no licence.
    (
        "is empty; get the file again from where it was issued",
        "ist leer; die Datei noch einmal dort holen, wo sie ausgestellt wurde",
    ),
    (
        "is a zip archive, not a licence; unpack it and use the file *.lic in it",
        "ist ein ZIP-Archiv, keine Lizenz; auspacken und die Datei *.lic daraus nehmen",
    ),
    (
        "is a PDF document, not a licence; ask for the file *.lic",
        "ist ein PDF-Dokument, keine Lizenz; die Datei *.lic anfordern",
    ),
    (
        "is a picture, not a licence; check the address or file",
        "ist ein Bild, keine Lizenz; Adresse oder Datei prüfen",
    ),
    (
        "is a web page, not a licence; check the address or file",
        "ist eine Webseite, keine Lizenz; Adresse oder Datei prüfen",
    ),
    (
        "is a binary file, not a licence; check the address or file",
        "ist eine Binärdatei, keine Lizenz; Adresse oder Datei prüfen",
    ),
    (
        "is JSON, not a licence; check the address or file",
        "ist JSON, keine Lizenz; Adresse oder Datei prüfen",
    ),
    (
        "get the file again from where it was issued",
        "die Datei noch einmal dort holen, wo sie ausgestellt wurde",
    ),
    (
        "is not the first line of a licence or trust document",
        "ist nicht die erste Zeile einer Lizenz",
    ),
    ("the file ends too early", "die Datei endet zu früh"),
    ("no signature follows the text", "auf den Text folgt keine Signatur"),
    ("is not a signature line", "ist keine Signaturzeile"),
    (
        "the signature of {} does not fit: the file was changed after it was signed",
        "die Signatur von {} passt nicht: Die Datei wurde nach dem Unterzeichnen geändert",
    ),
    (
        "signed by {}, a key that this device does not know",
        "unterzeichnet von {}, einem Schlüssel, den dieses Gerät nicht kennt",
    ),
    (
        "the key {} may not sign licences of product {}",
        "der Schlüssel {} darf Lizenzen für Produkt {} nicht unterzeichnen",
    ),
    ("line {}: “{}” is not known here", "Zeile {}: „{}“ ist hier nicht bekannt"),
    ("it needs a newer licd", "ein neueres licd ist nötig"),
    // After the rest about lines, since the reason may be any.
    ("line {}: {}: {}", "Zeile {}: {}: {}"),
    ("line {}: {}", "Zeile {}: {}"),
    // Problems.
    (
        "is missing, so licd cannot verify licences; import the vendor's newest one",
        "fehlt, daher kann licd keine Lizenz prüfen; das neueste des Herstellers importieren",
    ),
    (
        "has no serial number, so licences are bound to the network interface",
        "hat keine Seriennummer, daher gelten Lizenzen für die Netzwerkschnittstelle",
    ),
    (
        "OS {} predates these licences, which are judged as on OS 11; update it",
        "OS {} ist älter als diese Lizenzen, die wie unter OS 11 beurteilt werden; aktualisieren",
    ),
    (
        "this request for a licence has no answer yet; licd asks again by itself, and “licctl request \
         -o FILE” writes it for another machine",
        "diese Anfrage nach einer Lizenz hat noch keine Antwort; licd fragt von selbst wieder, und \
         „licctl request -o DATEI“ schreibt sie für einen anderen Rechner",
    ),
    (
        "is not a regular file; remove it, and activate again",
        "ist keine gewöhnliche Datei; entfernen und noch einmal aktivieren",
    ),
    (
        "is damaged and is not sent; activate again, or remove it",
        "ist beschädigt und wird nicht gesendet; noch einmal aktivieren oder entfernen",
    ),
    (
        "is the request of another device ({}); activate again, or remove it",
        "ist die Anfrage eines anderen Geräts ({}); noch einmal aktivieren oder entfernen",
    ),
    ("is not a regular file; remove it", "ist keine gewöhnliche Datei; entfernen"),
    ("is not read: its name must end in .lic", "wird nicht gelesen: Der Name muss auf .lic enden"),
    (
        "is outside the directory that licd reads",
        "liegt außerhalb des Verzeichnisses, das licd liest",
    ),
    (
        "import it with “licctl import {}”, then remove it",
        "mit „licctl import {}“ importieren, dann entfernen",
    ),
    ("rename it and import it", "umbenennen und importieren"),
    (
        "blocked by {}; the device restarts when it has ended",
        "aufgehalten von {}; das Gerät startet neu, wenn das beendet ist",
    ),
    (
        "the connection to the bus is lost; licd tries again",
        "die Verbindung zum Bus ist verloren; licd versucht es wieder",
    ),
    // Sources.
    (
        "no stick is plugged in; plug one in and try again",
        "kein Stick steckt; einstecken und noch einmal versuchen",
    ),
    ("cannot be read: {}", "ist nicht lesbar: {}"),
    ("cannot be opened: {}", "lässt sich nicht öffnen: {}"),
    ("is larger than {} bytes", "ist größer als {} Byte"),
    ("was cancelled", "wurde abgebrochen"),
    (
        "no connection within {}; check that it is reachable",
        "keine Verbindung innerhalb von {}; prüfen, ob er erreichbar ist",
    ),
    ("sends more than {} bytes", "sendet mehr als {} Byte"),
    ("there is no host of this name", "es gibt keinen Rechner dieses Namens"),
    (
        "refuses the connection; check the server and its port",
        "lehnt die Verbindung ab; Server und Port prüfen",
    ),
    (
        "is unreachable; check this device's network",
        "ist nicht erreichbar; das Netzwerk dieses Geräts prüfen",
    ),
    (
        "the request stays in /license/fetch-activation.json, and licd asks again",
        "die Anfrage bleibt in /license/fetch-activation.json, und licd fragt wieder",
    ),
    // The store.
    (
        "there is no licence partition; check that it is mounted",
        "es gibt keine Lizenzpartition; prüfen, ob sie eingehängt ist",
    ),
];
