//! The keys of a licence: their set, order, number and values (LF §4).

use super::{Sample, exchanged, inserted, line_of, lines, signed};

/// The keys of the text, and whether each is optional.
const KEYS: [(&str, bool); 13] = [
    ("pack", false),
    ("serial", false),
    ("product", false),
    ("term", false),
    ("category", false),
    ("subscription-key", true),
    ("order", true),
    ("service", false),
    ("issued", false),
    ("starts", false),
    ("expires", false),
    ("grace-days", true),
    ("unit", false),
];

/// Invalid values of each key, with names.
const WRONG: [(&str, &[(&str, &str)]); 13] = [
    (
        "pack",
        &[
            ("one-group", "WE7Q2KD"),
            ("lower-case", "we-7q2kd"),
            ("empty-group", "WE--7Q2KD"),
            ("leading-dash", "-WE7Q2KD"),
            ("trailing-dash", "WE-"),
            ("too-short", "W-1"),
            ("too-long", "ABCDEFGHIJKL-ABCDEFGHIJKL"),
            ("underscore", "WE_7Q2KD-A"),
        ],
    ),
    (
        "serial",
        &[
            ("zero", "0"),
            ("leading-zero", "0183"),
            ("negative", "-183"),
            ("plus", "+183"),
            ("too-high", "9223372036854775808"),
            ("beyond-64-bits", "18446744073709551799"),
            ("hexadecimal", "0xb7"),
            ("fraction", "183.0"),
        ],
    ),
    (
        "product",
        &[
            ("too-short", "W"),
            ("too-long", "ABCDEFGHIJKLM"),
            ("lower-case", "we"),
            ("underscore", "WE_E"),
            ("empty-dash-and-space", "- -"),
        ],
    ),
    ("term", &[("unknown", "forever"), ("upper-case", "Subscription"), ("two-words", "a b")]),
    ("category", &[("unknown", "addon"), ("upper-case", "SUBSCRIPTION")]),
    ("subscription-key", &[("one-group", "ERP9QK2M"), ("lower-case", "erp-9qk2m")]),
    ("order", &[("too-long", "123456789012345678901234567890123"), ("underscore", "69_3456677")]),
    (
        "service",
        &[
            ("lower-case", "sub_service"),
            ("dash", "SUB-SERVICE"),
            ("too-long", "S123456789012345678901234567890123456789012345678901234567890123X"),
        ],
    ),
    (
        "issued",
        &[
            ("day-only", "2020-01-01"),
            ("offset", "2020-01-01T08:30:00+00:00"),
            ("fraction", "2020-01-01T08:30:00.5Z"),
            ("lower-case", "2020-01-01t08:30:00z"),
            ("space", "2020-01-01 08:30:00Z"),
            ("hour-24", "2020-01-01T24:00:00Z"),
            ("second-60", "2020-01-01T08:30:60Z"),
            ("no-such-day", "2021-02-29T08:30:00Z"),
            ("no-seconds", "2020-01-01T08:30Z"),
        ],
    ),
    (
        "starts",
        &[
            ("short", "2020-1-1"),
            ("no-such-day", "2021-02-29"),
            ("month-13", "2020-13-01"),
            ("day-0", "2020-01-00"),
            ("never", "never"),
            ("with-time", "2020-01-01T00:00:00Z"),
        ],
    ),
    (
        "expires",
        &[
            ("upper-case-never", "Never"),
            ("before-starts", "2019-12-31"),
            ("no-such-day-1900", "1900-02-29"),
            ("no-such-day-2100", "2100-02-29"),
            ("slashes", "2099/12/31"),
        ],
    ),
    ("grace-days", &[("too-many", "91"), ("leading-zero", "028"), ("negative", "-1")]),
    (
        "unit",
        &[
            ("lower-case", "mac:00e0c51c5087"),
            ("colons", "mac:00:E0:C5:1C:50:87"),
            ("too-short", "mac:00E0C51C508"),
            ("too-long", "mac:00E0C51C50877"),
            ("not-hexadecimal", "mac:00E0C51C508G"),
            ("no-kind", "00E0C51C5087"),
            ("unknown-kind", "usb:00E0C51C5087"),
            ("drive-too-short", "udp:1234567"),
            ("drive-too-long", "udp:1234567890123456789012345"),
            ("drive-lower-case", "udp:abcdefgh"),
        ],
    ),
];

