use license_format::UnitId;

use super::*;

const TWO: [&str; 2] = ["mac:00E0C51C5087", "udp:85641000D308482019"];

#[track_caller]
fn reads(text: impl AsRef<[u8]>, units: &[&str], summary: &str) {
    let list = unit_list(text.as_ref());
    let found: Vec<&str> = list.found.iter().map(UnitId::as_str).collect();
    assert_eq!(found, units);
    assert_eq!(list.to_string(), summary);
}

#[test]
fn every_separator_splits_entries_and_duplicates_count_once() {
    for text in [
        "00E0C51C5087,#85641000D308482019",
        "00e0c51c5087;#85641000d308482019;",
        "00:E0:C5:1C:50:87\n#85641000D308482019\n",
        "\u{feff}00-e0-c5-1c-50-87\r\n\r\n#85641000D308482019\r\n",
        "00E0C51C5087\r#85641000D308482019\r",
        "\"00E0C51C5087\";\"#85641000D308482019\"",
        "Unit ID\n00E0C51C5087\n#85641000D308482019",
        "\"Unit ID\"\n00E0C51C5087,#85641000D308482019",
        "UNIT_ID;\r\nmac:00E0C51C5087\r\nudp:85641000D308482019",
    ] {
        reads(text, &TWO, "2 read, 2 valid, 0 invalid");
    }
    let twice = " 00E0C51C5087 ,, ; \t#85641000D308482019 , 00:e0:c5:1c:50:87";
    reads(twice, &TWO, "3 read, 3 valid, 0 invalid");
}

#[test]
fn a_list_of_the_portal_states_hardware_types() {
    for text in [
        "Hardware Value,Hardware Type\n00E0C51C5087,MAC\n85641000D308482019,FLASHSERIAL\n",
        "hardware value;hardware type\r\n00:E0:C5:1C:50:87;mac\r\n#85641000D308482019;flashserial",
        "Hardware Type,Hardware Value\nMAC,00E0C51C5087\nFLASHSERIAL,85641000D308482019\n",
        "00E0C51C5087,MAC\n85641000D308482019,FLASHSERIAL\n",
        "85641000D308482019,FLASHSERIAL;00E0C51C5087,MAC",
        "\u{feff}\"Hardware Value\",\"Hardware Type\"\r\n\"00E0C51C5087\",\"MAC\"\r\n\"85641000D308482019\",\"FLASHSERIAL\"\r\n",
    ] {
        reads(text, &TWO, "2 read, 2 valid, 0 invalid");
    }
}

#[test]
fn a_table_of_ums_has_a_column_of_units() {
    for text in [
        "Name;Unit ID;Comment\n\"Berlin; 1st floor\";00E0C51C5087;a,b\nPocket;#85641000D308482019;\n",
        "\"Name\",\"MAC Address\",\"Unit ID\"\n\"a \"\"b\"\"\",00E0C5FFFFFF,00E0C51C5087\nc,,#85641000D308482019\n",
        "Unit ID;Comment\n00E0C51C5087;\"two\r\nlines\"\n#85641000D308482019;x",
    ] {
        reads(text, &TWO, "2 read, 2 valid, 0 invalid");
    }
    let one = "Name;Unit ID\nno unit;\nshort\nBüro;00E0C51C5087\n";
    reads(one, &TWO[..1], "3 read, 1 valid, 2 invalid");
    reads(b"N\xfcme;Unit ID\n\xfc;00E0C51C5087\n", &TWO[..1], "1 read, 1 valid, 0 invalid");
}

#[test]
fn a_list_without_entries_is_empty() {
    for text in ["", "\n", " ; , \r\n", "\u{feff}", "Unit ID", "Hardware Value,Hardware Type\n"] {
        reads(text, &[], "0 read, 0 valid, 0 invalid");
    }
}

