//! Days, instants and the other short values of a licence: a parsed value displays its input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use license_format::{
    Date, Expiry, KeyName, OrderNumber, PackId, Product, Serial, ServiceName, UnixSeconds,
};

fuzz_target!(|text: &str| {
    if let Some(day) = Date::parse(text) {
        assert_eq!(day.to_string(), text);
        assert_eq!(Date::of(day.start()), day);
        assert_eq!(day.plus_days(1).days_since(day), i32::from(text != "9999-12-31"));
    }
    let spellings = [
        UnixSeconds::parse(text).map(|value| value.to_string()),
        Expiry::parse(text).map(|value| value.to_string()),
        Serial::parse(text).map(|value| value.to_string()),
        PackId::parse(text).map(|value| value.to_string()),
        Product::parse(text).map(|value| value.to_string()),
        OrderNumber::parse(text).map(|value| value.to_string()),
        ServiceName::parse(text).map(|value| value.to_string()),
        KeyName::parse(text).map(|value| value.to_string()),
    ];
    for spelling in spellings.into_iter().flatten() {
        assert_eq!(spelling, text);
    }
    // Any eight bytes are an instant, and every instant falls on a day.
    if let Some(bytes) = text.as_bytes().first_chunk::<8>() {
        let at = UnixSeconds(i64::from_le_bytes(*bytes));
        let _ = (at.to_string(), Date::of(at).end_everywhere(), at.plus(i64::MAX));
    }
});
