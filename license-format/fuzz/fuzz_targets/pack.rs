//! Pack files of the licensing service.
#![no_main]

use libfuzzer_sys::fuzz_target;
use license_issue::Pack;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Pack::parse(text) {
        Ok(pack) => assert_eq!(Pack::parse(&pack.to_toml()).as_ref(), Ok(&pack)),
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
});
