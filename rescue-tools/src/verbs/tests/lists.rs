//! `licctl list` and `licctl features`

use super::*;

#[test]
fn a_licence_takes_a_row_and_products_are_named() {
    let mut device = warning();
    let mut ended = license("EMP-R9HXH", 7, "EMP", "2026-11-21", "expired");
    ended["term"] = "perpetual".into();
    let pending = license("XX-1", 1, "X1", "never", "pending");
    let earlier = license("WE-7Q2KD", 182, "WE", "2026-11-30", "superseded");
    device["licenses"].as_array_mut().unwrap().extend([ended, pending, earlier]);
    device["rejected"] = broken()["rejected"].clone();
    assert_eq!(
        list_of(&device),
        "\
PACK       SERIAL  PRODUCT  TERM          STARTS      EXPIRES     STATE
EMP-R9HXH  7       EMP      perpetual     2026-11-22  2026-11-21  ended
WE-7Q2KD   183     WE       subscription  2026-11-22  2026-12-05  6 days left
WE-7Q2KD   182     WE       subscription  2026-11-22  2026-11-30  replaced
XX-1       1       X1       subscription  2026-11-22  never       not started

EMP       Enterprise Management Pack
WE        Workspace Edition

Not used: 4 files
malformed          is empty; get the file again from where it was issued
                   damaged.lic
wrong-device       for unit 00E0C51C5088; this device has no unit ID; ask for a
                   licence that names this device
                   01E7CDFDC2F6877E56C68D874C24AB6C.lic
wrong-device       for unit 00E0C51C5088; this device has no unit ID; ask for a
                   licence that names this device
                   foreign.lic
wrong-device       for unit 00E0C51C5088; this device has no unit ID; ask for a
                   licence that names this device
                   third.lic

To see a licence and its file: licctl show PACK
"
    );
}

#[test]
fn every_german_word_fits_its_column() {
    let mut device = licensed();
    let terms = ["perpetual", "evaluation"].map(|term| {
        let mut other = license("WE-BBR7F", 9, "WE", "never", "valid");
        other["term"] = term.into();
        other
    });
    device["licenses"].as_array_mut().unwrap().extend(terms);
    let text = list_in(Language::German, &device);
    let starts: Vec<_> = text.lines().take(4).map(|line| line.split_whitespace().nth(4)).collect();
    let date = Some("2026-11-22");
    assert_eq!(starts, [Some("BEGINN"), date, date, date], "{text}");
}

#[test]
fn a_long_name_gets_its_own_line() {
    let mut device = licensed();
    let long =
        license("PACK-WITH-THE-LONGEST-ID", i64::MAX as u64, "TWELVE-CHARS", "2037-11-21", "valid");
    device["licenses"].as_array_mut().unwrap().push(long);
    assert_eq!(
        list_of(&device),
        "\
PACK      SERIAL  PRODUCT  TERM          STARTS      EXPIRES     STATE
PACK-WITH-THE-LONGEST-ID
          9223372036854775807
                  TWELVE-CHARS
                           subscription  2026-11-22  2037-11-21  4010 days left
WE-7Q2KD  183     WE       subscription  2026-11-22  2027-11-21  357 days left

WE        Workspace Edition

To see a licence and its file: licctl show PACK
"
    );
}

#[test]
fn every_licence_has_one_row() {
    let mut device = licensed();
    let pack = |n: u64| license(&format!("WE-{n:05}"), n, "WE", "2027-11-21", "valid");
    device["licenses"] = (1..=20).map(pack).collect();
    let text = list_of(&device);
    for (at, line) in text.lines().skip(1).take(20).enumerate() {
        assert!(line.starts_with(&format!("WE-{:05}  {:<6}  WE ", at + 1, at + 1)), "{text}");
    }
    assert_eq!(text.lines().count(), 1 + 20 + 2 + 2, "{text}");
}

#[test]
fn list_reports_an_empty_store() {
    assert_eq!(list_of(&unlicensed()), "The store is empty.\n");
}

#[test]
fn refused_features_are_listed_first() {
    let mut device = licensed();
    let feature = |allowed: bool, reason: &str, until: Option<&str>| json!({"allowed": allowed, "reason": reason, "until": until});
    device["os"]["generation"] = 11.into();
    device["features"] = json!({
        "apps": feature(true, "kept-after-expiry", None),
        "custom-partition": feature(true, "licensed", Some("2027-11-21")),
        "icg": feature(false, "unlicensed", None),
        "os-update": feature(true, "older-releases-only", Some("2026-11-21")),
        "pcoip": feature(false, "not-for-this-version", None),
        "uma": feature(false, "expired", Some("2026-11-21")),
        "ums": feature(true, "always", None),
    });
    assert_eq!(
        features_of(&device),
        "\
FEATURE           ALLOWED  WHY
icg               no       needs Enterprise Management Pack or IGEL Cloud
                           Gateway (unlicensed)
pcoip             no       this version of the system does not have it
                           (not-for-this-version)
uma               no       licence ended 2026-11-21 (expired)
apps              yes      licence ended, this stays (kept-after-expiry)
custom-partition  yes      until 2027-11-21 (licensed)
os-update         yes      licence ended 2026-11-21, releases dated before that
                           only (older-releases-only)
ums               yes      needs no licence (always)
"
    );
}
