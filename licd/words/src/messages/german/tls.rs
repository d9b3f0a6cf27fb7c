//! Certificates and TLS.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    ("the TLS handshake failed ({})", "die TLS-Verbindung kam nicht zustande ({})"),
    ("check that it offers TLS 1.2", "prüfen, ob der Server TLS 1.2 bietet"),
    ("it refused", "abgelehnt"),
    ("it does not know this host name", "er kennt diesen Rechnernamen nicht"),
    (
        "asks for a certificate of the client, which licd does not support",
        "verlangt ein Zertifikat des Clients, was licd nicht unterstützt",
    ),
    ("ask for an address without one", "eine Adresse ohne Zertifikat anfordern"),
    (
        "its key is too short (RSA below 2048 bits) or does not belong to its certificate",
        "der Schlüssel ist zu kurz (RSA unter 2048 Bit) oder gehört nicht zum Zertifikat",
    ),
    (
        "have another certificate issued, or set its key right",
        "ein anderes Zertifikat ausstellen lassen oder den Schlüssel berichtigen",
    ),
    ("no version or cipher in common", "keine gemeinsame Version oder Verschlüsselung"),
    ("it does not speak TLS on this port", "der Server spricht an diesem Port kein TLS"),
    ("its certificate cannot be checked: {}", "das Zertifikat lässt sich nicht prüfen: {!}"),
    ("[network] ca_file {} {}", "[network] ca_file {} {!}"),
    (
        "no certificate in [network] ca_file can be read",
        "kein Zertifikat in [network] ca_file ist lesbar",
    ),
    (
        "this system has no certificate authorities",
        "dieses System kennt keine Zertifizierungsstellen",
    ),
    (
        "install the package ca-certificates or set [network] ca_file",
        "das Paket ca-certificates installieren oder [network] ca_file setzen",
    ),
    ("shows no certificate", "zeigt kein Zertifikat"),
    ("check that it is the right server", "prüfen, ob es der richtige Server ist"),
    (
        "its certificate ended on {} and this device's clock says {}",
        "das Zertifikat ist am {} abgelaufen, die Uhr dieses Geräts zeigt {}",
    ),
    (
        "its certificate begins on {} and this device's clock says {}",
        "das Zertifikat gilt ab {}, die Uhr dieses Geräts zeigt {}",
    ),
    ("have it renewed, or set the clock", "es erneuern lassen oder die Uhr stellen"),
    ("set the clock", "die Uhr stellen"),
    ("have it renewed", "es erneuern lassen"),
    (
        "its certificate is not the one of [ums] certificate_sha256 ({})",
        "das Zertifikat ist nicht das von [ums] certificate_sha256 ({})",
    ),
    ("if it was renewed, change the setting", "wurde es erneuert, die Einstellung ändern"),
    ("has the SHA-256 {}", "es hat den SHA-256 {}"),
    (
        "its certificate names no host in subjectAltName, and a common name does not count",
        "das Zertifikat nennt keinen Rechner in subjectAltName, und ein Common Name zählt nicht",
    ),
    (
        "have one issued with subjectAltName, or set [ums] certificate_sha256 to take it as it is",
        "eines mit subjectAltName ausstellen lassen oder [ums] certificate_sha256 setzen, um es so \
         anzunehmen",
    ),
    ("its certificate is for another name", "das Zertifikat gilt für einen anderen Namen"),
    (
        "use the name that it is for ({} and others)",
        "einen Namen nehmen, für den es gilt ({} und andere)",
    ),
    ("use the name that it is for ({})", "einen Namen nehmen, für den es gilt ({})"),
    ("use the name that it is for", "einen Namen nehmen, für den es gilt"),
    (
        "this device does not know the authority of its certificate",
        "dieses Gerät kennt die Zertifizierungsstelle des Zertifikats nicht",
    ),
    (
        "add the authority to [network] ca_file, or set [ums] certificate_sha256",
        "die Zertifizierungsstelle in [network] ca_file aufnehmen oder [ums] certificate_sha256 \
         setzen",
    ),
    (
        "this device does not know the authority of its certificate: one of the same name has \
         another key",
        "dieses Gerät kennt die Zertifizierungsstelle des Zertifikats nicht: Eine gleichen Namens \
         hat einen anderen Schlüssel",
    ),
    (
        "add the new authority to [network] ca_file, or set [ums] certificate_sha256",
        "die neue Zertifizierungsstelle in [network] ca_file aufnehmen oder [ums] \
         certificate_sha256 setzen",
    ),
    ("its certificate has ended", "das Zertifikat ist abgelaufen"),
    ("its certificate has not begun", "das Zertifikat gilt noch nicht"),
    ("its certificate was revoked", "das Zertifikat wurde gesperrt"),
    (
        "have another issued, or set [ums] certificate_sha256 to take it as it is",
        "ein anderes ausstellen lassen oder [ums] certificate_sha256 setzen, um es so anzunehmen",
    ),
    (
        "its certificate is damaged or of a kind that is not accepted",
        "das Zertifikat ist beschädigt oder von einer Art, die nicht gilt",
    ),
    (
        "its certificate is signed by an algorithm that is not accepted, such as SHA-1",
        "das Zertifikat ist mit einem Verfahren unterzeichnet, das nicht gilt, etwa SHA-1",
    ),
    (
        "its certificate has an unknown critical extension",
        "das Zertifikat hat eine unbekannte kritische Erweiterung",
    ),
    ("its certificate is damaged", "das Zertifikat ist beschädigt"),
    (
        "have it installed again, or another issued",
        "es neu installieren oder ein anderes ausstellen lassen",
    ),
    (
        "its certificate is not made for a server, but for another purpose",
        "das Zertifikat ist nicht für einen Server, sondern für einen anderen Zweck",
    ),
    (
        "its certificate is an authority's own and not made for a server",
        "das Zertifikat ist das einer Zertifizierungsstelle und nicht für einen Server",
    ),
    (
        "its certificate was issued by one that is no authority's",
        "das Zertifikat wurde von keiner Zertifizierungsstelle ausgestellt",
    ),
    (
        "its certificate is of an old version (before X.509 v3)",
        "das Zertifikat hat eine alte Version (vor X.509 v3)",
    ),
    (
        "its authority may not issue such a certificate (name or length constraints)",
        "die Zertifizierungsstelle darf ein solches Zertifikat nicht ausstellen (Einschränkung von \
         Namen oder Länge)",
    ),
    (
        "the dates of the server's certificate do not fit the clock, which is not trusted",
        "die Gültigkeit des Serverzertifikats passt nicht zur Uhr, die nicht als richtig gilt",
    ),
    ("licd ignored them", "licd hat sie nicht beachtet"),
    // The file of authorities.
    ("does not exist", "existiert nicht"),
    (
        "name a file with the authorities in PEM",
        "eine Datei mit den Zertifizierungsstellen in PEM nennen",
    ),
    ("let the user licd-fetch read it", "der Benutzer licd-fetch muss sie lesen dürfen"),
    ("is a certificate in DER", "ist ein Zertifikat in DER"),
    (
        "convert it with openssl x509 -inform der -in FILE -out FILE.pem",
        "umwandeln mit openssl x509 -inform der -in DATEI -out DATEI.pem",
    ),
    ("is a text in UTF-16", "ist ein Text in UTF-16"),
    ("save it as ASCII or UTF-8", "als ASCII oder UTF-8 speichern"),
    (
        "holds certificates in OpenSSL's own form (BEGIN TRUSTED CERTIFICATE)",
        "enthält Zertifikate in der Form von OpenSSL (BEGIN TRUSTED CERTIFICATE)",
    ),
    (
        "convert each with openssl x509 -in FILE -out FILE.pem",
        "jedes umwandeln mit openssl x509 -in DATEI -out DATEI.pem",
    ),
    ("is a PKCS #7 collection", "ist eine Sammlung in PKCS #7"),
    (
        "convert it with openssl pkcs7 -print_certs -in FILE -out FILE.pem",
        "umwandeln mit openssl pkcs7 -print_certs -in DATEI -out DATEI.pem",
    ),
    (
        "convert it with openssl pkcs7 -inform der -print_certs -in FILE -out FILE.pem",
        "umwandeln mit openssl pkcs7 -inform der -print_certs -in DATEI -out DATEI.pem",
    ),
    ("holds a key and no certificate", "enthält einen Schlüssel und kein Zertifikat"),
    (
        "name the file with the authority's certificate",
        "die Datei mit dem Zertifikat der Zertifizierungsstelle nennen",
    ),
    ("holds a certificate that is damaged", "enthält ein beschädigtes Zertifikat"),
    ("copy it there again", "noch einmal dorthin kopieren"),
    (
        "holds no certificate in PEM (BEGIN CERTIFICATE)",
        "enthält kein Zertifikat in PEM (BEGIN CERTIFICATE)",
    ),
    ("[network] ca_file {}: {}", "[network] ca_file {}: {!}"),
];
