//! Lists and tables of serial numbers and units, as spreadsheets and portals write them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use license_issue::{serial_list, serial_table};

fuzz_target!(|bytes: &[u8]| {
    let list = serial_list(bytes);
    assert!(list.found.len() <= list.valid() && list.valid() <= list.read);
    assert!(list.invalid.iter().all(|entry| !entry.to_string().contains(char::is_control)));
    let table = serial_table(bytes);
    assert!(table.found.len() <= table.valid() && table.valid() <= table.read);
    // What was read is written as a spreadsheet would, and read again.
    let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
    let mut text = String::from("Serial Number;Unit ID\n");
    for (serial, unit) in &table.found {
        text += &format!("{};{}\r\n", quoted(serial.to_string()), quoted(unit.to_string()));
    }
    let again = serial_table(text.as_bytes());
    assert_eq!((again.found, again.invalid), (table.found, Vec::new()));
});
