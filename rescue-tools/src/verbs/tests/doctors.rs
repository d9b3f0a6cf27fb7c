//! `licctl doctor`

use super::*;

#[test]
fn doctor_prints_one_line_for_each_check() {
    assert_eq!(
        doctor_in(Language::English, &licensed()),
        "\
ok  unit ID  00E0C51C5087
ok  clock    synchronised
ok  store    /license is there and read-only
ok  licence  the device is licensed

Nothing is wrong.
"
    );
}

#[test]
fn doctor_sorts_by_severity_and_ends_with_a_summary() {
    assert_eq!(
        doctor_in(Language::English, &broken()),
        r"WRONG  unit ID  none; connect a network interface with a permanent address, or a
                licence cannot be bound to this device
WRONG  clock    behind a time that has passed for certain; that time counts
                instead; let a time server set it
WRONG  licence  the device has no licence; import one: licctl import FILE, or
                licctl import usb
WRONG  file     01E7CDFDC2F6877E56C68D874C24AB6C.lic: wrong-device: for unit
                00E0C51C5088; this device has no unit ID
WRONG  file     damaged.lic: malformed: is empty; get the file again from where
                it was issued
WRONG  file     foreign.lic: wrong-device: for unit 00E0C51C5088; this device
                has no unit ID
WRONG  file     third.lic: wrong-device: for unit 00E0C51C5088; this device has
                no unit ID
WRONG  link     https://ums.example.com/none.lic: source-refused: has no such
                file; check the address (HTTP 404)
WRONG  system   /license/dsa/trust (1).note: is not read: its name must be
                trust.note; import it with
                “licctl import '/license/dsa/trust (1).note'”, then remove it
WRONG  system   /etc/licd/licd.toml: line 2, column 1: unknown key \u{1b}[31m\n
note   link     https://ums.example.com/foreign.lic: wrong-device: for unit
                00E0C51C5088; this device has no unit ID
ok     store    /license is there and read-only

10 things are wrong, 1 note.

To delete a file that does not count, as root:
  mount -o remount,rw /license
  rm /license/dsa/licenses/FILE
  mount -o remount,ro /license
"
    );
}

#[test]
fn doctor_speaks_german() {
    let mut device = warning();
    device["clock"]["state"] = "unsynchronized".into();
    device["problems"] = json!([{"subject": "/license", "message": "is full; remove files"}]);
    assert_eq!(
        doctor_in(Language::German, &device),
        "\
FEHLER   System     /license: is full; remove files
Hinweis  Uhr        zeigt 2026-11-29 04:38 UTC, nicht synchronisiert; bitte
                    prüfen
Hinweis  Lizenz     das Gerät ist lizenziert; die Lizenz endet bald, verlängern
ok       Unit-ID    00E0C51C5087
ok       Partition  /license ist vorhanden und schreibgeschützt

1 Fehler, 2 Hinweise.
"
    );
}

#[test]
fn a_request_that_licd_sends_again_is_a_note() {
    let mut device = licensed();
    let mut request = waiting_request();
    device["problems"] = json!([request]);
    let said = doctor_in(Language::English, &device);
    assert!(said.starts_with("note  system"), "{said}");
    assert!(said.ends_with("\nNothing is wrong, 1 note.\n"), "{said}");
    request["message"] = "is damaged and is not sent; activate again, or remove it".into();
    device["problems"] = json!([request]);
    assert!(doctor_in(Language::English, &device).starts_with("WRONG  system"));
}
