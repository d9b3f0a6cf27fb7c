//! Properties of every licence and of arbitrary bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use std::num::NonZeroUsize;

use kit::*;
use license_format::*;
use license_issue as issue;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::string::string_regex;

/// Values that match a regular expression, parsed.
fn parsed<T: std::fmt::Debug>(
    regex: &str,
    parse: fn(&str) -> Option<T>,
) -> impl Strategy<Value = T> + use<T> {
    string_regex(regex).unwrap().prop_filter_map("not of the form", move |text| parse(&text))
}

fn pack() -> impl Strategy<Value = PackId> {
    parsed("[A-Z0-9]{2,8}(-[A-Z0-9]{1,7}){1,2}", PackId::parse)
}

fn unit() -> impl Strategy<Value = UnitId> {
    parsed("mac:[0-9A-F]{12}|udp:[0-9A-Z]{8,24}", UnitId::parse)
}

fn term() -> impl Strategy<Value = Term> {
    prop_oneof![Just(Term::Perpetual), Just(Term::Subscription), Just(Term::Evaluation)]
}

fn category() -> impl Strategy<Value = Category> {
    use Category::{AddOn, Maintenance, Subscription};
    prop_oneof![Just(Maintenance), Just(Subscription), Just(AddOn)]
}

fn day() -> impl Strategy<Value = Date> {
    (0_i32..9000 * 365).prop_map(|days| Date::parse("0000-01-01").unwrap().plus_days(days))
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let service = parsed("[A-Z0-9_]{1,64}", ServiceName::parse);
    let order = parsed("[A-Za-z0-9-]{1,32}", OrderNumber::parse);
    let product = parsed("[A-Z0-9-]{2,12}", Product::parse);
    let serial = (1..=i64::MAX.unsigned_abs()).prop_map(|number| Serial::new(number).unwrap());
    let issued = (0_i64..250_000_000_000).prop_map(|at| UnixSeconds(at - 60_000_000_000));
    (
        (pack(), serial, product, term(), category()),
        (option::of(pack()), option::of(order), btree_set(pack(), 0..=16)),
        (btree_set(service, 1..=16), issued, day(), option::of(0_i32..90_000)),
        (0_u8..=90, 0_u8..=120, any::<bool>()),
    )
        .prop_map(|(who, agreed, what, days)| {
            let (pack, serial, product, term, category) = who;
            let (subscription_key, order, supersedes) = agreed;
            let (services, issued, starts, length) = what;
            let (grace_days, warn_days, roster_complete) = days;
            Terms {
                pack,
                serial,
                product,
                term,
                category,
                subscription_key,
                order,
                supersedes: supersedes.into_iter().collect(),
                services: services.into_iter().collect(),
                // A licence is never issued after its last day.
                issued: issued.min(starts.start()),
                starts,
                expires: length.map_or(Expiry::Never, |days| Expiry::On(starts.plus_days(days))),
                grace_days: if term == Term::Evaluation { 0 } else { grace_days },
                warn_days,
                roster_complete,
            }
        })
}

/// The verdict on a file, in a comparable form.
fn outcome(
    file: &[u8],
    wanted: &[UnitId],
    chunks: &[usize],
) -> Result<(License, String), DocumentError> {
    let trust = trust(&issuer());
    let mut verifier = Verifier::new(&trust, wanted);
    let mut rest = file;
    let mut lengths = chunks.iter().copied().cycle();
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(rest.len()).clamp(1, rest.len());
        let (chunk, after) = rest.split_at(length);
        verifier.update(chunk)?;
        rest = after;
    }
    let Verified { license, storable } = verifier.finish()?;
    Ok((license, storable.map(|storable| storable.to_string()).unwrap_or_default()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.min(200)))]

    #[test]
    fn an_issued_licence_verifies_unchanged(
        terms in any_terms(),
        units in btree_set(unit(), 1..40),
        mass in any::<bool>(),
        pick in any::<prop::sample::Index>(),
    ) {
        let write = if mass { issue::mass_license } else { issue::license };
        let file = write(&terms, &units, &[&issuer()]);
        let wanted = [units.iter().nth(pick.index(units.len())).unwrap().clone()];
        let (license, storable) = outcome(file.as_bytes(), &wanted, &[]).unwrap();
        prop_assert_eq!(&*license, &terms);
        prop_assert!(license.names(&wanted[0]));
        let (again, same) = outcome(storable.as_bytes(), &[], &[]).unwrap();
        prop_assert_eq!(&*again, &terms);
        prop_assert!(again.names(&wanted[0]));
        prop_assert_eq!(storable, same);
        let mut slicer = Slicer::new(&wanted[0]);
        slicer.update(file.as_bytes()).unwrap();
        prop_assert!(slicer.finish().unwrap().is_some());
    }

    #[test]
    fn how_a_file_is_chunked_changes_nothing(
        terms in any_terms(),
        units in btree_set(unit(), 1..40),
        edit in option::of((any::<prop::sample::Index>(), any::<u8>())),
        chunks in vec(1_usize..300, 1..20),
    ) {
        let mut file = issue::license(&terms, &units, &[&issuer()]).into_bytes();
        if let Some((at, byte)) = edit {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let wanted: Vec<UnitId> = units.iter().take(2).cloned().collect();
        let whole = outcome(&file, &wanted, &[]);
        prop_assert_eq!(&outcome(&file, &wanted, &chunks), &whole);
        prop_assert_eq!(&outcome(&file, &wanted, &[1]), &whole);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..600), signed in any::<bool>()) {
        let mut file = b"igel.com/license/v1\n".to_vec();
        file.extend(&bytes);
        for bytes in [&bytes, &file] {
            prop_assert!(outcome(bytes, &[], &[]).is_err());
            let text = String::from_utf8_lossy(bytes);
            if signed {
                let file = issue::sign(&text, &[&issuer()]);
                let _ = outcome(file.as_bytes(), &[], &[]);
            }
            let root = [issuer().verifier().clone()];
            prop_assert!(TrustDocument::verify(bytes, &root, NonZeroUsize::MIN).is_err());
            let _ = (VerifierKey::parse(&text), UnitId::parse(&text), UnitId::parse_human(&text));
            let _ = (Date::parse(&text), UnixSeconds::parse(&text), PackId::parse(&text));
        }
    }

    #[test]
    fn a_unit_id_parses_from_its_display_form(unit in unit()) {
        prop_assert_eq!(UnitId::parse(unit.as_str()), Some(unit.clone()));
        prop_assert_eq!(UnitId::parse_human(&unit.to_string()), Some(unit));
    }
}
