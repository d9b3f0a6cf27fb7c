//! Verdicts on licences and trust documents.

use super::Entry;

pub(super) const TABLE: &[Entry] = &[
    ("in force, without end", "in Kraft, unbefristet"),
    ("in force until {}", "in Kraft bis {}"),
    ("already in the store", "schon vorhanden"),
    ("not started by this device's clock", "nach der Uhr dieses Geräts noch nicht begonnen"),
    (
        "once stored it counts from {}, as its date of issue shows",
        "einmal gespeichert gilt sie ab {}, wie ihr Ausstellungsdatum zeigt",
    ),
    ("not started", "noch nicht begonnen"),
    ("counts from {}", "gilt ab {}"),
    ("ended on {}", "abgelaufen am {}"),
    (
        "everything still works in its grace period, renew it",
        "in der Nachfrist funktioniert noch alles, bitte verlängern",
    ),
    ("evaluation ended on {}", "Test abgelaufen am {}"),
    ("ask for a licence", "eine Lizenz anfordern"),
    ("maintenance ended on {}", "Wartung abgelaufen am {}"),
    (
        "what was bought stays, renew it for updates",
        "was gekauft wurde, bleibt, für Updates verlängern",
    ),
    ("subscription ended on {}", "Abonnement abgelaufen am {}"),
    ("renew it", "verlängern"),
    (
        "replaced by a later licence of this device",
        "durch eine spätere Lizenz dieses Geräts ersetzt",
    ),
    ("ask for the pack's newest", "die neueste des Packs anfordern"),
    ("serial {} of pack {} was withdrawn", "Ausgabe {} von Pack {} wurde zurückgezogen"),
    ("ask for the pack's newest licence", "die neueste Lizenz des Packs anfordern"),
    ("was removed on purpose", "wurde absichtlich entfernt"),
    (
        "to get it back, import it by hand or add a new link to the settings",
        "von Hand importieren oder einen neuen Link in die Einstellungen setzen, um sie \
         zurückzuholen",
    ),
    ("was removed by the removal profile “{}”", "wurde vom Entfernungsprofil „{}“ entfernt"),
    (
        "to get it back, set licensing.remove to “none”",
        "um sie zurückzuholen, licensing.remove auf „none“ setzen",
    ),
    ("{}, not this device ({})", "{!}, nicht dieses Gerät ({})"),
    ("this device has no unit ID", "dieses Gerät hat keine Unit-ID"),
    ("for other units", "für andere Units"),
    ("for unit {}", "für Unit {}"),
    ("for units {}", "für Units {}"),
    ("not changed since it was fetched", "seit dem letzten Abruf unverändert"),
    ("is not for this device ({})", "ist nicht für dieses Gerät ({})"),
    // Trust documents.
    ("trust document version {}, {}", "Vertrauensdokument Version {}, {!}"),
    ("the first one", "das erste"),
    ("newer than {}", "neuer als {}"),
    ("already in force", "schon in Kraft"),
    ("trust document version {}", "Vertrauensdokument Version {}"),
    ("version {} is in force", "in Kraft ist Version {}"),
    (
        "trust document version {} differs from the one in force with the same version",
        "Vertrauensdokument Version {} unterscheidet sich vom geltenden derselben Version",
    ),
    ("ask the vendor for a newer one", "beim Hersteller ein neueres anfordern"),
    ("{} pack {} serial {} from this device", "{!} Pack {} Ausgabe {}"),
    ("from {} it withdraws", "ab {} entzieht sie diesem Gerät"),
    ("it withdraws", "sie entzieht diesem Gerät"),
];
