//! `licctl status`

use super::*;

#[test]
fn a_licensed_device_shows_its_last_day_and_needs_no_action() {
    assert_eq!(
        status_of(&licensed()),
        "\
Workspace Edition           LICENSED    until 2027-11-21, 357 days left
  SUB_SERVICE_SET_WORKSPACE_EDITION, pack WE-7Q2KD
Enterprise Management Pack  UNLICENSED  no licence, and none needed
  SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK

Unit ID:        00E0C51C5087 (MAC address)
Serial number:  14D3F8B00B
System:         IGEL OS 12, version 12.4.0, released 2026-01-15
Clock:          2026-11-29 04:38 UTC, synchronised
Store:          /license is there and read-only; 1 licence for this device

Next:           nothing to do
"
    );
}

#[test]
fn status_asks_to_renew_a_licence_by_its_last_day() {
    assert_eq!(
        status_of(&warning()),
        "\
Workspace Edition           LICENSED    ends soon: until 2026-12-05, 6 days left
  SUB_SERVICE_SET_WORKSPACE_EDITION, pack WE-7Q2KD
Enterprise Management Pack  UNLICENSED  no licence, and none needed
  SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK

Unit ID:        00E0C51C5087 (MAC address)
Serial number:  14D3F8B00B
System:         IGEL OS 12, version 12.4.0, released 2026-01-15
Clock:          2026-11-29 04:38 UTC, synchronised
Store:          /license is there and read-only; 1 licence for this device

Next:           renew pack WE-7Q2KD by 2026-12-05, then: licctl import FILE
"
    );
}

#[test]
fn grace_ends_with_the_features_it_allows() {
    let mut device = in_state("LICENSED", "grace", "2026-11-21", -8);
    let feature =
        |reason: &str, until: &str| json!({"allowed": true, "reason": reason, "until": until});
    device["features"] = json!({
        "custom-partition": feature("grace", "2026-12-19"),
        // An add-on allows this feature for longer.
        "icg": feature("grace", "2026-12-30"),
        "shared-workplace": feature("licensed", "2026-12-01"),
    });
    let text = status_of(&device);
    let shown = "\
Workspace Edition           LICENSED    ended 2026-11-21; grace until
                                        2026-12-19, 20 days left
  SUB_SERVICE_SET_WORKSPACE_EDITION, pack WE-7Q2KD
";
    assert!(text.starts_with(shown), "{text}");
    let next = "Next:           renew pack WE-7Q2KD by 2026-12-19, then: licctl import FILE\n";
    assert!(text.ends_with(next), "{text}");
}

#[test]
fn status_shows_when_a_licence_ended() {
    let text = status_of(&in_state("EXPIRED", "expired", "2026-11-28", -1));
    let shown = "Workspace Edition           EXPIRED     ended 2026-11-28, 1 day ago\n";
    assert!(text.starts_with(shown), "{text}");
    let next = "Next:           renew pack WE-7Q2KD, then: licctl import FILE\n";
    assert!(text.ends_with(next), "{text}");
}

#[test]
fn status_asks_for_a_licence_in_the_starter_period() {
    let mut device = unlicensed();
    device["state"] = "starter".into();
    device["services"][1] = service(WE, "UNLICENSED", "starter", Some(("2026-12-05", 6)));
    device["services"][1]["pack"] = Value::Null;
    let text = status_of(&device);
    let shown = "\
Workspace Edition           UNLICENSED  starter period until 2026-12-05, 6 days
                                        left
  SUB_SERVICE_SET_WORKSPACE_EDITION
";
    assert!(text.starts_with(shown), "{text}");
    let next = "Next:           get a licence for unit 00E0C51C5087, then: licctl import FILE\n";
    assert!(text.ends_with(next), "{text}");
}

#[test]
fn status_says_to_wait_for_a_licence_that_has_not_started() {
    let mut device = in_state("UNLICENSED", "pending", "2027-11-21", 357);
    device["licenses"][0]["starts"] = "2026-12-24".into();
    let text = status_of(&device);
    let shown = "Workspace Edition           UNLICENSED  not started, starts 2026-12-24\n";
    assert!(text.starts_with(shown), "{text}");
    let next = "Next:           wait until 2026-12-24, when the licence starts\n";
    assert!(text.ends_with(next), "{text}");
}

#[test]
fn a_deployment_asks_for_a_restart() {
    let mut device = licensed();
    device["restart_pending"] = true.into();
    let text = status_of(&device);
    let last = "\
Restart:        what a link brought takes full effect with a restart; restart
                the device when it suits

Next:           restart the device
";
    assert!(text.ends_with(last), "{text}");
}

#[test]
fn many_files_that_are_not_used_leave_the_state_on_the_screen() {
    let mut device = licensed();
    let foreign = |n| {
        let message = "for unit 00E0C51C5088, not this device (00E0C51C5087)";
        json!({"file": format!("{n}.lic"), "code": "wrong-device", "message": message})
    };
    device["rejected"] = (0..5000).map(foreign).collect();
    let text = status_of(&device);
    let shown = "\
Not used:       5000 files are for other devices
                0.lic, 1.lic, 2.lic, 3.lic, 4.lic, 5.lic, and 4994 more

Workspace Edition           LICENSED";
    assert!(text.starts_with(shown), "{text}");
}

