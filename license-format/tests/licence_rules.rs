//! The rules of LF §2 to §4 about a licence's text, each with files that break only that rule. Their
//! signatures are good, so that only the rule can refuse them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use kit::*;
use license_issue as issue;

/// A licence with every key.
const TEXT: &str = "igel.com/license/v1
pack WE-7Q2KD
serial 183
product WE
term subscription
category subscription
subscription-key ERP-9QK2M
order 69-3456677
supersedes AB-1
supersedes AB-2
service A
service B
issued 2026-11-22T16:48:10Z
starts 2026-11-22
expires 2027-11-21
grace-days 28
warn-days 14
roster complete
unit mac:00E0C51C5087
unit udp:85641000D308482019
x-note hello
x-note hello again
";

/// A change to [`TEXT`], and the message of the refusal.
type Rule = (&'static str, &'static str, &'static str);

/// LF §2.
const LINES: &[Rule] = &[
    ("igel.com/license/v1", "igel.com/license/v0", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", "igel.com/license/v01", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", "igel.com/license/v", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", "igel.com/licence/v1", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", "igel.com/license/v1 ", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", " igel.com/license/v1", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", "Igel.com/license/v1", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", "\u{feff}igel.com/license/v1", "line 1: is not the first line of a"),
    ("igel.com/license/v1\n", "igel.com/license/v1\r\n", "line 1: is not the first line of a lic"),
    ("igel.com/license/v1\n", "", "line 1: is not the first line of a licence"),
    ("igel.com/license/v1", "igel.com/license/v2", "line 1: “igel.com/license/v2” is not known"),
    ("igel.com/license/v1", "igel.com/license/v10", "line 1: “igel.com/license/v10” is not known"),
    ("igel.com/license/v1", "igel.com/license/v12345", "line 1: is not the first line of a lic"),
    ("product WE", "product  WE", "line 4: is not a key, one space and a value"),
    ("product WE", " product WE", "line 4: is not a key, one space and a value"),
    ("product WE", "product WE ", "line 4: is not a key, one space and a value"),
    ("product WE", "product", "line 4: is not a key, one space and a value"),
    ("x-note hello\n", "x-note\n", "line 21: is not a key, one space and a value"),
    ("product WE", "product\tWE", "line 4: has a character other than printable ASCII"),
    ("product WE", "product WE\r", "line 4: has a character other than printable ASCII"),
    ("product WE", "product WÉ", "line 4: has a character other than printable ASCII"),
    ("product WE", "product W\0", "line 4: has a character other than printable ASCII"),
    ("product WE", "product W\u{7f}", "line 4: has a character other than printable ASCII"),
    (
        "x-note hello\n",
        "x-note hell\u{1b}\n",
        "line 21: has a character other than printable ASCII",
    ),
    ("product WE", "\nproduct WE", "line 5: is not a signature line"),
];

/// LF §4: the keys, their order and how often they stand.
const KEYS: &[Rule] = &[
    ("pack WE-7Q2KD\n", "", "line 2: pack: is missing here"),
    ("serial 183\n", "", "line 3: serial: is missing here"),
    ("product WE\n", "", "line 4: product: is missing here"),
    ("term subscription\n", "", "line 5: term: is missing here"),
    ("category subscription\n", "", "line 6: category: is missing here"),
    ("service A\nservice B\n", "", "line 11: service: is missing here"),
    ("issued 2026-11-22T16:48:10Z\n", "", "line 13: issued: is missing here"),
    ("starts 2026-11-22\n", "", "line 14: starts: is missing here"),
    ("expires 2027-11-21\n", "", "line 15: expires: is missing here"),
    ("unit mac:00E0C51C5087\nunit udp:85641000D308482019\n", "", "line 19: units: is missing here"),
    (
        "pack WE-7Q2KD\n",
        "pack WE-7Q2KD\npack WE-7Q2KD\n",
        "line 3: pack: is repeated or out of order",
    ),
    ("pack WE-7Q2KD\nserial 183\n", "serial 183\npack WE-7Q2KD\n", "line 2: pack: is missing here"),
    ("order 69-3456677", "order 1\norder 2", "line 9: order: is repeated or out of order"),
    (
        "subscription-key ERP-9QK2M\norder 69-3456677\n",
        "order 69-3456677\nsubscription-key ERP-9QK2M\n",
        "line 8: subscription-key: is repeated or out of order",
    ),
    (
        "grace-days 28\nwarn-days 14",
        "warn-days 14\ngrace-days 28",
        "line 17: grace-days: is repeated or out of",
    ),
    ("roster complete\n", "roster complete\nroster complete\n", "line 19: roster: is repeated or"),
    ("x-note hello\n", "order 69-3456677\n", "line 21: order: is repeated or out of order"),
    ("x-note hello again", "pack WE-7Q2KD", "line 22: pack: is repeated or out of order"),
    (
        "x-note hello\n",
        "units 1 bjQLnP+zepicpUTmu3gKLHiNHRC+O7sTlsX0h9AgNGw=\n",
        "line 21: units: is repeated or out of order",
    ),
    ("issued 2026", "x-early 1\nissued 2026", "line 13: issued: is missing here"),
    ("pack WE-7Q2KD\n", "color red\npack WE-7Q2KD\n", "line 2: “color” is not known here"),
    ("order 69-3456677", "color red", "line 8: “color” is not known here"),
    ("service A\n", "color red\nservice A\n", "line 11: “color” is not known here"),
    ("roster complete", "color red", "line 18: “color” is not known here"),
    ("x-note hello\n", "color red\n", "line 21: “color” is not known here"),
    ("x-note hello\n", "X-note hello\n", "line 21: “X-note” is not known here"),
    ("pack WE-7Q2KD", "Pack WE-7Q2KD", "line 2: “Pack” is not known here"),
];

/// LF §4: the values.
const VALUES: &[Rule] = &[
    ("pack WE-7Q2KD", "pack WE7Q2KD", "line 2: pack: is not a pack ID"),
    ("pack WE-7Q2KD", "pack we-7q2kd", "line 2: pack: is not a pack ID"),
    ("pack WE-7Q2KD", "pack W-7", "line 2: pack: is not a pack ID"),
    ("pack WE-7Q2KD", "pack WE-", "line 2: pack: is not a pack ID"),
    ("pack WE-7Q2KD", "pack -WE7", "line 2: pack: is not a pack ID"),
    ("pack WE-7Q2KD", "pack WE--7Q2KD", "line 2: pack: is not a pack ID"),
    ("pack WE-7Q2KD", "pack WE-7Q2KD-0123456789-ABCDE", "line 2: pack: is not a pack ID"),
    ("pack WE-7Q2KD", "pack WE-7Q2KD x", "line 2: pack: is not a pack ID"),
    ("serial 183", "serial 0", "line 3: serial: is not a number from 1 to 2^63-1"),
    ("serial 183", "serial 0183", "line 3: serial: is not a number from 1 to 2^63-1"),
    ("serial 183", "serial +183", "line 3: serial: is not a number from 1 to 2^63-1"),
    ("serial 183", "serial -1", "line 3: serial: is not a number from 1 to 2^63-1"),
    ("serial 183", "serial 0xB7", "line 3: serial: is not a number from 1 to 2^63-1"),
    ("serial 183", "serial 9223372036854775808", "line 3: serial: is not a number from 1 to"),
    ("serial 183", "serial 99999999999999999999", "line 3: serial: is not a number from 1 to"),
    ("product WE", "product W", "line 4: product: is not a product code"),
    ("product WE", "product we", "line 4: product: is not a product code"),
    ("product WE", "product WE_E", "line 4: product: is not a product code"),
    ("product WE", "product ABCDEFGHIJKLM", "line 4: product: is not a product code"),
    ("term subscription", "term Subscription", "line 5: term: is not perpetual, subscription or"),
    ("term subscription", "term forever", "line 5: term: is not perpetual, subscription or eval"),
    ("category subscription", "category addon", "line 6: category: is not maintenance, subscript"),
    ("subscription-key ERP-9QK2M", "subscription-key ERP", "line 7: subscription-key: is not a"),
    ("order 69-3456677", "order 69_3456677", "line 8: order: is not an order number"),
    ("order 69", "order 012345678901234567890123456789012-", "line 8: order: is not an order"),
    ("supersedes AB-1", "supersedes AB1", "line 9: supersedes: is not the ID of another pack"),
    (
        "supersedes AB-2",
        "supersedes WE-7Q2KD",
        "line 10: supersedes: is not the ID of another pack",
    ),
    ("supersedes AB-2", "supersedes AB-1", "line 10: supersedes: is not in strictly ascending"),
    ("supersedes AB-2", "supersedes AB-0", "line 10: supersedes: is not in strictly ascending"),
    ("service A\n", "service a\n", "line 11: service: is not a service name"),
    ("service A\n", "service A-B\n", "line 11: service: is not a service name"),
    ("service B", "service A", "line 12: service: is not in strictly ascending order"),
    ("service A\nservice B", "service B\nservice A", "line 12: service: is not in strictly asc"),
    ("16:48:10Z", "16:48:10", "line 13: issued: is not a time like"),
    ("16:48:10Z", "16:48:10+00:00", "line 13: issued: is not a time like"),
    ("16:48:10Z", "16:48:60Z", "line 13: issued: is not a time like"),
    ("16:48:10Z", "16:48:10.0Z", "line 13: issued: is not a time like"),
    ("16:48:10Z", "24:00:00Z", "line 13: issued: is not a time like"),
    ("2026-11-22T", "2026-11-22 ", "line 13: issued: is not a time like"),
    ("starts 2026-11-22", "starts 2026-11-31", "line 14: starts: is not a day like"),
    ("starts 2026-11-22", "starts 2026-2-2", "line 14: starts: is not a day like"),
    ("starts 2026-11-22", "starts never", "line 14: starts: is not a day like"),
    ("expires 2027-11-21", "expires 2027-02-29", "line 15: expires: is not a day like"),
    ("expires 2027-11-21", "expires Never", "line 15: expires: is not a day like"),
    ("expires 2027-11-21", "expires 2026-11-21", "line 15: expires: lies before “starts”"),
    (
        "issued 2026-11-22T16:48:10Z",
        "issued 2027-11-22T00:00:00Z",
        "line 15: expires: lies before the day of “issued”",
    ),
    ("grace-days 28", "grace-days 91", "line 16: grace-days: is not a number from 0 to 90"),
    ("grace-days 28", "grace-days 028", "line 16: grace-days: is not a number from 0 to 90"),
    ("grace-days 28", "grace-days -1", "line 16: grace-days: is not a number from 0 to 90"),
    ("term subscription", "term evaluation", "line 16: grace-days: is not allowed for an eval"),
    ("warn-days 14", "warn-days 121", "line 17: warn-days: is not a number from 0 to 120"),
    ("warn-days 14", "warn-days 014", "line 17: warn-days: is not a number from 0 to 120"),
    ("roster complete", "roster partial", "line 18: roster: is not complete"),
    ("mac:00E0C51C5087", "mac:00e0c51c5087", "line 19: unit: is not a unit like"),
    ("mac:00E0C51C5087", "mac:00E0C51C508", "line 19: unit: is not a unit like"),
    ("mac:00E0C51C5087", "mac:00:E0:C5:1C:50:87", "line 19: unit: is not a unit like"),
    ("mac:00E0C51C5087", "00E0C51C5087", "line 19: unit: is not a unit like"),
    ("udp:85641000D308482019", "udp:8564100", "line 20: unit: is not a unit like"),
    ("udp:85641000D308482019", "udp:8564100é", "line 20: has a character other than printable"),
    ("udp:85641000D308482019", "udp:1234567890123456789012345", "line 20: unit: is not a unit"),
    ("udp:85641000D308482019", "mac:00E0C51C5087", "line 20: unit: is not in strictly ascend"),
    ("udp:85641000D308482019", "mac:00E0C51C5086", "line 20: unit: is not in strictly ascend"),
];

fn check(rules: &[Rule]) {
    let issuer = issuer();
    let trust = trust(&issuer);
    for (from, to, message) in rules {
        assert!(TEXT.contains(from), "{from:?}");
        let file = issue::sign(&TEXT.replacen(from, to, 1), &[&issuer]);
        let found = refusal(&trust, file.as_bytes());
        assert!(found.starts_with(message), "{from:?} → {to:?}: {found:?}, not {message:?}");
    }
}

#[test]
fn the_unchanged_licence_is_accepted() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let license = verify(&trust, &[], issue::sign(TEXT, &[&issuer]).as_bytes()).unwrap().license;
    assert_eq!((license.warn_days, license.supersedes.len(), license.named().len()), (14, 2, 2));
}

#[test]
fn malformed_lines_are_refused() {
    check(LINES);
}

#[test]
fn missing_repeated_and_misplaced_keys_are_refused() {
    check(KEYS);
}

#[test]
fn malformed_values_are_refused() {
    check(VALUES);
}

#[test]
fn a_licence_may_be_issued_and_start_on_its_last_day() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let issued = TEXT.replace("issued 2026-11-22T16:48:10Z", "issued 2027-11-21T23:59:59Z");
    for text in [&issued, &issued.replace("starts 2026-11-22", "starts 2027-11-21")] {
        assert!(verify(&trust, &[], issue::sign(text, &[&issuer]).as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn missing_optional_keys_have_their_defaults() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let text = "igel.com/license/v1
pack WE-7Q2KD
serial 9223372036854775807
product WE-E
term evaluation
category add-on
service A
issued 0000-01-01T00:00:00Z
starts 9999-12-31
expires never
unit udp:ABCDEFGH
";
    let license = verify(&trust, &[], issue::sign(text, &[&issuer]).as_bytes()).unwrap().license;
    assert_eq!((license.grace_days, license.warn_days), (0, 10));
    assert!(license.subscription_key.is_none() && license.order.is_none());
    assert!(license.supersedes.is_empty() && !license.roster_complete);
}

#[test]
fn a_licence_may_end_on_the_day_on_which_it_starts_and_is_issued() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let file = |starts: &str, expires: &str| {
        let text = TEXT.replace("starts 2026-11-22", &format!("starts {starts}"));
        issue::sign(&text.replace("2027-11-21", expires), &[&issuer])
    };
    for starts in ["2026-11-22", "2026-11-20"] {
        assert!(verify(&trust, &[], file(starts, "2026-11-22").as_bytes()).is_ok(), "{starts}");
    }
    for (starts, expires) in [("2026-11-22", "2026-11-21"), ("2026-11-20", "2026-11-21")] {
        assert!(refusal(&trust, file(starts, expires).as_bytes()).contains("expires"), "{starts}");
    }
}

#[test]
fn too_many_lines_of_one_key_are_refused() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let lines = |key: &str, count: u32| -> String {
        (10..10 + count)
            .map(|n| match key {
                "supersedes" => format!("supersedes AB-{n}\n"),
                "service" => format!("service S{n}\n"),
                _ => format!("unit mac:0000000000{n}\n"),
            })
            .collect()
    };
    for (key, old, line) in [
        ("supersedes", "supersedes AB-1\nsupersedes AB-2\n", 25),
        ("service", "service A\nservice B\n", 27),
        ("unit", "unit mac:00E0C51C5087\nunit udp:85641000D308482019\n", 35),
    ] {
        let file = |count| issue::sign(&TEXT.replace(old, &lines(key, count)), &[&issuer]);
        assert!(verify(&trust, &[], file(16).as_bytes()).is_ok(), "{key}");
        let message = format!("line {line}: {key}: stands on more than 16 lines");
        assert_eq!(refusal(&trust, file(17).as_bytes()), message);
    }
}

#[test]
fn a_text_has_at_most_4096_bytes_in_64_lines_of_256() {
    let issuer = issuer();
    let trust = trust(&issuer);
    let signed = |extra: &str| issue::sign(&format!("{TEXT}{extra}"), &[&issuer]);
    let line = |length: usize| format!("x-y {}\n", "z".repeat(length - 4));
    assert_eq!(line(256).len(), 257);

    assert!(verify(&trust, &[], signed(&line(256)).as_bytes()).is_ok());
    assert_eq!(refusal(&trust, signed(&line(257)).as_bytes()), "line 23: is longer than 256 bytes");

    let forty_two = "x-y z\n".repeat(64 - 22);
    assert!(verify(&trust, &[], signed(&forty_two).as_bytes()).is_ok());
    let message = "line 65: the text has more than 64 lines";
    assert_eq!(refusal(&trust, signed(&format!("{forty_two}x-y z\n")).as_bytes()), message);

    let fill = |bytes: usize| {
        let mut extra = String::new();
        while TEXT.len() + extra.len() < bytes {
            let left = bytes - TEXT.len() - extra.len() - 1;
            extra += &line(if left <= 256 { left } else { 200 });
        }
        assert_eq!(TEXT.len() + extra.len(), bytes);
        signed(&extra)
    };
    assert!(verify(&trust, &[], fill(4096).as_bytes()).is_ok());
    let message = "line 1: the text is longer than 4096 bytes";
    assert_eq!(refusal(&trust, fill(4097).as_bytes()), message);
}
