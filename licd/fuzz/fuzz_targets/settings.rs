//! The settings of UMS, as they come over the bus and as a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_files::settings::{LICENSE_URLS, POLL_HOURS, Settings};
use licd_fuzz::assert_printable;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Settings::parse(text) {
        Ok((settings, unknown)) => {
            let manager = settings.system.remotemanager;
            assert!(manager.license_urls.len() <= LICENSE_URLS);
            assert!(POLL_HOURS.contains(&manager.license_poll_hours));
            manager.license_urls.iter().for_each(|link| assert_printable(link));
            unknown.iter().for_each(|key| assert_printable(key));
        }
        Err(error) => assert_printable(&error.to_string()),
    }
});