pub(super) fn samples() -> Vec<Sample> {
    let values = [values(), added_values(), limits(), days()].concat();
    [values, missing(), repeated(), swapped(), strangers()].concat()
}

fn malformed(name: String, line: usize, key: &str, bytes: String) -> Sample {
    Sample::new(name, "malformed", format!("line {line}: {key}: "), bytes)
}

fn values() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (key, values) in WRONG {
        for (name, value) in values {
            let bytes = exchanged(key, &[&format!("{key} {value}")]);
            samples.push(malformed(format!("{key}-{name}"), line_of(key), key, bytes));
        }
    }
    samples
}

/// Keys that [`text`] lacks.
fn added_values() -> Vec<Sample> {
    let of = |name: &str, before: &str, added: &str| {
        let (key, _) = added.split_once(' ').unwrap();
        malformed(name.into(), line_of(before), key, inserted(before, &[added]))
    };
    let mut samples = vec![
        of("warn-days-too-many", "unit", "warn-days 121"),
        of("warn-days-leading-zero", "unit", "warn-days 05"),
        of("roster-partial", "unit", "roster partial"),
        of("supersedes-lower-case", "service", "supersedes we-00001"),
        of("supersedes-itself", "service", "supersedes WE-7Q2KD"),
    ];
    let evaluation = exchanged("term", &["term evaluation"]);
    samples.push(malformed(
        "grace-days-of-evaluation".into(),
        line_of("grace-days"),
        "grace-days",
        evaluation,
    ));
    samples
}

/// Values at their limits; `WRONG` has the values beyond.
fn limits() -> Vec<Sample> {
    let of = |name: &str, line: &str| {
        let (key, _) = line.split_once(' ').unwrap();
        Sample::valid(&format!("limit-{name}"), exchanged(key, &[line]))
    };
    let with = |name: &str, before: &str, lines: &[&str]| {
        Sample::valid(&format!("limit-{name}"), inserted(before, lines))
    };
    let unit = |drive: &str| exchanged("unit", &["unit mac:00E0C51C5087", drive]);
    let packs: Vec<String> = (10..26).map(|n| format!("supersedes WE-0000{n}")).collect();
    let packs: Vec<&str> = packs.iter().map(String::as_str).collect();
    vec![
        of("pack-shortest", "pack AB-1"),
        of("pack-longest", "pack ABCDEFGHIJKL-ABCDEFGHIJK"),
        of("serial-lowest", "serial 1"),
        of("product-shortest", "product 90"),
        of("product-longest", "product ABCDEFGHIJKL"),
        of("product-dashes", "product --"),
        of("order-shortest", "order 6"),
        of("order-longest", &format!("order {}", "6".repeat(32))),
        of("service-shortest", "service S"),
        of("service-longest", &format!("service {}", "S".repeat(64))),
        of("grace-days-lowest", "grace-days 0"),
        of("grace-days-highest", "grace-days 90"),
        with("warn-days-lowest", "unit", &["warn-days 0"]),
        with("warn-days-highest", "unit", &["warn-days 120"]),
        with("supersedes-sixteen", "service", &packs),
        Sample::valid("limit-drive-shortest", unit("unit udp:12345678")),
        Sample::valid("limit-drive-longest", unit("unit udp:123456789012345678901234")),
    ]
}

