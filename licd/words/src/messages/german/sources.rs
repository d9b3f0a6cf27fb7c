//! Sticks, addresses, proxies, passwords, and the download worker.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    // Sticks.
    ("no stick is plugged in", "es ist kein Stick eingesteckt"),
    ("plug one in and try again", "einstecken und noch einmal versuchen"),
    ("several sticks are plugged in", "es sind mehrere Sticks eingesteckt"),
    ("name one: {}", "zur Wahl stehen: {}"),
    (
        "holds no file *.lic in its top directory",
        "enthält im obersten Verzeichnis keine Datei *.lic",
    ),
    ("name the files in it", "die Dateien darin nennen"),
    ("copy the licences there", "die Lizenzen dorthin kopieren"),
    ("copy {} there", "{} dorthin kopieren"),
    (
        "rename {}: a licence ends in .lic, unpacked, and a trust document is named trust.note",
        "{} umbenennen: Eine Lizenz endet auf .lic und ist ausgepackt, ein Vertrauensdokument \
         heißt trust.note",
    ),
    (
        "has more than {} entries in its top directory, and the others were not looked at",
        "hat mehr als {} Einträge im obersten Verzeichnis, die übrigen wurden nicht gelesen",
    ),
    ("use an emptier stick", "einen leereren Stick nehmen"),
    (
        "cannot be read to the end of its top directory: {}",
        "ist im obersten Verzeichnis nicht bis zum Ende lesbar: {}",
    ),
    ("cannot be opened: only root may", "darf nur root öffnen"),
    ("is not plugged in", "ist nicht eingesteckt"),
    (
        "plug it in, or name another partition (lsblk lists them)",
        "einstecken oder eine andere Partition nennen (lsblk zeigt sie)",
    ),
    ("is no block device", "ist kein Blockgerät"),
    (
        "name a stick's partition, as in usb:/dev/sdb1",
        "die Partition eines Sticks nennen, etwa usb:/dev/sdb1",
    ),
    ("is a disk of several parts", "ist in mehrere Partitionen geteilt"),
    ("is formatted as {}", "ist mit {} formatiert"),
    ("use a stick with FAT, exFAT or ext4", "einen Stick mit FAT, exFAT oder ext4 nehmen"),
    (
        "is formatted as {}, and this kernel has no driver “{}” for it",
        "ist mit {} formatiert, und diesem Kernel fehlt der Treiber „{}“ dafür",
    ),
    (
        "use a stick with another of FAT, exFAT and ext4",
        "einen Stick mit einem anderen von FAT, exFAT und ext4 nehmen",
    ),
    (
        "is damaged: its {} file system cannot be read",
        "ist beschädigt: Das Dateisystem ({}) ist nicht lesbar",
    ),
    ("use another stick", "einen anderen Stick nehmen"),
    ("has no file system that can be read here", "hat kein hier lesbares Dateisystem"),
    (
        "has no file system that can be read here, and this kernel has no driver for {}",
        "hat kein hier lesbares Dateisystem, und diesem Kernel fehlt der Treiber für {}",
    ),
    ("load one", "einen laden"),
    ("use a stick with {}", "einen Stick mit {} nehmen"),
    ("was pulled before all was written", "wurde abgezogen, bevor alles geschrieben war"),
    (
        "plug it into the other computer again and eject it there",
        "noch einmal in den anderen Rechner stecken und dort auswerfen",
    ),
    ("is in use by another program", "wird von einem anderen Programm benutzt"),
    ("unmount it, or try again", "aushängen oder noch einmal versuchen"),
    (
        "is no stick, but a drive of this system",
        "ist kein Stick, sondern ein Laufwerk dieses Systems",
    ),
    ("none of the sticks was chosen", "kein Stick wurde gewählt"),
    ("nothing is imported", "nichts wird importiert"),
    (
        "must name the device by its path, such as usb:/dev/sdX1",
        "muss das Gerät mit seinem Pfad nennen, etwa usb:/dev/sdX1",
    ),
    ("its turn has not come within {} seconds", "kam innerhalb von {} Sekunden nicht an die Reihe"),
    // Addresses and proxies.
    ("url: {}", "Adresse: {!}"),
    ("url: the address {}", "Adresse: {!}"),
    ("the address {}", "die Adresse {!}"),
    ("the proxy {}", "der Proxy {!}"),
    ("proxy {}: {}", "Proxy {}: {!}"),
    ("proxy {} of {}: {}", "Proxy {} aus {}: {!}"),
    (
        "no_proxy: “{}” is no host, domain or network, and is ignored",
        "no_proxy: „{}“ ist weder Rechner noch Domain noch Netz und zählt nicht",
    ),
    (
        "write HOST, .DOMAIN or ADDRESS/BITS, with :PORT for that port alone",
        "RECHNER, .DOMAIN oder ADRESSE/BITS schreiben, mit :PORT nur für diesen Port",
    ),
    ("cannot be fetched", "lässt sich nicht abrufen"),
    (
        "addresses begin with https://, http://, ftps:// or ftp://",
        "Adressen beginnen mit https://, http://, ftps:// oder ftp://",
    ),
    ("names no host", "nennt keinen Rechner"),
    ("correct it to https://HOST/PATH", "zu https://RECHNER/PFAD berichtigen"),
    ("names an invalid host", "nennt einen ungültigen Rechner"),
    ("correct it", "berichtigen"),
    ("has an invalid port", "hat einen ungültigen Port"),
    ("correct it, ports are 1 to 65535", "berichtigen, Ports sind 1 bis 65535"),
    ("has {} in its user or password", "hat {!} in Benutzer oder Passwort"),
    ("write {} as {}", "{!} als {} schreiben"),
    ("a blank", "ein Leerzeichen"),
    (
        "is not of the form http://[USER:PASSWORD@]HOST:PORT",
        "hat nicht die Form http://[BENUTZER:PASSWORT@]RECHNER:PORT",
    ),
    ("takes no proxy", "nimmt keinen Proxy"),
    ("only HTTP does", "das kann nur HTTP"),
    ("takes no user and no proxy", "nimmt weder Benutzer noch Proxy"),
    ("only servers do", "das können nur Server"),
    ("is no absolute path", "ist kein absoluter Pfad"),
    // The licensing service.
    ("activation: {}", "Aktivierung: {!}"),
    ("this device has no licensing service", "dieses Gerät hat keinen Lizenzierungsdienst"),
    (
        "name its address, or set [activation] url",
        "eine Adresse angeben oder [activation] url setzen",
    ),
    ("{}: the address holds a user", "{}: die Adresse enthält einen Benutzer"),
    ("leave it out and set [[network.login]]", "ihn weglassen und [[network.login]] setzen"),
    (
        "{}: gets a person's data, so the address begins with https://",
        "{}: bekommt persönliche Daten, daher beginnt die Adresse mit https://",
    ),
    (
        "the terms of the licensing service are not accepted, so nothing was sent or written",
        "die Nutzungsbedingungen des Lizenzierungsdienstes sind nicht angenommen, daher wurde nichts \
         gesendet oder geschrieben",
    ),
    ("accept them", "annehmen"),
    (
        "the request stays in /license/fetch-activation.json, and licd asks again",
        "die Anfrage bleibt in /license/fetch-activation.json, und licd fragt wieder",
    ),
    (
        "the request is gone: it was cancelled or answered",
        "die Anfrage ist weg: Sie wurde zurückgezogen oder beantwortet",
    ),
    ("activate again if there is no licence", "noch einmal aktivieren, wenn keine Lizenz da ist"),
    (
        "the request in /license/fetch-activation.json is damaged",
        "die Anfrage in /license/fetch-activation.json ist beschädigt",
    ),
    ("activate again", "noch einmal aktivieren"),
    (
        "unit ID: this device has none, so a licence cannot be bound to it",
        "Unit-ID: dieses Gerät hat keine, daher lässt sich keine Lizenz daran binden",
    ),
    ("licctl doctor gives the reason", "licctl doctor nennt den Grund"),
    // Passwords.
    ("password file {}: {}", "Passwortdatei {}: {!}"),
    ("write the password in its first line", "das Passwort in die erste Zeile schreiben"),
    ("create it", "anlegen"),
    // The worker.
    ("was cancelled", "wurde abgebrochen"),
    ("the import was cancelled", "der Import wurde abgebrochen"),
    ("not all of it has come within {} seconds", "innerhalb von {} Sekunden kam nicht alles"),
    ("{}: cannot be started ({})", "{}: lässt sich nicht starten ({})"),
    ("check that it is installed", "prüfen, ob es installiert ist"),
    ("the download worker ended unexpectedly", "das Programm zum Abrufen wurde unerwartet beendet"),
    ("cannot be kept in memory ({})", "passt nicht in den Speicher ({})"),
    ("shorten it", "kürzen"),
    (
        "holds a line break or another control character",
        "enthält einen Zeilenumbruch oder ein anderes Steuerzeichen",
    ),
    ("leave it out", "weglassen"),
    (
        "email: is no mail address such as ada@example.com",
        "email: ist keine E-Mail-Adresse wie ada@example.com",
    ),
    ("the download worker sent {}", "das Programm zum Abrufen hat Unerwartetes gesendet ({})"),
    ("{} failed here: {}", "hier gescheitert ({}): {}"),
];
