//! Problems of the device: its trust, its machine, its configuration, its partition, its restart.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    // Trust documents.
    ("is missing, so licd cannot verify licences", "fehlt, daher kann licd keine Lizenz prüfen"),
    ("import the vendor's newest one", "das neueste des Herstellers importieren"),
    (
        "is damaged or not signed by enough root keys of this image",
        "ist beschädigt oder nicht von genügend Root-Schlüsseln dieses Image unterzeichnet",
    ),
    (
        "the newer trust document of the image and /license replaces it",
        "das neuere Vertrauensdokument von Image und /license tritt an seine Stelle",
    ),
    ("is a licence", "ist eine Lizenz"),
    ("replace it with the trust document", "durch das Vertrauensdokument ersetzen"),
    (
        "two of version {} differ, and the first one counts",
        "zwei der Version {} unterscheiden sich, und das erste gilt",
    ),
    // The machine.
    (
        "has no serial number, so licences are bound to the network interface",
        "hat keine Seriennummer, daher gelten Lizenzen für die Netzwerkschnittstelle",
    ),
    (
        "has serial number “{}”, which cannot be a unit ID, so licences are bound to the network \
         interface",
        "hat die Seriennummer „{}“, die keine Unit-ID sein kann, daher gelten Lizenzen für die \
         Netzwerkschnittstelle",
    ),
    (
        "may hold the system (mounted at {}), but the root file system does not lead there, so \
         licences are bound to the network interface",
        "trägt vielleicht das System (eingehängt in {}), aber das Wurzeldateisystem führt nicht \
         dorthin, daher gelten Lizenzen für die Netzwerkschnittstelle",
    ),
    (
        "to bind them to the drive, link its partition's device file from \
         /run/systemd/volatile-root before licd starts",
        "damit sie für das Laufwerk gelten, vor dem Start von licd in /run/systemd/volatile-root \
         auf die Gerätedatei seiner Partition verweisen",
    ),
    (
        "OS {} predates these licences, which are judged as on OS 11",
        "OS {} ist älter als diese Lizenzen, die wie unter OS 11 beurteilt werden",
    ),
    (
        "are not watched, because the kernel has no inotify instance or watch left, so licd reads them now \
         and then",
        "werden nicht beobachtet, weil der Kernel keine inotify-Instanz oder -Überwachung mehr hat, daher \
         liest licd sie ab und zu",
    ),
    (
        "raise fs.inotify.max_user_instances and fs.inotify.max_user_watches",
        "fs.inotify.max_user_instances und fs.inotify.max_user_watches erhöhen",
    ),
    (
        "are not watched, because the kernel has no descriptor or memory left, so licd looks now and then \
         whether the licence partition has changed",
        "werden nicht beobachtet, weil der Kernel keinen Deskriptor oder Speicher mehr hat, daher sieht \
         licd ab und zu nach, ob sich die Lizenzpartition geändert hat",
    ),
    (
        "is not watched, because the kernel has no descriptor or memory left, so licd reads it now and then",
        "wird nicht beobachtet, weil der Kernel keinen Deskriptor oder Speicher mehr hat, daher liest \
         licd sie ab und zu",
    ),
    (
        "are not set, because the kernel has no descriptor or memory left, so licd looks now and then what \
         is due",
        "sind nicht gestellt, weil der Kernel keinen Deskriptor oder Speicher mehr hat, daher sieht licd ab \
         und zu nach, was fällig ist",
    ),
    (
        "are not watched, because the kernel has no descriptor or memory left, so licd lists them now and \
         then",
        "werden nicht beobachtet, weil der Kernel keinen Deskriptor oder Speicher mehr hat, daher listet \
         licd sie ab und zu auf",
    ),
    ("end programs that use them up", "Programme beenden, die sie aufbrauchen"),
    ("update it", "aktualisieren"),
    ("cannot be read ({})", "ist nicht lesbar ({})"),
    ("check that sysfs is mounted", "prüfen, ob sysfs eingehängt ist"),
    ("check that proc is mounted", "prüfen, ob proc eingehängt ist"),
    ("cannot be listed over rtnetlink ({})", "lassen sich über rtnetlink nicht auflisten ({})"),
    ("allow AF_NETLINK", "AF_NETLINK erlauben"),
    ("cannot be looked at now ({})", "ist gerade nicht lesbar ({})"),
    ("{} (and {} more)", "{} (und {} weitere)"),
    (
        "see the kernel's log for errors of its medium",
        "im Kernel-Protokoll nach Fehlern des Datenträgers sehen",
    ),
    ("its last known content counts", "es gilt, was zuletzt bekannt war"),
    // Files of licd that cannot be written.
    (
        "cannot be written ({}), so licd forgets at its next start what it records there",
        "ist nicht beschreibbar ({}), daher vergisst licd beim nächsten Start, was es darin festhält",
    ),
    (
        "cannot be written ({}), so the removed licences may come back from sticks and links",
        "ist nicht beschreibbar ({}), daher kommen die entfernten Lizenzen vielleicht über Sticks und \
         Links zurück",
    ),
    (
        "cannot be written ({}), so other programs see an old state",
        "ist nicht beschreibbar ({}), daher sehen andere Programme einen alten Stand",
    ),
    ("make room in its file system", "in seinem Dateisystem Platz schaffen"),
    ("make its file system writable", "sein Dateisystem beschreibbar machen"),
    (
        "check its directory, and the kernel's log for errors of its medium",
        "sein Verzeichnis prüfen, und im Kernel-Protokoll nach Fehlern des Datenträgers sehen",
    ),
    // Configuration, settings and state.
    (
        "the whole file is ignored until it is corrected",
        "bis zur Korrektur gilt die ganze Datei nicht",
    ),
    ("holds too many files", "enthält zu viele Dateien"),
    (
        "the first {} by name count, merge the others",
        "die dem Namen nach ersten {} gelten, die übrigen zusammenlegen",
    ),
    (
        "is not one verifier key (NAME+HASH+BASE64)",
        "ist nicht ein Prüfschlüssel (NAME+HASH+BASE64)",
    ),
    ("put one root key in each file", "in jede Datei einen Root-Schlüssel setzen"),
    ("{}: is not known, and is ignored", "{}: ist nicht bekannt und gilt nicht"),
    ("nothing was changed", "nichts wurde geändert"),
    ("line {}, column {}: {}", "Zeile {}, Spalte {}: {!}"),
    ("expected {}", "erwartet: {}"),
    ("its checksum is missing or wrong", "die Prüfsumme fehlt oder ist falsch"),
    ("has schema {}, which needs another licd", "hat Schema {}, das ein anderes licd braucht"),
    ("this one knows {}", "dieses kennt {}"),
    ("it is kept as {}, and {}", "aufbewahrt als {}, und {!}"),
    ("its copy counts", "es gilt die Kopie"),
    ("no restart of the device is pending", "kein Neustart des Geräts steht aus"),
    (
        "the files of the download links are fetched once more",
        "die Dateien der Download-Links werden noch einmal geholt",
    ),
    (
        "the device goes by what else it knows of the time",
        "das Gerät richtet sich nach dem, was es sonst von der Zeit weiß",
    ),
    (
        "a notice of expiry may be shown once more today",
        "ein Ablaufhinweis erscheint heute vielleicht noch einmal",
    ),
    ("the device starts without its memory", "das Gerät beginnt ohne seine Aufzeichnungen"),
    ("it could not be set aside ({}), and {}", "sie ließ sich nicht beiseitelegen ({}), und {!}"),
    ("may not be read by this user", "ist für diesen Benutzer nicht lesbar"),
    ("it is passed over", "sie wird übergangen"),
    ("correct it in UMS", "in der UMS berichtigen"),
    // The request of an activation.
    ("this request for a licence has no answer yet", "diese Lizenzanfrage hat noch keine Antwort"),
    (
        "licd asks again by itself, and “licctl request -o FILE” writes it for another machine",
        "licd fragt von selbst wieder, und „licctl request -o DATEI“ schreibt sie für einen \
         anderen Rechner",
    ),
    ("remove it, and activate again", "entfernen und noch einmal aktivieren"),
    ("activate again, or remove it", "noch einmal aktivieren oder entfernen"),
    ("is damaged and is not sent", "ist beschädigt und wird nicht gesendet"),
    ("is the request of another device ({})", "ist die Anfrage eines anderen Geräts ({})"),
    // The partition.
    ("is {}", "ist {!}"),
    (
        "close it with “mount -o remount,ro /license”",
        "mit „mount -o remount,ro /license“ schließen",
    ),
    ("end them", "diese beenden"),
    (
        "still writable, because it cannot be remounted: {}",
        "noch beschreibbar, weil sie sich nicht neu einhängen lässt: {}",
    ),
    (
        "still writable, opened by hand or by a process that cannot be seen",
        "noch beschreibbar, von Hand geöffnet oder von einem Prozess, der nicht zu sehen ist",
    ),
    (
        "still writable, because files of it are held by {}",
        "noch beschreibbar, weil Dateien offen sind in {}",
    ),
    ("process {}", "Prozess {}"),
    (
        "has less than {} KiB left, so licd stores nothing from sticks and links",
        "hat weniger als {} KiB frei, daher speichert licd nichts von Sticks und Links",
    ),
    ("remove licences that are no longer needed", "nicht mehr benötigte Lizenzen entfernen"),
    (
        "holds more than {} files, and the rest do not count",
        "enthält mehr als {} Dateien, die übrigen gelten nicht",
    ),
    ("remove those that are not for this device", "entfernen, was nicht für dieses Gerät ist"),
    (
        "holds {} more files that look like licences but are not read",
        "enthält {} weitere Dateien, die wie Lizenzen aussehen und nicht gelesen werden",
    ),
    ("list them with “find /license”", "„find /license“ listet sie auf"),
    ("is not read: its name must end in .lic", "wird nicht gelesen: Der Name muss auf .lic enden"),
    (
        "is not read: its name must be trust.note",
        "wird nicht gelesen: Der Name muss trust.note sein",
    ),
    (
        "is outside the directory that licd reads",
        "liegt außerhalb des Verzeichnisses, das licd liest",
    ),
    (
        "import it with “licctl import {}”, then remove it",
        "mit „licctl import {}“ importieren, dann entfernen",
    ),
    ("rename it and import it", "umbenennen und importieren"),
    // The restart after a deployment.
    ("blocked by {}", "aufgehalten von {}"),
    ("the device restarts when it has ended", "das Gerät startet neu, wenn das beendet ist"),
    ("refused by logind ({})", "von logind abgelehnt ({})"),
    ("licd tries again every minute", "licd versucht es jede Minute wieder"),
    ("logind does not answer ({})", "logind antwortet nicht ({})"),
    ("restart the device by hand", "das Gerät von Hand neu starten"),
    ("the connection to the bus is lost", "die Verbindung zum Bus ist verloren"),
    ("licd tries again", "licd versucht es wieder"),
    (
        "{}; without that record the device could restart again and again, so restart it by hand",
        "{}; ohne diese Aufzeichnung könnte das Gerät immer wieder neu starten, daher von Hand neu \
         starten",
    ),
    ("{} until it is corrected", "bis zur Korrektur {!}"),
    ("the last good settings stay in force", "gelten die letzten fehlerfreien Einstellungen"),
    ("the defaults are in force", "gelten die Vorgaben"),
    ("not UTF-8 text", "kein UTF-8-Text"),
    // Values of configuration and settings.
    (
        "1 to 8, the root keys that can sign one trust document",
        "1 bis 8, so viele Root-Schlüssel \
      können ein Vertrauensdokument unterzeichnen",
    ),
    ("a version such as {}", "eine Version wie {}"),
    ("a day such as {}, in quotes", "ein Tag wie {}, in Anführungszeichen"),
    ("a number of days, {}", "eine Zahl von Tagen, {!}"),
    ("a number of seconds, {}", "eine Zahl von Sekunden, {!}"),
    ("a number of hours, {}", "eine Zahl von Stunden, {!}"),
    ("0 to 65535", "0 bis 65535"),
    ("1 to 12", "1 bis 12"),
    ("1 to 86400", "1 bis 86400"),
    ("1 to 8760", "1 bis 8760"),
    ("the section [{}]", "der Abschnitt [{}]"),
    ("a section [[network.login]]", "ein Abschnitt [[network.login]]"),
    ("an absolute path of a file", "ein absoluter Pfad einer Datei"),
    ("a proxy such as {}", "ein Proxy wie {}"),
    ("an address such as {}", "eine Adresse wie {}"),
    (
        "the address or the path of the terms, on one line",
        "Adresse oder Pfad der Nutzungsbedingungen, in einer \
      Zeile",
    ),
    (
        "the 64 hex digits of a certificate's SHA-256",
        "die 64 Hexziffern des SHA-256 eines Zertifikats",
    ),
    ("more than {} sections [[network.login]]", "mehr als {} Abschnitte [[network.login]]"),
    ("the name of a server such as {}, without port", "der Name eines Servers wie {}, ohne Port"),
    ("a user name", "ein Benutzername"),
    ("password_file: is empty", "password_file: ist leer"),
    (
        "a download link in quotes, 1 to 2048 characters, no control characters",
        "ein Download-Link in Anführungszeichen, 1 bis 2048 Zeichen, keine Steuerzeichen",
    ),
    ("a list of at most {} download links", "eine Liste von höchstens {} Download-Links"),
    ("{} or what to remove, such as {} or {}", "{} oder was zu entfernen ist, wie {} oder {}"),
];