#[test]
fn a_request_that_licd_sends_again_needs_no_repair() {
    let mut device = licensed();
    device["problems"] = json!([waiting_request()]);
    let text = status_of(&device);
    assert!(text.starts_with("Workspace Edition "), "{text}");
    let last = "\
Problem:        /license/fetch-activation.json: this request for a licence has
                no answer yet; licd asks again by itself, and
                “licctl request -o FILE” writes it for another machine

Next:           nothing to do
";
    assert!(text.ends_with(last), "{text}");
}

#[test]
fn a_file_of_a_revoked_key_needs_no_repair_on_a_licensed_device() {
    let rejected = json!([{"file": "old.lic", "code": "unknown-key",
        "message": "signed by igel-issuer-2026, a key that this device does not know"}]);
    let mut device = licensed();
    device["rejected"] = rejected.clone();
    let text = status_of(&device);
    assert!(text.starts_with("Workspace Edition "), "{text}");
    assert!(text.contains("\nNot used:       unknown-key: signed by igel-issuer-2026"), "{text}");
    assert!(text.ends_with("\nNext:           nothing to do\n"), "{text}");
    let mut device = unlicensed();
    device["rejected"] = rejected;
    let text = status_of(&device);
    assert!(text.starts_with("Not used:       unknown-key: "), "{text}");
    assert!(text.ends_with("repair what stands first; licctl doctor says how\n"), "{text}");
}

#[test]
fn problems_come_first_grouped_and_escaped_for_the_terminal() {
    assert_eq!(
        status_of(&broken()),
        r"Unit ID:        none; connect a network interface with a permanent address, or a
                licence cannot be bound to this device
Clock:          2026-11-29 04:38 UTC, behind a time that has passed for certain;
                that time counts instead; let a time server set it
Problem:        /license/dsa/trust (1).note: is not read: its name must be
                trust.note; import it with
                “licctl import '/license/dsa/trust (1).note'”, then remove it
Problem:        /etc/licd/licd.toml: line 2, column 1: unknown key \u{1b}[31m\n
Not used:       3 files are for other devices
                01E7CDFDC2F6877E56C68D874C24AB6C.lic, foreign.lic, third.lic
Not used:       malformed: is empty; get the file again from where it was issued
                damaged.lic
Link:           https://ums.example.com/none.lic: source-refused: has no such
                file; check the address (HTTP 404)

Workspace Edition           UNLICENSED  no licence
  SUB_SERVICE_SET_WORKSPACE_EDITION
Enterprise Management Pack  UNLICENSED  no licence, and none needed
  SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK

Serial number:  unknown
System:         IGEL OS 12, version 12.4.0, released 2026-01-15
Store:          /license is there and read-only; 0 licences for this device
Link:           https://ums.example.com/foreign.lic: wrong-device: for unit
                00E0C51C5088; this device has no unit ID

Next:           let a time server set the clock
                connect a network interface with a permanent address
                repair what stands first; licctl doctor says how
"
    );
}

#[test]
fn without_the_partition_status_asks_for_no_licence() {
    let mut device = unlicensed();
    device["store"]["state"] = "missing".into();
    let text = status_of(&device);
    let first = "Store:          /license is missing; mount the licence partition\n\n";
    assert!(text.starts_with(first), "{text}");
    let last = "\nNext:           mount the licence partition: mount /license\n";
    assert!(text.ends_with(last), "{text}");
}

#[test]
fn an_unknown_service_appears_as_its_code() {
    let mut device = licensed();
    let long = "SUB_SERVICE_SET_OF_A_LATER_RELEASE_WITH_A_VERY_LONG_NAME_INDEED_64";
    let mut later = service(long, "LICENSED", "valid", Some(("never", 0)));
    later["days_left"] = Value::Null;
    device["services"].as_array_mut().unwrap().push(later);
    let shown = "
SUB_SERVICE_SET_OF_A_LATER_RELEASE_WITH_A_VERY_LONG_NAME_INDEED_64
                            LICENSED    without end
  pack WE-7Q2KD
";
    let text = status_of(&device);
    assert!(text.contains(shown), "{text}");
}

#[test]
fn status_speaks_german() {
    assert_eq!(
        status_in(Language::German, &warning()),
        "\
Workspace Edition           LICENSED    endet bald: bis 2026-12-05, noch 6 Tage
  SUB_SERVICE_SET_WORKSPACE_EDITION, Pack WE-7Q2KD
Enterprise Management Pack  UNLICENSED  keine Lizenz, und keine nötig
  SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK

Unit-ID:       00E0C51C5087 (MAC-Adresse)
Seriennummer:  14D3F8B00B
System:        IGEL OS 12, Version 12.4.0, erschienen am 2026-01-15
Uhr:           2026-11-29 04:38 UTC, synchronisiert
Partition:     /license ist vorhanden und schreibgeschützt; 1 Lizenz für dieses
               Gerät

Zu tun:        Pack WE-7Q2KD bis 2026-12-05 verlängern, dann: licctl import
               DATEI
"
    );
}

#[test]
fn a_pack_with_several_services_is_listed_once_for_renewal() {
    let mut device = warning();
    device["os"]["generation"] = 11.into();
    device["services"][0] = service(EMP, "LICENSED", "warning", Some(("2026-12-05", 6)));
    let text = status_of(&device);
    assert_eq!(text.matches("renew pack WE-7Q2KD").count(), 1, "{text}");
    let needed =
        "Enterprise Management Pack  LICENSED    ends soon: until 2026-12-05, 6 days left\n";
    assert!(text.contains(needed), "{text}");
}