#[test]
fn invalid_entries_are_reported_and_skipped() {
    for (text, message) in [
        ("00E0C51C5087\n00E0C51C50", "line 2: “00E0C51C50” is not a unit ID"),
        ("00E0C51C5087;oops,", "line 1: “oops” is not a unit ID"),
        ("85641000D308482019;00E0C51C5087", "line 1: “85641000D308482019” is not a unit ID"),
        ("00E0C51C5087\r\n\r\n\x1b[31m", "line 3: “\\u{1b}[31m” is not a unit ID"),
        ("00E0C51C5087\nUnit ID", "line 2: “Unit ID” is not a unit ID"),
        ("00E0C51C5087,#123", "line 1: “#123” is not a unit ID"),
        ("MAC;00E0C51C5087", "line 1: “MAC” is not a unit ID"),
        ("00E0C51C50ZZ,MAC\n00E0C51C5087,MAC", "line 1: “00E0C51C50ZZ” is not a unit ID"),
        ("00:00:00:00:00:00,00E0C51C5087", "“00:00:00:00:00:00” is the address of no device"),
        ("ff:ff:ff:ff:ff:ff,00E0C51C5087", "“ff:ff:ff:ff:ff:ff” is the address of no device"),
        ("00E0C51C5087\n01005e000001,MAC", "line 2: “01005e000001” is the address of no device"),
        (
            "Hardware Value,Hardware Type\n00E0C51C5087,MAC\n00E0C51C5088,UUID",
            "line 3: “00E0C51C5088” has another type than FLASHSERIAL and MAC",
        ),
        (
            "Hardware Value,Hardware Type\n00E0C51C5087,MAC\n#85641000D308482019,MAC",
            "line 3: “#85641000D308482019” is not a unit ID",
        ),
    ] {
        let list = unit_list(text.as_bytes());
        let found: Vec<String> = list.invalid.iter().map(ToString::to_string).collect();
        assert!(matches!(&found[..], [one] if one.contains(message)), "{found:?}");
        assert!(list.found.iter().any(|unit| unit.as_str() == TWO[0]), "{text:?}");
        assert_eq!((list.valid(), list.invalid.len()), (1, 1), "{text:?}");
    }
    assert_eq!(unit_list(b"00E0C51C5087\n\xff\xfe").invalid[0].line, 2);
}

#[test]
fn serial_numbers_are_read_from_a_list_or_a_column() {
    for text in ["a1;B2,a1\n", "Serial Number\nA1\nb2\nA1", "Name,Serial Number\nx,A1\ny,B2\nz,a1"]
    {
        let list = serial_list(text.as_bytes());
        let found: Vec<String> = list.found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["A1", "B2"], "{text:?}");
        assert_eq!(list.to_string(), "3 read, 3 valid, 0 invalid");
    }
    assert_eq!(serial_list("A1\nB\u{7}\n".as_bytes()).invalid[0].line, 2);
}

#[test]
fn a_table_maps_serial_numbers_to_units() {
    for text in [
        "Serial Number,Unit ID\nA1,00E0C51C5087\nB2,#85641000D308482019\n",
        "Unit ID;Name;Serial Number\n00E0C51C5087;\"x;y\";a1\n#85641000D308482019;z;b2\n",
        "A1,00E0C51C5087\nB2,85641000D308482019,FLASHSERIAL\n",
    ] {
        let list = serial_table(text.as_bytes());
        let found: Vec<String> =
            list.found.iter().map(|(serial, unit)| format!("{serial} {}", unit.as_str())).collect();
        assert_eq!(found, ["A1 mac:00E0C51C5087", "B2 udp:85641000D308482019"], "{text:?}");
    }
    let list = serial_table(b"A1,00E0C51C5087\nA1,00E0C51C5088\nB2\nC3,000000000000\n");
    let errors: Vec<String> = list.invalid.iter().map(ToString::to_string).collect();
    let wanted = [
        "line 2: “A1” has another unit on an earlier line",
        "line 3: “” is not a unit ID",
        "line 4: “000000000000” is the address of no device",
    ];
    assert_eq!(errors, wanted);
}