/// Days and instants at the limits of the calendar, and their order.
fn days() -> Vec<Sample> {
    let of = |issued: &str, starts: &str, expires: &str| {
        let mut lines = lines();
        for line in
            [format!("issued {issued}"), format!("starts {starts}"), format!("expires {expires}")]
        {
            let at = line_of(line.split(' ').next().unwrap()) - 1;
            lines[at] = line;
        }
        signed(&lines)
    };
    let noon = "2020-01-01T12:00:00Z";
    let ended = "subscription ended on 2020-02-29";
    let end = "2099-12-31";
    let late = |name: &str, issued: &str| {
        let bytes = of(issued, "2020-01-01", "2021-06-30");
        malformed(name.into(), line_of("expires"), "expires", bytes)
    };
    vec![
        Sample::valid("day-first-of-all", of("0000-01-01T00:00:00Z", "0000-01-01", end)),
        Sample::valid("day-leap-2000", of(noon, "2000-02-29", end)),
        Sample::valid("instant-last-second", of("2019-12-31T23:59:59Z", "2020-01-01", end)),
        Sample::new(
            "day-last-of-all",
            "valid",
            "until 9999-12-31",
            of(noon, "2020-01-01", "9999-12-31"),
        ),
        Sample::new("day-starts-is-last", "expired", ended, of(noon, "2020-02-29", "2020-02-29")),
        Sample::new(
            "issued-on-last-day",
            "expired",
            "subscription ended on 2021-06-30",
            of("2021-06-30T23:59:59Z", "2020-01-01", "2021-06-30"),
        ),
        late("issued-after-last-day", "2021-07-01T00:00:00Z"),
        late("issued-in-9999", "9999-12-31T00:00:00Z"),
        // Its issue date does not prove that its first day has come.
        Sample::new(
            "pending-whatever-it-says-itself",
            "pending",
            "counts from 2098-01-01",
            of("2098-01-02T00:00:00Z", "2098-01-01", end),
        ),
    ]
}

fn missing() -> Vec<Sample> {
    let required = KEYS.iter().filter(|(_, optional)| !optional);
    required
        .map(|(key, _)| {
            // Without `unit`, `units` is required.
            let named = if *key == "unit" { "units" } else { key };
            let bytes = exchanged(key, &[]);
            Sample::new(
                format!("{key}-missing"),
                "malformed",
                format!("line {}: {named}: is missing here", line_of(key)),
                bytes,
            )
        })
        .collect()
}

fn repeated() -> Vec<Sample> {
    KEYS.iter()
        .map(|(key, _)| {
            let line = &lines()[line_of(key) - 1];
            let bytes = inserted(key, &[line]);
            malformed(format!("{key}-twice"), line_of(key) + 1, key, bytes)
        })
        .collect()
}

fn swapped() -> Vec<Sample> {
    KEYS.windows(2)
        .map(|pair| {
            let [(first, optional), (second, _)] = pair else { unreachable!() };
            let mut lines = lines();
            let at = line_of(first) - 1;
            lines.swap(at, at + 1);
            // Another key takes its line, or the key comes too late.
            let line = if *optional { at + 2 } else { at + 1 };
            malformed(format!("{first}-after-{second}"), line, first, signed(&lines))
        })
        .collect()
}

fn strangers() -> Vec<Sample> {
    let unit = line_of("unit");
    let newer = |name: &str, line: usize, bytes| {
        Sample::new(name, "unsupported", format!("line {line}: “colour”"), bytes)
    };
    vec![
        newer("key-unknown-last", unit + 1, inserted_last("colour blue")),
        newer("key-unknown-first", line_of("pack"), inserted("pack", &["colour blue"])),
        Sample::valid("extension-without-name", inserted_last("x- 1")),
        newer("key-unknown-between", line_of("issued"), inserted("issued", &["colour blue"])),
        malformed(
            "extension-before-unit".into(),
            unit,
            "units",
            inserted("unit", &["x-colour blue"]),
        ),
        malformed(
            "extension-first".into(),
            line_of("pack"),
            "pack",
            inserted("pack", &["x-colour blue"]),
        ),
        malformed("key-after-extension".into(), unit + 2, "unit", {
            let mut lines = lines();
            lines.extend(["x-colour blue", "unit mac:00E0C51C5088"].map(String::from));
            signed(&lines)
        }),
    ]
}

fn inserted_last(line: &str) -> String {
    let mut lines = lines();
    lines.push(line.to_owned());
    signed(&lines)
}
