//! Reasons of FTP servers.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    ("refuses the data connection at port {} ({})", "lehnt die Datenverbindung an Port {} ab ({})"),
    ("check for a firewall", "Firewall prüfen"),
    ("asks for a user and password ({})", "verlangt Benutzer und Passwort ({})"),
    ("wants TLS ({})", "verlangt TLS ({})"),
    ("use an address with ftps://", "eine Adresse mit ftps:// nehmen"),
    ("does not offer FTP over TLS ({})", "bietet kein FTP über TLS ({})"),
    (
        "ask for an address with ftp:// or https://",
        "eine Adresse mit ftp:// oder https:// anfordern",
    ),
    (
        "if it is a server that begins with TLS, use an address with ftps:// and port 990",
        "falls der Server mit TLS beginnt, eine Adresse mit ftps:// und Port 990 nehmen",
    ),
    (
        "begins with TLS, which is done on port 990 only",
        "beginnt mit TLS, was nur an Port 990 üblich ist",
    ),
    (
        "use an address with ftps:// and that port",
        "eine Adresse mit ftps:// und diesem Port nehmen",
    ),
    ("the address names no file", "die Adresse nennt keine Datei"),
    ("correct its path", "den Pfad berichtigen"),
    (
        "user or password hold a character that FTP cannot send",
        "Benutzer oder Passwort enthalten ein Zeichen, das FTP nicht senden kann",
    ),
    ("has no room for another connection now ({})", "hat gerade keine Verbindung frei ({})"),
    (
        "asks for more than a user and password ({}), which licd does not support",
        "verlangt mehr als Benutzer und Passwort ({}), was licd nicht unterstützt",
    ),
    ("rejects this user ({})", "weist diesen Benutzer ab ({})"),
    ("check user and password", "Benutzer und Passwort prüfen"),
    ("does not give this file ({})", "gibt diese Datei nicht heraus ({})"),
    ("check the path", "den Pfad prüfen"),
    (
        "cannot open a connection for the file ({})",
        "kann keine Verbindung für die Datei öffnen ({})",
    ),
    ("cannot give this file now ({})", "kann diese Datei gerade nicht herausgeben ({})"),
    (
        "answered {} at the end of the file ({}), so it may not be whole",
        "antwortete {} am Ende der Datei ({}), sie ist vielleicht nicht vollständig",
    ),
    ("offers no connection for the file ({})", "bietet keine Verbindung für die Datei ({})"),
    ("does not protect the file by TLS ({})", "schützt die Datei nicht durch TLS ({})"),
    (
        "it may do active FTP only, which is not supported",
        "der Server kann vielleicht nur aktives FTP, das licd nicht unterstützt",
    ),
    ("ask for an address with https://", "eine Adresse mit https:// anfordern"),
    ("answered {} ({})", "antwortete {} ({})"),
];
