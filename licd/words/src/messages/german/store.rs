//! Why the store cannot be read or written.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    ("the partition is full", "die Partition ist voll"),
    ("what was there is untouched", "was da war, ist unberührt"),
    ("remove what is no longer needed", "nicht mehr Benötigtes entfernen"),
    (
        "is in place, but could not be flushed ({}), so a power cut may undo it",
        "liegt am Platz, ließ sich aber nicht sicher schreiben ({}), sodass ein Stromausfall sie \
         löschen kann",
    ),
    (
        "import it again once the medium is in order",
        "noch einmal importieren, wenn der Datenträger in Ordnung ist",
    ),
    ("being written by {}", "wird gerade beschrieben von {!}"),
    ("another process", "einem anderen Prozess"),
    ("try again when it has finished", "noch einmal versuchen, wenn das beendet ist"),
    ("may not be written by this user", "darf nur root beschreiben"),
    ("run it as root", "als root ausführen"),
    ("there is no licence partition", "es gibt keine Lizenzpartition"),
    ("check that it is mounted", "prüfen, ob sie eingehängt ist"),
    ("its device is read-only", "der Datenträger ist schreibgeschützt"),
    (
        "check its write protection, and the kernel's log for errors",
        "Schreibschutz und Kernel-Protokoll prüfen",
    ),
    (
        "is immutable or append-only, or its directory is",
        "ist unveränderlich oder nur verlängerbar, oder das Verzeichnis ist es",
    ),
    ("make it changeable with “chattr -i -a”", "mit „chattr -i -a“ änderbar machen"),
    ("the file system is damaged", "das Dateisystem ist beschädigt"),
    ("check it with fsck", "mit fsck prüfen"),
    ("the medium fails", "der Datenträger versagt"),
    ("see the kernel's log", "siehe Kernel-Protokoll"),
    ("the file system is read-only", "das Dateisystem ist schreibgeschützt"),
    ("see the kernel's log for errors", "im Kernel-Protokoll nach Fehlern sehen"),
    ("licences removed before that: {}", "davor entfernte Lizenzen: {}"),
    ("the removed licences may come back", "die entfernten Lizenzen kommen vielleicht zurück"),
    (
        "a download link may bring the licences back",
        "ein Download-Link bringt die Lizenzen vielleicht zurück",
    ),
    (
        "the next change checks the removal again",
        "die nächste Änderung prüft die Entfernung noch einmal",
    ),
    ("the next change closes it", "die nächste Änderung schließt sie"),
    ("the next poll fetches the whole file again", "beim nächsten Mal kommt die ganze Datei"),
];
