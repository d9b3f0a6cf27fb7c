//! Reasons of servers, first of all those of HTTP.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    ("{} (tried {} times)", "{!} ({}-mal versucht)"),
    ("{} (HTTP {})", "{!} (HTTP {})"),
    // Cures.
    ("try again later", "später noch einmal versuchen"),
    ("try again", "noch einmal versuchen"),
    ("check the address", "Adresse prüfen"),
    ("ask for a new link", "einen neuen Link anfordern"),
    ("ask the server's administrator", "die Administration des Servers fragen"),
    ("ask the proxy's administrator", "die Administration des Proxys fragen"),
    ("ask their administrators", "deren Administration fragen"),
    (
        "check [network] proxy, http_proxy and https_proxy",
        "[network] proxy, http_proxy und https_proxy prüfen",
    ),
    (
        "try again, or raise [network] total_timeout_seconds",
        "noch einmal versuchen oder [network] total_timeout_seconds erhöhen",
    ),
    (
        "correct what it names, and activate again",
        "Genanntes berichtigen und noch einmal aktivieren",
    ),
    (
        "sign in there with a web browser, then try again",
        "dort mit einem Webbrowser anmelden, dann noch einmal versuchen",
    ),
    (
        "{} redirects to {}: ask for a new link if that is wrong",
        "{} leitet um nach {}: Wenn das falsch ist, einen neuen Link anfordern",
    ),
    ("it asks to come back in {}", "der Server bittet um eine Pause von {!}"),
    ("{} seconds", "{} Sekunden"),
    ("1 second", "1 Sekunde"),
    ("{} milliseconds", "{} Millisekunden"),
    // Answers.
    ("refuses the request", "lehnt die Anfrage ab"),
    ("refuses the request: “{}”", "lehnt die Anfrage ab: „{}“"),
    (
        "redirects the request to {}, which does not get it",
        "leitet die Anfrage um nach {}, das sie nicht bekommt",
    ),
    ("correct the address", "Adresse berichtigen"),
    (
        "does not connect to the server (HTTP {}, {})",
        "verbindet nicht mit dem Server (HTTP {}, {})",
    ),
    ("does not connect to the server", "verbindet nicht mit dem Server"),
    (
        "the server, or proxy {} before it, does not give this file to this device or user",
        "der Server oder der Proxy {} davor gibt diesem Gerät oder Benutzer diese Datei nicht",
    ),
    (
        "sends the file packed as {} although it was not asked to",
        "sendet die Datei ungefragt gepackt ({})",
    ),
    ("have it send the file unpacked", "sie ungepackt senden lassen"),
    ("redirects more than {} times", "leitet mehr als {}-mal um"),
    ("redirects without an address", "leitet um, ohne eine Adresse zu nennen"),
    ("redirects to “{}”, which {}", "leitet um nach „{}“: {!}"),
    (
        "redirects from https to {}, which is not followed",
        "leitet von https um nach {}, dem licd nicht folgt",
    ),
    ("redirects to {}, which is no web server", "leitet um nach {}, das kein Webserver ist"),
    (
        "does not give this file to this device or user",
        "gibt diesem Gerät oder Benutzer diese Datei nicht",
    ),
    ("has no such file", "hat diese Datei nicht"),
    ("no longer has this file", "hat diese Datei nicht mehr"),
    (
        "has accepted the request and not answered it yet",
        "hat die Anfrage angenommen und noch nicht beantwortet",
    ),
    ("limits requests", "begrenzt die Zahl der Anfragen"),
    (
        "is not reached: the network requires a sign-in",
        "ist nicht erreichbar: Das Netzwerk verlangt eine Anmeldung",
    ),
    ("cannot answer now", "kann gerade nicht antworten"),
    ("does not give the file", "gibt die Datei nicht heraus"),
    (
        "answers “not modified” to an unconditional request",
        "antwortet „nicht geändert“ auf eine Anfrage ohne Bedingung",
    ),
    ("check the server", "den Server prüfen"),
    // Logins.
    ("asks for a user and password", "verlangt Benutzer und Passwort"),
    ("give them", "bitte angeben"),
    ("does not accept this user and password", "nimmt Benutzer und Passwort nicht an"),
    ("check them", "bitte prüfen"),
    (
        "asks for a user and password, which only the server of the address gets",
        "verlangt Benutzer und Passwort, die nur der Server der Adresse bekommt",
    ),
    (
        "ask for an address without a login, or have Basic allowed there",
        "eine Adresse ohne Anmeldung anfordern oder dort Basic erlauben lassen",
    ),
    (
        "have Basic allowed there, or this device let through without a login",
        "dort Basic erlauben oder dieses Gerät ohne Anmeldung durchlassen lassen",
    ),
    ("does not accept its user and password", "nimmt Benutzer und Passwort nicht an"),
    (
        "check them in [network] proxy, or wherever the proxy is set",
        "in [network] proxy prüfen, oder wo der Proxy sonst eingestellt ist",
    ),
    ("set them in [network] proxy", "in [network] proxy einstellen"),
    // Connections.
    ("no connection within {}", "keine Verbindung innerhalb von {!}"),
    ("check that it is reachable", "prüfen, ob der Server erreichbar ist"),
    ("no connection ({})", "keine Verbindung ({})"),
    ("broke off the connection ({})", "hat die Verbindung abgebrochen ({})"),
    ("connected, but sent nothing for {}", "verbunden, sendet aber seit {!} nichts"),
    ("did not send everything within {}", "hat innerhalb von {!} nicht alles gesendet"),
    ("broke off after {} of {} bytes", "brach nach {} von {} Byte ab"),
    ("does not answer as {} servers do", "antwortet nicht wie ein {}-Server"),
    ("check the address and port", "Adresse und Port prüfen"),
    ("sends more than {} bytes", "sendet mehr als {} Byte"),
    ("no licence is that large, check the address", "so groß ist keine Lizenz, Adresse prüfen"),
    (
        "sends a corrupt or truncated gzip file",
        "sendet eine beschädigte oder unvollständige gzip-Datei",
    ),
    ("have the file uploaded again", "die Datei noch einmal hochladen lassen"),
    ("refuses the connection", "lehnt die Verbindung ab"),
    ("check the server and its port", "Server und Port prüfen"),
    ("is unreachable", "ist nicht erreichbar"),
    (
        "its address is valid on one link only, and names no interface",
        "seine Adresse gilt nur auf einer Leitung und nennt keine Schnittstelle",
    ),
    ("use another address of it", "eine andere Adresse von ihm nehmen"),
    ("use an address with https://", "eine Adresse mit https:// nehmen"),
    ("check this device's network", "das Netzwerk dieses Geräts prüfen"),
    ("closed too early", "zu früh geschlossen"),
    // Names.
    ("there is no host of this name", "es gibt keinen Rechner dieses Namens"),
    (
        "its name cannot be looked up: this device has no name server",
        "der Name lässt sich nicht auflösen: Dieses Gerät hat keinen DNS-Server",
    ),
    (
        "connect it to a network that gives one, or set one in /etc/resolv.conf",
        "mit einem Netzwerk verbinden, das einen nennt, oder in /etc/resolv.conf eintragen",
    ),
    (
        "its name cannot be looked up now: {} failed or cannot be reached",
        "der Name lässt sich gerade nicht auflösen: {!} versagt oder ist nicht erreichbar",
    ),
    (
        "its name cannot be looked up: {} did not answer within {}",
        "der Name lässt sich nicht auflösen: {!} hat innerhalb von {!} nicht geantwortet",
    ),
    ("its name cannot be looked up ({})", "der Name lässt sich nicht auflösen ({})"),
    ("name server {}", "DNS-Server {}"),
    ("name servers {}", "DNS-Server {}"),
    ("check this device's network and DNS", "Netzwerk und DNS dieses Geräts prüfen"),
    ("asks for a user and {}", "verlangt einen Benutzer und {!}"),
    ("offers only {}, which licd does not support", "bietet nur {}, was licd nicht unterstützt"),
];
