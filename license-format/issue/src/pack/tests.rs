use super::*;

const FILE: &str = r##"pack = "WE-7Q2KD"
serial = 183
product = "WE"
term = "subscription"
category = "subscription"
subscription-key = "ERP-9QK2M"
order = "69-3456677"
services = ["SUB_SERVICE_SET_WORKSPACE_EDITION"]
starts = "2026-11-22"
expires = "2027-11-21"
grace-days = 28
warn-days = 10
roster-complete = true
units = [
    "00E0C51C5087",
    "#85641000D308482019",
]
"##;

fn at(time: &str) -> UnixSeconds {
    UnixSeconds::parse(time).unwrap()
}

#[test]
fn a_pack_parses_from_its_own_toml() {
    let pack = Pack::parse(FILE).unwrap();
    assert_eq!(pack.serial, Serial::new(183));
    assert_eq!(pack.units.len(), 2);
    assert_eq!(Pack::parse(&pack.to_toml()), Ok(pack.clone()));
    let day = Date::parse("2027-01-31");
    let all = Pack {
        serial: Serial::new(i64::MAX.unsigned_abs()),
        supersedes: [PackId::parse("A-BC").unwrap()].into(),
        successor: PackId::parse("X-YZ"),
        source: PackId::parse("A-BC"),
        issued: UnixSeconds::parse("2026-11-22T16:48:10Z"),
        emp: PackId::parse("EMP-A"),
        latest_activation: day,
        redeemed: day,
        seats: Some(3),
        recorded: Status::TradedIn,
        expires: Expiry::Never,
        subscription_key: None,
        order: None,
        ..pack
    };
    assert_eq!(Pack::parse(&all.to_toml()), Ok(all));
}

#[test]
fn a_pack_file_of_an_earlier_version_gets_defaults() {
    let pack = Pack::parse(FILE).unwrap();
    assert_eq!((pack.seats, pack.recorded, &pack.source), (None, Status::Active, &None));
    let merged = Pack::parse(&format!("merged-into = \"WE-OLD01\"\n{FILE}")).unwrap();
    let into = PackId::parse("WE-OLD01");
    assert_eq!((merged.recorded, &merged.successor), (Status::Merged, &into));
    let again = Pack::parse(&Pack { successor: into, ..pack }.to_toml());
    assert_eq!(again.unwrap().recorded, Status::Active);
}

#[test]
fn dates_decide_the_status_of_an_open_pack() {
    let mut pack = Pack::parse(FILE).unwrap();
    for (time, status) in [
        ("2026-11-21T23:59:59Z", Status::NotActivatedYet),
        ("2026-11-22T00:00:00Z", Status::Active),
        ("2027-11-22T11:59:59Z", Status::Active),
        ("2027-11-22T12:00:00Z", Status::Expired),
    ] {
        for recorded in [Status::Active, Status::NotActivatedYet, Status::Expired] {
            pack.recorded = recorded;
            assert_eq!(pack.status(at(time)), status, "{time}");
        }
        for recorded in [Status::Merged, Status::Stopped, Status::TradedIn] {
            pack.recorded = recorded;
            assert_eq!(pack.status(at(time)), recorded, "{time}");
        }
    }
    pack.recorded = Status::Active;
    pack.expires = Expiry::Never;
    assert_eq!(pack.status(at("9999-01-01T00:00:00Z")), Status::Active);
}

#[test]
fn every_status_parses_from_its_spelling() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(status));
    }
}

#[test]
fn an_invalid_pack_is_refused_with_its_key() {
    let parse = |from: &str, to: &str| {
        assert!(FILE.contains(from), "{from}");
        Pack::parse(&FILE.replace(from, to)).unwrap_err().to_string()
    };
    for (from, to, message) in [
        ("WE-7Q2KD", "we", "pack: “we” is not a value it can have"),
        ("= 183", "= 18446744073709551615", "serial: “18446744073709551615” is not"),
        ("\"WE\"", "\"\\u001b[31m\"", "product: “\\u{1b}[31m” is not a value it can have"),
        ("2027-11-21", "2026-11-21", "expires: lies before “starts”"),
        ("grace-days = 28", "grace-days = 91", "grace-days: there are 91"),
        ("grace-days = 28", "grace-days = 300", "grace-days: “300” is not a value it can have"),
        ("warn-days = 10", "warn-days = 121", "warn-days: there are 121"),
        ("warn-days = 10", "seats = -1", "`-1`, expected a number that is not negative"),
        ("warn-days = 10", "seats = \"1\"", "\"1\", expected a number that is not negative"),
        ("= 183", "= 18446744073709551616", "integer, expected a number that is not negative"),
        ("warn-days = 10", "status = \"MERGD\"", "status: “MERGD” is not a value it can have"),
        ("warn-days = 10", "seats = 1000001", "seats: there are 1000001"),
        ("warn-days = 10", "supersedes = [\"WE-7Q2KD\"]", "supersedes: names the pack itself"),
        ("term = \"subscription\"", "term = \"evaluation\"", "grace-days: is not allowed"),
        ("[\"SUB_SERVICE_SET_WORKSPACE_EDITION\"]", "[]", "services: there are 0"),
        ("00E0C51C5087", "00E0C51C508", "units: “00E0C51C508” is not a value"),
        ("00E0C51C5087", "FF:FF:FF:FF:FF:FF", "units: FFFFFFFFFFFF is the address of no device"),
        ("order =", "oder =", "line 7: unknown field `oder`"),
        ("starts = \"2026-11-22\"\n", "", "missing field `starts`"),
    ] {
        let found = parse(from, to);
        assert!(found.contains(message), "{found} instead of {message}");
    }
}
