//! Unit IDs and unit lists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use license_format::UnitId;
use license_issue::unit_list;

fuzz_target!(|bytes: &[u8]| {
    let list = unit_list(bytes);
    assert!(list.found.len() <= list.valid() && list.valid() <= list.read);
    let text: String = list.found.iter().map(|unit| format!("{unit}\n")).collect();
    assert_eq!(unit_list(text.as_bytes()).found, list.found);
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(unit) = UnitId::parse(text) {
        assert_eq!(unit.as_str(), text);
    }
    for unit in [UnitId::parse_human(text), UnitId::from_usb_serial(text)].into_iter().flatten() {
        assert_eq!(UnitId::parse(unit.as_str()).as_ref(), Some(&unit));
        assert_eq!(UnitId::parse_human(&unit.to_string()), Some(unit));
    }
});
