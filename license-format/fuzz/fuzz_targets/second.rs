//! `license-format` beside a second verifier in Rust: verdicts, lines, and what a genuine file says.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use license_format::{License, UnitId, limits};
use license_format_fuzz::second::{Document, Key, verify_license, verify_trust};
use license_format_fuzz::{Device, Verdict};

static DEVICE: LazyLock<Device> = LazyLock::new(Device::of_corpus);
static ROOTS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    DEVICE.roots().iter().map(|key| Key::parse(&key.to_string()).unwrap()).collect()
});
static ISSUING: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let trust = verify_trust(&Device::trust_note(), &ROOTS, 2).unwrap();
    trust.fields.all("key").iter().map(|key| Key::parse_issuing(key).unwrap()).collect()
});

fuzz_target!(|input: &[u8]| {
    let file = DEVICE.document(input);
    let second = match file.starts_with(b"igel.com/license-trust/v") {
        true => verify_trust(&file, &ROOTS, 2),
        false => verify_license(&file, &ISSUING),
    };
    let listed = second.iter().flat_map(|document| &document.units);
    let mut wanted: Vec<_> = listed.map(|unit| UnitId::parse(unit).unwrap()).collect();
    wanted.truncate(limits::UNITS);
    let (license, first) = DEVICE.verify(&file, &wanted);
    let shown = String::from_utf8_lossy(&file);
    match &second {
        Ok(document) => {
            assert_eq!(first, Ok(()), "{shown}");
            if let Some(license) = license {
                check(&license, document, &wanted);
            }
        }
        Err(refused) => {
            assert!(agree(&first, refused.code, refused.line), "{first:?} {refused:?} {shown}")
        }
    }
});

fn agree(first: &Verdict, code: &str, line: Option<usize>) -> bool {
    first.is_err_and(|(own, at)| {
        let same_line = at.zip(line).is_none_or(|(at, line)| at as usize == line);
        own == code && same_line
    })
}

fn check(license: &License, document: &Document, wanted: &[UnitId]) {
    let fields = &document.fields;
    for (key, value) in [
        ("pack", license.pack.to_string()),
        ("serial", license.serial.to_string()),
        ("product", license.product.to_string()),
        ("term", license.term.to_string()),
        ("category", license.category.to_string()),
        ("issued", license.issued.to_string()),
        ("starts", license.starts.to_string()),
        ("expires", license.expires.to_string()),
    ] {
        assert_eq!(*fields.one(key), value, "{key}");
    }
    let services: Vec<_> = license.services.iter().map(ToString::to_string).collect();
    assert_eq!(services, fields.all("service"));
    let superseded: Vec<_> = license.supersedes.iter().map(ToString::to_string).collect();
    assert_eq!(superseded, fields.all("supersedes"));
    assert!(wanted.iter().all(|unit| license.names(unit)));
    let other = UnitId::from_mac([2, 0xff, 0, 0xff, 0, 0xff]);
    assert_eq!(license.names(&other), wanted.contains(&other));
}
