//! The terms and services of products (LF §4.4), and the order of refusals (LF §8).

use license_format::services::{AIT, ENTERPRISE_MANAGEMENT as EMP, KNOWN, WORKSPACE_EDITION as WE};

use super::Sample;
use crate::maker::{self, Draft};

pub(super) fn samples() -> Vec<Sample> {
    [carried(), terms(), order()].concat()
}

fn of(product: &str, services: &[&str]) -> Draft {
    maker::licence().services(services).product(product)
}

fn of_term(product: &str, services: &[&str], term: &str) -> Draft {
    of(product, services).term(term).product(product)
}

/// The number of the first line with this prefix.
fn line_of(file: &str, begins: &str) -> usize {
    file.lines().position(|line| line.starts_with(begins)).unwrap() + 1
}

fn unfit(name: &str, line: &str, draft: &Draft) -> Sample {
    let file = draft.sign();
    let says = format!("line {}: “{line}” does not go with product ", line_of(&file, line));
    Sample::new(name, "untrusted-product", says, file)
}

fn carried() -> Vec<Sample> {
    let mut samples = vec![
        Sample::valid("product-evaluation", of_term("WE-E", &KNOWN, "evaluation").sign()),
        Sample::valid("product-unknown", of("FUTURE", &KNOWN).sign()),
        Sample::valid("product-with-unknown-service", of("UDP", &["SUB_SERVICE_FUTURE"]).sign()),
        unfit("product-we-with-emp", &format!("service {EMP}"), &of("WE", &[EMP, WE])),
        unfit("product-emp-with-we", &format!("service {WE}"), &of("EMP", &[EMP, WE])),
        unfit("product-pas-with-ait", &format!("service {AIT}"), &of("PAS", &[AIT, WE])),
        unfit("product-addon-with-we", &format!("service {WE}"), &of("ADDON", &[AIT, WE])),
    ];
    for (product, service) in [("PWT", 2), ("90M", 3), ("TER", 4), ("ICG", 7), ("AIT", 8)] {
        let (own, other) = (KNOWN[service], KNOWN[service % 8 + 1]);
        let name = product.to_lowercase();
        samples.push(Sample::valid(&format!("product-{name}"), of(product, &[own]).sign()));
        let line = format!("service {other}");
        let draft = of(product, &[own, other]);
        samples.push(unfit(&format!("product-{name}-and-more"), &line, &draft));
    }
    for product in ["UDP", "UDC3", "SAM", "UDC2UPGR", "IZUPGR", "IMI"] {
        let name = format!("product-{}-with-we", product.to_lowercase());
        samples.push(unfit(&name, &format!("service {WE}"), &of(product, &[WE])));
    }
    samples
}

fn terms() -> Vec<Sample> {
    vec![
        Sample::valid("product-unknown-evaluation", of_term("FUTURE", &[WE], "evaluation").sign()),
        unfit("evaluation-of-we", "term evaluation", &of_term("WE", &[WE], "evaluation")),
        unfit("evaluation-of-emp", "term evaluation", &of_term("EMP", &[EMP], "evaluation")),
        unfit("we-e-perpetual", "term perpetual", &of_term("WE-E", &[WE], "perpetual")),
        unfit("we-e-subscription", "term subscription", &of("WE-E", &[WE])),
        // The term precedes the services.
        unfit("evaluation-of-emp-with-we", "term evaluation", &of_term("EMP", &[WE], "evaluation")),
    ]
}

/// Files with two errors and the one that is reported first.
fn order() -> Vec<Sample> {
    let first = |name: &str, code, says: &str, bytes: String| {
        Sample::new(format!("first-{name}"), code, says, bytes)
    };
    let good = maker::licence().sign();
    let bad = good.replace("serial 183", "serial 0");
    let text = |file: &str| file.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let by = |file: &str, key| license_issue::sign(&text(file), &[key]);
    let (stranger, demo, issuer) = (maker::stranger(), maker::demo_issuer(), maker::issuer());
    let of_demo = "the key igel-demo-2026 may not sign licences of product WE";
    let forged = good.replace("2099-12-31", "2099-12-30");
    let mass = maker::licence().mass(2);
    let emp = of("WE", &[EMP]).mass(2);
    let broken = |file: String| file.trim_end_matches(|c| c != ':').to_owned() + "x\n";
    let (head, signature) = good.split_at(good.find('\u{2014}').unwrap());
    vec![
        first("form-of-signatures", "malformed", "is not a signature line", forged + "x\n"),
        first(
            "form-of-text",
            "malformed",
            "is not a key, one space and a value",
            good.replace("serial 183", "serial  183"),
        ),
        first(
            "version",
            "unsupported",
            "line 1: ",
            format!("igel.com/license/v2\n\n\n{signature}"),
        ),
        first("signature", "bad-signature", "does not fit", bad),
        first(
            "signature-before-signer",
            "bad-signature",
            "the signature of igel-issuer-2026 does not fit",
            format!("{}{signature}", license_issue::sign(&text(&forged_text(head)), &[&stranger])),
        ),
        first(
            "signer",
            "unknown-key",
            "signed by somebody",
            by(&good.replace("183", "0"), &stranger),
        ),
        first(
            "signer-and-product",
            "unknown-key",
            "signed by somebody",
            emp.signed_by(&[&stranger]),
        ),
        first("value", "malformed", "serial: ", by(&good.replace("serial 183", "serial 0"), &demo)),
        first("value-and-fit", "malformed", "serial: ", {
            by(&emp.sign().replace("serial 183", "serial 0"), &issuer)
        }),
        first("product", "untrusted-product", of_demo, emp.signed_by(&[&demo])),
        first(
            "product-and-attachment",
            "untrusted-product",
            of_demo,
            broken(mass.signed_by(&[&demo])),
        ),
        first("fit-and-attachment", "untrusted-product", "does not go with", broken(emp.sign())),
        first("product-and-more", "untrusted-product", of_demo, {
            maker::licence().signed_by(&[&demo]) + "\nmore\n"
        }),
        first("value-and-more", "malformed", "serial: ", {
            by(&good.replace("serial 183", "serial 0"), &issuer) + "\nmore\n"
        }),
    ]
}

/// A licence head whose text differs from the signed one.
fn forged_text(head: &str) -> String {
    head.replace("2099-12-31", "2099-12-30")
}
