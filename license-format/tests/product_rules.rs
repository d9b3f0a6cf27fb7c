//! The rules of LF §4.4 about products, and the signers of a licence.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod kit;

use std::collections::BTreeSet;

use kit::*;
use license_format::services::*;
use license_format::*;
use license_issue::{self as issue, SigningKey};

/// The products and the known services that each may carry.
const CARRIED: [(&str, &[&str]); 16] = [
    ("WE", &[WORKSPACE_EDITION]),
    ("PAS", &[WORKSPACE_EDITION, ENTERPRISE_MANAGEMENT]),
    ("WE-E", &KNOWN),
    ("EMP", &[ENTERPRISE_MANAGEMENT]),
    ("PWT", &[POWERTERM]),
    ("90M", &[NINETY_METER]),
    ("TER", &[TERADICI]),
    ("ADDON", &[POWERTERM, NINETY_METER, TERADICI, MMCP, SWP, ICG, AIT]),
    ("ICG", &[ICG]),
    ("AIT", &[AIT]),
    ("UDP", &[]),
    ("UDC3", &[]),
    ("SAM", &[]),
    ("UDC2UPGR", &[]),
    ("IZUPGR", &[]),
    ("IMI", &[]),
];

fn of(product: &str, term: Term, services: &[&str]) -> Terms {
    let services: BTreeSet<_> =
        services.iter().map(|name| ServiceName::parse(name).unwrap()).collect();
    Terms {
        product: Product::parse(product).unwrap(),
        term,
        services: services.into_iter().collect(),
        grace_days: 0,
        ..terms()
    }
}

fn verify_terms(terms: &Terms) -> Result<License, DocumentError> {
    let issuer = issuer();
    let file = issue::license(terms, &units(1), &[&issuer]);
    verify(&trust(&issuer), &[], file.as_bytes()).map(|verified| verified.license)
}

/// The term that goes with a product.
fn term_of(product: &str) -> Term {
    if product == "WE-E" { Term::Evaluation } else { Term::Subscription }
}

#[test]
fn a_product_carries_its_own_services_and_any_unknown_one() {
    for (product, carried) in CARRIED {
        for service in KNOWN {
            let terms = of(product, term_of(product), &["SUB_SERVICE_FUTURE", service]);
            match verify_terms(&terms) {
                Ok(_) => assert!(carried.contains(&service), "{product} carries {service}"),
                Err(DocumentError::ProductMismatch {
                    product: named,
                    mismatch: ProductMismatch::Service(name),
                    ..
                }) => {
                    assert!(!carried.contains(&service), "{product} does not carry {service}");
                    assert_eq!((named, name.as_str()), (terms.product, service));
                }
                Err(error) => panic!("{product}, {service}: {error}"),
            }
        }
        assert!(verify_terms(&of(product, term_of(product), &["SUB_SERVICE_FUTURE"])).is_ok());
    }
    assert!(verify_terms(&of("FUTURE", Term::Perpetual, &KNOWN)).is_ok());
}

#[test]
fn only_the_evaluation_product_has_the_term_evaluation() {
    for (product, carried) in CARRIED {
        let services = if carried.is_empty() { &["SUB_SERVICE_FUTURE"] } else { carried };
        for term in [Term::Perpetual, Term::Subscription, Term::Evaluation] {
            let fits = (product == "WE-E") == (term == Term::Evaluation);
            let answer = verify_terms(&of(product, term, services));
            let unfit = match &answer {
                Err(DocumentError::ProductMismatch {
                    mismatch: ProductMismatch::Term(named),
                    line: 5,
                    ..
                }) => *named == term,
                _ => false,
            };
            assert_eq!((answer.is_ok(), unfit), (fits, !fits), "{product} {term}");
        }
    }
    assert!(verify_terms(&of("FUTURE", Term::Evaluation, &[WORKSPACE_EDITION])).is_ok());
}

#[test]
fn the_message_names_the_first_line_that_does_not_fit_the_product() {
    let message = |terms: &Terms| verify_terms(terms).unwrap_err().to_string();
    let both = of("EMP", Term::Evaluation, &[WORKSPACE_EDITION]);
    assert_eq!(message(&both), "line 5: “term evaluation” does not go with product EMP");
    let services = of("WE", Term::Subscription, &[AIT, ICG, WORKSPACE_EDITION, "A"]);
    let file = issue::text_of(&services, &units(1));
    let line = file.lines().position(|line| line == format!("service {AIT}")).unwrap() + 1;
    let wanted = format!("line {line}: “service {AIT}” does not go with product WE");
    assert_eq!(message(&services), wanted);
    let bare = Terms { subscription_key: None, order: None, ..services.clone() };
    assert_eq!(message(&bare), wanted.replace(&line.to_string(), &(line - 2).to_string()));
    let packs = ["AB-1", "AB-2", "AB-3"].map(|id| PackId::parse(id).unwrap());
    let merged = Terms { supersedes: packs.into_iter().collect(), ..services };
    assert_eq!(message(&merged), wanted.replace(&line.to_string(), &(line + 3).to_string()));
}

#[test]
fn the_product_is_checked_after_the_signers_and_before_the_attachment() {
    let (issuer, demo) = (issuer(), key("demo", 8));
    let trust = trust_of(&[(&issuer, &[]), (&demo, &["WE-E"])]);
    let terms = of("WE", Term::Subscription, &[ENTERPRISE_MANAGEMENT]);
    let refused = |file: &str| verify(&trust, &[], file.as_bytes()).err().unwrap();
    let untrusted = refused(&issue::license(&terms, &units(1), &[&demo]));
    assert!(matches!(untrusted, DocumentError::UntrustedProduct { .. }));
    let mass = issue::mass_license(&terms, &units(3), &[&issuer]);
    let (head, _) = mass.rsplit_once("mac:").unwrap();
    assert!(matches!(refused(&format!("{head}x\n")), DocumentError::ProductMismatch { .. }));
    let malformed = mass.replace("expires 2027-11-21", "expires 2020-11-21");
    assert!(matches!(refused(&malformed), DocumentError::BadSignature { .. }));
}

#[test]
fn a_licence_lists_each_good_signer_once() {
    let (a, b, alias) = (key("a", 1), key("b", 2), key("a-too", 1));
    let trust = trust_of(&[(&a, &["WE"]), (&b, &["EMP"]), (&alias, &[])]);
    let signers = |keys: &[&SigningKey]| {
        let file = issue::license(&terms(), &units(1), keys);
        verify(&trust, &[], file.as_bytes()).unwrap().license.signers().to_vec()
    };
    let [by_a, by_b] = [&a, &b].map(|key| key.verifier().public_key());
    let both = BTreeSet::from([by_a, by_b]).into_iter().collect::<Vec<_>>();
    assert_eq!(signers(&[&a]), [by_a]);
    assert_eq!(signers(&[&a, &a, &alias]), [by_a]);
    assert_eq!(signers(&[&b, &a]), both);
    assert_eq!(signers(&[&a, &key("unknown", 3), &b]), both);
    assert_eq!(alias.verifier().public_key(), by_a);
    assert!(trust.names(by_a) && !trust.names(key("unknown", 3).verifier().public_key()));
    let product = |code| Product::parse(code).unwrap();
    assert!(trust.allows(by_b, &product("EMP")) && !trust.allows(by_b, &product("WE")));
    // Under its other name it may sign everything.
    assert!(trust.allows(by_a, &product("EMP")));
    let spelled = by_a.to_string();
    assert_eq!((PublicKey::parse(&spelled), spelled.len()), (Some(by_a), 44));
    assert_eq!(PublicKey::parse(&spelled[1..]), None);
}
