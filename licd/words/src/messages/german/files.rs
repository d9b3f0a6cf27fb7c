//! Files that are no licence, and files that cannot be read.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    (
        "get the file again from where it was issued",
        "die Datei noch einmal dort holen, wo sie ausgestellt wurde",
    ),
    ("check the address or file", "Adresse oder Datei prüfen"),
    ("unpack it and use the file *.lic in it", "auspacken und die Datei *.lic daraus nehmen"),
    ("ask for the file *.lic", "die Datei *.lic anfordern"),
    ("unpack it first", "zuerst auspacken"),
    ("is empty", "ist leer"),
    ("is {}, not a licence", "ist {!}, keine Lizenz"),
    ("a zip archive", "ein ZIP-Archiv"),
    ("a 7-Zip archive", "ein 7-Zip-Archiv"),
    ("a RAR archive", "ein RAR-Archiv"),
    ("a tar archive", "ein tar-Archiv"),
    ("a PDF document", "ein PDF-Dokument"),
    ("a text document (RTF)", "ein Textdokument (RTF)"),
    ("a Microsoft Office document or mail", "ein Dokument oder eine Mail von Microsoft Office"),
    ("a picture", "ein Bild"),
    ("a web page", "eine Webseite"),
    ("a web page that asks to sign in", "eine Webseite, die eine Anmeldung verlangt"),
    ("a program", "ein Programm"),
    ("a certificate or key (DER)", "ein Zertifikat oder Schlüssel (DER)"),
    ("a certificate (PEM)", "ein Zertifikat (PEM)"),
    ("a key or certificate (PEM)", "ein Schlüssel oder Zertifikat (PEM)"),
    ("a PGP message", "eine PGP-Nachricht"),
    ("a binary file", "eine Binärdatei"),
    ("JSON", "JSON"),
    ("XML", "XML"),
    ("save the file *.lic in it", "die Datei *.lic daraus speichern"),
    (
        "sign in to the network with a web browser, or check the address",
        "mit einem Webbrowser am Netzwerk anmelden oder die Adresse prüfen",
    ),
    (
        "is packed by gzip twice, or has a byte order mark before gzip",
        "ist zweimal mit gzip gepackt oder trägt vor gzip eine Byte-Reihenfolge-Marke",
    ),
    ("is packed by {}, which licd does not read", "ist mit {} gepackt, was licd nicht liest"),
    (
        "is UTF-16 text, as some editors save it",
        "ist UTF-16-Text, wie ihn manche Editoren speichern",
    ),
    (
        "get the file again from where it was issued, and do not open it in an editor",
        "die Datei noch einmal dort holen, wo sie ausgestellt wurde, und nicht im Editor öffnen",
    ),
    (
        "has text before the first line of the licence, such as blank lines or a mail header",
        "hat Text vor der ersten Zeile der Lizenz, etwa Leerzeilen oder einen Mailkopf",
    ),
    (
        "get the file again from where it was issued, and do not copy its text",
        "die Datei noch einmal dort holen, wo sie ausgestellt wurde, und ihren Text nicht kopieren",
    ),
    (
        "is a licence of another program (FlexNet, RLM or the like)",
        "ist eine Lizenz eines anderen Programms (FlexNet, RLM oder Ähnliches)",
    ),
    // Opening and reading.
    ("is larger than {} bytes", "ist größer als {} Byte"),
    (
        "is larger than {} bytes, the limit of a licence",
        "ist größer als {} Byte, die Grenze einer Lizenz",
    ),
    ("check the file", "die Datei prüfen"),
    ("has {} bytes, a licence at most {}", "hat {} Byte, eine Lizenz höchstens {}"),
    (
        "is damaged: it begins as gzip and cannot be unpacked",
        "ist beschädigt: beginnt wie gzip und lässt sich nicht auspacken",
    ),
    ("cannot be read: {}", "ist nicht lesbar: {}"),
    ("is open for writing only", "ist nur zum Schreiben geöffnet"),
    ("open it for reading", "zum Lesen öffnen"),
    ("is an address", "ist eine Adresse"),
    (
        "verify takes files, and “licctl import -n” checks what an address has",
        "verify nimmt Dateien, und „licctl import -n“ prüft, was unter einer Adresse liegt",
    ),
    ("cannot be opened: {}", "lässt sich nicht öffnen: {}"),
    ("cannot be written: {}", "ist nicht beschreibbar: {}"),
    ("is {}, not a file", "ist {!}, keine Datei"),
    ("a directory", "ein Verzeichnis"),
    ("a link", "ein symbolischer Link"),
    ("a pipe", "eine Pipe"),
    ("a socket", "ein Socket"),
    ("a device", "ein Gerät"),
    ("is not a regular file", "ist keine gewöhnliche Datei"),
    ("is a link to nothing", "ist ein symbolischer Link ins Leere"),
    ("remove it", "entfernen"),
    (
        "licd.service sees no home directories: use licctl import, which opens the file itself",
        "licd.service sieht keine Home-Verzeichnisse: licctl import verwenden, das die Datei \
         selbst öffnet",
    ),
];
