//! Limits that the samples of a single key or form leave out, each with one beyond it (LF §4, §7, §10).

use license_issue::{self as issue, SigningKey};

use super::{Sample, exchanged, form, inserted, trusted};
use crate::maker;

/// Bytes of the longest name of a key.
const NAME: usize = 159;

pub(super) fn samples() -> Vec<Sample> {
    [packs(), withdrawals(), whole()].concat()
}

/// Roots of the device under the longest names; only the names are new.
pub(super) fn long_roots() -> [SigningKey; 2] {
    [1, 2].map(|seed| maker::key(&format!("{seed:0>NAME$}"), seed))
}

fn packs() -> Vec<Sample> {
    let (short, long) = ("AB-1", "ABCDEFGHIJKL-ABCDEFGHIJK");
    let subscription =
        |pack: &str| exchanged("subscription-key", &[&format!("subscription-key {pack}")]);
    let superseded = |pack: &str| inserted("service", &[&format!("supersedes {pack}")]);
    let malformed = |name: &str, says: &str, file| Sample::new(name, "malformed", says, file);
    vec![
        Sample::valid("limit-subscription-key-shortest", subscription(short)),
        Sample::valid("limit-subscription-key-longest", subscription(long)),
        malformed("subscription-key-too-short", "line 7: subscription-key: ", subscription("A-1")),
        malformed("subscription-key-too-long", "line 7: subscription-key: ", {
            subscription(&format!("{long}L"))
        }),
        Sample::valid("limit-supersedes-shortest", superseded(short)),
        Sample::valid("limit-supersedes-longest", superseded(long)),
        malformed("supersedes-too-short", "line 9: supersedes: ", superseded("A-1")),
        malformed("supersedes-too-long", "line 9: supersedes: ", superseded(&format!("{long}L"))),
        malformed("issued-minute-60", "line 10: issued: ", {
            exchanged("issued", &["issued 2020-01-01T08:60:00Z"])
        }),
    ]
}

fn withdrawals() -> Vec<Sample> {
    let of =
        |withdrawn: &str| trusted::signed(&[trusted::issuer(), format!("withdraw {withdrawn}")]);
    let valid = |name: &str, withdrawn: &str| {
        Sample::new(name, "valid", "trust document version 4", of(withdrawn))
    };
    let malformed = |name: &str, withdrawn: &str| {
        Sample::new(name, "malformed", "line 5: withdraw: ", of(withdrawn))
    };
    vec![
        valid("trust-limit-withdraw-shortest", "AB-1 1"),
        malformed("trust-withdraw-pack-too-short", "A-1 1"),
        malformed("trust-withdraw-pack-too-long", "ABCDEFGHIJKL-ABCDEFGHIJKL 1"),
        malformed("trust-withdraw-serial-zero", "WE-GONE2 0"),
        malformed("trust-withdraw-serial-too-high", "WE-GONE2 9223372036854775808"),
        Sample::new(
            "trust-limit-version-lowest",
            "superseded",
            "version 1; version 3 is in force",
            maker::trust(1, &[]),
        ),
    ]
}

/// The longest trust document, and the same with a byte more.
fn whole() -> Vec<Sample> {
    let strangers = (0..6).map(|n| maker::key(&format!("{n:x>NAME$}"), 170 + n));
    let keys: Vec<SigningKey> = strangers.chain(long_roots()).collect();
    let whole = issue::sign(&trusted::fullest(), &keys.iter().collect::<Vec<_>>());
    let longer = form::gzip(format!("{whole}\n").as_bytes());
    vec![
        Sample::new(
            "trust-limit-file",
            "valid",
            "trust document version ",
            form::gzip(whole.as_bytes()),
        ),
        Sample::new(
            "trust-file-too-long",
            "malformed",
            "nothing may follow the signatures",
            longer,
        ),
    ]
}
