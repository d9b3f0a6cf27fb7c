//! What problems are about, where that is no file. A table of its own: these words may stand for what
//! varies in a message, where they are names.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    ("trust document", "Vertrauensdokument"),
    ("trust documents", "Vertrauensdokumente"),
    ("trust.note of the image", "trust.note des Image"),
    ("trust.note of the store", "trust.note der Lizenzpartition"),
    ("USB drive", "USB-Laufwerk"),
    ("USB drive of the system", "USB-Laufwerk des Systems"),
    ("operating system", "Betriebssystem"),
    ("network interfaces", "Netzwerkschnittstellen"),
    ("files", "Dateien"),
    ("mounts", "Einhängungen"),
    ("clock", "Uhr"),
    ("timers", "Zeitgeber"),
    ("settings", "Einstellungen"),
    ("restart", "Neustart"),
    ("download link {}", "Download-Link {}"),
];
