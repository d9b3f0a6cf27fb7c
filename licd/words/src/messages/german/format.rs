//! Reasons of the format. What is between the quotation marks and in the last part are terms of it.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    (
        "is not the first line of a licence or trust document",
        "ist nicht die erste Zeile einer Lizenz oder eines Vertrauensdokuments",
    ),
    ("the file ends too early", "die Datei endet zu früh"),
    (
        "has a character other than printable ASCII",
        "enthält ein anderes Zeichen als druckbares ASCII",
    ),
    ("is not a key, one space and a value", "ist nicht Schlüssel, ein Leerzeichen und Wert"),
    ("is longer than {} bytes", "ist länger als {} Byte"),
    ("the text has more than {} lines", "der Text hat mehr als {} Zeilen"),
    ("the text is longer than {} bytes", "der Text ist länger als {} Byte"),
    ("is missing here", "fehlt hier"),
    ("is repeated or out of order", "steht doppelt oder an falscher Stelle"),
    ("stands on more than {} lines", "steht auf mehr als {} Zeilen"),
    ("is not {}", "ist nicht {!}"),
    ("is not in strictly ascending order", "ist nicht streng aufsteigend geordnet"),
    ("lies before “starts”", "liegt vor „starts“"),
    ("lies before the day of “issued”", "liegt vor dem Tag von „issued“"),
    ("is not allowed for an evaluation", "ist bei einer Testlizenz nicht erlaubt"),
    ("names a key for the second time", "nennt einen Schlüssel zum zweiten Mal"),
    ("no signature follows the text", "auf den Text folgt keine Signatur"),
    ("is not a signature line", "ist keine Signaturzeile"),
    ("nothing may follow the signatures", "auf die Signaturen darf nichts folgen"),
    ("the list of units or the proof is missing", "die Liste der Units oder der Nachweis fehlt"),
    ("the list has {} units where {} are stated", "die Liste hat {} Units, angegeben sind {}"),
    (
        "does not lead to the tree hash that was signed",
        "führt nicht zum unterzeichneten Hash des Baums",
    ),
    (
        "the signature of {} does not fit: the file was changed after it was signed",
        "die Signatur von {} passt nicht: Die Datei wurde nach dem Unterzeichnen geändert",
    ),
    (
        "signed by {}, a key that this device does not know",
        "unterzeichnet von {}, einem Schlüssel, den dieses Gerät nicht kennt",
    ),
    (
        "signed by {} of the root keys of this device, {} are needed",
        "von {} der Root-Schlüssel dieses Geräts unterzeichnet, nötig sind {}",
    ),
    (
        "the key {} may not sign licences of product {}",
        "der Schlüssel {} darf Lizenzen für Produkt {} nicht unterzeichnen",
    ),
    ("line {}: “{}” does not go with product {}", "Zeile {}: „{}“ passt nicht zu Produkt {}"),
    ("line {}: “{}” is not known here", "Zeile {}: „{}“ ist hier nicht bekannt"),
    ("it needs a newer licd", "ein neueres licd ist nötig"),
    ("a pack ID like WE-7Q2KD", "eine Pack-ID wie WE-7Q2KD"),
    ("the ID of another pack", "die ID eines anderen Packs"),
    ("a number from {} to {}", "eine Zahl von {} bis {}"),
    ("a product code", "ein Produktkürzel"),
    ("an order number", "eine Auftragsnummer"),
    ("a service name", "ein Dienstname"),
    ("perpetual, subscription or evaluation", "perpetual, subscription oder evaluation"),
    ("maintenance, subscription or add-on", "maintenance, subscription oder add-on"),
    ("a time like {}", "eine Zeit wie {}"),
    ("a day like {}, or never", "ein Tag wie {} oder never"),
    ("a day like {}", "ein Tag wie {}"),
    ("a unit like mac:00E0C51C5087", "eine Unit wie mac:00E0C51C5087"),
    ("a count and a base64 tree hash", "eine Anzahl und ein Baum-Hash in Base64"),
    ("a place in the list of units", "ein Platz in der Liste der Units"),
    ("a base64 hash", "ein Hash in Base64"),
    ("a verifier key and products", "ein Prüfschlüssel und Produkte"),
    ("a pack and a serial", "ein Pack und eine Ausgabe"),
    // Cures.
    ("update the system first", "zuerst das System aktualisieren"),
    (
        "import the vendor's newest trust document first",
        "zuerst das neueste Vertrauensdokument des Herstellers importieren",
    ),
    (
        "if that is in force already, ask the vendor for a licence signed anew, and delete this file",
        "wenn es schon gilt, beim Hersteller eine neu unterzeichnete Lizenz anfordern und diese \
         Datei löschen",
    ),
    ("ask the vendor for a corrected one", "beim Hersteller eine berichtigte anfordern"),
    (
        "ask the vendor for one signed by more of them",
        "beim Hersteller eines anfordern, das mehr von ihnen unterzeichnet haben",
    ),
    (
        "ask the vendor for one signed by this image's root keys",
        "beim Hersteller eines anfordern, das die Root-Schlüssel dieses Image unterzeichnet haben",
    ),
    // Of configuration and settings: the parser's reason may be any.
    ("line {}: {}: {}", "Zeile {}: {}: {}"),
    ("line {}: {}", "Zeile {}: {}"),
    ("line {}, column {}: {}", "Zeile {}, Spalte {}: {}"),
];
